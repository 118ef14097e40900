import { expect, it } from 'vitest';
import type { Field } from '../../engine/hw/common/fields';
import { bitRange, fieldAt, fieldIn } from './bit-range';

const field = (name: string, bits: string): Field => ({ name, bits, value: 0n, meaning: '' });
/** VT-d, "Second-Stage Paging Entries": a 2 MiB page. */
const FIELDS = [
  field('R', '0'),
  field('W', '1'),
  field('PS', '7'),
  field('SNP', '11'),
  field('ADDR', '51:21'),
];

it('reads bits as documents write them', () => {
  expect(bitRange('51:21')).toEqual({ high: 51, low: 21 });
  expect(bitRange('7')).toEqual({ high: 7, low: 7 });
  expect(bitRange('-')).toBeNull();
});

it('names the field of a bit, and of a hex digit the narrowest in it', () => {
  expect(fieldAt(FIELDS, 7)?.name).toBe('PS');
  expect(fieldAt(FIELDS, 40)?.name).toBe('ADDR');
  expect(fieldAt(FIELDS, 12)).toBeNull();
  expect(fieldIn(FIELDS, 23, 20)?.name).toBe('ADDR');
  expect(fieldIn(FIELDS, 7, 4)?.name).toBe('PS');
});
