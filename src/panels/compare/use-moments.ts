import { useCallback } from 'react';
import { useApp } from '../../store';
import type { MomentRef } from '../../store/types';
import { useReading } from '../shared/use-reading';
import type { Objects } from '../shared/words';
import { placeOf, type Place } from './moments';

/** Where a moment is; the same object for as long as it is the same place. Null: its branch is gone. */
export function usePlace(ref: MomentRef): Place | null {
  const cursor = useApp((state) => placeOf(ref, state)?.cursor ?? null);
  const script = useApp((state) => placeOf(ref, state)?.script);
  return cursor === null ? null : { cursor, ...(script === undefined ? {} : { script }) };
}

/** The world at two moments; undefined while it is read. */
export function useWorlds(
  a: Place | null,
  b: Place | null,
): { readonly a: Objects; readonly b: Objects } | undefined {
  const readMoment = useApp((state) => state.actions.readMoment);
  const key = keyOf(a, b);
  const found = useReading(
    useCallback(async () => {
      const places = placesOf(key);
      const worlds = await Promise.all(
        places.map((place) => (place === null ? null : readMoment(place.cursor, place.script))),
      );
      return { key, worlds };
    }, [key, readMoment]),
  );
  const [first, second] = found?.worlds ?? [];
  return first && second ? { a: first.objects, b: second.objects } : undefined;
}

/** Two places as one value that can be compared. */
export const keyOf = (a: Place | null, b: Place | null): string => JSON.stringify([a, b]);
export const placesOf = (key: string): readonly [Place | null, Place | null] =>
  JSON.parse(key) as [Place | null, Place | null];
