import { describe, expect, it } from 'vitest';
import type { IommuDomain, IommuOps } from '../../../iommu/ops';
import { PhysicalMemory } from '../../../memory/physical-memory';
import type { DeviceAbilities } from '../../unit';
import { client, FakeUnit, type FakeOptions } from './fake-unit.conformance';

const RW = { read: true, write: true };
const NIC = client(0x100);
const GPU = client(0x208);
const DULL: DeviceAbilities = { ats: false, pri: false, maxPasids: 1024 };
const ABLE: DeviceAbilities = { ats: true, pri: true, maxPasids: 1024 };

function setup(options: FakeOptions = {}, abilities: DeviceAbilities = DULL) {
  const u = new FakeUnit({ ...options, driver: { abilitiesOf: () => abilities, ...options.driver } });
  const { driver } = u;
  for (const device of [NIC, GPU]) driver.probeDevice(device);
  driver.enableTranslation();
  for (const device of [NIC, GPU]) driver.probeFinalize(device);
  const alloc = (flags = {}): IommuDomain => {
    const made = driver.domainAllocPaging(NIC, flags);
    if (!made.ok) throw new Error(made.why);
    return made.value;
  };
  return { u, driver, alloc };
}

/** The neighbour keeps the table, so that only leaves change. */
function unmapOne(s: ReturnType<typeof setup>, domain: IommuDomain): readonly (readonly [bigint, bigint])[] {
  for (const left of [0x4000n, 0x5000n]) domain.paging!.unmap(left, 4096);
  domain.paging!.map(0x4000n, 0x20_4000, 8192, RW);
  s.u.take();
  expect(domain.paging!.unmap(0x4000n, 4096)).toBe(4096);
  return s.u.descriptors();
}

/** cache_tag_flush_range(): what an unmap tells, by kind of domain and of device. Descriptors: section 6.5.2. */
describe('after unmap', () => {
  const PIOTLB_PAGE = 0x36n;
  const PSI = 0xf2n;
  const PAGE = 0x4040n; // IH
  const did = (n: bigint): bigint => n << 16n;

  it('first stage: PASID-based, by the PASID that uses it', () => {
    const s = setup();
    const domain = s.alloc();
    domain.attachDev(NIC, null);
    domain.setDevPasid!(NIC, 7, null);
    expect(unmapOne(s, domain)).toEqual([
      [PIOTLB_PAGE | did(2n), PAGE],
      [PIOTLB_PAGE | did(2n) | (7n << 32n), PAGE],
    ]);
  });

  it('second stage: one descriptor a domain, however many devices', () => {
    const s = setup();
    const domain = s.alloc({ dirtyTracking: true });
    domain.attachDev(NIC, null);
    domain.attachDev(GPU, null);
    expect(unmapOne(s, domain)).toEqual([[PSI | did(2n), PAGE]]);
  });

  it('one device of two leaves: the other is told all the same', () => {
    const s = setup();
    const domain = s.alloc({ dirtyTracking: true });
    domain.attachDev(NIC, null);
    domain.attachDev(GPU, null);
    s.driver.blockedDomain.attachDev(NIC, domain);
    expect(unmapOne(s, domain)).toEqual([[PSI | did(2n), PAGE]]);
    s.driver.blockedDomain.attachDev(GPU, domain);
    expect(unmapOne(s, domain)).toEqual([]);
  });

  it('device TLBs after the IOTLB: without PASID by type 3, with one by type 8', () => {
    const s = setup({}, ABLE);
    const domain = s.alloc();
    domain.attachDev(NIC, null);
    domain.setDevPasid!(NIC, 7, null);
    expect(unmapOne(s, domain)).toEqual([
      [PIOTLB_PAGE | did(2n), PAGE],
      [3n | (0x100n << 32n), 0x4000n],
      [PIOTLB_PAGE | did(2n) | (7n << 32n), PAGE],
      [8n | (0x100n << 16n) | (7n << 32n), 0x4000n],
    ]);
  });

  it('no device TLB is told while translation is off', () => {
    const s = setup({}, ABLE);
    const domain = s.alloc();
    domain.attachDev(NIC, null);
    s.driver.disableTranslation();
    expect(unmapOne(s, domain)).toEqual([[PIOTLB_PAGE | did(2n), PAGE]]);
  });

  it('several pages: the size in the lowest zero bit', () => {
    const s = setup({}, ABLE);
    const domain = s.alloc();
    domain.attachDev(NIC, null);
    domain.setDevPasid!(NIC, 7, null);
    domain.paging!.map(0x8000n, 0x20_8000, 5 * 4096, RW);
    s.u.take();
    domain.paging!.unmap(0x8000n, 4 * 4096);
    const device = s.u.descriptors().filter(([w]) => [3n, 8n].includes(w & 15n));
    // 16 KiB: bits 12 set, 13 clear; S is bit 0 or bit 11
    expect(device.map(([, w]) => w)).toEqual([0x9001n, 0x9800n]);
  });

  it('everything: the whole domain or PASID, and the whole device TLB', () => {
    const s = setup({}, ABLE);
    const first = s.alloc();
    first.attachDev(NIC, null);
    first.setDevPasid!(NIC, 7, null);
    s.u.take();
    first.paging!.flushIotlbAll!();
    expect(s.u.descriptors()).toEqual([
      [0x26n | did(2n), 0n],
      [3n | (0x100n << 32n), 0x7fff_ffff_ffff_f001n],
      [0x26n | did(2n) | (7n << 32n), 0n],
      [8n | (0x100n << 16n) | (7n << 32n), 0x7fff_ffff_ffff_f800n],
    ]);
    const second = s.alloc({ dirtyTracking: true });
    second.attachDev(GPU, null);
    s.u.take();
    second.paging!.flushIotlbAll!();
    expect(s.u.descriptors()[0]).toEqual([0xe2n | did(3n), 0n]);
  });

  it('a domain that nobody uses any more is told nowhere', () => {
    const s = setup({}, ABLE);
    const domain = s.alloc();
    domain.attachDev(NIC, null);
    domain.setDevPasid!(NIC, 7, null);
    s.driver.blockedDomain.attachDev(NIC, domain);
    s.driver.blockedDomain.setDevPasid!(NIC, 7, domain);
    expect(unmapOne(s, domain)).toEqual([]);
  });

  it('DIT: the physical function is named', () => {
    const s = setup({ ecap: ['c', 'dt', 'smts', 'pasid', 'fsts', 'ssts', 'smpwcs', 'dit'] }, ABLE);
    const domain = s.alloc();
    domain.attachDev(GPU, null);
    // PFSID 3:0 at 15:12, 15:4 at 63:52
    expect(unmapOne(s, domain)[1]).toEqual([3n | (8n << 12n) | (0x208n << 32n) | (0x20n << 52n), 0x4000n]);
  });
});

/** intel_iommu_iotlb_sync_map(), cache_tag_flush_range_np() */
describe('after map', () => {
  const mapped = (cap: FakeOptions['cap'], flags: object) => {
    const s = setup({ ...(cap ? { cap } : {}) });
    const domain = s.alloc(flags);
    domain.attachDev(NIC, null);
    s.u.take();
    domain.paging!.map(0x4000n, 0x20_4000, 8192, RW);
    return s.u.take();
  };

  it('nothing, but with CM the second stage, and with RWBF the write buffer', () => {
    expect(mapped([], {})).toEqual([]);
    expect(mapped([], { dirtyTracking: true })).toEqual([]);
    expect(mapped(['cm'], {})).toEqual([]);
    const told = mapped(['cm'], { dirtyTracking: true });
    expect(told.flatMap((e) => (e.kind === 'descriptor' ? [e.words] : []))[0]).toEqual([
      0xf2n | (2n << 16n),
      0x4001n,
    ]);
    expect(mapped(['rwbf'], {})).toEqual([{ kind: 'register', offset: 0x18, value: 0x8e00_0000n }]);
  });
});

/** A device that does not answer: qi_check_fault(), QI_ABORT. */
describe('device TLBs that do not answer', () => {
  it('the batch is sent again until the device answers', () => {
    const s = setup({}, ABLE);
    const domain = s.alloc();
    domain.attachDev(NIC, null);
    domain.paging!.map(0x4000n, 0x20_4000, 8192, RW);
    s.u.take();
    s.u.timeouts = 1;
    domain.paging!.unmap(0x4000n, 4096);
    const types = s.u.descriptors().map(([w]) => w & 15n);
    expect(types).toEqual([6n, 3n, 6n, 3n]);
    const texts = s.u.trace.take().flatMap((e) => (e.kind === 'log' ? [e.text] : []));
    expect(texts).toContain('DMAR: VT-d detected Invalidation Time-out Error: SID 100');
    expect(texts).toContain('DMAR: Invalidation Time-out Error (ITE) cleared');
  });

  it('one that never answers is given up, and one that is gone is not asked twice', () => {
    const s = setup({}, ABLE);
    const domain = s.alloc();
    domain.attachDev(NIC, null);
    s.u.take();
    s.u.timeouts = 100;
    domain.paging!.flushIotlbAll!();
    expect(s.u.descriptors().filter(([w]) => (w & 15n) === 3n)).toHaveLength(3);
    s.driver.iommu.byRid.delete(NIC.rid);
    domain.paging!.flushIotlbAll!();
    expect(s.u.descriptors().filter(([w]) => (w & 15n) === 3n)).toHaveLength(1);
  });

  it('a descriptor that the unit refuses is replaced, and the queue goes on', () => {
    const s = setup({}, ABLE);
    const domain = s.alloc();
    domain.attachDev(NIC, null);
    s.u.take();
    s.u.refuseType = 3;
    domain.paging!.flushIotlbAll!();
    s.u.take();
    domain.paging!.flushIotlbAll!();
    expect(s.u.descriptors().map(([w]) => w & 15n)).toEqual([6n, 3n]);
  });
});

/** domain_attach_iommu(): one id on each unit. */
describe('a domain on two units', () => {
  function pair(second: FakeOptions = {}) {
    const memory = new PhysicalMemory();
    const all: IommuOps[] = [];
    const make = (unit: string, options: FakeOptions, scope: string): FakeUnit => {
      const driver = { sisters: () => all, scope: ({ name }: { name: string }) => name === scope };
      return new FakeUnit({ memory, unit, ...options, driver: { ...driver, ...options.driver } });
    };
    const a = make('iommu:dmar0', {}, NIC.name);
    const b = make('iommu:dmar1', second, GPU.name);
    all.push(a.driver, b.driver);
    expect(a.driver.probeDevice(NIC).ok && b.driver.probeDevice(GPU).ok).toBe(true);
    const domain = (flags = {}) => {
      const made = a.driver.domainAllocPaging(NIC, flags);
      if (!made.ok) throw new Error(made.why);
      return made.value;
    };
    return { a, b, domain };
  }

  it('each gets an id of its own and is told of changes', () => {
    const { a, b, domain } = pair();
    domain().attachDev(GPU, null); // takes id 2 there
    const shared = domain();
    shared.attachDev(NIC, null);
    expect(shared.attachDev(GPU, null).ok).toBe(true);
    expect([a.driver.tables(shared)!.tag, b.driver.tables(shared)!.tag]).toEqual(['DID 2', 'DID 2']);
    shared.paging!.map(0n, 0x20_0000, 8192, RW);
    a.take();
    b.take();
    shared.paging!.unmap(0n, 4096);
    expect([a.descriptors().length, b.descriptors().length]).toEqual([1, 1]);
  });

  it.each<[string, FakeOptions, object]>([
    ['no first stage', { ecap: ['c', 'smts', 'ssts', 'smpwcs'] }, {}],
    ['walks that do not snoop', { ecap: ['c', 'smts', 'fsts', 'ssts'] }, {}],
    ['a write buffer', { cap: ['rwbf'] }, {}],
    ['cannot nest', { ecap: ['c', 'smts', 'fsts', 'ssts', 'smpwcs'] }, { nestParent: true }],
    ['cannot track', { ecap: ['c', 'smts', 'fsts', 'ssts', 'smpwcs'] }, { dirtyTracking: true }],
    ['caches absent entries', { cap: ['cm'] }, { nestParent: true }],
  ])('a unit that could not have made it refuses it: %s', (_, options, flags) => {
    const { domain } = pair(options);
    expect(domain(flags).attachDev(GPU, null)).toMatchObject({
      errno: 'EINVAL',
      rule: 'paging_domain_compatible',
    });
  });
});
