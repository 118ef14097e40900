import { describe, expect, it } from 'vitest';
import { done } from '../../../lib/result';
import type { IommuDomain } from '../../iommu/ops';
import { PhysicalMemory } from '../../memory/physical-memory';
import { ProcessMemory } from '../../memory/process-memory';
import { TraceBuffer } from '../../trace/trace';
import { transfer } from '../common/dma';
import { Endpoint } from '../common/endpoint';
import { NO_PASID, READ, WRITE, type PageResponseMessage } from '../port';
import type { DeviceControl, ReportedFault } from '../unit';
import { SCALABLE_VTD_CONFIG, type VtdConfig } from './device/config';
import { createVtdUnit } from './unit';

/** Driver and hardware together in scalable mode: neither knows the other, so what holds here both have read alike. */
const NIC = { name: '0000:01:00.0', rid: 0x0100, aliasRids: [0x0100] };
const RW = { read: true, write: true };
const OFF = { sets: 0, ways: 1 };
const NO_CACHES: Partial<VtdConfig> = { iotlb: OFF, deviceCache: OFF, processCache: OFF, walkCache: OFF };

function setup(config: Partial<VtdConfig> = {}) {
  const memory = new PhysicalMemory();
  const trace = new TraceBuffer();
  const endpoint = new Endpoint(NIC.name);
  const responses: PageResponseMessage[] = [];
  const reports: ReportedFault[] = [];
  const control: DeviceControl = {
    ats: (_name, on) => (endpoint.ats = on),
    pri: (_name, on) => (endpoint.pri = on),
    pasid: (_name, on) => (endpoint.pasid = on),
  };
  const made = createVtdUnit({
    memory,
    trace,
    config: { ...SCALABLE_VTD_CONFIG, ...config },
    abilitiesOf: () => ({ ats: true, pri: true, maxPasids: 1024 }),
    control,
    link: {
      invalidate: (message) => endpoint.invalidate(message),
      pageResponse: (message) => void responses.push(message),
    },
    pageRequests: {
      allow: () => true,
      forbid: () => undefined,
      report: (_device, fault) => void reports.push(fault),
    },
  });
  if (!made.ok) throw new Error(made.why);
  const { driver, device } = made.value;
  driver.probeDevice(NIC);
  driver.enableTranslation();
  driver.probeFinalize(NIC);
  const alloc = (flags = {}): IommuDomain => {
    const domain = driver.domainAllocPaging(NIC, flags);
    if (!domain.ok) throw new Error(domain.why);
    return domain.value;
  };
  const frame = (): number => {
    const pfn = memory.allocateFrames(1, { from: 'top' });
    if (!pfn.ok) throw new Error(pfn.why);
    return pfn.value * 4096;
  };
  const dma = (iova: bigint, options: { pasid?: number; data?: Uint8Array; ats?: boolean } = {}) =>
    transfer(device, memory, {
      device: NIC.name,
      rid: NIC.rid,
      iova,
      bytes: options.data?.length ?? 1,
      ...(options.pasid === undefined ? {} : { pasid: options.pasid }),
      ...(options.data === undefined ? {} : { data: options.data }),
      ...(options.ats === true ? { endpoint } : {}),
    })[0]!;
  return { memory, trace, endpoint, responses, reports, driver, device, alloc, frame, dma };
}

describe('PASID entries', () => {
  it('after each word of a change a request meets the old domain, the new one, or a fault', () => {
    const u = setup(NO_CACHES);
    const first = [u.alloc(), u.alloc()];
    const second = [u.alloc({ dirtyTracking: true }), u.alloc({ dirtyTracking: true })];
    const answers = new Map<IommuDomain, number | null>();
    for (const domain of [...first, ...second]) {
      const pa = u.frame();
      domain.paging!.map(0x1000n, pa, 4096, RW);
      answers.set(domain, pa);
    }
    answers.set(u.driver.identityDomain, 0x1000);
    answers.set(u.driver.blockedDomain, null);
    const states = [...answers.keys()];
    const store = u.memory.store64.bind(u.memory);
    let looks = 0;
    for (const pasid of [NO_PASID, 5]) {
      const move = (to: IommuDomain, from: IommuDomain | null) =>
        pasid === NO_PASID ? to.attachDev(NIC, from) : to.setDevPasid!(NIC, pasid, from);
      const look = () => u.dma(0x1000n, pasid === NO_PASID ? {} : { pasid }).pa;
      for (const before of states) {
        for (const after of states) {
          if (pasid !== NO_PASID && before === after) continue;
          const blocked = before === u.driver.blockedDomain;
          if (!blocked) expect(move(before, null).ok).toBe(true);
          const seen: (number | null)[] = [];
          u.memory.store64 = (address, hi, lo) => {
            const stored = store(address, hi, lo);
            seen.push(look());
            return stored;
          };
          expect(move(after, blocked ? null : before).ok).toBe(true);
          u.memory.store64 = store;
          const allowed = new Set([answers.get(before), answers.get(after), null]);
          expect(seen.filter((pa) => !allowed.has(pa))).toEqual([]);
          expect(look()).toBe(answers.get(after));
          looks += seen.length;
          if (after !== u.driver.blockedDomain) move(u.driver.blockedDomain, after);
        }
      }
    }
    expect(looks).toBeGreaterThan(500);
  });

  it('identity and blocked for single PASIDs', () => {
    const u = setup();
    const pa = u.frame();
    u.driver.identityDomain.setDevPasid!(NIC, 5, null);
    expect([u.dma(BigInt(pa), { pasid: 5 }).pa, u.dma(BigInt(pa), { pasid: 6 }).pa]).toEqual([pa, null]);
    u.driver.blockedDomain.setDevPasid!(NIC, 5, u.driver.identityDomain);
    expect(u.dma(BigInt(pa), { pasid: 5 }).pa).toBeNull();
  });
});

describe('when memory runs out', () => {
  it('whatever allocation fails, nothing half-done stays, and the next attempt succeeds', () => {
    const flagsOf = [{}, { dirtyTracking: true }, { nestParent: true }];
    let failures = 0;
    for (const flags of flagsOf) {
      for (const pasid of [0, 5]) {
        for (let nth = 1; ; nth++) {
          const u = setup();
          const before = u.memory.allocatedFrames;
          const attempt = (): IommuDomain | null => {
            const domain = u.driver.domainAllocPaging(NIC, flags);
            if (!domain.ok) return null;
            const { value } = domain;
            const mapped = value.paging!.map(0x1000n, 0x20_0000, 4096, RW);
            const attached = !mapped.ok
              ? mapped
              : pasid === 0
                ? value.attachDev(NIC, null)
                : value.setDevPasid!(NIC, pasid, null);
            if (attached.ok) return value;
            expect(['ENOMEM', 'ENODEV']).toContain(attached.errno);
            expect(u.driver.tables(value)!.tag).toBeNull();
            value.paging!.free();
            return null;
          };
          u.memory.failNth(nth);
          const first = attempt();
          u.memory.failNth(0);
          if (first !== null) break;
          failures++;
          // Blocking looks for the PASID table, as intel_pasid_tear_down_entry() does, and makes it: it is the device's.
          const pasidTable = pasid === 0 && nth === 5 ? 1 : 0;
          expect(u.memory.allocatedFrames).toBe(before + pasidTable);
          expect(u.dma(0x1000n, pasid === 0 ? {} : { pasid }).pa).toBeNull();
          expect(attempt()).not.toBeNull();
          expect(u.dma(0x1000n, pasid === 0 ? {} : { pasid }).pa).toBe(0x20_0000);
        }
      }
    }
    // Root, three lower tables, the PASID table; six ways.
    expect(failures).toBe(30);
  });
});

describe('device TLBs', () => {
  it.each([NO_PASID, 7])('what is unmapped the device forgets (PASID %d)', (pasid) => {
    const u = setup();
    const domain = u.alloc();
    const [pa, other] = [u.frame(), u.frame()];
    if (pasid === NO_PASID) domain.attachDev(NIC, null);
    else domain.setDevPasid!(NIC, pasid, null);
    const under = { ats: true, ...(pasid === NO_PASID ? {} : { pasid }) };
    domain.paging!.map(0x1000n, pa, 4096, RW);
    domain.paging!.map(0x2000n, other, 4096, RW);
    expect(u.dma(0x1000n, under).pa).toBe(pa);
    expect(u.dma(0x1000n, under)).toMatchObject({ pa, from: 'device-tlb' });
    u.dma(0x2000n, under);
    domain.paging!.unmap(0x1000n, 4096);
    expect(u.dma(0x1000n, under)).toMatchObject({ pa: null, denied: true });
    // Only what changed is forgotten.
    expect(u.dma(0x2000n, under)).toMatchObject({ pa: other, from: 'device-tlb' });
  });

  it('attached to another domain it has forgotten all; without a flush it goes on as before', () => {
    const u = setup();
    const [a, b] = [u.alloc(), u.alloc()];
    const [pa, pb] = [u.frame(), u.frame()];
    a.paging!.map(0x1000n, pa, 4096, RW);
    b.paging!.map(0x1000n, pb, 4096, RW);
    a.attachDev(NIC, null);
    expect(u.dma(0x1000n, { ats: true }).pa).toBe(pa);
    b.attachDev(NIC, a);
    expect(u.dma(0x1000n, { ats: true }).pa).toBe(pb);
    u.driver.skipInvalidation = true;
    b.paging!.unmap(0x1000n, 4096);
    expect(u.dma(0x1000n, { ats: true })).toMatchObject({ pa: pb, from: 'device-tlb' });
  });

  it('legacy mode has them too', () => {
    const u = setup({ scalable: false });
    const domain = u.alloc();
    const pa = u.frame();
    domain.attachDev(NIC, null);
    domain.paging!.map(0x1000n, pa, 4096, RW);
    u.dma(0x1000n, { ats: true });
    expect(u.dma(0x1000n, { ats: true })).toMatchObject({ pa, from: 'device-tlb' });
    domain.paging!.unmap(0x1000n, 4096);
    expect(u.dma(0x1000n, { ats: true }).pa).toBeNull();
  });

  it('a device that does not answer: the kernel’s lines, and the unit works on', () => {
    const u = setup();
    const domain = u.alloc();
    domain.attachDev(NIC, null);
    domain.paging!.map(0x1000n, u.frame(), 8192, RW);
    u.dma(0x1000n, { ats: true });
    u.endpoint.silent = true;
    u.trace.take();
    domain.paging!.unmap(0x1000n, 4096);
    const texts = u.trace.take().flatMap((e) => (e.kind === 'log' ? [e.text] : []));
    expect(texts).toContain('DMAR: VT-d detected Invalidation Time-out Error: SID 100');
    u.endpoint.silent = false;
    domain.paging!.unmap(0x2000n, 4096);
    expect(u.dma(0x2000n).pa).toBeNull();
  });
});

describe('shared virtual addressing', () => {
  function bound() {
    const u = setup();
    const process = new ProcessMemory('qemu', u.memory);
    const mapped = process.mmap(3 * 4096);
    const readOnly = process.mmap(4096, 12, false);
    if (!mapped.ok || !readOnly.ok) throw new Error('no memory');
    const made = u.driver.domainAllocSva(NIC, process);
    if (!made.ok) throw new Error(made.why);
    made.value.iopfHandler = () => done;
    expect(made.value.setDevPasid!(NIC, 3, null).ok).toBe(true);
    return {
      ...u,
      process,
      domain: made.value,
      va: mapped.value.userVa,
      mapping: mapped.value,
      readOnly: readOnly.value,
    };
  }

  it('the device reads and writes what the process has, at the process’s addresses', () => {
    const u = bound();
    const hello = Uint8Array.from([1, 2, 3, 4]);
    expect(u.dma(u.va + 0x1010n, { pasid: 3, data: hello }).pa).toBe(u.process.physical(u.va + 0x1010n));
    expect(u.process.read(u.va + 0x1010n, 4)).toMatchObject({ value: hello });
    expect(u.dma(u.readOnly.userVa, { pasid: 3 }).pa).toBe(u.readOnly.pa);
    expect(u.dma(u.readOnly.userVa, { pasid: 3, data: hello }).pa).toBeNull();
    expect(u.dma(u.va, { pasid: 4 }).pa).toBeNull();
  });

  it('what it unmaps, or is gone with it, the device loses', () => {
    const u = bound();
    u.dma(u.va, { pasid: 3 });
    expect(u.dma(u.va, { pasid: 3, ats: true }).pa).toBe(u.mapping.pa);
    u.process.munmap(u.va, u.mapping.bytes);
    expect(u.dma(u.va, { pasid: 3 }).pa).toBeNull();
    expect(u.dma(u.va, { pasid: 3, ats: true }).pa).toBeNull();
    expect(u.dma(u.readOnly.userVa, { pasid: 3 }).pa).toBe(u.readOnly.pa);
    u.process.exit();
    expect(u.dma(u.readOnly.userVa, { pasid: 3 }).pa).toBeNull();
  });

  it('a page request goes up to the core, and the answer down to the device', () => {
    const u = bound();
    const request = { rid: NIC.rid, pasid: 3, iova: u.va, need: READ | WRITE };
    const group = u.endpoint.requestPage(u.device, request);
    expect(u.reports).toEqual([
      { pasid: 3, group, iova: u.va, read: true, write: true, execute: false, privileged: false, last: true },
    ]);
    u.driver.pageResponse(NIC, { pasid: 3, grpid: 0, perm: 3, addr: u.va, lastPage: true }, 'success');
    expect(u.responses).toEqual([{ rid: NIC.rid, pasid: 3, group: 0, code: 0 }]);
  });

  it('unbound with requests on their way: all is drained', () => {
    const u = bound();
    u.endpoint.requestPage(u.device, { rid: NIC.rid, pasid: 3, iova: u.va, need: READ });
    expect(u.driver.blockedDomain.setDevPasid!(NIC, 3, u.domain).ok).toBe(true);
    expect(u.dma(u.va, { pasid: 3 }).pa).toBeNull();
    u.domain.free!();
  });
});

describe('coherency and dirty bits', () => {
  it('a write marks its page, a read does not, and only while tracking is on', () => {
    const u = setup();
    const domain = u.alloc({ dirtyTracking: true });
    domain.attachDev(NIC, null);
    domain.paging!.map(0n, u.frame(), 4096, RW);
    domain.paging!.map(0x1000n, u.frame(), 4096, RW);
    const dirty = (): bigint[] => {
      const found: bigint[] = [];
      domain.paging!.dirty!.readAndClear(0n, 0x2000n, false, (iova) => found.push(iova));
      return found;
    };
    u.dma(0n, { data: Uint8Array.of(1) });
    expect(dirty()).toEqual([]);
    domain.paging!.dirty!.setTracking(true);
    u.dma(0n);
    u.dma(0x1000n, { data: Uint8Array.of(1) });
    expect(dirty()).toEqual([0x1000n]);
    domain.paging!.dirty!.setTracking(false);
    u.dma(0x1000n, { data: Uint8Array.of(1) });
    expect(dirty()).toEqual([]);
  });

  it('first and second stage both work with coherency enforced', () => {
    for (const flags of [{}, { dirtyTracking: true }]) {
      const u = setup();
      const domain = u.alloc(flags);
      expect(domain.paging!.enforceCacheCoherency!()).toBe(true);
      domain.attachDev(NIC, null);
      const pa = u.frame();
      domain.paging!.map(0x1000n, pa, 4096, RW);
      expect(u.dma(0x1000n).pa).toBe(pa);
    }
  });
});
