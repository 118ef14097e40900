import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PhysicalMemory } from '../memory/physical-memory';
import { EMPTY, itemLg2, LEAF, levelOf, TABLE, type PtFormat } from './format';
import { mapRange, type MapArgs } from './map';
import { newGather, PageTable, putTables } from './page-table';
import { unmapRange } from './unmap';
import { eachLeaf, iovaToPhys } from './walk';

const RW = { read: true, write: true };
const PLAIN = { forceCoherence: false };

/** A table with gather and flush as a driver does them, in bytes. */
class Table {
  readonly memory = new PhysicalMemory();
  readonly table: PageTable;
  flushes = 0;

  constructor(
    readonly format: PtFormat,
    topLevel: number,
    vaLg2 = itemLg2(topLevel + 1),
  ) {
    const made = PageTable.create({ memory: this.memory, format, topLevel, vaLg2 });
    if (!made.ok) throw new Error(made.why);
    this.table = made.value;
  }

  map(iova: bigint, pa: number, bytes: number, more: Partial<MapArgs> = {}) {
    const gather = newGather();
    const mapped = mapRange(this.table, { iova, pa, bytes, prot: RW, features: PLAIN, ...more }, gather);
    if (gather.tables.length > 0) this.flushes++;
    putTables(this.table, gather);
    if (!mapped.result.ok) this.unmap(iova, mapped.pages * 4096);
    return mapped.result;
  }

  unmap(iova: bigint, bytes: number): number {
    const gather = newGather();
    const { pages } = unmapRange(this.table, Number(iova >> 12n), bytes / 4096, gather);
    putTables(this.table, gather);
    return pages * 4096;
  }

  /** Leaves by page size, counted by walking. */
  valids(): Record<number, number> {
    const count: Record<number, number> = {};
    eachLeaf(this.table, (leaf) => (count[leaf.sizeLg2] = (count[leaf.sizeLg2] ?? 0) + 1));
    return count;
  }
}

const DEFAULT_LEVELS = (format: PtFormat): number[] =>
  Array.from({ length: format.maxTopLevel - format.minTopLevel + 1 }, (_, n) => n + format.minTopLevel);

/**
 * What every page-table format must do, whatever its bits.
 *
 * Linux: drivers/iommu/generic_pt/kunit_generic_pt.h, kunit_iommu_pt.h: tests named as there, expected values from them;
 * errnos from iommu_pt.h map_range().
 */
export function describePtFormat(format: PtFormat): void {
  describe(`page-table format ${format.id}`, () => {
    describe('entries', () => {
      const pfns = [0, 1, 0x12345, 0xf_ffff, 0x10_0000, 0x7fff_ffff, 2 ** (format.maxOaLg2 - 12) - 1];

      it('test_table_ptr: a table pointer reads back as it was written', () => {
        for (const pfn of pfns) {
          const lo = format.tableLo(pfn);
          const hi = format.tableHi(pfn);
          for (let level = 1; level <= format.maxTopLevel; level++)
            expect(format.kind(lo, hi, level)).toBe(TABLE);
          expect(format.targetPfn(lo, hi)).toBe(pfn);
        }
      });

      it('test_entry_oa: a leaf reads back as it was written, at every level that has leaves', () => {
        const attrs = format.attrs(RW, PLAIN);
        if (!attrs.ok) throw new Error(attrs.why);
        for (let level = 0; level <= format.maxLeafLevel; level++) {
          for (const any of pfns) {
            const pfn = any - (any % 2 ** (itemLg2(level) - 12));
            const lo = format.leafLo(pfn, level, attrs.value);
            const hi = format.leafHi(pfn, level, attrs.value);
            expect(format.kind(lo, hi, level)).toBe(LEAF);
            expect(format.targetPfn(lo, hi)).toBe(pfn);
          }
        }
      });

      it('a zero word is empty at every level', () => {
        for (let level = 0; level <= format.maxTopLevel; level++)
          expect(format.kind(0, 0, level)).toBe(EMPTY);
      });
    });

    describe.each(DEFAULT_LEVELS(format))('top level %i', (topLevel) => {
      const base = 256n * 4096n;
      const make = () => new Table(format, topLevel);

      it('test_map_simple: each page size maps as one leaf and unmaps', () => {
        const t = make();
        const at: [bigint, number][] = [];
        let next = base;
        for (const sizeLg2 of t.table.pageSizesLg2) {
          const size = 2 ** sizeLg2;
          next = ((next + BigInt(size) - 1n) / BigInt(size)) * BigInt(size);
          expect(t.map(next, 4 * 2 ** 30 + 2 ** 30, size).ok).toBe(true);
          expect(iovaToPhys(t.table, next + BigInt(size) - 1n)).toBe(5 * 2 ** 30 + size - 1);
          at.push([next, size]);
          next += BigInt(size);
        }
        expect(t.valids()).toEqual(Object.fromEntries(t.table.pageSizesLg2.map((s) => [s, 1])));
        for (const [iova, size] of at) expect(t.unmap(iova, size)).toBe(size);
        expect(t.valids()).toEqual({});
      });

      it('test_map_table_to_oa: tables that small pages left behind become one large leaf', () => {
        const t = make();
        const big = 2 ** 30;
        t.map(0n, big, 2 ** 21);
        t.map(2n ** 21n, big + 2 ** 21 + 4096, 4096);
        // Page by page, so that no table is covered whole and all stay.
        expect(t.unmap(2n ** 21n, 4096)).toBe(4096);
        expect(t.unmap(0n, 2 ** 21)).toBe(2 ** 21);
        expect(t.table.tablePages).toBe(topLevel + 1);
        expect(t.map(0n, big, big).ok).toBe(true);
        expect(t.valids()).toEqual({ 30: 1 });
        expect(t.flushes).toBe(1);
        expect(t.table.tablePages).toBe(topLevel - 1);
        expect(t.memory.allocatedFrames).toBe(t.table.tablePages);
      });

      it('test_unmap_split: unmapping the start of a large page takes all of it', () => {
        const sizes = make().table.pageSizesLg2;
        for (const [n, small] of sizes.entries()) {
          for (const large of sizes.slice(n + 1)) {
            const t = make();
            t.map(0n, 0, 2 ** large);
            expect(t.unmap(0n, 2 ** small)).toBe(2 ** large);
            t.map(0n, 0, 2 ** large);
            t.map(2n ** BigInt(large), 0, 2 ** large);
            expect(t.unmap(0n, 2 ** small)).toBe(2 ** large);
            expect(t.unmap(2n ** BigInt(large), 2 ** large)).toBe(2 ** large);
            expect(t.valids()).toEqual({});
          }
        }
      });

      it('unmap stops at a hole, and takes nothing when it begins inside a large page', () => {
        const t = make();
        t.map(0n, 4096, 4 * 4096);
        t.map(5n * 4096n, 4096, 4096);
        expect(t.unmap(0n, 6 * 4096)).toBe(4 * 4096);
        expect(t.unmap(0n, 6 * 4096)).toBe(0);
        t.map(2n ** 21n, 2 ** 21, 2 ** 21);
        expect(t.unmap(2n ** 21n + 4096n, 4096)).toBe(0);
        expect(t.valids()).toEqual({ 12: 1, 21: 1 });
      });

      it('tables that a range covers whole are given back, others stay', () => {
        const t = make();
        t.map(0n, 4096, 2 ** 22);
        const full = t.table.tablePages;
        expect(full).toBe(topLevel + 2);
        expect(t.unmap(0n, 2 ** 22)).toBe(2 ** 22);
        expect(t.table.tablePages).toBe(full - 2);
        t.map(4096n, 4096, 4096);
        t.unmap(4096n, 4096);
        expect(t.table.tablePages).toBe(full - 1);
      });

      it('the largest page that alignment of address, physical address and length allows', () => {
        const t = make();
        // 4 KiB up to the 2 MiB boundary, 2 MiB up to the 1 GiB boundary, 1 GiB, and back.
        const iova = 2n ** 30n - 2n ** 21n - 4096n;
        const bytes = 2 ** 30 + 2 * (2 ** 21 + 4096);
        expect(t.map(iova, Number(iova) + 2 ** 32, bytes).ok).toBe(true);
        expect(t.valids()).toEqual({ 12: 2, 21: 2, 30: 1 });
        expect(t.table.leaves.slice(0, 3)).toEqual([2, 2, 1]);
      });

      it('test_pgsize_boundary: a range that starts below a boundary maps whole', () => {
        const t = make();
        expect(t.map(0xfef8_0000n, 0x1_fef8_0000, 0x20_7a50_0000 - 0xfef8_0000).ok).toBe(true);
        expect(iovaToPhys(t.table, 0xfef8_0000n)).toBe(0x1_fef8_0000);
      });

      it('every allocation may fail: nothing is mapped, nothing leaks', () => {
        for (let nth = 1; ; nth++) {
          const t = make();
          t.memory.failNth(nth);
          const mapped = t.map(2n ** 30n - 2n ** 21n - 4096n, 4096, 2 ** 22);
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

      describe('errnos of map_range()', () => {
        const end = 2n ** BigInt(itemLg2(topLevel + 1));
        it.each<[string, bigint, number, number, Partial<MapArgs>, string]>([
          ['no permission', 0n, 0, 4096, { prot: { read: false, write: false } }, 'EINVAL'],
          [
            'no permission before a wide pa',
            0n,
            2 ** 52,
            4096,
            { prot: { read: false, write: false } },
            'EINVAL',
          ],
          ['pa too large', 0n, 2 ** 52, 4096, {}, 'ERANGE'],
          ['pa too large before zero length', 0n, 2 ** 52, 0, {}, 'ERANGE'],
          ['zero length', 0n, 0, 0, {}, 'EINVAL'],
          ['wraps around', 2n ** 64n - 4096n, 0, 8192, {}, 'EOVERFLOW'],
          ['no page size fits iova', 2048n, 0, 4096, {}, 'ENXIO'],
          ['no page size fits pa', 0n, 2048, 4096, {}, 'ENXIO'],
          ['no page size fits length', 0n, 0, 2048, {}, 'ENXIO'],
          ['misaligned before out of range', end + 1n, 0, 4096, {}, 'ENXIO'],
          ['starts out of range', end, 0, 4096, {}, 'ERANGE'],
          ['ends out of range', end - 4096n, 0, 8192, {}, 'ERANGE'],
        ])('%s', (_, iova, pa, bytes, more, errno) => {
          expect(make().map(iova, pa, bytes, more)).toMatchObject({ ok: false, errno });
        });

        it('EADDRINUSE on any overlap, and what was mapped before it is undone', () => {
          const t = make();
          t.map(8n * 4096n, 0, 4096);
          expect(t.map(0n, 4096, 16 * 4096)).toMatchObject({ errno: 'EADDRINUSE' });
          expect(t.valids()).toEqual({ 12: 1 });
          expect(t.map(0n, 0, 2 ** 21)).toMatchObject({ errno: 'EADDRINUSE' });
          t.map(2n ** 21n, 0, 2 ** 21);
          expect(t.map(2n ** 21n + 4096n, 0, 4096)).toMatchObject({ errno: 'EADDRINUSE' });
          expect(t.valids()).toEqual({ 12: 1, 21: 1 });
        });
      });
    });

    it('a narrower input width ends the range below what the levels reach', () => {
      const t = new Table(format, 3, 46);
      expect(t.map(2n ** 46n - 4096n, 0, 4096).ok).toBe(true);
      expect(t.map(2n ** 46n, 0, 4096)).toMatchObject({ errno: 'ERANGE' });
    });

    it('free gives every table back', () => {
      const t = new Table(format, 3);
      t.map(0n, 4096, 2 ** 24);
      t.map(2n ** 40n, 0, 2 ** 30);
      expect(t.memory.allocatedFrames).toBeGreaterThan(10);
      t.table.free();
      expect(t.memory.allocatedFrames).toBe(0);
    });

    it('test_random_map: any maps and unmaps agree with a model of one entry a page (property)', () => {
      const unit = 2 ** 12;
      const size = fc.constantFrom(1, 2, 3, 511, 512, 513, 1024, 4096, 262144, 262144 + 512);
      const place = fc.constantFrom(0, 1, 511, 512, 1000, 4096, 262144 - 512, 262144, 262145, 300000);
      const command = fc.record({
        map: fc.boolean(),
        vpn: place,
        pages: size,
        skew: fc.constantFrom(0, 1, 512),
      });
      fc.assert(
        fc.property(fc.array(command, { maxLength: 14 }), (commands) => {
          const t = new Table(format, 3);
          /** Ranges that were mapped and not unmapped: [vpn, pages, pfn]. */
          let model: [number, number, number][] = [];
          for (const { map, vpn, pages, skew } of commands) {
            const overlaps = model.filter(([v, n]) => v < vpn + pages && vpn < v + n);
            if (map) {
              const done = t.map(BigInt(vpn * unit), (vpn + skew) * unit, pages * unit);
              expect(done.ok).toBe(overlaps.length === 0);
              if (done.ok) model.push([vpn, pages, vpn + skew]);
              continue;
            }
            // Only whole mappings, so that no page is split.
            for (const [v, n] of overlaps) expect(t.unmap(BigInt(v * unit), n * unit)).toBe(n * unit);
            model = model.filter((range) => !overlaps.includes(range));
          }
          for (const [vpn, pages, pfn] of model) {
            for (const n of [0, pages >> 1, pages - 1]) {
              expect(iovaToPhys(t.table, BigInt((vpn + n) * unit) + 5n)).toBe((pfn + n) * unit + 5);
            }
          }
          let mapped = 0;
          let strays = 0;
          eachLeaf(t.table, ({ sizeLg2, vpn, pfn }) => {
            const pages = 2 ** (sizeLg2 - 12);
            mapped += pages;
            if (!model.some(([v, n, p]) => vpn >= v && vpn + pages <= v + n && pfn - p === vpn - v)) strays++;
          });
          expect(strays).toBe(0);
          expect(mapped).toBe(model.reduce((sum, [, n]) => sum + n, 0));
          const walked = t.valids();
          expect(t.table.pageSizesLg2.map((s) => t.table.leaves[levelOf(s)])).toEqual(
            t.table.pageSizesLg2.map((s) => walked[s] ?? 0),
          );
          expect(t.memory.allocatedFrames).toBe(t.table.tablePages);
        }),
        { numRuns: 60 },
      );
    });
  });
}
