import { describe, expect, it } from 'vitest';
import { EMPTY, LEAF, slotsOf, TABLE, type PtFormat, type PtProt } from './format';
import type { MapArgs } from './map';
import { describeRandomMaps } from './pt-random.conformance';
import type { DocumentWalk, Found } from './testing/document-walk';
import { TestTable, usualTop } from './testing/table';

/** Linux: kunit_iommu.h test_oa, cut to what a format holds and rounded down to a page size. */
const testOa = (format: PtFormat, sizeLg2: number): number =>
  Number((BigInt.asUintN(format.maxOaLg2, 0x74a7_1445_dead_beefn) >> BigInt(sizeLg2)) << BigInt(sizeLg2));

const topLevels = (format: PtFormat): number[] =>
  Array.from({ length: format.maxTopLevel - format.minTopLevel + 1 }, (_, n) => n + format.minTopLevel);

const levelsOf = (format: PtFormat): number[] => format.levelBits.map((_, level) => level);

interface Particulars {
  readonly walk: DocumentWalk;
  /** What the document lets an access do that was mapped like this; null where Linux's format refuses it. */
  readonly allows: (prot: PtProt) => Omit<Found, 'pa' | 'sizeLg2'> | null;
  /** Sizes of single slots that the hardware lacks. */
  readonly missingSizesLg2?: readonly number[];
  /** The document has no other way to say that a page may be written than that it was. */
  readonly dirtyFromStart?: true;
}

/**
 * What every page-table format must do, whatever its bits.
 *
 * Linux: drivers/iommu/generic_pt/kunit_generic_pt.h, kunit_iommu_pt.h: tests named as there, expected values from them;
 * errnos from iommu_pt.h map_range().
 */
export function describePtFormat(format: PtFormat, particulars: Particulars): void {
  describe(`page-table format ${format.id}`, () => {
    const { missingSizesLg2 = [], dirtyFromStart = false } = particulars;
    describeEntries(format, missingSizesLg2);
    describe.each(topLevels(format))('top level %i', (topLevel) => {
      describeMaps(format, topLevel);
      describeErrnos(format, topLevel);
      describeWalks(format, topLevel, particulars);
    });
    if (format.tracksDirty) describeDirty(format, dirtyFromStart);
    else describeNoDirty(format);
    describeRandomMaps(format, { dirtyFromStart, walk: particulars.walk });
  });
}

function describeEntries(format: PtFormat, missing: readonly number[]): void {
  const { granuleLg2, maxOaLg2 } = format;
  const attrs = format.attrs({ read: true, write: true }, { forceCoherence: false });
  if (!attrs.ok) throw new Error(attrs.why);

  it('test_table_ptr: a table pointer reads back as it was written, at every level', () => {
    const frames = format.frames[0] ?? 0;
    const pfns = [0, 1, 0x12345, 0xf_ffff, 0x10_0000, 0x7fff_ffff, 2 ** (maxOaLg2 - 12) - 1]
      .filter((pfn) => pfn < 2 ** (maxOaLg2 - 12))
      .map((pfn) => pfn - (pfn % frames));
    for (const level of levelsOf(format).slice(1)) {
      for (const pfn of pfns) {
        const lo = format.tableLo(pfn, level);
        const hi = format.tableHi(pfn, level);
        expect(format.kind(lo, hi, level)).toBe(TABLE);
        expect(format.tablePfn(lo, hi)).toBe(pfn);
      }
    }
  });

  it('test_entry_oa: a leaf of any size reads back as it was written', () => {
    for (const level of levelsOf(format)) {
      for (const sizeLg2 of format.leafSizesLg2(level)) {
        const order = sizeLg2 - granuleLg2;
        const largest = 2 ** (maxOaLg2 - granuleLg2) - 2 ** order;
        for (const page of [0, testOa(format, sizeLg2) / format.granuleBytes, largest]) {
          const lo = format.leafLo(page, order, level, attrs.value);
          const hi = format.leafHi(page, order, level, attrs.value);
          expect(format.kind(lo, hi, level)).toBe(LEAF);
          expect(format.leafPage(lo, hi, level)).toBe(page);
          expect(format.contigLg2(lo, hi, level)).toBe(sizeLg2 - (format.itemLg2[level] ?? 0));
        }
      }
    }
  });

  it('a zero word is empty at every level', () => {
    for (const level of levelsOf(format)) expect(format.kind(0, 0, level)).toBe(EMPTY);
  });

  it('test_entry_possible_sizes: from a slot of the level to less than its whole table', () => {
    for (const level of levelsOf(format)) {
      const item = format.itemLg2[level] ?? 0;
      const sizes = format.leafSizesLg2(level);
      if (sizes.length === 0) continue;
      expect(Math.min(...sizes)).toBeGreaterThanOrEqual(item);
      expect(Math.max(...sizes)).toBeLessThan(item + (format.levelBits[level] ?? 0));
      expect([...sizes, ...missing]).toContain(item);
    }
  });

  it('test_table_radix: the levels resolve every bit of an address once', () => {
    const bits = [granuleLg2, ...format.levelBits];
    const sums = bits.map((_, n) => bits.slice(0, n + 1).reduce((sum, b) => sum + b, 0));
    expect(format.itemLg2).toEqual(sums.slice(0, -1));
    expect(sums.at(-1)).toBe(format.maxVaLg2);
  });
}

function describeMaps(format: PtFormat, topLevel: number): void {
  const { granuleBytes } = format;
  const make = () => new TestTable(format, topLevel);
  const big = (n: number): bigint => BigInt(n);
  /** Odd pages: no page size but the smallest fits. */
  const odd = granuleBytes;

  /** Sizes of which several fit into the table. Linux: safe_pgsize_bitmap */
  const safeSizes = (t: TestTable): readonly number[] =>
    t.table.pageSizesLg2.filter((sizeLg2) => sizeLg2 < t.table.vaLg2 - 1);

  it('test_map_simple: each page size maps as one leaf and unmaps', () => {
    const t = make();
    const at: [bigint, number][] = [];
    let next = 256n * big(granuleBytes);
    for (const sizeLg2 of safeSizes(t)) {
      const size = 2 ** sizeLg2;
      const pa = testOa(format, sizeLg2);
      next = ((next + big(size) - 1n) / big(size)) * big(size);
      expect(t.map(next, pa, size).ok).toBe(true);
      expect([t.phys(next), t.phys(next + big(size / 2) + 5n), t.phys(next + big(size) - 1n)]).toEqual([
        pa,
        pa + size / 2 + 5,
        pa + size - 1,
      ]);
      at.push([next, size]);
      next += big(size);
    }
    expect(t.valids()).toEqual(Object.fromEntries(safeSizes(t).map((s) => [s, 1])));
    expect(safeSizes(t).map((sizeLg2) => t.table.leavesOfSize(sizeLg2))).toEqual(safeSizes(t).map(() => 1));
    for (const [iova, size] of at) expect(t.unmap(iova, size)).toBe(size);
    expect(t.valids()).toEqual({});
    expect(Math.max(...t.table.leaves)).toBe(0);
  });

  it('test_map_table_to_oa: tables that small pages left behind become one large leaf', () => {
    for (const smallLg2 of make().table.pageSizesLg2.filter((size) => size < 30)) {
      const t = make();
      const small = 2 ** smallLg2;
      const larger = t.table.pageSizesLg2.filter((size) => size > smallLg2);
      const large = larger.filter((size) => size <= smallLg2 + 10).at(-1) ?? larger[0] ?? 0;
      if (large === 0) continue;
      const bytes = 2 ** large;
      const pa = testOa(format, large);
      for (let offset = 0; offset < bytes; offset += small) {
        expect(t.map(big(offset), pa + offset, small).ok).toBe(true);
      }
      expect(t.valids()).toEqual({ [smallLg2]: bytes / small });
      // Piece by piece, so that no table is covered whole and all stay.
      for (let offset = 0; offset < bytes; offset += small) expect(t.unmap(big(offset), small)).toBe(small);
      const left = t.table.tablePages;
      expect(t.map(0n, pa, bytes).ok).toBe(true);
      expect(t.valids()).toEqual({ [large]: 1 });
      expect(t.flushes).toBe(t.table.tablePages < left ? 1 : 0);
      const level = format.itemLg2.findLastIndex((item) => item <= large);
      const frames = format.frames.slice(level, topLevel + 1);
      expect(t.table.tablePages).toBe(frames.reduce((sum, count) => sum + count, 0));
      expect(t.memory.allocatedFrames).toBe(t.table.tablePages);
    }
  });

  it('test_unmap_split: unmapping the start of a large page takes all of it', () => {
    const sizes = safeSizes(make());
    for (const [n, small] of sizes.entries()) {
      const t = make();
      for (const large of sizes.slice(n + 1)) {
        t.map(0n, 0, 2 ** large);
        expect(t.unmap(0n, 2 ** small)).toBe(2 ** large);
        t.map(0n, 0, 2 ** large);
        t.map(2n ** big(large), 0, 2 ** large);
        expect(t.unmap(0n, 2 ** small)).toBe(2 ** large);
        expect(t.unmap(2n ** big(large), 2 ** large)).toBe(2 ** large);
        expect(t.valids()).toEqual({});
      }
    }
  });

  it('unmap takes nothing when it begins inside a page, of any size', () => {
    for (const sizeLg2 of safeSizes(make())) {
      const t = make();
      const size = 2 ** sizeLg2;
      t.map(big(size), 0, size);
      for (const offset of [size / 2, granuleBytes / 2]) {
        expect(t.unmap(big(size + offset), size)).toBe(0);
      }
      expect(t.valids()).toEqual({ [sizeLg2]: 1 });
    }
  });

  it('unmap stops at a hole', () => {
    const t = make();
    t.map(0n, odd, 4 * granuleBytes);
    t.map(5n * big(granuleBytes), 0, granuleBytes);
    expect(t.unmap(0n, 6 * granuleBytes)).toBe(4 * granuleBytes);
    expect(t.unmap(0n, 6 * granuleBytes)).toBe(0);
    expect(t.valids()).toEqual({ [format.granuleLg2]: 1 });
  });

  it('tables that a range covers whole are given back, others stay', () => {
    const t = make();
    const two = 2 * 2 ** (format.itemLg2[1] ?? 0);
    t.map(0n, odd, two);
    const full = t.table.tablePages;
    const [frames = 0] = format.frames;
    expect(full).toBe((format.frames[topLevel] ?? 0) + (topLevel + 1) * frames);
    expect(t.unmap(0n, two)).toBe(two);
    expect(t.table.tablePages).toBe(full - 2 * frames);
    t.map(big(granuleBytes), odd, granuleBytes);
    t.unmap(big(granuleBytes), granuleBytes);
    expect(t.table.tablePages).toBe(full - frames);
  });

  it.runIf(make().table.vaLg2 >= 32 && granuleBytes <= 4096)(
    'test_pgsize_boundary: a range that starts below a boundary maps whole',
    () => {
      const t = make();
      const [iova, pa] = [0xfef8_0000n, 0x20_8b95_d000];
      expect(t.map(iova, pa, 0x2_0000).ok).toBe(true);
      for (let offset = 0; offset < 0x2_0000; offset += 4096)
        expect(t.phys(iova + big(offset))).toBe(pa + offset);
    },
  );

  it('every allocation may fail: nothing is mapped, nothing leaks', () => {
    const boundary = big(2 ** (format.itemLg2[2] ?? format.maxVaLg2));
    for (let nth = 1; ; nth++) {
      const t = make();
      t.memory.failNth(nth);
      // Across the end of a table of level 1, or of level 0 where there is no other.
      const mapped = t.map(topLevel > 1 ? boundary - big(2 * granuleBytes) : 0n, odd, 4 * granuleBytes);
      if (mapped.ok) {
        expect(nth).toBeGreaterThan(topLevel);
        break;
      }
      expect(mapped.errno).toBe('ENOMEM');
      expect(t.valids()).toEqual({});
      t.memory.failNth(0);
      t.table.free();
      expect(t.memory.allocatedFrames).toBe(0);
    }
  });

  it('free gives every table back', () => {
    const t = make();
    t.map(0n, odd, 2 ** 22);
    t.map(2n ** big(t.table.vaLg2) - big(granuleBytes), 0, granuleBytes);
    expect(t.memory.allocatedFrames).toBeGreaterThan(topLevel + 2);
    t.table.free();
    expect(t.memory.allocatedFrames).toBe(0);
  });

  it('a narrower input width ends the range below what the levels reach', () => {
    const vaLg2 = make().table.vaLg2 - 2;
    const t = new TestTable(format, topLevel, { vaLg2 });
    expect(t.map(2n ** big(vaLg2) - big(granuleBytes), 0, granuleBytes).ok).toBe(true);
    expect(t.map(2n ** big(vaLg2), 0, granuleBytes)).toMatchObject({ errno: 'ERANGE' });
    expect(t.phys(2n ** big(vaLg2))).toBe(null);
  });
}

function describeErrnos(format: PtFormat, topLevel: number): void {
  const { granuleBytes: page, maxOaLg2 } = format;
  const make = () => new TestTable(format, topLevel);
  const { vaLg2 } = make().table;
  const end = 2n ** BigInt(vaLg2);
  const none = { prot: { read: false, write: false } };
  const wide = 2 ** maxOaLg2;
  const bigPage = BigInt(page);

  it.each<[string, bigint, number, number, Partial<MapArgs>, string]>([
    ['no permission', 0n, 0, page, none, 'EINVAL'],
    ['no permission before a wide pa', 0n, wide, page, none, 'EINVAL'],
    ['pa too large', 0n, wide, page, {}, 'ERANGE'],
    ['pa too large before zero length', 0n, wide, 0, {}, 'ERANGE'],
    ['zero length', 0n, 0, 0, {}, 'EINVAL'],
    ['wraps around', 2n ** 64n - bigPage, 0, 2 * page, {}, 'EOVERFLOW'],
    ['wraps around before no page size', 2n ** 64n - 1n, 0, page, {}, 'EOVERFLOW'],
    ['no page size fits iova', bigPage / 2n, 0, page, {}, 'ENXIO'],
    ['no page size fits pa', 0n, page / 2, page, {}, 'ENXIO'],
    ['no page size fits length', 0n, 0, page / 2, {}, 'ENXIO'],
  ])('map_range() refuses: %s', (_, iova, pa, bytes, more, errno) => {
    expect(make().map(iova, pa, bytes, more)).toMatchObject({ ok: false, errno });
  });

  it.runIf(vaLg2 < 64).each<[string, bigint, number, string]>([
    ['misaligned before out of range', end + 1n, page, 'ENXIO'],
    ['starts out of range', end, page, 'ERANGE'],
    ['ends out of range', end - bigPage, 2 * page, 'ERANGE'],
  ])('map_range() refuses: %s', (_, iova, bytes, errno) => {
    expect(make().map(iova, 0, bytes)).toMatchObject({ ok: false, errno });
  });

  it('map_range(): a narrower output width refuses earlier', () => {
    const t = new TestTable(format, topLevel, { oaLg2: 40 });
    expect(t.map(0n, 2 ** 40 - page, page).ok).toBe(true);
    expect(t.map(bigPage, 2 ** 40, page)).toMatchObject({ errno: 'ERANGE' });
    expect(Math.max(...t.table.pageSizesLg2)).toBeLessThan(40);
  });

  it('EADDRINUSE on any overlap, and what was mapped before it is undone', () => {
    const { granuleLg2 } = format;
    const second = make().table.pageSizesLg2[1] ?? 0;
    const t = make();
    t.map(8n * bigPage, 0, page);
    expect(t.map(0n, page, 16 * page)).toMatchObject({ errno: 'EADDRINUSE' });
    expect(t.valids()).toEqual({ [granuleLg2]: 1 });
    for (const sizeLg2 of t.table.pageSizesLg2.filter((size) => size > granuleLg2 + 3)) {
      expect(t.map(0n, 0, 2 ** sizeLg2)).toMatchObject({ errno: 'EADDRINUSE' });
    }
    const iova = 2n ** BigInt(Math.max(second, granuleLg2 + 4));
    t.map(iova, 0, 2 ** second);
    expect(t.map(iova + bigPage, 0, page)).toMatchObject({ errno: 'EADDRINUSE' });
    expect(t.valids()).toEqual({ [granuleLg2]: 1, [second]: 1 });
  });
}

const BOTH = [false, true];
const PROTS: readonly PtProt[] = BOTH.flatMap((read) =>
  BOTH.flatMap((write) =>
    BOTH.flatMap((mmio) =>
      BOTH.flatMap((noexec) => BOTH.map((priv) => ({ read, write, mmio, noexec, priv }))),
    ),
  ),
).filter(({ read, write }) => read || write);

/** What is written must mean to the document what it was meant to. */
function describeWalks(format: PtFormat, topLevel: number, { walk, allows }: Particulars): void {
  it('a walk as the document describes it finds every page size at both ends of the addresses', () => {
    const t = new TestTable(format, topLevel);
    const root = BigInt(t.table.rootPfn) * 4096n;
    for (const sizeLg2 of t.table.pageSizesLg2.filter((size) => size < t.table.vaLg2 - 1)) {
      const size = 1n << BigInt(sizeLg2);
      const most = (1n << BigInt(t.table.vaLg2)) - size;
      const pas = [0, testOa(format, sizeLg2), 2 ** format.maxOaLg2 - 2 ** sizeLg2];
      for (const [n, pa] of pas.entries()) {
        for (const iova of [BigInt(n) * size, most - BigInt(n) * size]) {
          const inside = size / 2n + 0x123n;
          expect(t.map(iova, pa, Number(size)).ok).toBe(true);
          for (const offset of [0n, inside, size - 1n]) {
            const found = walk(t.memory, root, topLevel, iova + offset);
            expect([found?.pa, found?.sizeLg2]).toEqual([BigInt(pa) + offset, sizeLg2]);
          }
          expect(t.unmap(iova, Number(size))).toBe(Number(size));
          expect(walk(t.memory, root, topLevel, iova + inside)).toBe(null);
        }
      }
    }
  });

  it('a walk as the document describes it finds every permission, at every page size', () => {
    for (const prot of PROTS) {
      const t = new TestTable(format, topLevel);
      const expected = allows(prot);
      for (const sizeLg2 of t.table.pageSizesLg2.filter((size) => size < t.table.vaLg2 - 1)) {
        const size = 2 ** sizeLg2;
        const mapped = t.map(BigInt(size), size, size, { prot });
        expect(mapped.ok).toBe(expected !== null);
        if (expected === null) continue;
        const found = walk(t.memory, BigInt(t.table.rootPfn) * 4096n, topLevel, BigInt(size) + 5n);
        expect(found).toEqual({ pa: BigInt(size) + 5n, sizeLg2, ...expected });
        expect(t.unmap(BigInt(size), size)).toBe(size);
      }
    }
  });
}

/** Linux: iommu_pt.h read_and_clear_dirty(), where a format lacks pt_entry_is_write_dirty() */
function describeNoDirty(format: PtFormat): void {
  it('read_and_clear_dirty() is not supported', () => {
    const t = new TestTable(format, usualTop(format));
    t.map(0n, 0, format.granuleBytes);
    expect(t.dirtyErrno(0n, format.granuleBytes)).toBe('EOPNOTSUPP');
  });
}

function describeDirty(format: PtFormat, fromStart: boolean): void {
  const { granuleBytes } = format;
  const topLevel = usualTop(format);
  const levelOf = (sizeLg2: number): number => format.itemLg2.findLastIndex((item) => item <= sizeLg2);
  const sizes = new TestTable(format, topLevel).table.pageSizesLg2.filter((size) => size < 48);

  it('test_dirty: one slot makes the leaf dirty, cleaning cleans all', () => {
    for (const sizeLg2 of sizes) {
      const t = new TestTable(format, topLevel);
      const size = 2 ** sizeLg2;
      const item = 2 ** (format.itemLg2[levelOf(sizeLg2)] ?? 0);
      t.map(BigInt(size), 0, size);
      expect(t.readDirty(BigInt(size), size)).toHaveLength(fromStart ? 1 : 0);
      expect(t.readDirty(BigInt(size), size)).toEqual([]);
      for (let slot = 0; slot < size / item; slot++) {
        expect(t.setDirty(BigInt(size + slot * item) + 3n)).toBe(true);
        const before = t.readDirty(BigInt(size), size, true);
        expect(before).toHaveLength(1);
        expect(t.readDirty(BigInt(size), size)).toEqual(before);
        expect(t.readDirty(BigInt(size), size)).toEqual([]);
      }
    }
  });

  it('record_dirty: a leaf of one slot is recorded whole, of several up to its last slot', () => {
    for (const sizeLg2 of sizes) {
      const t = new TestTable(format, topLevel);
      const size = 2 ** sizeLg2;
      const item = 2 ** (format.itemLg2[levelOf(sizeLg2)] ?? 0);
      t.map(BigInt(size), 0, size);
      t.readDirty(BigInt(size), size);
      t.setDirty(BigInt(size));
      const whole = size === item ? size : size - item;
      expect(t.readDirty(BigInt(size), size, true)).toEqual([[size, whole]]);
      expect(t.readDirty(BigInt(size), granuleBytes, true)).toEqual([[size, item]]);
      const fromLast = size === item ? item : 0;
      expect(t.readDirty(BigInt(2 * size - item), item, true)).toEqual([[2 * size - item, fromLast]]);
    }
  });

  it('set_dirty marks one slot, in memory', () => {
    const t = new TestTable(format, topLevel);
    const sizeLg2 = sizes[1] ?? 0;
    const slots = slotsOf(sizeLg2 - (format.itemLg2[levelOf(sizeLg2)] ?? 0));
    t.map(0n, 0, 2 ** sizeLg2);
    t.readDirty(0n, 2 ** sizeLg2);
    const tables: number[] = [t.table.rootPfn];
    for (let level = topLevel; level > levelOf(sizeLg2); level--) {
      const base = t.memory.frameBase(tables.at(-1) ?? 0);
      tables.push(format.tablePfn(t.memory.words[base] ?? 0, t.memory.words[base + 1] ?? 0));
    }
    const dirty = (): boolean[] => {
      const base = t.memory.frameBase(tables.at(-1) ?? 0);
      return Array.from({ length: slots }, (_, n) => {
        const lo = (t.memory.words[base + n * 2] ?? 0) & (format.dirtyLo | format.cleanLo);
        const hi = (t.memory.words[base + n * 2 + 1] ?? 0) & (format.dirtyHi | format.cleanHi);
        return lo === format.dirtyLo && hi === format.dirtyHi;
      });
    };
    t.setDirty(2n ** BigInt(sizeLg2) - 1n);
    expect(dirty()).toEqual(Array.from({ length: slots }, (_, n) => n === slots - 1));
    expect(t.phys(5n)).toBe(5);
    t.readDirty(0n, granuleBytes);
    expect(dirty()).toEqual(Array.from({ length: slots }, () => false));
  });

  it('holes are skipped; what is not mapped cannot be made dirty', () => {
    const t = new TestTable(format, topLevel);
    const page = BigInt(granuleBytes);
    t.map(page, 0, granuleBytes);
    t.map(2n ** 36n, 0, granuleBytes);
    t.readDirty(0n, 2 ** 37);
    expect([t.setDirty(0n), t.setDirty(page), t.setDirty(2n ** 36n), t.setDirty(2n ** 63n)]).toEqual([
      false,
      true,
      true,
      false,
    ]);
    expect(t.readDirty(0n, 2 ** 37)).toEqual([
      [granuleBytes, granuleBytes],
      [2 ** 36, granuleBytes],
    ]);
  });

  it('read_and_clear_dirty() refuses an empty range and one beyond the table', () => {
    const t = new TestTable(format, topLevel);
    expect(t.readDirty(0n, 0)).toBe(null);
    expect(t.readDirty(2n ** BigInt(t.table.vaLg2) - BigInt(granuleBytes), 2 * granuleBytes)).toBe(null);
  });
}
