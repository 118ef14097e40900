import { measureAreas, type Heap } from './ioas-areas';
import { measureCalls } from './ioas-calls';
import { LARGE, measureMap, SMALL } from './ioas-map';
import type { Clock, IoasMeasurement } from './measure';

/**
 * iommufd over the VT-d driver, through its ioctls, as the page runs it but without a trace.
 *
 * Beside each figure stands one that bounds it, measured in the same run.
 */
export function measureIoas(now: Clock, heap: Heap): readonly IoasMeasurement[] {
  const call = measureCalls(now);
  return [
    call,
    ...[1, 4].flatMap((domains) => [SMALL, LARGE].flatMap((bytes) => measureMap(now, domains, bytes))),
    ...measureAreas(now, heap, call),
  ];
}
