import { expect, it } from 'vitest';
import { desktop } from '../testing/worlds';
import { ringed, type PaintedScene } from './paint';
import { spotOn } from './spot-on';

const rect = { x: 100, y: 40, width: 150, height: 60 };
const ioas = Object.values(desktop).find((object) => object.type === 'ioas' && object.areas.length > 0);

it('what is held is a band below the card of its address space, where the strip of the card has it', () => {
  if (ioas?.type !== 'ioas') throw new Error('the scene has no mapped IOAS');
  const area = ioas.areas[0]!;
  const rects = new Map([[ioas.id, rect]]);
  const spot = { space: ioas.id, start: area.iova, last: area.last, held: true };
  const band = spotOn(spot, desktop, rects)!;
  expect(band).toMatchObject({ rect, held: true });
  expect(band.from).toBeGreaterThanOrEqual(0);
  expect(band.to).toBeGreaterThan(band.from);
  expect(band.to).toBeLessThanOrEqual(1);
  expect(spotOn(null, desktop, rects)).toBeNull();
  expect(spotOn({ ...spot, space: 'memory' }, desktop, rects)).toBeNull();
});

it('a painted card that is selected has its ring at every distance; an element shows it itself, but from afar', () => {
  const scene = {
    chosen: ['dev:a', 'dev:b'],
    isElement: (id: string) => id === 'dev:a',
  } as unknown as PaintedScene;
  expect(ringed(scene, 'far')).toEqual(['dev:b']);
  expect(ringed(scene, 'near')).toEqual(['dev:b']);
  expect(ringed(scene, 'map')).toEqual(['dev:a', 'dev:b']);
});
