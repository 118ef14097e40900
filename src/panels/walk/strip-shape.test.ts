import { describe, expect, it } from 'vitest';
import { entryAt, moveBy, NARROW, rectOf, stripShape, WIDE } from './strip-shape';

describe('stripShape()', () => {
  // A page of 8-byte entries; Arm's 16 and 64 KiB granules; the root of Sv39x4; a root of two entries (16 KiB granule, 48 bits).
  it.each([
    [512, 16, 32, 4, 8],
    [2048, 32, 64, 2, 4],
    [8192, 64, 128, 1, 2],
    [64, 4, 16, 8, 16],
    [2, 1, 2, 12, 16],
  ])('lays %i entries out as %i × %i', (entries, columns, rows, narrow, wide) => {
    expect(stripShape(entries, NARROW)).toEqual({ columns, rows, cell: narrow });
    expect(stripShape(entries, WIDE)).toEqual({ columns, rows, cell: wide });
  });
});

const shape = stripShape(512, NARROW);

it('finds the entry under the pointer, and nothing beside the strip', () => {
  expect(entryAt(0, 0, 512, shape)).toBe(0);
  expect(entryAt(5, 9, 512, shape)).toBe(33);
  expect(entryAt(63, 127, 512, shape)).toBe(511);
  expect(entryAt(64, 3, 512, shape)).toBeNull();
  expect(entryAt(3, 128, 512, shape)).toBeNull();
});

it('entries that belong together are a rectangle', () => {
  expect(rectOf(32, 16, shape)).toEqual({ left: 0, top: 8, width: 64, height: 4 });
  expect(rectOf(128, 128, shape)).toEqual({ left: 0, top: 32, width: 64, height: 32 });
  expect(rectOf(4, 2, shape)).toEqual({ left: 16, top: 0, width: 8, height: 4 });
});

it('keys move among the entries, and stop at the borders', () => {
  const cells = new Uint8Array(512);
  cells[100] = 2;
  const go = (key: string, from: number, ctrlKey = false) => moveBy({ key, ctrlKey }, from, cells, shape);
  expect(go('ArrowRight', 3)).toBe(4);
  expect(go('ArrowUp', 3)).toBe(0);
  expect(go('ArrowDown', 3)).toBe(19);
  expect(go('PageDown', 0)).toBe(128);
  expect(go('Home', 77)).toBe(0);
  expect(go('End', 77)).toBe(511);
  expect(go('ArrowRight', 3, true)).toBe(100);
  expect(go('ArrowRight', 100, true)).toBe(100);
  expect(go('a', 3)).toBeNull();
});
