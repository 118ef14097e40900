import { wordParts } from './format';
import type { Payload, PayloadEntry } from './payloads';
import { decode, WORD_BYTES, type Field, type Fields, type Struct } from './struct';

/** A piece of a printed call, for colours. */
export interface Token {
  readonly kind: 'call' | 'file' | 'command' | 'field' | 'name' | 'number' | 'mark' | 'comment' | 'errno';
  readonly text: string;
}

export const token = (kind: Token['kind'], text: string): Token => ({ kind, text });
export const mark = (text: string): Token => token('mark', text);

/** What a field points to, printed in its place. */
interface Pointed {
  readonly field: string;
  readonly tokens: readonly Token[];
}

/** What went in, and after an arrow what came out. */
export function structTokens(
  struct: Struct,
  before: Uint8Array,
  after: Uint8Array,
  succeeded: boolean,
  payload: Payload | null,
): readonly Token[] {
  const [was, is] = [decode(struct, before), decode(struct, after)];
  const given = fieldsIn(struct, before);
  const [pointedIn, pointedOut] = [payload && payloadIn(payload), payload && payloadOut(payload, succeeded)];
  const went = given.filter((field) => field.dir !== 'out' && !isIdle(field, was));
  const came = given.filter(
    (field) =>
      was[field.name] !== is[field.name] ||
      (field.dir === 'out' && succeeded) ||
      field.name === pointedOut?.field,
  );
  return [
    mark('{'),
    ...fieldTokens(went, was, pointedIn),
    ...tailTokens(struct, before),
    mark('}'),
    ...(came.length === 0 ? [] : [mark(' => {'), ...fieldTokens(came, is, pointedOut), mark('}')]),
  ];
}

/** The fields of a structure in words, what is zero because it must be left out: `cap_reg=0x… ecap_reg=0x…`. */
export function structWords(struct: Struct, bytes: Uint8Array): string {
  const values = decode(struct, bytes);
  const shown = fieldsIn(struct, bytes).filter((field) => !isIdle(field, values));
  return fieldTokens(shown, values, null, ' ')
    .map(({ text }) => text)
    .join('');
}

const fieldsIn = (struct: Struct, bytes: Uint8Array): readonly Field[] =>
  struct.fields.filter((field) => field.offset + WORD_BYTES[field.word] <= bytes.length);

/** Reserved words that are zero as they must be, and driver data that is not there, go without saying. */
function isIdle(field: Field, values: Fields): boolean {
  if (values[field.name] != 0) return false;
  return field.name.startsWith('__reserved') || (field.blob !== undefined && values[field.blob] === 0);
}

/** Bytes behind the structure that this kernel knows. */
function tailTokens(struct: Struct, bytes: Uint8Array): readonly Token[] {
  const beyond = bytes.subarray(struct.bytes);
  if (beyond.length === 0) return [];
  const not = beyond.some((byte) => byte !== 0) ? 'not ' : '';
  return [mark(', '), token('comment', `/* ${beyond.length} more bytes, ${not}zero */`)];
}

function payloadIn({ field, read, entries, more }: Payload): Pointed | null {
  if (!read) return null;
  const shown = entries.map(({ struct, before }) => {
    const values = decode(struct, before);
    const went = fieldsIn(struct, before).filter((each) => each.dir !== 'out' && !isIdle(each, values));
    return [mark('{'), ...fieldTokens(went, values, null), ...tailTokens(struct, before), mark('}')];
  });
  return { field, tokens: bracketed(more ? [...shown, [mark('...')]] : shown) };
}

function payloadOut({ field, written, entries }: Payload, succeeded: boolean): Pointed | null {
  if (!written) return null;
  const shown = entries.map((entry) => {
    const values = decode(entry.struct, entry.after);
    return [mark('{'), ...fieldTokens(cameBack(entry, succeeded), values, null), mark('}')];
  });
  return { field, tokens: bracketed(shown) };
}

function cameBack({ struct, before, after }: PayloadEntry, succeeded: boolean): readonly Field[] {
  const [was, is] = [decode(struct, before), decode(struct, after)];
  return fieldsIn(struct, after).filter(
    (each) => was[each.name] !== is[each.name] || (each.dir === 'out' && succeeded && !isIdle(each, is)),
  );
}

/** `[…, …]`: what a pointer leads to. */
const bracketed = (items: readonly (readonly Token[])[]): readonly Token[] => [
  mark('['),
  ...items.flatMap((item, index) => (index === 0 ? item : [mark(', '), ...item])),
  mark(']'),
];

const ELEMENT = /^(\w+)\[\d+\]$/;
const arrayOf = (field: Field | undefined): string | undefined => ELEMENT.exec(field?.name ?? '')?.[1];

function fieldTokens(
  fields: readonly Field[],
  values: Fields,
  pointed: Pointed | null,
  between = ', ',
): readonly Token[] {
  return fields.flatMap((field, index) => {
    const array = arrayOf(field);
    const inside = array !== undefined && arrayOf(fields[index - 1]) === array;
    const closes = array !== undefined && arrayOf(fields[index + 1]) !== array;
    return [
      ...(index > 0 ? [mark(inside ? ', ' : between)] : []),
      ...(inside ? [] : [token('field', array ?? field.name), mark('=')]),
      ...(array !== undefined && !inside ? [mark('[')] : []),
      ...(pointed?.field === field.name ? pointed.tokens : valueTokens(field, values)),
      ...(closes ? [mark(']')] : []),
    ];
  });
}

function valueTokens(field: Field, values: Fields): readonly Token[] {
  const length = field.blob === undefined ? 0 : Number(values[field.blob] ?? 0);
  return [
    ...wordParts(field, values[field.name] ?? 0),
    ...(length > 0 ? [token('comment', ` /* ${length} bytes */`)] : []),
  ];
}
