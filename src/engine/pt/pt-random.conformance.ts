import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { PtFormat } from './format';
import { ModelTable } from './testing/model';
import { TestTable } from './testing/table';

/** Random calls against models; all in pages of the granule. Linux: kunit_iommu_pt.h test_random_map() */
export function describeRandomMaps(format: PtFormat): void {
  const { granuleBytes, granuleLg2 } = format;
  const topLevel = Math.min(3, format.maxTopLevel);
  const iovaOf = (vpn: number): bigint => BigInt(vpn) << BigInt(granuleLg2);

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
    // Around the ends of tables of level 1 and 2.
    const base = fc.constantFrom(0, 2 ** 18 - 1024, 2 ** 27 - 2048);
    fc.assert(
      fc.property(base, fc.array(command, { minLength: 1, maxLength: 24 }), (from, commands) => {
        const t = new TestTable(format, topLevel);
        const model = new ModelTable(t.table);
        for (const c of commands) {
          const vpn = from + c.vpn;
          const iova = iovaOf(vpn);
          if (c.kind === 'map') {
            const mapped = t.map(iova, (vpn + c.skew) * granuleBytes, c.pages * granuleBytes);
            expect(mapped.ok).toBe(model.map(vpn, vpn + c.skew, c.pages));
          } else if (c.kind === 'unmap') {
            expect(t.unmap(iova, c.pages * granuleBytes) / granuleBytes).toBe(model.unmap(vpn, c.pages));
          } else if (c.kind === 'dirty') {
            expect(t.setDirty(iova)).toBe(model.setDirty(vpn));
          } else {
            const read = t.readDirty(iova, c.pages * granuleBytes, c.noClear);
            const inPages = read?.map((range) => range.map((n) => n / granuleBytes));
            expect(inPages).toEqual(model.readDirty(vpn, c.pages, c.noClear));
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
      { numRuns: 100 },
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
      { numRuns: 40 },
    );
  });
}
