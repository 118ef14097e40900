import { expect, test } from 'vitest';
import { diffWords } from './table-words';

/** A page of zeroes but for some words, little-endian as the tables of the supported formats are. */
function page(pa: number, words: Readonly<Record<number, number>> = {}) {
  const bytes = new Uint8Array(4096);
  for (const [index, value] of Object.entries(words)) bytes[Number(index) * 8] = value;
  return { pa, level: 1, bytes };
}

test('only words that differ are told, at their addresses', () => {
  expect(diffWords([page(0x1000, { 0: 3, 5: 7 })], [page(0x1000, { 0: 3, 5: 9 })])).toEqual([
    { pa: 0x1028, level: 1, before: 7n, after: 9n },
  ]);
});

test('of a table that came, the entries that are not empty', () => {
  expect(diffWords([], [page(0x2000, { 511: 3 })])).toEqual([
    { pa: 0x2ff8, level: 1, before: null, after: 3n },
  ]);
});

test('an empty table that went changes nothing that hardware would read', () => {
  expect(diffWords([page(0x2000)], [])).toEqual([]);
});

test('bytes are little-endian words', () => {
  const bytes = Uint8Array.from([0x03, 0x10, 0, 0, 0, 0, 0, 0x80]);
  expect(diffWords([], [{ pa: 0, level: null, bytes }])[0]?.after).toBe(0x8000_0000_0000_1003n);
});
