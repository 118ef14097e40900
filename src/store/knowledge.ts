import type { StepBatch } from '../engine/sim/batch';
import { sameLines } from '../lib/same-lines';
import { linesOf } from './script';
import type { ScriptState, WorldState } from './types';

/** What the first lines of a script come to, also those after the cursor: running them again gives the same. */
export type Knowledge = Pick<ScriptState, 'known' | 'seen'>;

export const NOTHING_KNOWN: Knowledge = { known: [], seen: { lookups: [], traffic: [], events: [] } };

interface OfLine {
  readonly line: number;
}

/** How many of a list, which is in the order of lines, belong to the first so many lines. */
function countUpTo(list: readonly OfLine[], line: number): number {
  let [low, high] = [0, list.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((list[middle]?.line ?? 0) <= line) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The same list with what it has of some lines replaced. */
const spliced = <T extends OfLine>(
  list: readonly T[],
  first: number,
  last: number,
  by: readonly T[],
): readonly T[] => {
  const from = countUpTo(list, first - 1);
  const to = countUpTo(list, last);
  return from === to && by.length === 0 ? list : [...list.slice(0, from), ...by, ...list.slice(to)];
};

/** With the lines of a batch; those before and after them stay. */
export function learn(before: Knowledge, batch: StepBatch): Knowledge {
  const first = batch.results[0]?.line;
  const last = batch.results.at(-1)?.line;
  if (first === undefined || last === undefined) return before;
  const { lookups, traffic, events } = before.seen;
  return {
    known: spliced(before.known, first, last, batch.results),
    seen: {
      lookups: spliced(lookups, first, last, batch.lookups),
      traffic: spliced(traffic, first, last, batch.traffic),
      events: spliced(events, first, last, batch.events),
    },
  };
}

/** Of the first so many lines alone. */
export const knownUpTo = ({ known, seen }: Knowledge, lines: number): Knowledge => ({
  known: upTo(known, lines, known),
  seen: {
    lookups: upTo(seen.lookups, lines, seen.lookups),
    traffic: upTo(seen.traffic, lines, seen.traffic),
    events: upTo(seen.events, lines, seen.events),
  },
});

type Shown = Pick<WorldState, 'results' | 'lookups' | 'traffic' | 'events'>;

/** What has happened when so many lines have run. A list that is what it was keeps its identity. */
export const shownAt = ({ known, seen }: Knowledge, cursor: number, before: Shown): Shown => ({
  results: upTo(known, cursor, before.results),
  lookups: upTo(seen.lookups, cursor, before.lookups),
  traffic: upTo(seen.traffic, cursor, before.traffic),
  events: upTo(seen.events, cursor, before.events),
});

function upTo<T extends OfLine>(list: readonly T[], line: number, before: readonly T[]): readonly T[] {
  const count = countUpTo(list, line);
  if (count === before.length && before.every((each, index) => each === list[index])) return before;
  return count === list.length ? list : list.slice(0, count);
}

/** What is known of a script, from what is known of another one. */
export interface Carried {
  readonly knowledge: Knowledge;
  /** So many lines come to what is known of them; those between and the cursor have to be run. */
  readonly lines: number;
}

/**
 * What holds of a changed script: all before the first line that differs. `place` lines change nothing of the machine: where
 * only such differ, what is known of the lines after them holds as well, under the numbers that they have now. Lines up to
 * the cursor will be run.
 */
export function carried(knowledge: Knowledge, from: string, to: string, cursor: number): Carried {
  const { known } = knowledge;
  if (from === to) return { knowledge, lines: known.length };
  const [before, after] = [linesOf(from), linesOf(to)];
  const { first, suffix, moved } = sameLines(before, after, isMove);
  const lines = Math.min(first, known.length);
  const head = knownUpTo(knowledge, lines);
  const renamed =
    moved.length === 0 ? head : { ...head, known: withTexts(head.known, after, new Set(moved)) };
  const [oldTail, newTail] = [before.length - suffix, after.length - suffix];
  const onlyPlaces = [...before.slice(first, oldTail), ...after.slice(first, newTail)].every(isPlace);
  const filler = known[0];
  if (!onlyPlaces || lines < first || known.length <= oldTail || newTail > cursor || filler === undefined)
    return { knowledge: renamed, lines };
  const by = newTail - oldTail;
  const tail = <T extends OfLine>(list: readonly T[]): readonly T[] =>
    list.slice(countUpTo(list, oldTail)).map((each) => ({ ...each, line: each.line + by }));
  const gap = Array.from({ length: newTail - lines }, (_, index) => ({ ...filler, line: lines + index + 1 }));
  const { lookups, traffic, events } = knowledge.seen;
  return {
    lines,
    knowledge: {
      known: [...renamed.known, ...gap, ...tail(known)],
      seen: {
        lookups: [...head.seen.lookups, ...tail(lookups)],
        traffic: [...head.seen.traffic, ...tail(traffic)],
        events: [...head.seen.events, ...tail(events)],
      },
    },
  };
}

const withTexts = (
  known: Knowledge['known'],
  lines: readonly string[],
  which: ReadonlySet<number>,
): Knowledge['known'] =>
  known.map((result, index) => (which.has(index) ? { ...result, text: lines[index] ?? '' } : result));

const PLACE = /^\s*place\s+(\S+)\s+[-\d.]+\s+[-\d.]+\s*(?:#|$)/;
const isPlace = (line: string): boolean => PLACE.test(line);

/** The same thing at another place. */
const isMove = (a: string, b: string): boolean => {
  const key = PLACE.exec(a)?.[1];
  return key !== undefined && key === PLACE.exec(b)?.[1];
};
