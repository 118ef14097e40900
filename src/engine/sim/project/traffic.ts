import type { Machine } from '../machine';
import type { Background } from '../traffic/background';
import type { TrafficObject } from '../world';

export function projectTraffic({ names }: Machine, background: Background): TrafficObject {
  const { name, stream, accesses, hits, misses, blocked, firstBlocked } = background;
  const { device, access, start, last, size, pattern, pasid } = stream.spec;
  const id = `traffic:${name}`;
  return {
    type: 'traffic',
    id,
    name,
    place: names.placeOf(id, name),
    deviceId: device.worldId,
    access,
    start,
    last,
    size,
    pattern,
    pasid,
    accesses,
    hits,
    misses,
    blocked,
    firstBlocked,
  };
}
