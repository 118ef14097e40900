import { describe, expect, it } from 'vitest';
import type { IdevObject } from '../../engine/sim/world';
import { computeLayout } from '../layout/layout';
import { desktop } from '../testing/worlds';
import { actingIn, cardOfObject } from './acting';

const { rects } = computeLayout(desktop);
const acting = (text: string) => actingIn(text, desktop, cardOfObject(desktop, rects));
const named = (type: string) =>
  Object.values(desktop).find((object) => object.type === type && object.name !== null);

describe('what a line acts on', () => {
  it('a device by its number, short or long', () => {
    const device = Object.values(desktop).find((object) => object.type === 'device' && !object.isBridge);
    const bdf = device?.type === 'device' ? device.bdf : '';
    expect(acting(`dma ${bdf} write 0x100000 64`)).toEqual([device?.id]);
    expect(acting(`dma ${bdf.slice(5)} write 0x100000 64`)).toEqual([device?.id]);
  });

  it('objects by their names, last what the line made; a bound device is its card', () => {
    const ioas = named('ioas');
    const device =
      Object.values(desktop).find((object) => object.type === 'device' && !object.isBridge)?.id ?? '';
    const idev: IdevObject = {
      type: 'idev',
      id: 'idev:1.9',
      name: 'vmdev',
      place: null,
      contextId: 'ctx:1',
      objectId: 9,
      deviceId: device,
      hwptId: null,
      pasids: [],
    };
    const world = { ...desktop, [idev.id]: idev };
    const line = `${ioas?.name} = REPLACE vmdev nobody`;
    expect(actingIn(line, world, cardOfObject(world, rects))).toEqual([device, ioas?.id]);
  });

  it('not what a remark, a text or an expectation happens to say', () => {
    const ioas = named('ioas')?.name;
    expect(acting(`note "${ioas} is full" # ${ioas} ! ${ioas}`)).toEqual([]);
    expect(acting('')).toEqual([]);
  });
});
