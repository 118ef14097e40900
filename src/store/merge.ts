import type { StepBatch } from '../engine/sim/batch';
import type { WorldId, WorldObject } from '../engine/sim/world';

/**
 * Batches of one run, whose lines follow each other, as one that does the same: the page is drawn once, and lists are put
 * together once. What was removed and came again is in both: it goes first, as it did.
 */
export function merged(batches: readonly [StepBatch, ...StepBatch[]]): StepBatch {
  const [first] = batches;
  const last = batches.at(-1) ?? first;
  if (last === first) return first;
  const set = new Map<WorldId, WorldObject>();
  const removed = new Set<WorldId>();
  let reset = false;
  for (const batch of batches) {
    if (batch.reset) {
      reset = true;
      set.clear();
      removed.clear();
    }
    for (const id of batch.removed) {
      set.delete(id);
      removed.add(id);
    }
    for (const object of batch.set) set.set(object.id, object);
  }
  return {
    epoch: last.epoch,
    cursor: last.cursor,
    reset,
    set: [...set.values()],
    removed: [...removed],
    results: batches.flatMap(({ results }) => results),
    lookups: batches.flatMap(({ lookups }) => lookups),
    traffic: batches.flatMap(({ traffic }) => traffic),
    events: batches.flatMap(({ events }) => events),
  };
}
