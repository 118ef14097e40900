import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { IovaDomain } from './iova-domain';

/** Pages from 1 to 255 and who has each of them: a model too simple to be wrong. */
const LIMIT = 255;
const order = fc.record({ free: fc.boolean(), pages: fc.integer({ min: 1, max: 40 }), which: fc.nat(50) });

describe('whatever is allocated and freed', () => {
  it('no page is handed out twice, none outside the limits, all aligned; and empty it takes everything again', () => {
    fc.assert(
      fc.property(fc.array(order, { maxLength: 120 }), (orders) => {
        const iovas = new IovaDomain(12, 1);
        const owner = new Map<number, number>();
        const held: { pfn: number; pages: number }[] = [];
        for (const [index, { free, pages, which }] of orders.entries()) {
          const gone = free ? held.splice(which % (held.length || 1), 1)[0] : undefined;
          if (gone) {
            for (let page = 0; page < gone.pages; page++) owner.delete(gone.pfn + page);
            iovas.freeFast(gone.pfn, gone.pages);
            continue;
          }
          const pfn = iovas.allocFast(pages, LIMIT, true);
          if (pfn === 0) continue;
          const align = 2 ** Math.ceil(Math.log2(pages));
          expect(pfn % align).toBe(0);
          expect(pfn + pages - 1).toBeLessThanOrEqual(LIMIT);
          for (let page = 0; page < pages; page++) {
            expect(owner.has(pfn + page)).toBe(false);
            owner.set(pfn + page, index);
          }
          held.push({ pfn, pages });
        }
        for (const { pfn, pages } of held) iovas.freeFast(pfn, pages);
        expect(iovas.allocFast(128, LIMIT, true)).toBe(128);
      }),
    );
  });
});
