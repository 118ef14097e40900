import { invariant } from '../../lib/invariant';

/**
 * Structures of the kernel's user interface as data, and the one codec that reads and writes them.
 * Little endian, as on every machine that this engine models.
 */
export type Word = 'u8' | 'u16' | 'u32' | 's32' | 'u64';

export interface Field {
  readonly name: string;
  readonly word: Word;
  readonly offset: number;
  /** Who fills it in: the caller, the kernel, or both. */
  readonly dir: 'in' | 'out' | 'inout';
  /** What its bits are called. */
  readonly flags?: NameTable;
  /** What its values are called. */
  readonly enumOf?: NameTable;
  /** A user address of driver data; the field that tells how many bytes. */
  readonly blob?: string;
  /** A register, or a word of one: in hex however small. */
  readonly hex?: true;
}

/** The header's names of numbers. */
export type NameTable = Readonly<Record<string, number>>;
type FieldNames = Pick<Field, 'flags' | 'enumOf' | 'blob' | 'hex'>;

export interface Struct<F extends readonly Field[] = readonly Field[]> {
  readonly name: string;
  readonly bytes: number;
  readonly fields: F;
}

/** The values of a structure: 64-bit words as bigint, narrower ones as number. */
export type FieldsOf<S extends Struct> = {
  -readonly [F in S['fields'][number] as F['name']]: F['word'] extends 'u64' ? bigint : number;
};
export type Fields = Record<string, number | bigint>;

export const field = <const N extends string, const W extends Word>(
  name: N,
  word: W,
  offset: number,
  dir: Field['dir'] = 'in',
  names: FieldNames = {},
): { name: N; word: W; offset: number; dir: Field['dir'] } & FieldNames => ({
  name,
  word,
  offset,
  dir,
  ...names,
});

export const defineStruct = <const F extends readonly Field[]>(
  name: string,
  bytes: number,
  fields: F,
): Struct<F> => ({ name, bytes, fields });

export const WORD_BYTES: Readonly<Record<Word, number>> = { u8: 1, u16: 2, u32: 4, s32: 4, u64: 8 };

export function fieldOf(struct: Struct, name: string): Field {
  for (const each of struct.fields) if (each.name === name) return each;
  invariant(false, `${struct.name} has no field ${name}`);
}

/** Linux: offsetofend() */
export function endOf(struct: Struct, name: string): number {
  const { offset, word } = fieldOf(struct, name);
  return offset + WORD_BYTES[word];
}

/**
 * Where structures lie while their words are read and written. Always this one: a DataView for each structure would give
 * each a buffer outside the heap, which costs more than all the rest of a call.
 */
const desk = new Uint8Array(512);
const view = new DataView(desk.buffer);

/** Bytes that there are not count as zero. */
function layOut(struct: Struct, bytes: Uint8Array): void {
  const { bytes: size, name } = struct;
  invariant(size <= desk.length, `${name} is larger than any structure was`);
  const given = Math.min(size, bytes.length);
  for (let at = 0; at < given; at++) desk[at] = bytes[at] as number;
  desk.fill(0, given, size);
}

/** Bytes → values; bytes that the caller did not give count as zero. */
export function decode<S extends Struct>(struct: S, bytes: Uint8Array): FieldsOf<S> {
  layOut(struct, bytes);
  const values: Fields = {};
  for (const { name, word, offset } of struct.fields) values[name] = read(word, offset);
  return values as FieldsOf<S>;
}

/** Values → bytes; fields not given are zero. What no field covers is as in `under`. */
export function encode(struct: Struct, values: Partial<Fields>, under: Uint8Array = NOTHING): Uint8Array {
  layOut(struct, under);
  for (const { name, word, offset } of struct.fields) write(word, offset, values[name] ?? 0);
  return desk.slice(0, struct.bytes);
}

const NOTHING = new Uint8Array();

/** The 32-bit number that a structure begins with: its size. */
export function firstWord(bytes: Uint8Array): number {
  for (let at = 0; at < 4; at++) desk[at] = bytes[at] ?? 0;
  return view.getUint32(0, true);
}

function read(word: Word, offset: number): number | bigint {
  switch (word) {
    case 'u8':
      return view.getUint8(offset);
    case 'u16':
      return view.getUint16(offset, true);
    case 'u32':
      return view.getUint32(offset, true);
    case 's32':
      return view.getInt32(offset, true);
    case 'u64':
      return view.getBigUint64(offset, true);
  }
}

function write(word: Word, offset: number, value: number | bigint): void {
  switch (word) {
    case 'u8':
      view.setUint8(offset, Number(value));
      return;
    case 'u16':
      view.setUint16(offset, Number(value), true);
      return;
    case 'u32':
      view.setUint32(offset, Number(value), true);
      return;
    case 's32':
      view.setInt32(offset, Number(value), true);
      return;
    case 'u64':
      view.setBigUint64(offset, BigInt(value), true);
      return;
  }
}
