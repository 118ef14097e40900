import { join } from '../../lib/u64';
import type { CacheEvent, MemoryReadEvent, TraceEvent } from './event';

/**
 * Puts a note into words: an event that is met too often to be made each time. A word and up to five numbers are kept as
 * they were when it happened, and this makes the event of them when somebody looks. So it may go by nothing that changes.
 */
export type Wording<Word extends string = string> = (
  /** The unit's name. */
  unit: string,
  word: Word,
  a: number,
  b: number,
  c: number,
  d: number,
  e: number,
) => TraceEvent;

/** The tag of a cache in words, from what it finds things by. */
export type TagOf = (a: number, b: number, c: number, d: number, e: number) => string;

/** Of a cache: the word is what was done. */
export const cacheWording =
  (cache: string, tagOf: TagOf): Wording<CacheEvent['op']> =>
  (unit, op, a, b, c, d, e) => ({ kind: 'cache', unit, cache, op, tag: tagOf(a, b, c, d, e) });

/** Of an entry: what does not apply. */
export const NO_STAGE = 0;
export const FOR_NO_LEVEL = -2;

/** What goes with an entry's address and word, in one number. */
export const entryShape = (level: number, stage: 0 | 1 | 2, forLevel: number, granuleLg2: number): number =>
  (level + 1) | (stage << 8) | ((forLevel - FOR_NO_LEVEL) << 16) | (granuleLg2 << 24);

/** An entry of one 64-bit word was read: the word is the structure. */
export const entryWording: Wording = (unit, structure, shape, index, pa, hi, lo) => {
  const stage = (shape >> 8) & 0xff;
  const forLevel = ((shape >> 16) & 0xff) + FOR_NO_LEVEL;
  const granuleLg2 = shape >> 24;
  return {
    kind: 'read',
    unit,
    structure,
    level: (shape & 0xff) - 1,
    ...(stage === 1 || stage === 2 ? { stage } : {}),
    ...(forLevel === FOR_NO_LEVEL ? {} : { forLevel }),
    ...(granuleLg2 === 12 ? {} : { granuleLg2 }),
    index,
    pa,
    words: [join(hi, lo)],
  };
};

/** A structure that is no table entry was read: so many 32-bit words, low first, from words[at] on. */
export function structureEvent(
  unit: string,
  structure: string,
  index: number,
  pa: number,
  words: Int32Array,
  at: number,
  count: number,
): MemoryReadEvent {
  const word = (n: number): number => words[at + n] as number;
  const pairs = Array.from({ length: count / 2 }, (_, n) => join(word(2 * n + 1), word(2 * n)));
  return { kind: 'read', unit, structure, level: -1, index, pa, words: pairs };
}
