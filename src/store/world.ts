import type { LineResult, Lookup, StepBatch } from '../engine/sim/batch';
import type { WorldId, WorldObject } from '../engine/sim/world';
import { sameData } from '../lib/same-data';
import type { WorldState } from './types';

export const emptyWorld: WorldState = {
  epoch: 0,
  objects: {},
  results: [],
  lookups: [],
  events: [],
  cursor: 0,
};

/** The world after a batch; a batch of an older epoch changes nothing. */
export function applyBatch(state: WorldState, batch: StepBatch): WorldState {
  if (batch.epoch < state.epoch) return state;
  return {
    epoch: batch.epoch,
    objects: applyObjects(state.objects, batch),
    results: applyResults(batch.reset ? [] : state.results, batch.results),
    lookups: applyLookups(state.lookups, batch),
    events: batch.reset ? batch.events : [...state.events, ...batch.events],
    cursor: batch.cursor,
  };
}

/** An object that comes back unchanged keeps its identity: after undo or a seek only what differs is drawn again. */
function applyObjects(before: WorldState['objects'], batch: StepBatch): WorldState['objects'] {
  const after: Record<WorldId, WorldObject> = batch.reset ? {} : { ...before };
  for (const id of batch.removed) delete after[id];
  for (const object of batch.set) {
    const old = before[object.id];
    after[object.id] = old !== undefined && sameData(old, object) ? old : object;
  }
  return after;
}

/** Results know their line; whatever an earlier run left at or after the first of them is over. */
function applyResults(before: readonly LineResult[], results: readonly LineResult[]): readonly LineResult[] {
  const first = results[0];
  return first === undefined ? before : [...before.slice(0, first.line - 1), ...results];
}

function applyLookups(before: readonly Lookup[], batch: StepBatch): readonly Lookup[] {
  if (!batch.reset) return batch.lookups.length === 0 ? before : [...before, ...batch.lookups];
  return batch.lookups.map((lookup, index) => {
    const old = before[index];
    return old !== undefined && sameData(old, lookup) ? old : lookup;
  });
}

/** Results of lines beyond the cursor stay known as long as the script is the same. */
export function mergeKnown(
  known: readonly LineResult[],
  results: readonly LineResult[],
): readonly LineResult[] {
  return [...results, ...known.slice(results.length)];
}
