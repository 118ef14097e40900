import { useApp } from '../../store';
import type { Spot } from '../../store/types';

interface Addresses {
  readonly start: bigint;
  readonly last: bigint;
}

/** Points at addresses for as long as nothing is held. */
export function hoverSpot(space: Spot['space'], { start, last }: Addresses): void {
  useApp.getState().actions.point({ space, start, last, held: false });
}

/** Ends pointing; what is held stays. */
export function leaveSpot(): void {
  const { spot, actions } = useApp.getState();
  if (spot !== null && !spot.held) actions.point(null);
}

/**
 * A row about addresses of an IOAS or of memory: pointing at it marks them everywhere, and it is marked when somebody else
 * does. Of no space: a row that is about no addresses.
 */
export function useSpotRow(space: Spot['space'] | null, { start, last }: Addresses) {
  const lit = useApp(
    ({ spot }) => spot !== null && spot.space === space && spot.start <= last && spot.last >= start,
  );
  if (space === null) return {};
  return {
    'data-spot': lit || undefined,
    onPointerEnter: () => hoverSpot(space, { start, last }),
    onPointerLeave: leaveSpot,
    onFocus: () => hoverSpot(space, { start, last }),
    onBlur: leaveSpot,
  };
}
