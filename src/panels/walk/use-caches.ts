import { useCallback, useMemo } from 'react';
import type { CacheView } from '../../engine/hw/common/view';
import type { Lookup, LookupPart } from '../../engine/sim/batch';
import { useApp } from '../../store';
import { useReading } from '../shared/use-reading';
import { find } from '../shared/words';
import { staleHits } from './stale';

const NONE: ReadonlySet<number> = new Set();
const NO_CACHES: readonly CacheView[] = [];

export interface CachesNow {
  readonly caches: readonly CacheView[];
  /** Indices of the part's hits on what the tables no longer say. */
  readonly stale: ReadonlySet<number>;
}

/** The caches that a look-up met; known only while the machine is as the look-up left it. */
export function useCaches(lookup: Lookup, part: LookupPart | undefined): CachesNow {
  const readHardware = useApp((state) => state.actions.readHardware);
  const isNow = useApp((state) => state.cursor === lookup.line);
  const { iommuId, line, deviceId, pasid = null } = lookup;
  const deviceTlb = useApp((state) => find(state.objects, deviceId, 'device')?.deviceTlb);
  const asked = isNow ? iommuId : null;
  const found = useReading(
    useCallback(
      async () => ({ line, view: asked === null ? null : await readHardware(asked) }),
      [readHardware, asked, line],
    ),
  );
  return useMemo(() => {
    const caches = asked !== null && found?.line === line ? found.view?.caches : undefined;
    if (part === undefined || caches === undefined) return { caches: NO_CACHES, stale: NONE };
    return { caches, stale: staleHits(part, caches, { deviceTlb: deviceTlb ?? [], pasid }) };
  }, [part, asked, found, line, deviceTlb, pasid]);
}
