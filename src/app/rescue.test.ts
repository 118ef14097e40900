import { describe, expect, it } from 'vitest';
import { parseRescued, rescued } from './rescue';

const scene = {
  script: 'a\nb',
  cursor: 1,
  selection: 'dev:1',
  undo: ['', 'a'],
  redo: ['a\nb\nc'],
  camera: { x: 10, y: -4.5, zoom: 0.75 },
};

describe('a scene that outlives its page', () => {
  it('comes back as it was', () => {
    expect(parseRescued(JSON.parse(JSON.stringify(rescued(scene))))).toEqual(scene);
  });

  it('leaves the oldest steps behind where all do not fit', () => {
    const long = 'x'.repeat(900_000);
    const { undo, redo } = rescued({ ...scene, undo: [`1${long}`, `2${long}`, `3${long}`], redo: [] });
    expect(undo.map((step) => step[0])).toEqual(['2', '3']);
    expect(redo).toEqual([]);
  });

  it('is looked at as its layout has it when the place of the camera is not known', () => {
    for (const camera of [undefined, null, 1, { x: 1, y: 2 }, { x: 1, y: 2, zoom: null }])
      expect(parseRescued({ ...scene, camera })).toEqual({ ...scene, camera: null });
  });

  it('is no scene when storage holds something else', () => {
    for (const value of [
      null,
      1,
      {},
      { ...scene, undo: 'a' },
      { ...scene, cursor: '1' },
      { ...scene, redo: [1] },
    ])
      expect(parseRescued(value)).toBeNull();
  });
});
