import { describe, expect, it } from 'vitest';
import type { IommuDomain } from '../../../iommu/ops';
import { client, FakeUnit, SCALABLE, type EcapBit, type FakeOptions } from './fake-unit.conformance';

const NIC = client();
const ABLE = { ats: true, pri: true, maxPasids: 2 ** 20 };

function setup(options: FakeOptions = {}, abilities = { ats: false, pri: false, maxPasids: 2 ** 20 }) {
  const u = new FakeUnit({ ...options, driver: { abilitiesOf: () => abilities, ...options.driver } });
  const { driver, memory } = u;
  const probed = driver.probeDevice(NIC);
  if (!probed.ok) throw new Error(probed.why);
  driver.enableTranslation();
  driver.probeFinalize(NIC);
  u.take();
  const alloc = (flags = {}): IommuDomain => {
    const made = driver.domainAllocPaging(NIC, flags);
    if (!made.ok) throw new Error(made.why);
    return made.value;
  };
  return { u, driver, memory, alloc };
}

/** Context entry as hardware finds it from RTADDR; scalable: 32 bytes, two tables a bus. */
function contextPa({ u, memory }: ReturnType<typeof setup>, rid: number): number {
  const root = Number(u.read64(0x20) & ~0xfffn);
  const half = (memory.readU64(root + (rid >> 8) * 16 + ((rid & 0x80) !== 0 ? 8 : 0)) ?? 0n) & ~0xfffn;
  return Number(half) + (rid & 0x7f) * 32;
}

/** PASID entry: directory entry of 64 PASIDs, then 64 bytes each. */
function pasidPa(s: ReturnType<typeof setup>, rid: number, pasid: number): number {
  const directory = Number((s.memory.readU64(contextPa(s, rid)) ?? 0n) & ~0xfffn);
  const table = Number((s.memory.readU64(directory + (pasid >> 6) * 8) ?? 0n) & ~0xfffn);
  return table + (pasid & 63) * 64;
}

const words = (s: ReturnType<typeof setup>, pa: number, count: number): bigint[] =>
  Array.from({ length: count }, (_, n) => s.memory.readU64(pa + n * 8) ?? -1n);
const entry = (s: ReturnType<typeof setup>, pasid = 0): bigint[] => words(s, pasidPa(s, NIC.rid, pasid), 8);
const rootOf = (s: ReturnType<typeof setup>, domain: IommuDomain): bigint =>
  BigInt(s.driver.tables(domain)!.rootPa);

/** intel_pasid_alloc_table(), context_entry_set_pasid_table() */
describe('the context entry of scalable mode', () => {
  it.each([
    // maxPasids, frames of the directory, PDTS: 2^(PDTS+7) directory entries of 64 PASIDs
    [0, 1, 2],
    [1024, 1, 2],
    [32768, 1, 2],
    [65536, 2, 3],
    [2 ** 20, 32, 7],
  ])('%d PASIDs: a directory of %d frames, PDTS %d', (maxPasids, frames, pdts) => {
    const u = new FakeUnit({ driver: { abilitiesOf: () => ({ ats: false, pri: false, maxPasids }) } });
    const before = u.memory.allocatedFrames;
    u.driver.probeDevice(NIC);
    expect(u.memory.allocatedFrames - before).toBe(frames + 1); // and a context table
    const s = { u, driver: u.driver, memory: u.memory } as ReturnType<typeof setup>;
    const [lo = 0n, hi] = words(s, contextPa(s, NIC.rid), 2);
    expect([Number((lo >> 9n) & 7n), lo & 1n, hi]).toEqual([pdts, 1n, 0n]);
    expect(lo & (1n << 3n)).toBe(maxPasids > 0 ? 8n : 0n); // PASIDE
  });

  it('DTE, PASIDE and PRE as the device can; the second table of a bus from device 16 on', () => {
    const s = setup({}, ABLE);
    expect((s.memory.readU64(contextPa(s, NIC.rid)) ?? 0n) & 0x1dn).toBe(0x1dn);
    const high = client(0x1f8);
    s.driver.probeDevice(high);
    expect((s.memory.readU64(contextPa(s, high.rid)) ?? 0n) & 1n).toBe(1n);
    const plain = setup();
    expect((plain.memory.readU64(contextPa(plain, NIC.rid)) ?? 0n) & 0x1dn).toBe(0x9n);
  });

  it('release clears it and flushes the context cache; nothing stays allocated but the context table', () => {
    const s = setup();
    const pa = contextPa(s, NIC.rid);
    s.alloc().attachDev(NIC, null);
    s.u.take();
    s.driver.releaseDevice(NIC);
    expect(words(s, pa, 2)).toEqual([0n, 0n]);
    expect(s.u.descriptors().at(-1)).toEqual([0x31n | (0x100n << 32n), 0n]);
    const before = s.memory.allocatedFrames;
    s.driver.probeDevice(NIC);
    s.driver.releaseDevice(NIC);
    expect(s.memory.allocatedFrames).toBe(before);
  });

  it('a directory that cannot be had is ENOMEM, and so is a context table; nothing stays', () => {
    for (const nth of [1, 2]) {
      const u = new FakeUnit();
      const before = u.memory.allocatedFrames;
      u.memory.failNth(nth);
      expect(u.driver.probeDevice(NIC)).toMatchObject({ errno: 'ENOMEM' });
      expect(u.memory.allocatedFrames).toBe(before);
      expect(u.driver.probeDevice(NIC).ok).toBe(true);
    }
  });
});

/** PASID entry: the document's section 9.6; values as pasid_pte_config_*() has them. */
describe('PASID entries', () => {
  it('first stage: PGTT 1, FSPTPTR, AW, PWSNP, and a domain id of its own', () => {
    const s = setup();
    const domain = s.alloc();
    expect(domain.attachDev(NIC, null).ok).toBe(true);
    expect(s.driver.tables(domain)).toMatchObject({ format: 'x86_64', levels: 4, tag: 'DID 2' });
    // AW: the unit's agaw, 2 for 48 bits
    expect(entry(s)).toEqual([
      1n | (2n << 2n) | (1n << 6n),
      2n | (1n << 23n),
      rootOf(s, domain),
      0n,
      0n,
      0n,
      0n,
      0n,
    ]);
    expect(domain.paging!.apertureLast).toBe(2n ** 47n - 1n);
  });

  it('first stage of five levels: FSPM 1', () => {
    const s = setup({ cap: ['fs5lp'], widthBits: 57 });
    const domain = s.alloc();
    domain.attachDev(NIC, null);
    expect(entry(s)[2]).toBe(rootOf(s, domain) | (1n << 2n));
    expect(entry(s)[0]).toBe(1n | (3n << 2n) | (1n << 6n));
    expect(domain.paging!.apertureLast).toBe(2n ** 56n - 1n);
  });

  it('second stage: PGTT 2, SSPTPTR, AW by the table’s levels', () => {
    const s = setup();
    const domain = s.alloc({ dirtyTracking: true });
    domain.attachDev(NIC, null);
    expect(entry(s)).toEqual([
      rootOf(s, domain) | 1n | (2n << 2n) | (2n << 6n),
      2n | (1n << 23n),
      0n,
      0n,
      0n,
      0n,
      0n,
      0n,
    ]);
  });

  it('pass-through: PGTT 4, domain id 1', () => {
    const s = setup();
    s.driver.identityDomain.attachDev(NIC, null);
    expect(entry(s)).toEqual([1n | (2n << 2n) | (4n << 6n), 1n | (1n << 23n), 0n, 0n, 0n, 0n, 0n, 0n]);
    expect(s.driver.domainOf(NIC.name, 0)).toBe(s.driver.identityDomain);
  });

  it('whatever an absent entry holds is cleared before', () => {
    const s = setup();
    const kinds = [s.alloc(), s.alloc({ dirtyTracking: true }), s.driver.identityDomain];
    for (const domain of kinds) {
      domain.attachDev(NIC, null);
      const clean = entry(s);
      s.driver.blockedDomain.attachDev(NIC, domain);
      for (let n = 0; n < 8; n++)
        s.memory.writeU64(pasidPa(s, NIC.rid, 0) + n * 8, ~1n & 0xffff_ffff_ffff_ffffn);
      domain.attachDev(NIC, null);
      expect(entry(s)).toEqual(clean);
      s.driver.blockedDomain.attachDev(NIC, domain);
    }
  });

  it('walks that do not snoop: no PWSNP, and no dirty tracking', () => {
    const s = setup({ ecap: SCALABLE.filter((bit) => bit !== 'smpwcs') });
    s.alloc().attachDev(NIC, null);
    expect(entry(s)[1]).toBe(2n);
    expect(s.driver.domainAllocPaging(NIC, { dirtyTracking: true })).toMatchObject({ errno: 'EOPNOTSUPP' });
  });

  it('enforced coherency: PGSNP, in entries that are and in those that come', () => {
    const s = setup();
    const domain = s.alloc();
    domain.attachDev(NIC, null);
    s.u.take();
    expect(domain.paging!.enforceCacheCoherency!()).toBe(true);
    expect(entry(s)[1]).toBe(2n | (1n << 23n) | (1n << 24n));
    // intel_pasid_flush_present(): PASID cache of the PASID, then its IOTLB
    expect(s.u.descriptors()).toEqual([
      [0x17n | (2n << 16n), 0n],
      [0x26n | (2n << 16n), 0n],
    ]);
    s.driver.blockedDomain.attachDev(NIC, domain);
    domain.attachDev(NIC, null);
    expect(entry(s)[1]).toBe(2n | (1n << 23n) | (1n << 24n));
  });
});

/** intel_pasid_tear_down_entry(), device_block_translation() */
describe('taking an entry away', () => {
  const kinds: readonly [string, object | null, bigint][] = [
    ['first stage', {}, 0x26n | (2n << 16n)],
    ['second stage', { dirtyTracking: true }, 0xe2n | (2n << 16n)],
    ['pass-through', null, 0x26n | (1n << 16n)],
  ];
  it.each(kinds)('%s: P, PASID cache, IOTLB, device TLB, then the rest', (_, flags, iotlb) => {
    const s = setup({}, ABLE);
    const domain = flags === null ? s.driver.identityDomain : s.alloc(flags);
    domain.attachDev(NIC, null);
    const pa = pasidPa(s, NIC.rid, 0);
    const [first = 0n] = entry(s);
    s.u.take();
    s.u.watch();
    s.driver.blockedDomain.attachDev(NIC, domain);
    const did = flags === null ? 1n : 2n;
    const log = s.u.take().filter((e) => e.kind !== 'register');
    const seen: (number | readonly bigint[])[] = [];
    for (const e of log) {
      if (e.kind === 'memory') seen.push(e.pa - pa);
      else if (e.words[0] !== 0x2_0000_0025n) seen.push(e.words);
    }
    expect(seen).toEqual([
      0,
      [0x17n | (did << 16n), 0n],
      [iotlb, 0n],
      [3n | (0x100n << 32n), 0x7fff_ffff_ffff_f001n],
      0,
      8,
      16,
      24,
      32,
      40,
      48,
      56,
    ]);
    expect(log[0]).toMatchObject({ value: first & ~1n });
    expect(entry(s)).toEqual(Array(8).fill(0n));
  });
});

describe('the order of writes', () => {
  const states = (s: ReturnType<typeof setup>): readonly IommuDomain[] => [
    s.alloc(),
    s.alloc({ dirtyTracking: true }),
    s.driver.identityDomain,
    s.driver.blockedDomain,
    s.alloc(),
  ];

  it('at every write the entry is the old one, the new one, or not present', () => {
    const s = setup({}, ABLE);
    const all = states(s);
    s.u.watch();
    for (const before of all) {
      for (const after of all) {
        s.driver.blockedDomain.attachDev(NIC, null);
        before.attachDev(NIC, s.driver.blockedDomain);
        const old = entry(s);
        const seen: bigint[][] = [];
        s.u.onStore = () => seen.push(entry(s));
        expect(after.attachDev(NIC, before).ok).toBe(true);
        s.u.onStore = () => undefined;
        const now = entry(s);
        const same = (a: bigint[], b: bigint[]): boolean => a.every((word, n) => word === b[n]);
        const bad = seen.filter((e) => ((e[0] ?? 0n) & 1n) === 1n && !same(e, old) && !same(e, now));
        expect(bad).toEqual([]);
        expect(seen.length > 0 || before === after || before === s.driver.blockedDomain).toBe(true);
      }
    }
  });

  it('CM: a new entry is flushed for; RWBF: the write buffer is', () => {
    const cached = setup({ cap: ['cm'] });
    cached.alloc().attachDev(NIC, null);
    expect(cached.u.descriptors()).toEqual([
      [0x17n | (2n << 16n), 0n],
      [0x26n | (2n << 16n), 0n],
    ]);
    const buffered = setup({ cap: ['rwbf'] });
    buffered.alloc().attachDev(NIC, null);
    const log = buffered.u.take();
    expect(log).toEqual([{ kind: 'register', offset: 0x18, value: 0x8e00_0000n }]);
  });
});

/** intel_iommu_domain_alloc_paging_flags() */
describe('which table a domain gets', () => {
  const format = (ecap: readonly EcapBit[], flags: object, legacy = false): string => {
    const s = setup({ ecap, driver: { legacy } });
    const made = s.driver.domainAllocPaging(NIC, flags);
    return made.ok ? s.driver.tables(made.value)!.format : made.errno;
  };
  const without = (...bits: EcapBit[]): readonly EcapBit[] => SCALABLE.filter((bit) => !bits.includes(bit));

  it.each<[string, readonly EcapBit[], object, string]>([
    ['plain', SCALABLE, {}, 'x86_64'],
    ['for PASIDs', SCALABLE, { pasid: true }, 'x86_64'],
    ['nesting parent', SCALABLE, { nestParent: true }, 'vtdss'],
    ['dirty tracking', SCALABLE, { dirtyTracking: true }, 'vtdss'],
    ['all at once', SCALABLE, { nestParent: true, dirtyTracking: true, pasid: true }, 'vtdss'],
    ['no first stage', without('fsts'), {}, 'vtdss'],
    ['no nesting', without('nest'), { nestParent: true }, 'EOPNOTSUPP'],
    ['no A/D bits', without('ssads'), { dirtyTracking: true }, 'EOPNOTSUPP'],
    ['no second stage', without('ssts'), { nestParent: true }, 'EOPNOTSUPP'],
  ])('%s', (_, ecap, flags, expected) => {
    expect(format(ecap, flags)).toBe(expected);
  });

  it('legacy mode has the second stage alone, and neither nests nor tracks', () => {
    expect(format(SCALABLE, {}, true)).toBe('vtdss');
    expect(format(SCALABLE, { nestParent: true }, true)).toBe('EOPNOTSUPP');
    expect(format(SCALABLE, { dirtyTracking: true }, true)).toBe('EOPNOTSUPP');
  });

  it('page sizes: FS1GP for the first stage, SSLPS for the second', () => {
    const s = setup();
    expect(s.alloc().paging!.pageSizesLg2).toEqual([12, 21]);
    expect(s.alloc({ nestParent: true }).paging!.pageSizesLg2).toEqual([12, 21, 30]);
    expect(setup({ cap: ['fs1gp'] }).alloc().paging!.pageSizesLg2).toEqual([12, 21, 30]);
  });

  it('a nesting parent takes no read-only mapping: erratum 772415', () => {
    const s = setup();
    const parent = s.alloc({ nestParent: true }).paging!;
    expect(parent.map(0n, 0x20_0000, 4096, { read: true, write: false })).toMatchObject({ errno: 'EINVAL' });
    expect(parent.map(0n, 0x20_0000, 4096, { read: true, write: true }).ok).toBe(true);
  });
});
