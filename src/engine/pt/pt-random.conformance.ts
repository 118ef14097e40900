import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { PtFormat } from './format';
import type { DocumentWalk } from './testing/document-walk';
import { ModelTable } from './testing/model';
import { TestTable, usualTop } from './testing/table';

const FULL = process.env['FULL'] === '1';

/** Random calls against models; all in pages of the granule. Linux: kunit_iommu_pt.h test_random_map() */
export function describeRandomMaps(
  format: PtFormat,
  { dirtyFromStart, walk }: { readonly dirtyFromStart: boolean; readonly walk: DocumentWalk },
): void {
  const { granuleBytes, granuleLg2 } = format;
  const topLevel = usualTop(format);
  const iovaOf = (vpn: number): bigint => BigInt(vpn) << BigInt(granuleLg2);
  const { endVpn } = new TestTable(format, topLevel).table;
  /** Around the ends of tables of level 1 and 2, and of the root. */
  const bases = [
    0,
    (format.itemPages[2] ?? endVpn) - 1024,
    (format.itemPages[3] ?? endVpn) - 2048,
    endVpn - 4096,
  ].filter((base) => base + 4096 <= endVpn);

  it('maps, unmaps and dirty bits agree with a Map from page to leaf (property)', () => {
    const place = fc.constantFrom(0, 1, 2, 3, 5, 8, 16, 500, 511, 512, 600, 1023, 1024, 1500, 2048);
    const pages = fc.constantFrom(1, 2, 3, 4, 7, 8, 16, 100, 511, 512, 513, 1024, 1536);
    /** How far physical and input addresses are out of step: 0 lets large pages fit. */
    const skew = fc.constantFrom(0, 0, 1, 2, 8, 512);
    const command = fc.oneof(
      fc.record({ kind: fc.constant('map' as const), vpn: place, pages, skew }),
      fc.record({ kind: fc.constant('unmap' as const), vpn: place, pages }),
      fc.record({ kind: fc.constant('dirty' as const), vpn: place }),
      fc.record({ kind: fc.constant('read' as const), vpn: place, pages, noClear: fc.boolean() }),
    );
    const base = fc.constantFrom(...bases);
    fc.assert(
      fc.property(base, fc.array(command, { minLength: 1, maxLength: 24 }), (from, commands) => {
        const t = new TestTable(format, topLevel);
        const model = new ModelTable(t.table, dirtyFromStart);
        for (const c of commands) {
          const vpn = from + c.vpn;
          const iova = iovaOf(vpn);
          if (c.kind === 'map') {
            const page = c.vpn + c.skew;
            const mapped = t.map(iova, page * granuleBytes, c.pages * granuleBytes);
            expect(mapped.ok).toBe(model.map(vpn, page, c.pages));
          } else if (c.kind === 'unmap') {
            expect(t.unmap(iova, c.pages * granuleBytes) / granuleBytes).toBe(model.unmap(vpn, c.pages));
          } else if (c.kind === 'dirty') {
            const set = model.setDirty(vpn);
            if (format.tracksDirty) expect(t.setDirty(iova)).toBe(set);
          } else {
            const read = t.readDirty(iova, c.pages * granuleBytes, c.noClear);
            const inPages = read?.map((range) => range.map((n) => n / granuleBytes));
            expect(inPages).toEqual(
              format.tracksDirty ? model.readDirty(vpn, c.pages, c.noClear) : undefined,
            );
          }
        }
        // Joined: one comparison is much faster than one an item.
        const probes = Array.from({ length: 1366 }, (_, n) => from + n * 3);
        expect(probes.map((vpn) => t.phys(iovaOf(vpn) + 9n)).join()).toBe(
          probes
            .map((vpn) => model.phys(vpn))
            .map((page) => (page === null ? null : page * granuleBytes + 9))
            .join(),
        );
        const leaves = [...new Set(model.pages.values())].sort((a, b) => a.vpn - b.vpn);
        expect(
          t
            .leaves()
            .map((leaf) => [leaf.vpn, leaf.page, 2 ** (leaf.sizeLg2 - granuleLg2)])
            .join(),
        ).toBe(leaves.map((leaf) => [leaf.vpn, leaf.page, leaf.pages]).join());
        expect(t.memory.allocatedFrames).toBe(t.table.tablePages);
      }),
      { numRuns: FULL ? 400 : 40 },
    );
  });

  it(`${FULL ? 'a hundred' : 'two'} thousand calls in one table agree with a Map and a walk as documented (property)`, () => {
    fc.assert(
      fc.property(fc.integer(), fc.constantFrom(...bases), (seed, base) => {
        longRun(format, { seed, base, topLevel, dirtyFromStart, walk, calls: FULL ? 100_000 : 2_000 });
      }),
      { numRuns: 1 },
    );
  });

  it('test_random_map: large ranges agree with a list of ranges (property)', () => {
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
        const t = new TestTable(format, topLevel);
        /** Ranges that were mapped and not unmapped: [vpn, pages, page]. */
        let model: [number, number, number][] = [];
        for (const { map, vpn, pages, skew } of commands) {
          const overlaps = model.filter(([v, n]) => v < vpn + pages && vpn < v + n);
          if (map) {
            const done = t.map(iovaOf(vpn), (vpn + skew) * granuleBytes, pages * granuleBytes);
            expect(done.ok).toBe(overlaps.length === 0);
            if (done.ok) model.push([vpn, pages, vpn + skew]);
            continue;
          }
          // Only whole mappings, so that no page is split.
          for (const [v, n] of overlaps) expect(t.unmap(iovaOf(v), n * granuleBytes)).toBe(n * granuleBytes);
          model = model.filter((range) => !overlaps.includes(range));
        }
        for (const [vpn, pages, page] of model) {
          for (const n of [0, pages >> 1, pages - 1]) {
            expect(t.phys(iovaOf(vpn + n) + 5n)).toBe((page + n) * granuleBytes + 5);
          }
        }
        let mapped = 0;
        let strays = 0;
        for (const { sizeLg2, vpn, page } of t.leaves()) {
          const pages = 2 ** (sizeLg2 - granuleLg2);
          mapped += pages;
          if (!model.some(([v, n, p]) => vpn >= v && vpn + pages <= v + n && page - p === vpn - v)) strays++;
        }
        expect(strays).toBe(0);
        expect(mapped).toBe(model.reduce((sum, [, n]) => sum + n, 0));
        const walked = t.valids();
        expect(t.table.pageSizesLg2.map((s) => t.table.leavesOfSize(s))).toEqual(
          t.table.pageSizesLg2.map((s) => walked[s] ?? 0),
        );
        expect(t.memory.allocatedFrames).toBe(t.table.tablePages);
      }),
      { numRuns: FULL ? 100 : 12 },
    );
  });
}

interface LongRun {
  readonly seed: number;
  readonly base: number;
  readonly topLevel: number;
  readonly calls: number;
  readonly dirtyFromStart: boolean;
  readonly walk: DocumentWalk;
}

/** Maps and unmaps at random in a window of 4096 pages, and looks at a page after each call. */
function longRun(format: PtFormat, { seed, base, topLevel, calls, dirtyFromStart, walk }: LongRun): void {
  const { granuleBytes } = format;
  let state = seed | 1;
  const below = (n: number): number => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % n;
  };
  const t = new TestTable(format, topLevel);
  const model = new ModelTable(t.table, dirtyFromStart);
  const lengths = [1, 1, 1, 2, 3, 8, 16, 17, 64, 512, 513];
  const wrong: string[] = [];
  for (let n = 0; n < calls && wrong.length === 0; n++) {
    const pages = lengths[below(lengths.length)] ?? 1;
    const aligned = below(2) === 0 ? pages : 1;
    const vpn = base + Math.floor(below(4096 - pages) / aligned) * aligned;
    const iova = BigInt(vpn) * BigInt(granuleBytes);
    if (below(5) < 2) {
      const page = vpn - base + [0, 0, 1, 512][below(4)]!;
      const mapped = t.map(iova, page * granuleBytes, pages * granuleBytes).ok;
      if (mapped !== model.map(vpn, page, pages)) wrong.push(`call ${n}: map ${vpn} ${page} ${pages}`);
    } else {
      const gone = t.unmap(iova, pages * granuleBytes) / granuleBytes;
      if (gone !== model.unmap(vpn, pages)) wrong.push(`call ${n}: unmap ${vpn} ${pages}`);
    }
    const probe = vpn + below(pages);
    const found = walk(
      t.memory,
      BigInt(t.table.rootPfn) * 4096n,
      topLevel,
      BigInt(probe) * BigInt(granuleBytes),
    );
    const page = model.phys(probe);
    if ((found === null ? null : Number(found.pa) / granuleBytes) !== page)
      wrong.push(`call ${n}: walk ${probe}`);
    if (t.memory.allocatedFrames !== t.table.tablePages) wrong.push(`call ${n}: frames`);
  }
  expect(wrong).toEqual([]);
  const leaves = [...new Set(model.pages.values())].sort((a, b) => a.vpn - b.vpn);
  expect(t.leaves().map(({ vpn, page }) => [vpn, page])).toEqual(leaves.map(({ vpn, page }) => [vpn, page]));
  t.table.free();
  expect(t.memory.allocatedFrames).toBe(0);
}
