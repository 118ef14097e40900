import { describe, expect, it } from 'vitest';
import type { Rect } from '../layout/geometry';
import { LEGIBLE, TYPE } from '../layout/sizes';
import { allOf, firstView, viewOn, windowOf } from './framing';

const SCREEN = { width: 812, height: 524 };
const rect = (x: number, y: number, width: number, height: number): Rect => ({ x, y, width, height });
const scene = (cards: Rect, focus: Rect | null = null, isMap = false) => ({
  cards,
  room: cards,
  focus,
  isMap,
});

describe('how a scene opens', () => {
  it('a scene that can be read as a whole is there as a whole', () => {
    const cards = rect(0, 0, 1000, 400);
    const view = firstView(scene(cards), SCREEN);
    expect(view).toEqual(allOf(cards, SCREEN));
  });

  it.each([
    [1400, 300],
    [3000, 200],
    [500, 3000],
    [4000, 4000],
  ])('words can be read: %i × %i', (width, height) => {
    const view = firstView(scene(rect(-40, 10, width, height)), SCREEN);
    expect(TYPE.mid.text * view.zoom).toBeGreaterThanOrEqual(LEGIBLE - 1e-9);
    // It begins at the beginning of a DMA's way.
    expect(windowOf(view, SCREEN).x).toBeLessThan(-40);
    expect(windowOf(view, SCREEN).x).toBeGreaterThan(-80);
  });

  it('room for what is not there yet costs no legibility', () => {
    const cards = rect(0, 0, 900, 300);
    const view = firstView({ ...scene(cards), room: rect(0, 0, 1600, 300) }, SCREEN);
    expect(view).toEqual(allOf(cards, SCREEN));
  });

  it('of a tall machine the part that is looked at, and nothing below its end', () => {
    const cards = rect(0, 0, 900, 4000);
    const middle = windowOf(firstView(scene(cards, rect(0, 2000, 900, 100)), SCREEN), SCREEN);
    expect(middle.y).toBeLessThan(2000);
    expect(middle.y + middle.height).toBeGreaterThan(2100);
    const end = windowOf(firstView(scene(cards, rect(0, 3950, 900, 50)), SCREEN), SCREEN);
    expect(end.y + end.height).toBeGreaterThan(4000);
    expect(end.y + end.height).toBeLessThan(4120);
  });

  it('a machine of hundreds of cards opens as a map', () => {
    const cards = rect(0, 0, 4000, 9000);
    expect(firstView(scene(cards, null, true), SCREEN)).toEqual(allOf(cards, SCREEN));
  });
});

describe('going along', () => {
  const near = rect(100, 100, 200, 100);
  const far = rect(5000, 100, 200, 100);

  it('keeps the size at which a person looks', () => {
    expect(viewOn([near], near, 0.9, SCREEN).zoom).toBe(0.9);
  });

  it('goes to the last of what is too far apart', () => {
    const view = windowOf(viewOn([near, far], rect(100, 100, 5100, 100), 0.3, SCREEN), SCREEN);
    expect(view.x).toBeGreaterThan(300);
    expect(view.x + view.width).toBeGreaterThan(5200);
  });
});
