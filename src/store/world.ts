import type { StepBatch } from '../engine/sim/batch';
import type { WorldId, WorldObject } from '../engine/sim/world';
import { sameData } from '../lib/same-data';
import { learn, shownAt, type Knowledge } from './knowledge';
import type { WorldState } from './types';

export const emptyWorld: WorldState = {
  epoch: 0,
  objects: {},
  results: [],
  lookups: [],
  traffic: [],
  events: [],
  cursor: 0,
};

/** The world after a batch, and what is known by then; a batch of an older epoch changes nothing. */
export function applyBatch(
  state: WorldState,
  knowledge: Knowledge,
  batch: StepBatch,
): (WorldState & Knowledge) | null {
  if (batch.epoch < state.epoch) return null;
  const learnt = learn(knowledge, batch);
  return {
    ...learnt,
    ...shownAt(learnt, batch.cursor, state),
    epoch: batch.epoch,
    objects: applyObjects(state.objects, batch),
    cursor: batch.cursor,
  };
}

/** An object that comes back unchanged keeps its identity: after undo or a seek only what differs is drawn again. */
function applyObjects(before: WorldState['objects'], batch: StepBatch): WorldState['objects'] {
  if (!batch.reset && batch.set.length === 0 && batch.removed.length === 0) return before;
  const after: Record<WorldId, WorldObject> = batch.reset ? {} : { ...before };
  for (const id of batch.removed) delete after[id];
  for (const object of batch.set) {
    const old = before[object.id];
    after[object.id] = old !== undefined && sameData(old, object) ? old : object;
  }
  return after;
}
