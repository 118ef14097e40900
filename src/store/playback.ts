import type { Lookup, LookupPart, WalkStep } from '../engine/sim/batch';
import type { PlaybackState } from './types';

export const idlePlayback: PlaybackState = {
  lookup: null,
  step: 0,
  playing: false,
  speed: 2,
  running: false,
};

/** Steps of all parts. A part that the hardware passed untranslated has none, and counts as one: its arrival. */
export const totalSteps = (lookup: Lookup): number =>
  lookup.parts.reduce((sum, part) => sum + stepsOf(part), 0);

export const stepsOf = (part: LookupPart): number => Math.max(1, part.steps.length);

export interface Position {
  readonly part: number;
  /** Steps of this part that have happened. */
  readonly shown: number;
  /** The step that happened last, if the part has any. */
  readonly last: WalkStep | null;
  readonly partDone: boolean;
}

/** Where a look-up stands after `step` steps. At a border it shows the end of the earlier part, not the start of the next. */
export function positionAt(lookup: Lookup, step: number): Position {
  let left = step;
  for (const [index, part] of lookup.parts.entries()) {
    const steps = stepsOf(part);
    const isLastPart = index === lookup.parts.length - 1;
    if (left <= steps || isLastPart) {
      const shown = Math.min(left, steps);
      return { part: index, shown, last: part.steps[shown - 1] ?? null, partDone: shown === steps };
    }
    left -= steps;
  }
  return { part: 0, shown: 0, last: null, partDone: false };
}

/** The step count at which a part is complete. */
export const endOfPart = (lookup: Lookup, part: number): number =>
  lookup.parts.slice(0, part + 1).reduce((sum, each) => sum + stepsOf(each), 0);

export const faultOf = (lookup: Lookup): LookupPart['fault'] =>
  lookup.parts.find((part) => part.fault !== null)?.fault ?? null;

/** The look-up that a line made, as an index. */
export function lookupOfLine(lookups: readonly Lookup[], line: number): number | null {
  const index = lookups.findIndex((lookup) => lookup.line === line);
  return index < 0 ? null : index;
}
