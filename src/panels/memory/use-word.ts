import { useCallback, useMemo } from 'react';
import type { PhysicalMap, PhysicalRun } from '../../engine/sim/physical-map';
import type { WalkStep } from '../../engine/sim/batch';
import { useApp } from '../../store';
import { pointersOf, readingOf } from '../shared/table-reading';
import { useReading } from '../shared/use-reading';
import { wordsIn } from './selection';

export interface Meaning {
  /** The entry as the hardware would read it; null: nobody can tell. */
  readonly step: WalkStep | null;
  /** Where it points, first the likeliest: places where there is memory. */
  readonly pointers: readonly number[];
}

/** What a word is to the hardware, and where it leads. */
export function useWord(
  pa: number,
  bytes: Uint8Array | null,
  run: PhysicalRun | null,
  ram: PhysicalMap['ram'],
): Meaning {
  const lookups = useApp((state) => state.seen.lookups);
  const peekEntry = useApp((state) => state.actions.peekEntry);
  const reading = useMemo(
    () =>
      run?.use === 'page-table' ? readingOf(lookups, { pa, hwptId: run.ownerId, level: run.level }) : null,
    [lookups, pa, run],
  );
  const found = useReading(
    useCallback(
      async () => ({
        pa,
        step: reading && (await peekEntry(reading.unitId, reading.table, reading.index)),
      }),
      [reading, peekEntry, pa],
    ),
  );
  const known = found?.pa === pa ? found.step : null;
  // Entries of tables outside of it: read by a look-up at this very place, with fields as it saw them.
  const step = known ?? structureAt(lookups, pa, bytes);
  return useMemo(() => {
    const there = (to: number): boolean => ram.some(({ start, last }) => start <= to && to <= last);
    const told = step === null ? plainPointers(bytes) : pointersOf(step.fields);
    return { step, pointers: told.filter(there) };
  }, [step, bytes, ram]);
}

/** A context entry, a stream table entry and the like, where memory still holds what the look-up read. */
function structureAt(
  lookups: readonly { readonly parts: readonly { readonly steps: readonly WalkStep[] }[] }[],
  pa: number,
  bytes: Uint8Array | null,
): WalkStep | null {
  const [word] = bytes === null ? [] : wordsIn(bytes);
  for (const { parts } of lookups.slice(-100).reverse())
    for (const { steps } of parts)
      for (const step of steps) {
        const at = step.pa === null ? -1 : (pa - step.pa) / 8;
        if (step.structure !== 'table' && Number.isInteger(at) && step.words[at] !== undefined)
          return step.words[at] === word ? step : null;
      }
  return null;
}

const FRAME = 0x000f_ffff_ffff_f000n;

/** A word that nobody explains: the frame that it would point to if it were an entry. */
function plainPointers(bytes: Uint8Array | null): readonly number[] {
  const [word = 0n] = bytes === null ? [] : wordsIn(bytes);
  const frame = Number(word & FRAME);
  return frame === 0 || (word & 1n) === 0n ? [] : [frame];
}
