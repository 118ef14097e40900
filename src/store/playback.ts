import type { Lookup, LookupPart, TrafficRun, WalkStep } from '../engine/sim/batch';
import { beatsOfTraffic } from './traffic-show';
import type { AppState, PlaybackState } from './types';

export const idlePlayback: PlaybackState = {
  lookup: null,
  sample: null,
  traffic: null,
  tempo: 'walk',
  step: 0,
  playing: false,
  speed: 2,
  running: false,
  rushing: false,
  event: null,
  stoppedBy: null,
};

/** Steps of all parts. A part that the hardware passed untranslated has none, and counts as one: its arrival. */
export const totalSteps = (lookup: Lookup): number =>
  lookup.parts.reduce((sum, part) => sum + stepsOf(part), 0);

export const stepsOf = (part: LookupPart): number => Math.max(1, part.steps.length);

type Staged = Pick<AppState, 'playback' | 'lookups' | 'traffic'>;

/** The look-up on stage; null: none is. */
export function stagedLookup({ playback, lookups }: Pick<Staged, 'playback' | 'lookups'>): Lookup | null {
  if (playback.sample !== null) return playback.sample;
  return playback.lookup === null ? null : (lookups[playback.lookup] ?? null);
}

/** Steps of whatever is on stage; 0: nothing is. */
export function stagedSteps(state: Staged): number {
  const lookup = stagedLookup(state);
  if (lookup !== null) return totalSteps(lookup);
  const { traffic } = state.playback;
  return traffic === null ? 0 : beatsOfTraffic(runsOfLine(state.traffic, traffic));
}

/** The stage at the beginning of what it holds: moving, complete, or waiting for a person, as the tempo has it. */
export function begun(
  state: Staged,
  stage: Pick<PlaybackState, 'lookup' | 'sample' | 'traffic'>,
): PlaybackState {
  const playback = { ...state.playback, ...stage, step: 0 };
  const steps = stagedSteps({ ...state, playback });
  const { tempo } = playback;
  return { ...playback, step: tempo === 'instant' ? steps : 0, playing: tempo === 'walk' && steps > 0 };
}

/** The stage with all that it holds. */
export function completed(
  state: Staged,
  stage: Pick<PlaybackState, 'lookup' | 'sample' | 'traffic'>,
): PlaybackState {
  const playback = { ...state.playback, ...stage };
  return { ...playback, step: stagedSteps({ ...state, playback }), playing: false };
}

export function runsOfLine(traffic: readonly TrafficRun[], line: number): readonly TrafficRun[] {
  const last = traffic.findLastIndex((run) => run.line === line);
  let first = last;
  while (first > 0 && traffic[first - 1]?.line === line) first--;
  return last < 0 ? [] : traffic.slice(first, last + 1);
}

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
