import { describe, expect, it } from 'vitest';
import { PhysicalMemory } from '../../memory/physical-memory';
import { describePtFormat } from '../pt-format.conformance';
import { walkAmdv1 } from '../testing/document-walk';
import { TestTable } from '../testing/table';
import { amdv1, amdv1Mock, mockTable } from './amdv1';

// Hardware has no 512 GiB pages. Linux: amdv1.h amdv1pt_possible_sizes()
describePtFormat(amdv1, {
  missingSizesLg2: [39],
  walk: walkAmdv1(12),
  // Forced coherence is a feature that Linux always asks for.
  allows: ({ read, write }) => ({ read, write, coherent: true }),
});
describePtFormat(amdv1Mock, {
  walk: walkAmdv1(11),
  allows: ({ read, write }) => ({ read, write, coherent: false }),
});

/** Bits as in drivers/iommu/generic_pt/fmt/amdv1.h and table 14 of the AMD IOMMU specification. */
const PR = 1n;
const nextLevel = (level: number): bigint => BigInt(level) << 9n;
const FC = 1n << 60n;
const IR = 1n << 61n;
const IW = 1n << 62n;
const SIZE = nextLevel(7);
const ADDRESS = 0xf_ffff_ffff_f000n;

const wordAt = (t: TestTable, tablePa: bigint, index: number): bigint =>
  t.memory.readU64(Number(tablePa) + index * 8) ?? -1n;

describe('amdv1 words', () => {
  const make = (topLevel = 2) => new TestTable(amdv1, topLevel);
  const root = (t: TestTable): bigint => BigInt(t.table.rootPfn) * 4096n;

  it('tables carry their level and all permissions, leaves coherence always', () => {
    const t = make(3);
    t.map(0x1234_5678_9000n, 0x3_ffff_f000, 4096, { prot: { read: true, write: false } });
    const l3 = wordAt(t, root(t), 0x24);
    const l2 = wordAt(t, l3 & ADDRESS, 0xd1);
    const l1 = wordAt(t, l2 & ADDRESS, 0xb3);
    expect([l3, l2, l1].map((word) => word & ~ADDRESS)).toEqual(
      [3, 2, 1].map((level) => PR | nextLevel(level) | IR | IW),
    );
    expect(wordAt(t, l1 & ADDRESS, 0x189)).toBe(0x3_ffff_f000n | PR | IR | FC);
  });

  it.each<[string, number, number, bigint, number, number]>([
    ['4 KiB', 12, 0x5000, 0x5000n, 1, 0],
    ['8 KiB: the address bit below the size is 0', 13, 0x6000, 0x6000n | SIZE, 2, 0],
    ['16 KiB: ones up to a zero', 14, 0xc000, 0xd000n | SIZE, 4, 0],
    ['1 MiB', 20, 0x10_0000, 0x17_f000n | SIZE, 256, 0],
    ['2 MiB: one slot of level 1', 21, 0x20_0000, 0x20_0000n, 1, 1],
    ['4 MiB', 22, 0x40_0000, 0x5f_f000n | SIZE, 2, 1],
    ['4 GiB', 32, 2 ** 32, 0x1_7fff_f000n | SIZE, 4, 2],
  ])('%s', (_, sizeLg2, pa, expected, slots, level) => {
    const t = make();
    t.map(0n, pa, 2 ** sizeLg2, { prot: { read: false, write: true } });
    let table = root(t);
    for (let at = 2; at > level; at--) table = wordAt(t, table, 0) & ADDRESS;
    const words = Array.from({ length: slots + 1 }, (__, index) => wordAt(t, table, index));
    expect(words).toEqual([...Array.from({ length: slots }, () => expected | PR | IW | FC), 0n]);
  });

  it('test_entry_possible_sizes: every power of two from 4 KiB to 2 PiB, but 512 GiB', () => {
    const sizes = make(5).table.pageSizesLg2;
    expect(sizes).toEqual(Array.from({ length: 40 }, (_, n) => n + 12).filter((size) => size !== 39));
  });
});

/** Linux: kunit_iommu_pt.h test_increase_level(); iommu_pt.h increase_top() */
describe('a table that grows at the top', () => {
  const make = (more = {}) => {
    const tops: [number, number][] = [];
    const changeTop = (pfn: number, level: number): void => void tops.push([pfn, level]);
    return { t: new TestTable(amdv1, 2, { changeTop, ...more }), tops };
  };

  it('test_increase_level: a level at a time up to the last, and all stays mapped', () => {
    const { t, tops } = make();
    t.map(0x5000n, 0x7000, 4096);
    for (const level of [3, 4, 5]) {
      expect(t.map(BigInt(t.table.endVpn) << 12n, 0, 4096).ok).toBe(true);
      expect(t.table.topLevel).toBe(level);
      expect(tops.at(-1)).toEqual([t.table.rootPfn, level]);
    }
    expect(t.phys(0x5123n)).toBe(0x7123);
    expect(t.map(2n ** 64n - 4096n, 0, 4096).ok).toBe(true);
    expect(t.memory.allocatedFrames).toBe(t.table.tablePages);
  });

  it('grows by several levels with one word to the hardware, and for a large page too', () => {
    const { t, tops } = make();
    expect(t.map(2n ** 60n, 0, 4096).ok).toBe(true);
    expect(tops.map(([, level]) => level)).toEqual([5]);
    // 48 bits are what level 3 reaches, but the slots of a single page of that size are of level 4.
    const { t: other } = make();
    expect(other.map(0n, 0, 2 ** 48).ok).toBe(true);
    expect([other.table.topLevel, other.valids()]).toEqual([4, { 48: 1 }]);
  });

  it('ends where the hardware ends', () => {
    const { t, tops } = make({ vaLg2: 48 });
    expect(t.map(2n ** 48n - 4096n, 0, 4096).ok).toBe(true);
    expect(t.map(2n ** 48n, 0, 4096)).toMatchObject({ errno: 'ERANGE' });
    expect(tops.map(([, level]) => level)).toEqual([3]);
    // get_info(): no level whose slots are as large as the address space.
    expect(t.table.pageSizesLg2.at(-1)).toBe(47);
  });

  it('a failed allocation changes nothing', () => {
    for (const nth of [1, 2, 3]) {
      const { t, tops } = make();
      t.memory.failNth(nth);
      expect(t.map(2n ** 60n, 0, 4096)).toMatchObject({ errno: 'ENOMEM' });
      expect([t.table.topLevel, tops, t.memory.allocatedFrames]).toEqual([2, [], 1]);
    }
  });
});

/** Linux: drivers/iommu/iommufd/selftest.c mock_domain_alloc_pgtable(); iommufd_test.h MOCK_PAGE_SIZE */
describe("the selftest's tables", () => {
  const make = (type: 'default' | 'huge') => {
    const config = mockTable(new PhysicalMemory(), type);
    return new TestTable(config.format, config.topLevel, config);
  };

  it('default: pages of every power of two from 2 KiB to 128 GiB in 38 bits', () => {
    const { table } = make('default');
    expect(table.pageSizesLg2.reduce((bits, size) => bits + 2 ** size, 0)).toBe(0x3f_ffff_f800);
    expect([table.vaLg2, table.oaLg2, table.topLevel]).toEqual([38, 51, 2]);
  });

  it('huge: 4 KiB and 1 MiB in 38 bits', () => {
    const { table } = make('huge');
    expect([table.pageSizesLg2, table.vaLg2]).toEqual([[12, 20], 38]);
    const t = make('huge');
    expect(t.map(0x10_0000n - 4096n, 0x10_0000 - 4096, 2 ** 20 + 8192).ok).toBe(true);
    expect(t.valids()).toEqual({ 12: 2, 20: 1 });
    expect(t.map(2048n, 0, 4096)).toMatchObject({ errno: 'ENXIO' });
  });

  it('a 4 KiB page is two slots of which the written one alone shows', () => {
    const t = make('default');
    t.map(0x100_0000n, 0x7000, 4096);
    expect(t.valids()).toEqual({ 12: 1 });
    t.setDirty(0x100_0000n);
    expect(t.readDirty(0x100_0000n, 4096)).toEqual([[0x100_0000, 2048]]);
  });

  it('leaves never carry the coherence bit', () => {
    const t = make('default');
    t.map(0n, 0x7000, 4096, { features: { forceCoherence: true } });
    expect((t.leaves()[0]?.hi ?? 0) & (1 << 28)).toBe(0);
  });

  it('the largest physical page fits', () => {
    const t = make('default');
    expect(t.map(0n, 2 ** 51 - 2048, 2048).ok).toBe(true);
    expect(t.phys(2047n)).toBe(2 ** 51 - 1);
  });
});
