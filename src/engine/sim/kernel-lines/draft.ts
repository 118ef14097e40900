import type { Field } from '../../hw/common/fields';
import type { DecodedLine, DecodedStructure, Fact, LineSource } from './types';

/** A message while its lines are still being read. */
export interface Draft {
  source: LineSource;
  kind: DecodedLine['kind'];
  title: string;
  device: string | null;
  access: DecodedLine['access'];
  iova: bigint | null;
  pasid: number | null;
  reason: number | null;
  why: string;
  facts: Fact[];
  structures: DecodedStructure[];
}

type Given = Pick<Draft, 'source' | 'kind' | 'title' | 'why'> & Partial<Draft>;

export const draft = (given: Given): Draft => ({
  device: null,
  access: null,
  iova: null,
  pasid: null,
  reason: null,
  facts: [],
  structures: [],
  ...given,
});

/** What one line turned out to be. */
export type Reading =
  | {
      readonly kind: 'message';
      readonly draft: Draft;
      /** Later lines find it by this: parts with the same key are its own. */
      readonly key?: string;
      /** The format has more: the line was wrapped, or is cut. */
      readonly cut?: boolean;
      /** How its text would go on where a line was wrapped in the midst of it. */
      readonly rest?: string;
    }
  | {
      readonly kind: 'part';
      readonly key: string;
      readonly add: (open: Draft) => void;
      /** Whether it can belong to this message. Default: it does. */
      readonly fits?: (open: Draft) => boolean;
      /** Where the message that it belongs to was not pasted; null: then it means nothing. */
      readonly alone: () => Draft | null;
      readonly cut?: boolean;
      /** What it can be a part of where nothing of `key` is open that it fits. */
      readonly orElse?: Reading;
    };

export type LineReader = (text: string) => Reading | null;

export const message = (
  made: Draft,
  how: { readonly key?: string; readonly cut?: boolean; readonly rest?: string } = {},
): Reading => ({ kind: 'message', draft: made, ...how });

/** A part that is a message of its own where nothing before it is open. */
export const part = (
  key: string,
  add: (open: Draft) => void,
  empty: () => Draft,
  fits?: (open: Draft) => boolean,
): Reading => ({
  kind: 'part',
  key,
  add,
  ...(fits !== undefined && { fits }),
  alone: () => {
    const made = empty();
    add(made);
    return made;
  },
});

/** Leaves out fields of words that are not there: they would all read as zero. */
export function structure(
  name: string,
  words: readonly bigint[],
  fields: readonly Field[],
  bytes: 4 | 8 = 8,
): DecodedStructure {
  const known = words.length * bytes * 8;
  return { name, words, bytes, fields: fields.filter(({ bits }) => Number(bits.split(':')[0]) < known) };
}

/** Puts a word where it belongs in a structure of the message that comes in one line a word; anew when one is skipped. */
export function addWord(
  open: Draft,
  name: string,
  index: number,
  word: bigint,
  decode: (words: readonly bigint[]) => readonly Field[],
): readonly bigint[] {
  const at = open.structures.findIndex((each) => each.name === name);
  const before = at < 0 ? [] : (open.structures[at]?.words ?? []);
  if (index !== before.length) {
    open.facts.push({ name: `${name}, word ${index}`, value: `0x${word.toString(16).padStart(16, '0')}` });
    return before;
  }
  const words = [...before, word];
  const made = structure(name, words, decode(words));
  if (at < 0) open.structures.push(made);
  else open.structures[at] = made;
  return words;
}
