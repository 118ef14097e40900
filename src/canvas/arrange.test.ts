import { describe, expect, it, vi } from 'vitest';
import type { AppState } from '../store/types';
import { aligned, layOutAgain, layOutRest } from './arrange';
import { device, group, ioas, world } from './testing/build';

const rects = new Map([
  ['a', { x: 0, y: 0, width: 100, height: 40 }],
  ['b', { x: 200, y: 100, width: 60, height: 80 }],
  ['c', { x: 300, y: 300, width: 100, height: 20 }],
  ['frame', { x: 50, y: 500, width: 100, height: 100 }],
  ['inner', { x: 60, y: 520, width: 80, height: 20 }],
]);
const layout = { rects, frameOf: new Map([['inner', 'frame']]) };

describe('aligning', () => {
  it.each([
    [
      'left',
      [
        { id: 'b', x: 0, y: 100 },
        { id: 'c', x: 0, y: 300 },
      ],
    ],
    [
      'right',
      [
        { id: 'a', x: 300, y: 0 },
        { id: 'b', x: 340, y: 100 },
      ],
    ],
    [
      'top',
      [
        { id: 'b', x: 200, y: 0 },
        { id: 'c', x: 300, y: 0 },
      ],
    ],
    [
      'bottom',
      [
        { id: 'a', x: 0, y: 280 },
        { id: 'b', x: 200, y: 240 },
      ],
    ],
    [
      'centre',
      [
        { id: 'a', x: 150, y: 0 },
        { id: 'b', x: 170, y: 100 },
        { id: 'c', x: 150, y: 300 },
      ],
    ],
  ] as const)('%s: what stands there already is not moved', (how, places) => {
    expect(aligned(layout, ['a', 'b', 'c'], how)).toEqual(places);
  });

  it('spacing leaves the outermost two where they are, and makes the gaps equal', () => {
    // 320 high together, of which 140 are boxes: two gaps of 90.
    expect(aligned(layout, ['a', 'b', 'c'], 'rows')).toEqual([{ id: 'b', x: 200, y: 130 }]);
  });

  it('a device takes its frame along, and the frame is moved once', () => {
    expect(aligned(layout, ['a', 'inner', 'frame'], 'left')).toEqual([{ id: 'frame', x: 0, y: 500 }]);
  });

  it('one alone is aligned with nothing', () => {
    expect(aligned(layout, ['a'], 'left')).toEqual([]);
  });
});

describe('laying out again', () => {
  const place = { x: 1, y: 2 };
  const objects = world(
    ioas(1, { place }),
    ioas(2, { place }),
    group(1, ['01:00.0'], { place }),
    device('01:00.0', 'endpoint', { group: 1 }),
  );
  const app = (): { app: AppState; unplace: ReturnType<typeof vi.fn> } => {
    const unplace = vi.fn(async () => undefined);
    return { app: { objects, actions: { unplace } } as unknown as AppState, unplace };
  };

  it('without a selection nothing keeps its place', async () => {
    const { app: state, unplace } = app();
    await layOutAgain(state, []);
    expect(unplace).toHaveBeenCalledWith(null);
  });

  it('with one, only those lose theirs; a device with its frame', async () => {
    const { app: state, unplace } = app();
    await layOutAgain(state, ['dev:0000:01:00.0']);
    expect(unplace).toHaveBeenCalledWith(['dev:0000:01:00.0', 'group:1']);
  });

  it('the rest: what is selected stays, everything else loses its place', async () => {
    const { app: state, unplace } = app();
    await layOutRest(state, ['ioas:1.1']);
    expect(unplace).toHaveBeenCalledWith(['ioas:1.2', 'group:1']);
  });
});
