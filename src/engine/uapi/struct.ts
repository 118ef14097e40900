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
}

/** The header's names of numbers. */
export type NameTable = Readonly<Record<string, number>>;
type FieldNames = Pick<Field, 'flags' | 'enumOf' | 'blob'>;

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

/** Linux: offsetofend() */
export function endOf(struct: Struct, name: string): number {
  const found = struct.fields.find((each) => each.name === name);
  invariant(found, `${struct.name} has no field ${name}`);
  return found.offset + WORD_BYTES[found.word];
}

/** Bytes → values; bytes that the caller did not give count as zero. */
export function decode<S extends Struct>(struct: S, bytes: Uint8Array): FieldsOf<S> {
  const whole = new Uint8Array(struct.bytes);
  whole.set(bytes.subarray(0, struct.bytes));
  const view = new DataView(whole.buffer);
  const values: Fields = {};
  for (const { name, word, offset } of struct.fields) values[name] = read(view, word, offset);
  return values as FieldsOf<S>;
}

/** Values → bytes; fields not given are zero. */
export function encode(struct: Struct, values: Partial<Fields>): Uint8Array {
  const bytes = new Uint8Array(struct.bytes);
  const view = new DataView(bytes.buffer);
  for (const { name, word, offset } of struct.fields) write(view, word, offset, values[name] ?? 0);
  return bytes;
}

function read(view: DataView, word: Word, offset: number): number | bigint {
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

function write(view: DataView, word: Word, offset: number, value: number | bigint): void {
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
