import type { Field } from '../../engine/hw/common/fields';

export interface BitRange {
  readonly high: number;
  readonly low: number;
}

/** `51:12` or `0`. */
export function bitRange(bits: string): BitRange | null {
  const [high, low] = bits.split(':').map(Number);
  if (high === undefined || Number.isNaN(high)) return null;
  return { high, low: low ?? high };
}

/** The field that has a bit, counted over the whole entry; the narrowest where they overlap. */
export const fieldAt = (fields: readonly Field[], bit: number): Field | null => fieldIn(fields, bit, bit);

/** The field that has one of these bits; the narrowest where there are several. */
export function fieldIn(fields: readonly Field[], high: number, low: number): Field | null {
  let best: Field | null = null;
  let width = Infinity;
  for (const field of fields) {
    const range = bitRange(field.bits);
    if (range === null || range.high < low || range.low > high || range.high - range.low >= width) continue;
    best = field;
    width = range.high - range.low;
  }
  return best;
}
