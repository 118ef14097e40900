import { expect, it } from 'vitest';
import type { LookupStep } from '../../engine/sim/batch';
import { faultingLookup, fixtureLookup } from '../../testing/fixture-world';
import { occupancyText, permissionChain, summaryOf } from './summary';

it('says what a look-up cost', () => {
  expect(summaryOf(fixtureLookup.parts[0]!)).toBe('2 context reads · 4 table reads');
  expect(summaryOf(faultingLookup.parts[0]!)).toBe('IOTLB hit');
});

it('permissions are ANDed on the way down, and the entry that clears one is marked', () => {
  const entry = (r: bigint, w: bigint): LookupStep => ({
    ...fixtureLookup.parts[0]!.steps[4]!,
    fields: [
      { name: 'R', bits: '0', value: r, meaning: '' },
      { name: 'W', bits: '1', value: w, meaning: '' },
    ],
  });
  const chain = permissionChain([entry(1n, 1n), entry(1n, 0n), entry(1n, 1n)]);
  expect(chain.map((step) => step.find((each) => each.name === 'W'))).toEqual([
    { name: 'W', allowed: true, clearedHere: false },
    { name: 'W', allowed: false, clearedHere: true },
    { name: 'W', allowed: false, clearedHere: false },
  ]);
});

it('counts the entries of a table', () => {
  expect(occupancyText(Uint8Array.of(0, 1, 2, 2, 3))).toBe('1 table, 2 leaves, 1 malformed, 1 empty');
});
