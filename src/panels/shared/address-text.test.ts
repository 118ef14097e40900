import { expect, test } from 'vitest';
import { parseAddress } from './address-text';

test('an address is hex, however it is written; what is none or too large is refused', () => {
  expect([' 0x1_07fe_0040 ', '107fe0040', '0X10'].map(parseAddress)).toEqual([
    0x1_07fe_0040, 0x1_07fe_0040, 16,
  ]);
  expect(['', 'buf', '0x', '-1', '0x1.5', 'f'.repeat(14)].map(parseAddress)).toEqual(
    Array.from({ length: 6 }, () => null),
  );
});
