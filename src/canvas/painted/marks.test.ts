import { expect, it } from 'vitest';
import type { TrafficObject } from '../../engine/sim/world';
import { desktop } from '../testing/worlds';
import { marksOf } from './marks';

const devices = Object.values(desktop).flatMap((object) =>
  object.type === 'device' && !object.isBridge ? [object] : [],
);
const [first, second] = devices;
const traffic = (name: string, deviceId: string, blocked: number): TrafficObject => ({
  type: 'traffic',
  id: `traffic:${name}`,
  name,
  place: null,
  deviceId,
  access: 'read',
  start: 0n,
  last: 0xfffn,
  size: 64,
  pattern: 'ring',
  pasid: null,
  accesses: 10,
  hits: 10 - blocked,
  misses: 0,
  blocked,
  firstBlocked: null,
});

it('says what the chips of a card say: busy, blocked, refused, stale', () => {
  const group = Object.values(desktop).find(
    (object) => object.type === 'group' && object.id === first?.groupId,
  );
  if (group?.type !== 'group' || first === undefined || second === undefined)
    throw new Error('another world');
  const world = {
    ...desktop,
    'traffic:a': traffic('a', second.id, 0),
    'traffic:b': traffic('b', second.id, 3),
    [group.id]: { ...group, hwptId: null, domain: { ...group.domain, type: 'blocked' as const } },
  };
  const marks = marksOf(world);
  expect(marks.get(second.id)).toEqual({ traffic: true, wrong: 'fault' });
  for (const id of group.deviceIds) expect(marks.get(id)?.wrong).toBe('blocked');
});

it('the worst of a device comes first', () => {
  if (first === undefined) throw new Error('another world');
  const entry = { iova: 0n, pa: 0, sizeLg2: 12, pasid: null, stale: true };
  const stale = { ...first, deviceTlb: [entry as unknown as (typeof first)['deviceTlb'][number]] };
  expect(marksOf({ ...desktop, [first.id]: stale }).get(first.id)).toEqual({
    traffic: false,
    wrong: 'stale',
  });
  const both = { ...desktop, [first.id]: stale, 'traffic:a': traffic('a', first.id, 1) };
  expect(marksOf(both).get(first.id)).toEqual({ traffic: true, wrong: 'fault' });
});
