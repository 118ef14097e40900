import type { StepBatch } from '../engine/sim/batch';
import type { Knowledge } from './knowledge';
import { begun, completed, lookupOfLine } from './playback';
import { changesMachine, editsHardware } from './script';
import { isNews } from './traffic-show';
import type { AppState, PlaybackState, WorldState } from './types';
import { applyBatch } from './world';

/** How a look-up of the new state comes on stage: moving, complete, not yet begun, or the one already there stays. */
export type Stage = 'play' | 'last' | 'at-cursor' | 'begin-at-cursor' | 'keep';

/**
 * Everything that follows from a batch, in one change: the world, and what of the view pointed into the old one.
 * `knowledge` is what holds of the script beside the lines of the batch.
 */
export function afterBatch(
  state: AppState,
  batch: StepBatch,
  how: { readonly stage: Stage; readonly knowledge: Knowledge },
): Partial<AppState> {
  const world = applyBatch(state, how.knowledge, batch);
  if (world === null) return {};
  const { selection } = state;
  const marked = state.marked.filter((id) => id in world.objects);
  const playback = stage(state, world, how.stage);
  return {
    ...world,
    playback: world.cursor === state.cursor ? playback : { ...playback, event: null },
    selection: selection !== null && selection in world.objects ? selection : (marked.at(-1) ?? null),
    marked: marked.length === state.marked.length ? state.marked : marked.length > 1 ? marked : [],
    connecting: null,
  };
}

function stage(state: AppState, world: WorldState, how: Stage): PlaybackState {
  const { playback } = state;
  const { lookups, cursor } = world;
  const on = { ...world, playback };
  const complete = (lookup: number | null, traffic = trafficAt(world)): PlaybackState =>
    completed(on, { lookup, sample: null, traffic });
  switch (how) {
    case 'play': {
      const traffic = world.traffic.findLast((run) => run.line > state.cursor && isNews(run))?.line ?? null;
      if (lookups.length > state.lookups.length)
        return begun(on, { lookup: lookups.length - 1, sample: null, traffic });
      if (traffic !== null) return begun(on, { lookup: null, sample: null, traffic });
      // The world went on: the drawing of an earlier look-up would no longer fit it.
      const stays = playback.lookup !== null && editedSince(world, state.cursor);
      return complete(stays ? playback.lookup : null);
    }
    case 'last':
      return { ...complete(lastLookup(world)), running: false };
    case 'at-cursor':
      return complete(lookupAt(world));
    case 'begin-at-cursor': {
      const lookup = lookupOfLine(lookups, cursor);
      return { ...playback, lookup, sample: null, traffic: trafficAt(world), step: 0, playing: false };
    }
    case 'keep': {
      const gone = playback.lookup !== null && playback.lookup >= lookups.length;
      return gone || (playback.traffic ?? 0) > cursor ? complete(null) : playback;
    }
  }
}

/** The line with the latest traffic worth a look, while nothing that changes the machine has followed. */
function trafficAt({ traffic, results, cursor }: WorldState): number | null {
  const line = traffic.findLast(isNews)?.line;
  if (line === undefined) return null;
  const movedOn = results
    .slice(line, cursor)
    .some((result) => result.status !== 'none' && changesMachine(result.text));
  return movedOn ? null : line;
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
