import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ANY, KIND_EL1, Tlb } from './tlb';

/** Pages of three sizes, in a structure small enough to overflow. */
const SIZES = [12, 21, 30];

describe('SMMUv3 TLB', () => {
  it('finds what was entered last, what it lists, and nothing that was dropped (property)', () => {
    const step = fc.record({
      op: fc.constantFrom('fill', 'fill', 'fill', 'fill', 'drop', 'invalidate', 'all'),
      size: fc.constantFrom(...SIZES),
      page: fc.integer({ min: 0, max: 7 }),
      ctx: fc.constantFrom(1, 2, 1 << 16),
    });
    const shapes = fc.constantFrom(
      { sets: 1, ways: 2 },
      { sets: 2, ways: 4 },
      { sets: 4, ways: 1 },
      { sets: 0, ways: 1 },
    );
    fc.assert(
      fc.property(shapes, fc.array(step, { maxLength: 80 }), (shape, steps) => {
        const tlb = new Tlb(shape, false);
        /** What was entered and not dropped since: by size, page and context. */
        const model = new Map<string, number>();
        let next = 1;
        for (const { op, size, page, ctx } of steps) {
          // Ranges of different sizes lie apart: 4 KiB pages below 2 MiB, then 2 MiB, then 1 GiB.
          const address = size === 12 ? page * 4096 : (page + 1) * 2 ** size;
          const [hi, lo] = [Math.floor(address / 2 ** 32), address | 0];
          const key = `${size} ${page} ${ctx}`;
          const at = tlb.find(hi, lo, ctx, KIND_EL1);
          if (op === 'fill') {
            // As a walk does: an entry that was found goes first.
            if (at >= 0) tlb.drop(at);
            tlb.fill(hi, lo, ctx, KIND_EL1, Int32Array.of(size, next, 0, 7, 0));
            model.set(key, next++);
            const found = tlb.find(hi, lo, ctx, KIND_EL1);
            if (shape.sets > 0) expect(tlb.paHi(found, hi) >>> 0).toBeGreaterThan(0);
          } else if (op === 'drop') {
            if (at >= 0) tlb.drop(at);
            model.delete(key);
          } else {
            const scope = op === 'all' ? ANY : { ...ANY, vmid: ctx >>> 16, asid: ctx & 0xffff };
            const before = tlb.list().length;
            const dropped = tlb.invalidate(scope);
            expect(tlb.list().length).toBe(before - dropped);
            for (const each of [...model.keys()])
              if (op === 'all' || each.endsWith(` ${ctx}`)) model.delete(each);
          }
          const listed = tlb.list();
          expect(listed.length).toBeLessThanOrEqual(shape.sets * shape.ways);
          const tags = listed.map((entry) => {
            const whole = entry.hi * 2 ** 32 + (entry.lo >>> 0);
            const number = entry.sizeLg2 === 12 ? whole / 4096 : whole / 2 ** entry.sizeLg2 - 1;
            const context = (entry.vmid << 16) | entry.asid;
            const tag = `${entry.sizeLg2} ${number} ${context}`;
            expect(model.get(tag)).toBe(entry.paHi);
            expect(tlb.find(entry.hi, entry.lo, context, KIND_EL1)).toBeGreaterThanOrEqual(0);
            return tag;
          });
          expect(new Set(tags).size).toBe(tags.length);
          if (op === 'fill' && shape.sets > 0) expect(tags).toContain(key);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('ways are replaced in turn, empty ones first', () => {
    const tlb = new Tlb({ sets: 1, ways: 2 }, false);
    const fill = (page: number): void =>
      tlb.fill(0, page << 12, 1, KIND_EL1, Int32Array.of(12, 0, page << 12, 7, 0));
    const pages = (): number[] => tlb.list().map(({ lo }) => lo >>> 12);
    [1, 2].forEach(fill);
    expect(tlb.victim(0, 3 << 12, 12)?.lo).toBe(1 << 12);
    fill(3);
    expect(pages()).toEqual([3, 2]);
    tlb.drop(tlb.find(0, 3 << 12, 1, KIND_EL1));
    expect(tlb.victim(0, 4 << 12, 12)).toBeNull();
    fill(4);
    fill(5);
    expect(pages()).toEqual([4, 5]);
  });
});
