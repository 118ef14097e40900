import type { StepBatch } from '../engine/sim/batch';
import { lookupOfLine, totalSteps } from './playback';
import { changesMachine, editsHardware } from './script';
import type { AppState, PlaybackState, WorldState } from './types';
import { applyBatch, mergeKnown } from './world';

/** How a look-up of the new state comes on stage: moving, complete, not yet begun, or the one already there stays. */
export type Stage = 'play' | 'last' | 'at-cursor' | 'begin-at-cursor' | 'keep';

/**
 * Everything that follows from a batch, in one change: the world, and what of the view pointed into the old one.
 * `known` are the results to keep for lines beyond the cursor.
 */
export function afterBatch(
  state: AppState,
  batch: StepBatch,
  how: { readonly stage: Stage; readonly known: AppState['known'] },
): Partial<AppState> {
  const world = applyBatch(state, batch);
  if (world === state) return {};
  const { selection } = state;
  const playback = stage(state, world, how.stage);
  return {
    ...world,
    known: mergeKnown(how.known, world.results),
    playback,
    selection: selection !== null && selection in world.objects ? selection : null,
    connecting: null,
  };
}

function stage(state: AppState, world: WorldState, how: Stage): PlaybackState {
  const { playback } = state;
  const { lookups, cursor } = world;
  const complete = (index: number | null): PlaybackState => {
    const lookup = index === null ? undefined : lookups[index];
    return { ...playback, lookup: index, step: lookup ? totalSteps(lookup) : 0, playing: false };
  };
  switch (how) {
    case 'play':
      // The world went on: the drawing of an earlier look-up would no longer fit it.
      if (lookups.length <= state.lookups.length)
        return playback.lookup !== null && editedSince(world, state.cursor)
          ? complete(playback.lookup)
          : complete(null);
      return { ...playback, lookup: lookups.length - 1, step: 0, playing: true };
    case 'last':
      return { ...complete(lastLookup(world)), running: false };
    case 'at-cursor':
      return complete(lookupAt(world));
    case 'begin-at-cursor':
      return { ...playback, lookup: lookupOfLine(lookups, cursor), step: 0, playing: false };
    case 'keep':
      return playback.lookup !== null && playback.lookup >= lookups.length ? complete(null) : playback;
  }
}

/** Whether the lines run after `line` only changed what memory and registers hold. */
const editedSince = ({ results, cursor }: WorldState, line: number): boolean =>
  results.slice(line, cursor).every(({ text }) => editsHardware(text));

/** The look-up of the last line, or of one that only such changes followed: they are made to see it again. */
function lookupAt(world: WorldState): number | null {
  const { lookups, cursor } = world;
  const last = lookups.findLastIndex((lookup) => lookup.line <= cursor);
  const line = lookups[last]?.line;
  return line !== undefined && editedSince(world, line) ? lookupOfLine(lookups, line) : null;
}

/** The last look-up, while the world is still the one it was made in. */
function lastLookup({ lookups, results }: WorldState): number | null {
  const line = lookups.at(-1)?.line;
  if (line === undefined) return null;
  const movedOn = results
    .slice(line)
    .some((result) => result.status !== 'none' && changesMachine(result.text) && !editsHardware(result.text));
  return movedOn ? null : lookups.length - 1;
}
