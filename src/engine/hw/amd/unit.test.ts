import { describe, expect, it } from 'vitest';
import { hiOf, loOf } from '../../../lib/u64';
import type { IommuClient, IommuDomain, PagingFlags } from '../../iommu/ops';
import { PhysicalMemory } from '../../memory/physical-memory';
import { ProcessMemory } from '../../memory/process-memory';
import { TraceBuffer } from '../../trace/trace';
import { transfer } from '../common/dma';
import { Endpoint } from '../common/endpoint';
import { NO_PASID, READ, WRITE, type DeviceLink } from '../port';
import type { ReportedFault } from '../unit';
import { client, guestData, NIC, RW, viommuOver } from './driver/fake-unit.conformance';
import { createAmdUnit, type AmdUnitOptions } from './unit';

// Device and driver are written independently from the document and the kernel; here they meet in memory.

function setup(options: Partial<AmdUnitOptions> = {}, devices: readonly IommuClient[] = [NIC]) {
  const memory = new PhysicalMemory();
  const trace = new TraceBuffer();
  const made = createAmdUnit({ unit: 'iommu:ivhd0', memory, trace, ...options });
  if (!made.ok) throw new Error(made.why);
  const { device, driver } = made.value;
  for (const each of devices) driver.probeDevice(each);
  made.value.start();
  const paging = (flags: PagingFlags = {}): IommuDomain => {
    const domain = driver.domainAllocPaging(NIC, flags);
    if (!domain.ok) throw new Error(`${domain.errno} ${domain.why}`);
    return domain.value;
  };
  const dma = (rid: number, iova: bigint, data?: Uint8Array, pasid = NO_PASID) =>
    transfer(device, memory, { device: 'x', rid, iova, bytes: 1, pasid, ...(data && { data }) })[0]!;
  const frame = (): number => {
    const pfn = memory.allocateFrames(1, { from: 'top' });
    if (!pfn.ok) throw new Error(pfn.why);
    return pfn.value * 4096;
  };
  const lines = () => trace.take().flatMap((e) => (e.kind === 'log' ? [e.text] : []));
  lines();
  return { memory, trace, unit: made.value, device, driver, paging, dma, frame, lines };
}
const BYTE = Uint8Array.of(0x5a);

describe('changes under a running device', () => {
  it('after each store to its entry a request meets the old domain, the new one, or nothing', () => {
    const s = setup();
    const maps = [s.paging(), s.paging(), s.paging({ pasid: true }), s.paging({ pasid: true })].map(
      (domain) => {
        const pa = s.frame();
        domain.paging!.map(0x1000n, pa, 4096, RW);
        return [domain, pa] as const;
      },
    );
    const all: readonly (readonly [IommuDomain, number | null])[] = [
      ...maps,
      [s.driver.identityDomain, 0x1000],
      [s.driver.blockedDomain, null],
    ];
    const write = s.memory.write.bind(s.memory);
    let looks = 0;
    for (const [from, before] of all) {
      for (const [to, after] of all) {
        from.attachDev(NIC, null);
        const seen: (number | null)[] = [];
        s.memory.write = (pa, data) => {
          const done = write(pa, data);
          // What a unit without caches would find now: the device's own are put back, for the driver has not told it.
          s.device.state.dtes.dropWhere(() => true);
          s.device.state.pasids.dropWhere(() => true);
          s.device.state.iotlb.invalidateAll();
          seen.push(s.dma(0x100, 0x1000n).pa);
          return done;
        };
        to.attachDev(NIC, from);
        s.memory.write = write;
        expect(seen.filter((pa) => ![before, after, null].includes(pa))).toEqual([]);
        expect(s.dma(0x100, 0x1000n).pa).toBe(after);
        looks += seen.length;
      }
    }
    expect(looks).toBeGreaterThan(60);
  });

  it('the top of the host table grows four times under its device, and what was mapped stays mapped', () => {
    const s = setup();
    const domain = s.paging();
    domain.attachDev(NIC, null);
    const at = [0x1000n, 1n << 40n, 1n << 50n, 1n << 60n];
    const pas = at.map(() => s.frame());
    for (const [n, iova] of at.entries()) {
      expect(domain.paging!.map(iova, pas[n]!, 4096, RW).ok).toBe(true);
      expect(at.slice(0, n + 1).map((each) => s.dma(0x100, each).pa)).toEqual(pas.slice(0, n + 1));
    }
    expect(s.driver.describeDomain(domain)!.levels).toBe(6);
  });

  it('an alias translates as its device does', () => {
    const aliased = client('0000:03:02.0', 0x0310, [0x0310, 0x0300]);
    const s = setup({}, [aliased]);
    const domain = s.paging();
    domain.attachDev(aliased, null);
    const pa = s.frame();
    domain.paging!.map(0x1000n, pa, 4096, RW);
    expect([0x310, 0x300].map((rid) => s.dma(rid, 0x1000n).pa)).toEqual([pa, pa]);
    s.driver.blockedDomain.attachDev(aliased, domain);
    expect([0x310, 0x300].map((rid) => s.dma(rid, 0x1000n).pa)).toEqual([null, null]);
  });

  it.each(['v1', 'v2'] as const)(
    'a forgotten flush leaves a translation that still works (%s)',
    (pageTable) => {
      const s = setup({ driver: { pageTable, skipInvalidation: true } });
      const domain = s.paging();
      domain.attachDev(NIC, null);
      const pa = s.frame();
      domain.paging!.map(0x1000n, pa, 4096, RW);
      s.dma(0x100, 0x1000n);
      domain.paging!.unmap(0x1000n, 4096);
      expect(s.dma(0x100, 0x1000n)).toMatchObject({ pa, from: 'iotlb' });
      s.driver.skipInvalidation = false;
      domain.paging!.flushIotlbAll!();
      expect(s.dma(0x100, 0x1000n).pa).toBeNull();
    },
  );
});

describe('dirty pages', () => {
  it('hardware marks them while tracking is on; what was read is clean until it is written again', () => {
    const s = setup();
    const domain = s.paging({ dirtyTracking: true });
    domain.attachDev(NIC, null);
    for (const iova of [0x1000n, 0x2000n, 0x3000n]) domain.paging!.map(iova, s.frame(), 4096, RW);
    const dirty = domain.paging!.dirty!;
    const read = (noClear = false) => {
      const seen: bigint[] = [];
      dirty.readAndClear(0n, 0x10000n, noClear, (iova) => seen.push(iova));
      return seen;
    };
    s.dma(0x100, 0x1000n, BYTE);
    expect(read()).toEqual([]);
    dirty.setTracking(true);
    s.dma(0x100, 0x1000n, BYTE);
    s.dma(0x100, 0x2000n);
    expect([read(true), read(), read()]).toEqual([[0x1000n], [0x1000n], []]);
    s.dma(0x100, 0x1000n, BYTE);
    s.dma(0x100, 0x3000n, BYTE);
    expect(read()).toEqual([0x1000n, 0x3000n]);
    dirty.setTracking(false);
    s.dma(0x100, 0x2000n, BYTE);
    expect(read()).toEqual([]);
  });
});

describe('processes', () => {
  it('a PASID reaches the process’s pages, requests without one do not; what is unmapped is gone', () => {
    const s = setup({ abilitiesOf: () => ({ ats: false, pri: false, maxPasids: 1024 }) });
    const process = new ProcessMemory('app', s.memory);
    const [mapping, other] = [process.mmap(4096), process.mmap(4096)];
    const sva = s.driver.domainAllocSva(NIC, process);
    if (!mapping.ok || !other.ok || !sva.ok) throw new Error('no process');
    const va = mapping.value.userVa;
    const empty = s.paging({ pasid: true });
    empty.attachDev(NIC, null);
    expect(sva.value.setDevPasid!(NIC, 700, null).ok).toBe(true);
    const at = (userVa: bigint) => s.dma(0x100, userVa, BYTE, 700).pa;
    expect([at(va), at(other.value.userVa)]).toEqual([mapping.value.pa, other.value.pa]);
    expect([s.dma(0x100, va).pa, s.dma(0x100, va, undefined, 701).pa]).toEqual([null, null]);
    expect(process.munmap(va, 4096).ok).toBe(true);
    expect([at(va), at(other.value.userVa)]).toEqual([null, other.value.pa]);
    s.driver.blockedDomain.setDevPasid!(NIC, 700, sva.value);
    expect(at(other.value.userVa)).toBeNull();
  });

  it('identity with PASIDs: requests without one pass, those with one are translated', () => {
    const s = setup({ abilitiesOf: () => ({ ats: false, pri: false, maxPasids: 16 }) });
    const process = new ProcessMemory('app', s.memory);
    const mapping = process.mmap(4096);
    const sva = s.driver.domainAllocSva(NIC, process);
    if (!mapping.ok || !sva.ok) throw new Error('no process');
    s.driver.identityDomain.attachDev(NIC, null);
    sva.value.setDevPasid!(NIC, 3, null);
    expect(s.dma(0x100, 0x1000n).pa).toBe(0x1000);
    expect(s.dma(0x100, mapping.value.userVa, undefined, 3).pa).toBe(mapping.value.pa);
  });
});

describe('a guest’s own tables', () => {
  const GCR3 = 0x1_0000;
  const LEVELS = [0x1_1000, 0x1_2000, 0x1_3000, 0x1_4000];
  const TARGET = 0x2_0000;
  const IOVA = 0x1234_5000n;

  /** A VM's memory at guest physical 0 to 0x3f000, and in it tables that lead from IOVA to TARGET. */
  function vm() {
    const s = setup({ driver: { nestedDomains: true } });
    const parent = s.paging({ nestParent: true });
    const frames = Array.from({ length: 64 }, () => s.frame());
    for (const [n, pa] of frames.entries()) parent.paging!.map(BigInt(n) * 4096n, pa, 4096, RW);
    const put = (gpa: number, value: bigint) => s.memory.writeU64(frames[gpa >> 12]! + (gpa & 0xfff), value);
    put(GCR3, BigInt(LEVELS[0]!) | 1n);
    // P, RW, US
    for (const [n, table] of LEVELS.entries())
      put(table + Number((IOVA >> BigInt(39 - 9 * n)) & 511n) * 8, BigInt(LEVELS[n + 1] ?? TARGET) | 7n);
    const gcr3 = BigInt(GCR3);
    const w0 = 3n | (1n << 54n) | (1n << 55n) | (((gcr3 >> 12n) & 7n) << 58n);
    const w1 = 9n | (((gcr3 >> 15n) & 0xffffn) << 16n) | ((gcr3 >> 31n) << 43n);
    const nested = viommuOver(s.driver, parent).allocDomainNested!(0, guestData([w0, w1, 0n, 0n]));
    if (!nested.ok) throw new Error(nested.why);
    parent.attachDev(NIC, null);
    return { ...s, parent, nested: nested.value, pa: frames[TARGET >> 12]!, put };
  }

  it('an IOVA goes through the guest’s tables, each of which lies in the parent’s addresses', () => {
    const s = vm();
    expect(s.dma(0x100, BigInt(TARGET)).pa).toBe(s.pa);
    expect(s.nested.attachDev(NIC, s.parent).ok).toBe(true);
    expect(s.dma(0x100, IOVA, BYTE).pa).toBe(s.pa);
    expect(s.dma(0x100, IOVA + 4096n).pa).toBeNull();
    expect(s.dma(0x100, BigInt(TARGET)).pa).toBeNull();
  });

  it('what the host takes out of the parent is gone for the guest at once', () => {
    const s = vm();
    s.nested.attachDev(NIC, s.parent);
    expect(s.dma(0x100, IOVA).pa).toBe(s.pa);
    s.parent.paging!.unmap(BigInt(TARGET), 4096);
    expect(s.dma(0x100, IOVA).pa).toBeNull();
  });
});

describe('devices with translations of their own', () => {
  function ats() {
    const endpoint = new Endpoint(NIC.name);
    const link: DeviceLink = {
      invalidate: (message) => endpoint.invalidate(message),
      pageResponse: (message) => void endpoint.responses.push(message),
    };
    const control = {
      ats: (_: string, on: boolean) => void (endpoint.ats = on),
      pri: (_: string, on: boolean) => void (endpoint.pri = on),
      pasid: (_: string, on: boolean) => void (endpoint.pasid = on),
    };
    const reports: ReportedFault[] = [];
    const pageRequests = {
      allow: () => true,
      forbid: () => undefined,
      report: (_: IommuClient, fault: ReportedFault) => void reports.push(fault),
    };
    const abilitiesOf = () => ({ ats: true, pri: true, maxPasids: 1024 });
    return { ...setup({ link, control, pageRequests, abilitiesOf }), endpoint, reports };
  }

  it('unmap takes the translation out of the device as well', () => {
    const s = ats();
    const domain = s.paging();
    domain.attachDev(NIC, null);
    expect([s.endpoint.ats, s.endpoint.pri]).toEqual([true, false]);
    const pa = s.frame();
    domain.paging!.map(0x1000n, pa, 4096, RW);
    expect(s.endpoint.ask(s.device, 0x100, NO_PASID, 0x1000n, WRITE)).toMatchObject({ pa, sizeLg2: 12 });
    expect(s.endpoint.find(NO_PASID, 0x1000n, READ)).not.toBeNull();
    domain.paging!.unmap(0x1000n, 4096);
    expect(s.endpoint.entries).toEqual([]);
  });

  it('unmap from a guest table too: its flush names PASID 0, which a device without PASIDs has never heard of', () => {
    const s = ats();
    const domain = s.paging({ pasid: true });
    domain.attachDev(NIC, null);
    const pa = s.frame();
    domain.paging!.map(0x1000n, pa, 4096, RW);
    domain.paging!.map(0x2000n, pa, 4096, RW);
    for (const iova of [0x1000n, 0x2000n])
      expect(s.endpoint.ask(s.device, 0x100, NO_PASID, iova, WRITE)).toMatchObject({ pa });
    domain.paging!.unmap(0x1000n, 4096);
    expect(s.endpoint.entries.map(({ iova }) => iova)).toEqual([0x2000n]);
    expect(s.endpoint.ask(s.device, 0x100, NO_PASID, 0x1000n, WRITE)).toBeNull();
  });

  it('a process’s pages are asked for by PASID, and taken back when it unmaps them', () => {
    const s = ats();
    const process = new ProcessMemory('app', s.memory);
    const mapping = process.mmap(4096);
    const sva = s.driver.domainAllocSva(NIC, process);
    if (!mapping.ok || !sva.ok) throw new Error('no process');
    s.driver.identityDomain.attachDev(NIC, null);
    sva.value.setDevPasid!(NIC, 700, null);
    const { userVa, pa } = mapping.value;
    expect(s.endpoint.ask(s.device, 0x100, 700, userVa, WRITE)).toMatchObject({ pa, pasid: 700 });
    process.munmap(userVa, 4096);
    expect(s.endpoint.entries).toEqual([]);
  });

  it('a page request comes to the core, and the answer to the device', () => {
    const s = ats();
    const process = new ProcessMemory('app', s.memory);
    const sva = s.driver.domainAllocSva(NIC, process);
    if (!sva.ok) throw new Error(sva.why);
    s.driver.identityDomain.attachDev(NIC, null);
    sva.value.setDevPasid!(NIC, 5, null);
    const group = s.endpoint.requestPage(s.device, {
      rid: 0x100,
      pasid: 5,
      iova: 0x7000n,
      need: READ | WRITE,
    });
    expect(s.reports).toEqual([
      {
        pasid: 5,
        group,
        iova: 0x7000n,
        read: true,
        write: true,
        execute: false,
        privileged: false,
        last: true,
      },
    ]);
    const fault = { pasid: 5, grpid: group!, perm: 3, addr: 0x7000n, lastPage: true };
    s.driver.pageResponse(NIC, fault, 'success');
    expect(s.endpoint.responses).toMatchObject([{ rid: 0x100, group, code: 0 }]);
  });
});

describe('faults', () => {
  it('a write outside of every mapping is printed as the kernel prints it', () => {
    const s = setup();
    const domain = s.paging();
    domain.attachDev(NIC, null);
    s.lines();
    s.dma(0x100, 0xdead_b000n, BYTE);
    // amd_iommu_report_page_fault(): RW is flag 0x20; the first domain after identity is 2.
    expect(s.lines()).toEqual([
      'pci 0000:01:00.0: AMD-Vi: Event logged [IO_PAGE_FAULT domain=0x0002 address=0xdeadb000 flags=0x0020]',
    ]);
  });

  it('a command that hands have spoilt stops the buffer: the event is printed, later commands are never answered', () => {
    const s = setup();
    const { registers } = s.device;
    const tail = registers.read32(0x2008);
    const base = Number(registers.read64(8) & 0xf_ffff_ffff_f000n);
    s.memory.store64(base + tail, hiOf(0xf000_0000_0000_0000n), loOf(0n));
    registers.write32(0x2008, (tail + 16) % 8192);
    const text = s.lines();
    expect(text[0]).toBe(
      `iommu ivhd0: AMD-Vi: Event logged [ILLEGAL_COMMAND_ERROR address=0x${(base + tail).toString(16)}]`,
    );
    s.driver.identityDomain.attachDev(NIC, null);
    expect(s.lines()).toContain('AMD-Vi: IOMMU 0000:00:00.2: Completion-Wait loop timed out');
  });
});

describe('what a page shows of it', () => {
  function running(options: Partial<AmdUnitOptions> = {}) {
    const s = setup(options);
    const domain = s.paging();
    domain.attachDev(NIC, null);
    const pa = s.frame();
    domain.paging!.map(0x1000n, pa, 4096, RW);
    s.dma(0x100, 0x1000n);
    s.trace.take();
    return { ...s, domain, pa };
  }

  it('the domain, its table, and where the hardware walks', () => {
    const { unit, domain } = running();
    const tables = unit.tables(domain)!;
    expect(tables).toMatchObject({ format: 'amdv1', levels: 3, tablePages: 3, tag: 'DomID 2' });
    expect(unit.walkedRoot(0x100, NO_PASID)).toBe(tables.rootPa);
    expect([unit.domainOf(NIC.name, NO_PASID), unit.domainOf('0000:09:00.0', NO_PASID)]).toEqual([
      domain,
      null,
    ]);
    expect(unit.walkedRoot(0x900, NO_PASID)).toBeNull();
  });

  it('a stale translation, in view and summary alike', () => {
    const s = running({ driver: { skipInvalidation: true } });
    const stale = () => s.unit.summary().caches.find(({ id }) => id === 'iotlb')?.stale;
    expect(stale()).toBe(0);
    s.domain.paging!.unmap(0x1000n, 4096);
    expect(stale()).toBe(1);
    const iotlb = s.unit.view().caches.find(({ id }) => id === 'iotlb');
    expect(iotlb?.entries.map(({ iova, pa, stale: gone }) => [iova, pa, gone])).toEqual([
      [0x1000n, s.pa, true],
    ]);
    // Looking leaves no trace.
    s.trace.take();
    s.unit.view();
    expect(s.trace.take()).toEqual([]);
  });

  it('indices: nine bits a level, seven at the sixth; a larger page takes the lower levels', () => {
    const s = running();
    const cut = (leaf: number | null) =>
      s.unit
        .addressFields(0x4060_8123n, leaf, s.domain)
        .map(({ label, bits, value }) => [label, bits, value]);
    expect(cut(1)).toEqual([
      ['level 3', 9, 1],
      ['level 2', 9, 3],
      ['level 1', 9, 8],
      ['offset', 12, 0x123],
    ]);
    expect(cut(2).at(-1)).toEqual(['offset', 21, 0x8123]);
    s.domain.paging!.map(1n << 60n, s.frame(), 4096, RW);
    expect(s.unit.addressFields(1n << 60n, null, s.domain)[0]).toMatchObject({
      label: 'level 6',
      bits: 7,
      value: 8,
    });
  });

  it('a fault: explained with the line that the kernel prints, and kept when its handler has read it', () => {
    const s = running();
    for (const prepare of [() => undefined, () => void s.driver.blockedDomain.attachDev(NIC, s.domain)]) {
      prepare();
      s.trace.take();
      s.dma(0x100, 0xdead_b000n, BYTE);
      const events = s.trace.take();
      const fault = events.find((event) => event.kind === 'fault');
      const printed = events.flatMap((event) => (event.kind === 'log' ? [event.text] : []))[0];
      if (fault === undefined) throw new Error('no fault');
      const steps = s.unit.explain(events);
      expect(steps.length).toBeGreaterThan(0);
      expect(s.unit.explainFault(fault, steps).kernelLine).toBe(printed);
      expect(s.unit.faultLog().at(-1)).toMatchObject({
        device: NIC.name,
        access: 'write',
        iova: 0xdead_b000n,
        name: 'IO_PAGE_FAULT',
        kernelLine: printed,
      });
    }
    expect(s.unit.faultLog()).toHaveLength(2);
  });
});
