import { hex } from '../../../lib/u64';

/** One field of an entry, register or descriptor, taken apart for people. */
export interface Field {
  readonly name: string;
  /** Bits as documents write them, e.g. `51:12`, counted over the whole entry. */
  readonly bits: string;
  readonly value: bigint;
  readonly meaning: string;
}

/** A row that says where a field lies and what its values mean. */
export interface FieldRow {
  readonly name: string;
  readonly high: number;
  readonly low: number;
  readonly meaning: (value: bigint) => string;
}

export const defineField = (
  name: string,
  high: number,
  low: number,
  meaning: (value: bigint) => string,
): FieldRow => ({ name, high, low, meaning });

export const flag = (name: string, bit: number, set: string, clear: string): FieldRow =>
  defineField(name, bit, bit, (value) => (value === 1n ? set : clear));

/** Takes an entry apart, row by row. Words are 64 bits, low first. */
export function decode(words: readonly bigint[], rows: readonly FieldRow[]): readonly Field[] {
  const whole = words.reduce((sum, word, n) => sum | (word << BigInt(64 * n)), 0n);
  return rows.map((row) => {
    const value = (whole >> BigInt(row.low)) & ((1n << BigInt(row.high - row.low + 1)) - 1n);
    const bits = row.high === row.low ? `${row.low}` : `${row.high}:${row.low}`;
    return { name: row.name, bits, value, meaning: row.meaning(value) };
  });
}

export const address =
  (shift: bigint, what: string) =>
  (value: bigint): string =>
    `${what} ${hex(value << shift)}`;
