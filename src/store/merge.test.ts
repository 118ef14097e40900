import { describe, expect, it } from 'vitest';
import type { LineResult, StepBatch } from '../engine/sim/batch';
import type { WorldObject } from '../engine/sim/world';
import { merged } from './merge';
import { applyBatch, emptyWorld } from './world';
import { NOTHING_KNOWN, type Knowledge } from './knowledge';
import type { WorldState } from './types';

const process = (id: string, pinnedPages: number): WorldObject =>
  ({ type: 'process', id, name: id, pinnedPages }) as unknown as WorldObject;

const result = (line: number): LineResult =>
  ({ line, text: `line ${line}`, status: 'ok' }) as unknown as LineResult;

const batch = (part: Partial<StepBatch>): StepBatch => ({
  epoch: 1,
  reset: false,
  cursor: 0,
  results: [],
  set: [],
  removed: [],
  lookups: [],
  traffic: [],
  events: [],
  ...part,
});

/** One after the other, as the page had them before they were put together. */
function inTurn(batches: readonly StepBatch[]): WorldState & Knowledge {
  const start: WorldState & Knowledge = {
    ...emptyWorld,
    ...NOTHING_KNOWN,
    objects: { old: process('old', 0), stays: process('stays', 0) },
  };
  return batches.reduce((world, each) => {
    const { known, seen } = world;
    return applyBatch(world, { known, seen }, each) ?? world;
  }, start);
}

describe('batches in a row', () => {
  const changed = batch({ cursor: 1, results: [result(1)], set: [process('a', 1), process('b', 1)] });
  const gone = batch({ epoch: 2, cursor: 2, results: [result(2)], removed: ['a', 'old'] });
  const again = batch({
    epoch: 3,
    cursor: 3,
    results: [result(3)],
    set: [process('old', 3), process('b', 2)],
  });
  const anew = batch({ epoch: 4, reset: true, cursor: 3, results: [result(3)], set: [process('c', 1)] });

  it.each([
    { of: 'one', batches: [changed] },
    { of: 'what is made and taken away', batches: [changed, gone] },
    { of: 'what comes again', batches: [changed, gone, again] },
    { of: 'what begins anew', batches: [changed, gone, anew] },
    {
      of: 'what goes on from there',
      batches: [anew, batch({ epoch: 5, cursor: 4, results: [result(4)], removed: ['c'] })],
    },
  ])('do as one what they do in turn: $of', ({ batches }) => {
    const [first, ...others] = batches;
    if (first === undefined) throw new Error('no batch');
    const world = inTurn([merged([first, ...others])]);
    const other = inTurn(batches);
    expect(world).toEqual(other);
    expect(Object.keys(world.objects)).toEqual(Object.keys(other.objects));
  });
});
