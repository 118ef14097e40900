import { describe, expect, it } from 'vitest';
import type { IommuClient, IommuDomain } from '../../iommu/ops';
import type { ViommuHandle } from '../../iommu/viommu-ops';
import { ok, type Result } from '../../kernel/errno';
import { PhysicalMemory } from '../../memory/physical-memory';
import { ProcessMemory } from '../../memory/process-memory';
import { TraceBuffer } from '../../trace/trace';
import { transfer } from '../common/dma';
import { Endpoint } from '../common/endpoint';
import { READ, WRITE, type PageResponseMessage } from '../port';
import type { ReportedFault } from '../unit';
import type { SmmuConfig } from './device/config';
import type { SmmuDriverOptions } from './driver/driver';
import { createSmmuUnit, type SmmuUnitOptions } from './unit';

/**
 * Driver and unit together, where the effect is the test: what a device's access comes to. The words of a VM's tables are
 * written by hand. Spec: SMMUv3 IHI 0070 chapter 5, Arm ARM DDI 0487 D8.3
 */
const DEV: IommuClient = { name: '0000:01:00.0', rid: 0x100, aliasRids: [0x100] };
const RW = { read: true, write: true };

function must<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(`${result.errno}: ${result.why}`);
  return result.value;
}

interface RigOptions {
  readonly config?: Partial<SmmuConfig>;
  readonly driver?: Partial<SmmuDriverOptions>;
  readonly unit?: Partial<SmmuUnitOptions>;
}

function setup({ config = {}, driver = {}, unit = {} }: RigOptions = {}) {
  const memory = new PhysicalMemory();
  const trace = new TraceBuffer();
  const endpoint = new Endpoint(DEV.name);
  const answers: PageResponseMessage[] = [];
  const both = must(
    createSmmuUnit({
      unit: 'iommu:smmu0',
      memory,
      trace,
      config,
      driver,
      abilitiesOf: () => ({ ats: true, pri: false, maxPasids: 1024 }),
      link: {
        invalidate: (message) => endpoint.invalidate(message),
        pageResponse: (message) => void answers.push(message),
      },
      control: {
        ats: (_, on) => void (endpoint.ats = on),
        pri: () => undefined,
        pasid: (_, on) => void (endpoint.pasid = on),
      },
      ...unit,
    }),
  );
  must(both.driver.probeDevice(DEV));
  const log = (): string[] => trace.take().flatMap((event) => (event.kind === 'log' ? [event.text] : []));
  /** Where a write of a byte lands; null: nowhere. */
  const write = (iova: bigint, more: { pasid?: number; endpoint?: Endpoint } = {}): number | null => {
    const request = { device: DEV.name, rid: DEV.rid, iova, bytes: 1, data: Uint8Array.of(7), ...more };
    return transfer(both.device, memory, request, trace)[0]!.pa;
  };
  const page = (): number => must(memory.allocateFrames(1)) * 4096;
  return { ...both, memory, trace, endpoint, answers, log, write, page };
}

function attached(options: RigOptions = {}, flags = {}) {
  const all = setup(options);
  const domain = must(all.driver.domainAllocPaging(DEV, flags));
  must(domain.attachDev(DEV, null));
  return { ...all, domain, paging: domain.paging! };
}

describe('SMMUv3 and its driver', () => {
  it('without the invalidation the old translation stays', () => {
    const { paging, write, page, driver } = attached();
    const [first, second] = [page(), page()];
    paging.map(0x5000n, first, 4096, RW);
    expect(write(0x5000n)).toBe(first);
    driver.skipInvalidation = true;
    paging.unmap(0x5000n, 4096);
    expect(write(0x5000n)).toBe(first);
    driver.skipInvalidation = false;
    paging.map(0x5000n, second, 4096, RW);
    paging.unmap(0x5000n, 4096);
    expect(write(0x5000n)).toBeNull();
  });

  it('a fault is printed, with the device by name', () => {
    const { write, log } = attached();
    log();
    expect(write(0x1_2345_6789n)).toBeNull();
    const lines = log().map((text) => text.replace('arm-smmu-v3 arm-smmu-v3.0.auto: ', ''));
    expect(lines[0]).toBe('event 0x10 received:');
    expect(lines.slice(5)).toEqual([
      'event: F_TRANSLATION client: 0000:01:00.0 sid: 0x100 ssid: 0x0 iova: 0x123456789 ipa: 0x0',
      'unpriv data write s1 "Input address caused fault" stag: 0x0',
    ]);
  });

  it('each PASID has its own table, and requests without one pass', () => {
    const { driver, write, page } = setup();
    must(driver.identityDomain.attachDev(DEV, null));
    const domains = [3, 900].map((pasid) => {
      const domain = must(driver.domainAllocPaging(DEV, { pasid: true }));
      must(domain.setDevPasid!(DEV, pasid, null));
      const pa = page();
      domain.paging!.map(0x7000n, pa, 4096, RW);
      return { pasid, domain, pa };
    });
    for (const { pasid, pa } of domains) expect(write(0x7000n, { pasid })).toBe(pa);
    const plain = page();
    expect(write(BigInt(plain))).toBe(plain);
    expect(write(0x7000n, { pasid: 4 })).toBeNull();
    driver.blockedDomain.setDevPasid!(DEV, 3, domains[0]!.domain);
    expect(write(0x7000n, { pasid: 3 })).toBeNull();
    expect(write(0x7000n, { pasid: 900 })).toBe(domains[1]!.pa);
  });

  it('with ATS the device keeps what it was told, until it is told otherwise', () => {
    const { paging, write, page, endpoint, driver, domain } = attached();
    expect([endpoint.ats, endpoint.pasid]).toEqual([true, true]);
    const pa = page();
    paging.map(0x9000n, pa, 4096, RW);
    expect(write(0x9000n, { endpoint })).toBe(pa);
    expect(endpoint.entries).toHaveLength(1);
    paging.unmap(0x9000n, 4096);
    expect(endpoint.entries).toHaveLength(0);
    expect(write(0x9000n, { endpoint })).toBeNull();
    must(driver.blockedDomain.attachDev(DEV, domain));
    expect(endpoint.ats).toBe(false);
  });

  it('written pages are marked, and seen again after they were cleared', () => {
    const { paging, write, page } = attached({}, { dirtyTracking: true });
    paging.map(0x4000n, page(), 4096, RW);
    paging.map(0x6000n, page(), 4096, RW);
    const dirty = (noClear = false): [bigint, number][] => {
      const seen: [bigint, number][] = [];
      paging.dirty!.readAndClear(0x4000n, 0x3000n, noClear, (iova, bytes) => void seen.push([iova, bytes]));
      return seen;
    };
    // A leaf is made as if it had been written. Linux: arm_lpae_prot_to_pte()
    dirty();
    expect(dirty()).toEqual([]);
    write(0x6000n);
    expect(dirty(true)).toEqual([[0x6000n, 4096]]);
    expect(dirty()).toEqual([[0x6000n, 4096]]);
    write(0x6000n);
    expect(dirty()).toEqual([[0x6000n, 4096]]);
  });

  it('as the kernel leaves it, a page that was cleared is written unseen: its translation is cached as writable', () => {
    const { paging, write, page } = attached(
      { driver: { dirtyWithoutFlush: true } },
      { dirtyTracking: true },
    );
    paging.map(0x4000n, page(), 4096, RW);
    const dirty = (): number => {
      let count = 0;
      paging.dirty!.readAndClear(0x4000n, 0x1000n, false, () => void count++);
      return count;
    };
    write(0x4000n);
    expect(dirty()).toBe(1);
    write(0x4000n);
    expect(dirty()).toBe(0);
  });

  it('a process: its addresses under its PASID, until it unmaps them, or ends', () => {
    const { driver, memory, write } = setup();
    must(driver.identityDomain.attachDev(DEV, null));
    const mm = new ProcessMemory('app', memory);
    const mapping = must(mm.mmap(8192));
    const sva = must(driver.domainAllocSva(DEV, mm));
    must(sva.setDevPasid!(DEV, 1, null));
    expect(write(mapping.userVa + 5n, { pasid: 1 })).toBe(mapping.pa + 5);
    const other = must(mm.mmap(4096));
    expect(write(other.userVa, { pasid: 1 })).toBe(other.pa);
    mm.munmap(other.userVa, 4096);
    expect(write(other.userVa, { pasid: 1 })).toBeNull();
    mm.exit();
    expect(write(mapping.userVa, { pasid: 1 })).toBeNull();
    driver.blockedDomain.setDevPasid!(DEV, 1, sva);
    const frames = memory.allocatedFrames;
    sva.free!();
    expect(memory.allocatedFrames).toBeLessThan(frames);
  });

  it('a faulting access waits until it is answered, and then gets through', () => {
    const faults: ReportedFault[] = [];
    const pageRequests = {
      allow: () => true,
      forbid: () => undefined,
      report: (_: IommuClient, fault: ReportedFault) => void faults.push(fault),
    };
    const all = setup({ driver: { canStall: () => true }, unit: { pageRequests } });
    const domain: IommuDomain = must(all.driver.domainAllocPaging(DEV, {}));
    domain.iopfHandler = () => ok(undefined);
    must(domain.attachDev(DEV, null));
    expect(all.write(0xa000n)).toBeNull();
    expect(faults).toMatchObject([{ iova: 0xa000n, write: true, read: false, pasid: -1, last: true }]);
    const pa = all.page();
    domain.paging!.map(0xa000n, pa, 4096, RW);
    const { group } = faults[0]!;
    const fault = { pasid: null, grpid: group, perm: 2, addr: 0xa000n, lastPage: true };
    all.driver.pageResponse(DEV, fault, 'success');
    expect(all.answers).toEqual([{ rid: 0x100, pasid: -1, group, code: 0 }]);
    expect(all.write(0xa000n)).toBe(pa);
  });

  it('a command that a person spoils is skipped, and those after it are done', () => {
    const { paging, write, page, driver, memory, log } = attached();
    const pa = page();
    paging.map(0x5000n, pa, 4096, RW);
    write(0x5000n);
    log();
    const { ring } = driver.smmu.cmdq;
    // A reserved opcode, without a SYNC of its own.
    driver.smmu.cmdq.issue([0x7f, 0, 0, 0]);
    expect(log().some((text) => text.includes('CMDQ error') && text.includes('Illegal command'))).toBe(true);
    expect((memory.load32(ring.pa(ring.prod - 1)) ?? 0) & 0xff).toBe(0x46);
    paging.unmap(0x5000n, 4096);
    expect(write(0x5000n)).toBeNull();
  });

  it('a device that does not answer costs a time-out, and no more', () => {
    const { paging, write, page, endpoint, log } = attached();
    paging.map(0x5000n, page(), 4096, RW);
    write(0x5000n, { endpoint });
    endpoint.silent = true;
    log();
    paging.unmap(0x5000n, 4096);
    expect(log().some((text) => text.includes('ATC invalidate timeout'))).toBe(true);
    endpoint.silent = false;
    expect(write(0x5000n)).toBeNull();
  });
});

describe('a VM with tables of its own', () => {
  /** The VM's memory: 1 MiB at guest address 0. Its stream table entry says where its descriptors are. */
  const GUEST_CD = 0x1000;
  const GUEST_ROOT = 0x2000;
  const GUEST_DATA = 0x8_0000n;
  const VSID = 0x77n;
  const V_ASID = 9n;
  const PAGE_DESC = 0x3n | (1n << 6n) | (3n << 8n) | (1n << 10n) | (1n << 11n);

  function guest(config: Partial<SmmuConfig> = {}) {
    const all = setup({ config });
    const { driver, memory } = all;
    const base = must(memory.allocateFrames(256, { align: 256 })) * 4096;
    const parent = must(driver.domainAllocPaging(DEV, { nestParent: true }));
    must(parent.paging!.map(0n, base, 2 ** 20, RW));
    const store = (gpa: number, word: bigint): void => void memory.writeU64(base + gpa, word);
    // T0SZ 25 (39 bits), 4 KiB, EPD1, V, IPS 48 bits, AA64, R, A, ASET, its own ASID
    const cd = 25n | (1n << 30n) | (1n << 31n) | (5n << 32n) | (1n << 41n) | (7n << 45n) | (V_ASID << 48n);
    store(GUEST_CD, cd);
    store(GUEST_CD + 8, BigInt(GUEST_ROOT));
    store(GUEST_CD + 24, 0xffn);
    store(GUEST_ROOT, 0x3003n);
    store(0x3000, 0x4003n);
    /** Guest virtual page 5 → guest data page `at`. */
    const mapPage5 = (at: bigint): void => store(0x4000 + 5 * 8, at | PAGE_DESC);
    mapPage5(GUEST_DATA);
    const events: bigint[][] = [];
    const vdevices = new Map([[VSID, DEV]]);
    const handle: ViommuHandle = {
      type: 1,
      findDevice: (id) => vdevices.get(id) ?? null,
      virtIdOf: () => VSID,
      reportEvent(_type, data) {
        const view = new DataView(data.buffer);
        events.push([0, 8, 16, 24].map((at) => view.getBigUint64(at, true)));
        return ok(undefined);
      },
      allocMmap: () => ok(0n),
      destroyMmap: () => undefined,
    };
    const viommu = must(driver.viommuInit(handle, parent, null));
    const nest = (words: readonly bigint[]): IommuDomain => {
      const bytes = new Uint8Array(16);
      const view = new DataView(bytes.buffer);
      words.forEach((word, n) => view.setBigUint64(n * 8, word, true));
      return must(viommu.allocDomainNested!(0, { type: 2, length: 16, read: () => ok(bytes) }));
    };
    const send = (first: bigint, second = 0n): Result<undefined> => {
      const bytes = new Uint8Array(16);
      const view = new DataView(bytes.buffer);
      view.setBigUint64(0, first, true);
      view.setBigUint64(8, second, true);
      const entry = () => ok(bytes);
      return viommu.cacheInvalidate!({
        type: 1,
        entryLength: 16,
        entryCount: 1,
        handled: 0,
        read: entry,
        readStruct: entry,
      });
    };
    return { ...all, base, parent, nest, send, events, mapPage5, store };
  }
  const CONFIG_S1 = 0x1n | (5n << 1n) | BigInt(GUEST_CD);

  it('its tables, then ours', () => {
    const { nest, write, base } = guest();
    must(nest([CONFIG_S1, 0x2n]).attachDev(DEV, null));
    expect(write(0x5123n)).toBe(base + Number(GUEST_DATA) + 0x123);
  });

  it('bypass: ours alone; abort: nothing', () => {
    const { nest, write, base } = guest();
    const bypass = nest([0x9n, 0n]);
    must(bypass.attachDev(DEV, null));
    expect(write(0x5123n)).toBe(base + 0x5123);
    must(nest([0x1n, 0n]).attachDev(DEV, bypass));
    expect(write(0x5123n)).toBeNull();
  });

  it('what it changes it must tell: by address, by ASID, by all', () => {
    const { nest, write, base, mapPage5, send } = guest();
    must(nest([CONFIG_S1, 0x2n]).attachDev(DEV, null));
    const at = (data: bigint): number => base + Number(data);
    let now = GUEST_DATA;
    expect(write(0x5000n)).toBe(at(now));
    for (const [first, second] of [
      [0x12n | (V_ASID << 48n), 0x5001n],
      [0x13n, 0x5001n],
      [0x11n | (V_ASID << 48n), 0n],
      [0x10n, 0n],
      [0x30n, 0n],
    ] as const) {
      const old = now;
      now += 0x1000n;
      mapPage5(now);
      expect(write(0x5000n)).toBe(at(old));
      must(send(first, second));
      expect(write(0x5000n)).toBe(at(now));
    }
  });

  it('of another descriptor it must tell too', () => {
    const { nest, write, store, send, base } = guest();
    must(nest([CONFIG_S1, 0x2n]).attachDev(DEV, null));
    expect(write(0x5000n)).toBe(base + Number(GUEST_DATA));
    store(GUEST_CD, 0n);
    expect(write(0x5000n)).not.toBeNull();
    must(send(0x05n | (VSID << 32n), 1n));
    must(send(0x30n));
    expect(write(0x5000n)).toBeNull();
  });

  it('its faults come to it, under its own StreamID; ours are printed', () => {
    const { nest, write, events, log, parent, mapPage5, send } = guest();
    must(nest([CONFIG_S1, 0x2n]).attachDev(DEV, null));
    log();
    expect(write(0x9000n)).toBeNull();
    expect(events).toHaveLength(1);
    expect([events[0]![0]! & 0xffn, events[0]![0]! >> 32n, events[0]![2]]).toEqual([0x10n, VSID, 0x9000n]);
    expect(log()).toEqual([]);
    mapPage5(0x20_0000n);
    must(send(0x30n));
    expect(parent.paging!.iovaToPhys(0x20_0000n)).toBeNull();
    expect(write(0x5000n)).toBeNull();
    expect(events).toHaveLength(1);
    expect(log().some((text) => text.includes('ipa: 0x200000'))).toBe(true);
  });

  it('when the host takes a page away the VM’s translations of it go, tables included', () => {
    const { nest, write, parent } = guest();
    must(nest([CONFIG_S1, 0x2n]).attachDev(DEV, null));
    expect(write(0x5000n)).not.toBeNull();
    parent.paging!.unmap(GUEST_DATA, 4096);
    expect(write(0x5000n)).toBeNull();
  });

  it('the VM asks for ATS, and then drops translations of the device itself', () => {
    const { nest, write, endpoint, mapPage5, send, base } = guest();
    must(nest([CONFIG_S1, 0x2n | (1n << 28n)]).attachDev(DEV, null));
    expect(endpoint.ats).toBe(true);
    expect(write(0x5000n, { endpoint })).toBe(base + Number(GUEST_DATA));
    mapPage5(GUEST_DATA + 0x1000n);
    must(send(0x12n | (V_ASID << 48n), 0x5001n));
    expect(write(0x5000n, { endpoint })).toBe(base + Number(GUEST_DATA));
    must(send(0x40n | (VSID << 32n), 0x5000n));
    expect(write(0x5000n, { endpoint })).toBe(base + Number(GUEST_DATA) + 0x1000);
  });
});

describe('an entry that changes while a device uses it', () => {
  const OFF = { sets: 0, ways: 1 };
  const NO_CACHES = { iotlb: OFF, walkCache: OFF, steCache: OFF, cdCache: OFF };
  const IOVA = 0x5000n;

  /** Domains between which a device is moved, and where each leads IOVA. */
  function places() {
    const all = setup({ config: NO_CACHES });
    const { driver } = all;
    const table = (flags: object): { domain: IommuDomain; pa: number | null } => {
      const domain = must(driver.domainAllocPaging(DEV, flags));
      const pa = all.page();
      domain.paging!.map(IOVA, pa, 4096, RW);
      return { domain, pa };
    };
    const targets = {
      identity: { domain: driver.identityDomain, pa: Number(IOVA) as number | null },
      blocked: { domain: driver.blockedDomain, pa: null },
      one: table({}),
      other: table({}),
      parent: table({ nestParent: true }),
      second: table({ nestParent: true }),
    };
    return { ...all, targets };
  }
  const NAMES = ['identity', 'blocked', 'one', 'other', 'parent', 'second'] as const;
  const pairs = NAMES.flatMap((from) => NAMES.map((to) => [from, to] as const));
  /**
   * Two words that are used change at once, so the entry is made invalid in between: of descriptors ASID and table, of
   * entries of stage 2 VMID and table, between the stages Config and VMID, which is 0 for stage 1.
   */
  const TABLES: readonly string[] = ['one', 'other', 'parent', 'second'];

  it.each(pairs)('from %s to %s: at every single store the old, the new, or nothing', (from, to) => {
    const { memory, device, targets } = places();
    const [old, next] = [targets[from], targets[to]];
    must(old.domain.attachDev(DEV, null));
    const seen: (number | null)[] = [];
    const look = (): void => {
      const status = device.translate(DEV.rid, 0, Number(IOVA), WRITE, -1);
      seen.push(status === 4 ? null : (device.result[0] as number) + (device.result[1] as number) * 2 ** 32);
    };
    const store = memory.writeU64.bind(memory);
    memory.writeU64 = (pa, value) => {
      const written = store(pa, value);
      look();
      return written;
    };
    must(next.domain.attachDev(DEV, old.domain));
    look();
    expect(seen.at(-1)).toBe(next.pa);
    for (const each of seen) expect([old.pa, next.pa, null]).toContain(each);
    const moves = old.pa !== null && next.pa !== null && from !== to;
    if (moves) expect(seen.includes(null)).toBe(TABLES.includes(from) && TABLES.includes(to));
  });
});

describe('when memory runs out', () => {
  /** A table for PASIDs of two levels, a domain, a map of several tables: each allocation fails in turn. */
  const sequence = ({ driver, memory }: ReturnType<typeof setup>): Result<undefined> => {
    const domain = driver.domainAllocPaging(DEV, { pasid: true });
    if (!domain.ok) return domain;
    const { paging } = domain.value;
    const undo = (failure: Result<undefined>): Result<undefined> => {
      paging!.free();
      return failure;
    };
    const mapped = paging!.map(0x1f_f000n, 0x10_0000, 8192, RW);
    if (!mapped.ok) return undo(mapped);
    const set = domain.value.setDevPasid!(DEV, 5000, null);
    if (!set.ok) return undo(set);
    driver.blockedDomain.setDevPasid!(DEV, 5000, domain.value);
    paging!.free();
    memory.failNth(0);
    return ok(undefined);
  };
  const rig = () => {
    const all = setup({ unit: { abilitiesOf: () => ({ ats: false, pri: false, maxPasids: 2 ** 16 }) } });
    must(all.driver.identityDomain.attachDev(DEV, null));
    return all;
  };

  it('each failure is ENOMEM, nothing stays but the tables of descriptors, and a second try succeeds', () => {
    let failures = 0;
    for (let nth = 1; ; nth++) {
      const all = rig();
      const before = all.memory.allocatedFrames;
      all.memory.failNth(nth);
      const result = sequence(all);
      if (result.ok) break;
      failures++;
      expect(result.errno).toBe('ENOMEM');
      // Level 1: 64 descriptors of tables; level 2: 1024 descriptors, 64 KiB. Both are the device's to the end.
      expect([0, 1, 17]).toContain(all.memory.allocatedFrames - before);
      expect(all.write(0x5000n)).toBe(0x5000);
      must(sequence(all));
      expect(all.memory.allocatedFrames - before).toBe(17);
    }
    // Root, three levels of two neighbouring tables, two tables of descriptors.
    expect(failures).toBe(1 + 4 + 2);
  });
});

describe('GBPA and the rest of the unit’s switches', () => {
  it('when it is shut down requests pass again', () => {
    const { driver, write, device } = attached();
    expect(write(0x5000n)).toBeNull();
    must(driver.stop());
    expect(write(0x5000n)).toBe(0x5000);
    expect(device.translate(0x100, 0, 0x5000, READ | WRITE, -1)).toBe(2);
  });
});
