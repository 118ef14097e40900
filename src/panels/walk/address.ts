import type { AddressField } from '../../engine/sim/batch';

/** A field and the bits of the address that it is. */
export interface ShownField extends AddressField {
  readonly high: number;
  readonly low: number;
}

/** Fields with their bits, counted from the lowest. */
export function bitRanges(fields: readonly AddressField[]): readonly ShownField[] {
  let high = fields.reduce((sum, { bits }) => sum + bits, 0) - 1;
  return fields.map((field) => {
    const low = high - field.bits + 1;
    const shown = { ...field, high, low };
    high = low - 1;
    return shown;
  });
}

/** As it is cut before anybody knows that a page is a large one: the offset gives back what it took. */
export function beforeLeaf(fields: readonly AddressField[]): readonly AddressField[] {
  return fields.flatMap((field): readonly AddressField[] => {
    if (!field.merged) return [field];
    let value = BigInt(field.value);
    let low = field.bits - field.merged.reduce((sum, { bits }) => sum + bits, 0);
    const offset = {
      label: field.label,
      level: 0,
      bits: low,
      value: Number(value & ((1n << BigInt(low)) - 1n)),
    };
    const back: AddressField[] = [];
    value >>= BigInt(low);
    for (const { level, label, bits } of field.merged.toReversed()) {
      back.unshift({ label, level, bits, value: Number(value & ((1n << BigInt(bits)) - 1n)) });
      value >>= BigInt(bits);
      low += bits;
    }
    return [...back, offset];
  });
}

/** Bits of the last index that a leaf of several equal entries makes part of the offset. */
export function joinedBits(fields: readonly AddressField[], sizeLg2: number): number {
  const offset = fields.find(({ level }) => level === 0)?.bits ?? sizeLg2;
  return Math.max(0, sizeLg2 - offset);
}
