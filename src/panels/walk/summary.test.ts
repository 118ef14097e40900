import { expect, it } from 'vitest';
import { faultingLookup, fixtureLookup } from '../../testing/fixture-world';
import { occupancyText, summaryOf } from './summary';

it('says what a look-up cost', () => {
  expect(summaryOf(fixtureLookup.parts[0]!)).toBe('2 structure reads · 4 table reads');
  expect(summaryOf(faultingLookup.parts[0]!)).toBe('IOTLB hit');
});

it('counts the entries of a table', () => {
  expect(occupancyText(Uint8Array.of(0, 1, 2, 2, 3))).toBe('1 table, 2 leaves, 1 malformed, 1 empty');
});
