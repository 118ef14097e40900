import { describe, expect, test } from 'vitest';
import { hit, walk } from '../testing/worlds';
import { handWords } from './hand-words';

describe('by hand', () => {
  const words = (step: number) => handWords(walk, step, 'vtd');

  test('it says how many accesses there are, and which one was made', () => {
    // Root entry, context entry, and three levels of the table (VT-d, "Second-Stage Translation").
    expect(words(0)).toBe('The request leaves the device: 5 accesses to memory to come.');
    expect(words(2)).toMatch(/^Access 1 of 5: root entry at 0x/i);
    expect(words(5)).toMatch(/^Access 3 of 5: level 4 entry at 0x/);
    expect(words(7)).toMatch(/^Access 5 of 5: level 2 entry at 0x/);
  });

  test('a cache is asked without an access to memory', () => {
    expect(words(1)).toBe('context cache: miss, nothing read.');
    expect(words(4)).toBe('IOTLB: miss, nothing read.');
  });

  test('a hit reads no table', () => {
    expect(handWords(hit, 0, 'vtd')).toBe('The request leaves the device; no table is read.');
  });

  test('levels are called as the unit’s document does', () => {
    expect(handWords(walk, 5, 'smmuv3')).toMatch(/level 0 entry/);
  });
});
