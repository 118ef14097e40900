import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bringing, offsetsOf, revealing, windowFrom, windowOf } from './windowing';

const offsetsFor = (heights: readonly number[]) => offsetsOf(heights.length, (row) => heights[row] ?? 0);

const lists = fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 300 });

describe('the rows to draw', () => {
  it('are all that can be seen, wherever the list stands', () => {
    fc.assert(
      fc.property(
        lists,
        fc.nat({ max: 20_000 }),
        fc.integer({ min: 1, max: 900 }),
        (heights, top, height) => {
          const offsets = offsetsFor(heights);
          const { from, to } = windowOf(offsets, top, height, 0);
          for (const at of heights.keys()) {
            const seen = (offsets[at + 1] ?? 0) > top && (offsets[at] ?? 0) < top + height;
            if (seen) expect(at >= from && at < to).toBe(true);
          }
        },
      ),
    );
  });
  it('are few, however long the list is', () => {
    const offsets = offsetsOf(100_000, () => 30);
    const { from, to } = windowOf(offsets, 1_500_000, 600, 300);
    expect(to - from).toBeLessThan(45);
    expect(from).toBeGreaterThan(49_000);
  });
  it('come into view by the least scrolling', () => {
    const offsets = offsetsFor([10, 20, 30, 40]);
    expect(revealing(offsets, 0, 15, 30)).toBe(0);
    expect(revealing(offsets, 1, 5, 30)).toBe(5);
    expect(revealing(offsets, 3, 0, 50)).toBe(50);
  });
  it('seen at once are few, and stay when more come', () => {
    const offsets = offsetsOf(10_000, () => 20);
    const jumped = windowFrom(offsets, 100_000, 200, 0);
    expect(jumped.to - jumped.from).toBeLessThan(22);
    const settled = windowFrom(offsets, 100_000, 200, 100_000);
    expect(settled.from).toBeLessThan(jumped.from);
    expect(settled.to).toBeGreaterThan(jumped.to);
    expect(windowFrom(offsets, 100_090, 200, 100_000)).toEqual(settled);
  });
  it('are scrolled to by the least, or into the middle from afar', () => {
    const offsets = offsetsOf(1000, () => 20);
    expect(bringing(offsets, 3, 40, 200)).toBe(40);
    expect(bringing(offsets, 15, 40, 200)).toBe(120);
    expect(bringing(offsets, 500, 40, 200)).toBe(9900);
    expect(bringing(offsets, 0, 9900, 200)).toBe(0);
  });
});
