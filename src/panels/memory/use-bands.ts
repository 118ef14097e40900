import { useMemo } from 'react';
import type { PhysicalMap } from '../../engine/sim/physical-map';
import { useApp } from '../../store';
import type { Range } from '../../lib/folded-strip';
import { framesUnder } from '../space/ribbons';

export interface Bands {
  /** Addresses of memory that somebody points at or holds, here or elsewhere. */
  readonly spot: Range | null;
  readonly held: boolean;
  /** Where the memory behind IOVAs is that somebody points at or holds. */
  readonly behind: readonly Range[];
}

const NONE: readonly Range[] = [];

/** What of memory is meant by what is pointed at anywhere on the page. */
export function useBands(map: PhysicalMap | null): Bands {
  const spot = useApp((state) => state.spot);
  const ioas = useApp(({ objects }) => {
    const object = spot === null ? undefined : objects[spot.space];
    return object?.type === 'ioas' ? object : null;
  });
  return useMemo(() => {
    if (spot?.space === 'memory') return { spot, held: spot.held, behind: NONE };
    if (spot === null || ioas === null || map === null) return { spot: null, held: false, behind: NONE };
    const ends = new Map(ioas.areas.map(({ iova, last }) => [iova, last]));
    const areas = map.areas.filter(({ ioasId }) => ioasId === ioas.id);
    return { spot: null, held: spot.held, behind: framesUnder(areas, ends, spot) };
  }, [spot, ioas, map]);
}
