import { describe, expect, it } from 'vitest';
import type { IommuDomain, UserData, UserDataArray } from '../../../iommu/ops';
import { err, ok } from '../../../kernel/errno';
import type { DeviceAbilities } from '../../unit';
import { client, FakeUnit, SCALABLE, type EcapBit, type FakeOptions } from './fake-unit.conformance';

const NIC = client(0x100);
const DULL: DeviceAbilities = { ats: false, pri: false, maxPasids: 1024 };
const ABLE: DeviceAbilities = { ats: true, pri: false, maxPasids: 1024 };
const RW = { read: true, write: true };

/** struct iommu_hwpt_vtd_s1: u64 flags, u64 pgtbl_addr, u32 addr_width, u32 __reserved */
function firstStage(
  over: { flags?: bigint; table?: bigint; width?: number; reserved?: number } = {},
): Uint8Array {
  const bytes = new Uint8Array(24);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, over.flags ?? 0n, true);
  view.setBigUint64(8, over.table ?? 0x1234_5000n, true);
  view.setUint32(16, over.width ?? 48, true);
  view.setUint32(20, over.reserved ?? 0, true);
  return bytes;
}
const data = (bytes: Uint8Array, type = 1): UserData => ({
  type,
  length: bytes.length,
  read: () => ok(bytes),
});

/** struct iommu_hwpt_vtd_s1_invalidate: u64 addr, u64 npages, u32 flags, u32 __reserved */
function invalidation(addr: bigint, npages: bigint, flags = 0, reserved = 0): Uint8Array {
  const bytes = new Uint8Array(24);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, addr, true);
  view.setBigUint64(8, npages, true);
  view.setUint32(16, flags, true);
  view.setUint32(20, reserved, true);
  return bytes;
}
function array(entries: readonly (Uint8Array | null)[], type = 0, entryLength = 24): UserDataArray {
  const read = (index: number) => {
    const entry = entries[index];
    return entry ? ok(entry) : err('EFAULT', 'not there');
  };
  return { type, entryLength, entryCount: entries.length, handled: 99, read, readStruct: read };
}

function setup(options: FakeOptions = {}, abilities: DeviceAbilities = DULL) {
  const u = new FakeUnit({ ...options, driver: { abilitiesOf: () => abilities, ...options.driver } });
  const { driver } = u;
  driver.probeDevice(NIC);
  driver.enableTranslation();
  driver.probeFinalize(NIC);
  const alloc = (flags: object): IommuDomain => {
    const made = driver.domainAllocPaging(NIC, flags);
    if (!made.ok) throw new Error(made.why);
    return made.value;
  };
  const parent = alloc({ nestParent: true, dirtyTracking: true });
  const nest = (bytes = firstStage(), over = parent, flags = 0): IommuDomain => {
    const made = driver.domainAllocNested(NIC, over, flags, data(bytes));
    if (!made.ok) throw new Error(made.why);
    return made.value;
  };
  u.take();
  return { u, driver, alloc, parent, nest };
}

/** The PASID entry behind RTADDR, context entry and directory: section 9. */
function entry({ u }: ReturnType<typeof setup>, pasid = 0): bigint[] {
  const read = (pa: bigint | number): bigint => u.memory.readU64(Number(pa)) ?? 0n;
  const context = read((u.read64(0x20) & ~0xfffn) + 16n) & ~0xfffn;
  const directory = read(context) & ~0xfffn;
  const table = (read(directory + BigInt(pasid >> 6) * 8n) & ~0xfffn) + BigInt(pasid & 63) * 64n;
  return Array.from({ length: 8 }, (_, n) => read(table + BigInt(n * 8)));
}

const without = (...bits: EcapBit[]): readonly EcapBit[] => SCALABLE.filter((bit) => !bits.includes(bit));

/** intel_iommu_domain_alloc_nested(), in its order */
describe('making a nested domain', () => {
  it('errnos in order', () => {
    const s = setup();
    const plain = s.alloc({});
    const noNest = s.alloc({ dirtyTracking: true });
    const make = (over: IommuDomain, flags: number, words: UserData) => {
      const made = s.driver.domainAllocNested(NIC, over, flags, words);
      return made.ok ? 'ok' : made.errno;
    };
    const short = firstStage().subarray(0, 23);
    const gone: UserData = { type: 1, length: 24, read: () => err('EFAULT', 'not there') };
    expect([
      make(noNest, 1, data(short, 2)), // a flag other than ALLOC_PASID
      make(noNest, 8, data(short, 2)), // another IOMMU's data
      make(noNest, 8, data(short)), // no nesting parent
      make(plain, 0, data(short)), // a first stage
      make(s.parent, 8, data(short)), // too short
      make(s.parent, 0, data(new Uint8Array(32))), // too long
      make(s.parent, 0, gone),
      make(s.parent, 8, data(firstStage())),
      make(s.parent, 0, data(firstStage({ flags: ~0n & ((1n << 64n) - 1n), reserved: 7, width: 1 }))), // not looked at
    ]).toEqual(['EOPNOTSUPP', 'EOPNOTSUPP', 'EINVAL', 'EINVAL', 'EINVAL', 'EINVAL', 'EFAULT', 'ok', 'ok']);
  });

  it('a unit that cannot nest: EOPNOTSUPP before all else', () => {
    const u = new FakeUnit({ ecap: without('nest') });
    u.driver.probeDevice(NIC);
    const over = u.driver.identityDomain;
    expect(u.driver.domainAllocNested(NIC, over, 0, data(firstStage(), 2))).toMatchObject({
      errno: 'EOPNOTSUPP',
    });
  });
});

/** pasid_pte_config_nestd() */
describe('the PASID entry', () => {
  it('PGTT 3, both tables, the flags of the user, and a domain id of its own', () => {
    const s = setup();
    s.parent.attachDev(NIC, null); // id 2
    const nested = s.nest(firstStage({ flags: 5n, table: 0x7_1234_5000n })); // SRE, WPE
    expect(nested.attachDev(NIC, s.parent).ok).toBe(true);
    const root = BigInt(s.driver.tables(s.parent)!.rootPa);
    expect(entry(s)).toEqual([
      root | 1n | (2n << 2n) | (3n << 6n),
      2n | (1n << 23n), // the parent's id is free again
      0x7_1234_5000n | 1n | (1n << 4n),
      0n,
      0n,
      0n,
      0n,
      0n,
    ]);
    expect(s.driver.domainOf(NIC.name, 0)).toBe(nested);
  });

  it('five levels, EAFE, coherency and dirty tracking of the parent', () => {
    const s = setup({ cap: ['fs5lp'], ecap: [...SCALABLE, 'eafs'], widthBits: 57 });
    s.parent.paging!.enforceCacheCoherency!();
    s.parent.paging!.dirty!.setTracking(true);
    s.nest(firstStage({ flags: 2n, width: 57 })).attachDev(NIC, null);
    const [w0 = 0n, w1 = 0n, w2] = entry(s);
    expect([w0 & (1n << 9n), w1 & (1n << 24n), w2]).toEqual([
      1n << 9n,
      1n << 24n,
      0x1234_5000n | (1n << 2n) | (1n << 7n),
    ]);
  });

  it.each<[string, Parameters<typeof firstStage>[0], FakeOptions]>([
    ['five levels without FS5LP', { width: 57 }, {}],
    ['a width that is none', { width: 39 }, {}],
    ['SRE without ECAP.SRS', { flags: 1n }, { ecap: without('srs') }],
    ['EAFE without ECAP.EAFS', { flags: 2n }, {}],
  ])('%s: EINVAL, and the device stays blocked', (_, config, options) => {
    const s = setup(options, ABLE);
    s.parent.attachDev(NIC, null);
    const nested = s.nest(firstStage(config));
    expect(nested.attachDev(NIC, s.parent)).toMatchObject({
      errno: 'EINVAL',
      rule: 'intel_pasid_setup_nested',
    });
    expect(entry(s)).toEqual(Array(8).fill(0n));
    // Nothing is left behind: neither id nor cache tags.
    s.u.take();
    s.parent.paging!.flushIotlbAll!();
    expect(s.u.descriptors()).toEqual([]);
    s.parent.attachDev(NIC, null);
    expect(s.driver.tables(s.parent)!.tag).toBe('DID 2');
  });

  it('WPE counts only with SRE', () => {
    const s = setup();
    s.nest(firstStage({ flags: 4n })).attachDev(NIC, null);
    expect(entry(s)[2]).toBe(0x1234_5000n);
  });
});

/** cache_tag_assign_domain(): CACHE_TAG_NESTING_* in the parent */
describe('a change of the parent', () => {
  it('is told under the nested domain’s id, and empties the whole device TLB', () => {
    const s = setup({}, ABLE);
    s.nest().attachDev(NIC, null);
    s.parent.paging!.map(0x4000n, 0x20_4000, 8192, RW);
    s.u.take();
    s.parent.paging!.unmap(0x4000n, 4096);
    expect(s.u.descriptors()).toEqual([
      [0xf2n | (2n << 16n), 0x4040n],
      [3n | (0x100n << 32n), 0x7fff_ffff_ffff_f001n],
    ]);
  });

  it('and no longer when the nested domain is gone', () => {
    const s = setup({}, ABLE);
    const nested = s.nest();
    nested.attachDev(NIC, null);
    s.driver.blockedDomain.attachDev(NIC, nested);
    nested.free!();
    s.u.take();
    s.parent.paging!.flushIotlbAll!();
    expect(s.u.descriptors()).toEqual([]);
    expect(() => s.parent.paging!.free()).not.toThrow();
  });
});

/** intel_nested_cache_invalidate_user() */
describe('a user’s invalidations', () => {
  const run = (entries: readonly (Uint8Array | null)[], type = 0, length = 24) => {
    const s = setup({}, ABLE);
    const nested = s.nest();
    nested.attachDev(NIC, null);
    s.u.take();
    const given = array(entries, type, length);
    const result = nested.nested!.cacheInvalidate!(given);
    return { errno: result.ok ? 'ok' : result.errno, handled: given.handled, sent: s.u.descriptors() };
  };
  const good = invalidation(0x1000n, 1n);

  it('errnos in order, with the entries that were done before', () => {
    const brief = (...args: Parameters<typeof run>) => {
      const { errno, handled } = run(...args);
      return [errno, handled];
    };
    expect(brief([good], 1)).toEqual(['EINVAL', 0]);
    expect(brief([good], 0, 16)).toEqual(['EINVAL', 0]);
    expect(brief([good], 0, 32)).toEqual(['EINVAL', 0]);
    expect(brief([good, null])).toEqual(['EFAULT', 1]);
    expect(brief([good, invalidation(0x1001n, 1n, 2)])).toEqual(['EOPNOTSUPP', 1]);
    expect(brief([invalidation(0x1001n, 1n, 1, 1)])).toEqual(['EOPNOTSUPP', 0]);
    expect(brief([good, good, invalidation(0x1001n, 1n)])).toEqual(['EINVAL', 2]);
    expect(brief([invalidation(0x1000n, 2n ** 64n - 1n)])).toEqual(['EINVAL', 0]);
    expect(brief([])).toEqual(['ok', 0]);
  });

  it('pages, leaves only, everything', () => {
    const device = 3n | (0x100n << 32n);
    const all = [
      [0x26n | (2n << 16n), 0n],
      [device, 0x7fff_ffff_ffff_f001n],
    ];
    expect(run([invalidation(0x1000n, 1n, 1)]).sent).toEqual([
      [0x36n | (2n << 16n), 0x1040n],
      [device, 0x1000n],
    ]);
    expect(run([invalidation(0x4000n, 4n)]).sent).toEqual([
      [0x36n | (2n << 16n), 0x4002n],
      [device, 0x5001n],
    ]);
    expect(run([invalidation(0n, 2n ** 64n - 1n)]).sent).toEqual(all);
    // No pages from 0 on: the last byte comes out as the very last one. calculate_psi_aligned_address() is not reached.
    expect(run([invalidation(0n, 0n)]).sent).toEqual(all);
    // And from elsewhere: __roundup_pow_of_two(0) is 1 on x86.
    expect(run([invalidation(0x7000n, 0n)]).sent[0]).toEqual([0x36n | (2n << 16n), 0x7000n]);
  });
});

/** intel_iommu_set_dirty_tracking(), intel_pasid_setup_dirty_tracking() */
describe('dirty tracking', () => {
  it('sets SSADE for devices and PASIDs, then the caches forget; and clears it', () => {
    const s = setup({}, ABLE);
    s.parent.attachDev(NIC, null);
    s.parent.setDevPasid!(NIC, 9, null);
    s.u.take();
    expect(s.parent.paging!.dirty!.setTracking(true).ok).toBe(true);
    expect([entry(s)[0]! & (1n << 9n), entry(s, 9)[0]! & (1n << 9n)]).toEqual([1n << 9n, 1n << 9n]);
    expect(s.u.descriptors()).toEqual([
      [0x17n | (2n << 16n), 0n],
      [0xe2n | (2n << 16n), 0n],
      [3n | (0x100n << 32n), 0x7fff_ffff_ffff_f001n],
      [0x17n | (2n << 16n) | (9n << 32n), 0n],
      [0xe2n | (2n << 16n), 0n],
      [8n | (0x100n << 16n) | (9n << 32n), 0x7fff_ffff_ffff_f800n],
    ]);
    s.parent.paging!.dirty!.setTracking(true);
    expect(s.u.take()).toEqual([]);
    s.parent.paging!.dirty!.setTracking(false);
    expect(entry(s)[0]! & (1n << 9n)).toBe(0n);
  });

  it('reaches entries of domains nested in it, and those attached later', () => {
    const s = setup();
    const nested = s.nest();
    nested.attachDev(NIC, null);
    s.parent.paging!.dirty!.setTracking(true);
    expect(entry(s)[0]! & (1n << 9n)).toBe(1n << 9n);
    s.driver.blockedDomain.attachDev(NIC, nested);
    s.parent.attachDev(NIC, null);
    expect(entry(s)[0]! & (1n << 9n)).toBe(1n << 9n);
  });

  it('a domain not made for it has none', () => {
    expect(setup().alloc({}).paging!.dirty ?? null).toBeNull();
    expect(setup().alloc({ nestParent: true }).paging!.dirty ?? null).toBeNull();
  });

  it('reading: the dirty bits of second-stage leaves (bit 9), cleared and flushed unless told otherwise', () => {
    const s = setup();
    const paging = s.parent.paging!;
    s.parent.attachDev(NIC, null);
    paging.map(0x4000n, 0x20_4000, 3 * 4096, RW);
    // As the hardware would set it: the leaf of 0x5000 is the sixth of the lowest table.
    let table = s.driver.tables(s.parent)!.rootPa;
    for (let level = 3; level > 0; level--) table = Number(s.u.memory.readU64(table)! & 0xf_ffff_ffff_f000n);
    const leaf = table + 5 * 8;
    s.u.memory.writeU64(leaf, s.u.memory.readU64(leaf)! | 0x200n);
    s.u.take();
    const seen: [bigint, number][] = [];
    const read = (noClear: boolean) =>
      paging.dirty!.readAndClear(0n, 0x10_0000n, noClear, (iova, bytes) => seen.push([iova, bytes]));
    expect(read(true).ok).toBe(true);
    expect([seen.splice(0), s.u.take()]).toEqual([[[0x5000n, 4096]], []]);
    read(false);
    expect(seen.splice(0)).toEqual([[0x5000n, 4096]]);
    expect(s.u.descriptors()).toEqual([[0xf2n | (2n << 16n), 0x5040n]]);
    read(false);
    expect(seen).toEqual([]);
  });
});
