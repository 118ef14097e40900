import { describe, expect, it } from 'vitest';
import type { Rect } from '../layout/geometry';
import { nearOf } from './use-near';

/** A column of cards, 100 apart, 70 high. */
const column = (count: number): ReadonlyMap<string, Rect> =>
  new Map(
    Array.from({ length: count }, (_, n) => [`dev:${n}`, { x: 0, y: n * 100, width: 200, height: 70 }]),
  );
const view = (y: number, height: number): Rect => ({ x: -50, y, width: 400, height });

describe('which cards are near enough to be elements', () => {
  it('those that overlap the view, also by a part', () => {
    expect([...nearOf(column(1000), view(160, 250))]).toEqual(['dev:1', 'dev:2', 'dev:3', 'dev:4']);
  });
  it('none where too many are in view to be told apart', () => {
    expect(nearOf(column(1000), view(0, 25_950)).size).toBe(260);
    expect(nearOf(column(1000), view(0, 26_050)).size).toBe(0);
  });
  it('none before the canvas has a size', () => {
    expect(nearOf(column(3), null).size).toBe(0);
  });
});
