import { expect, test } from 'vitest';
import { asciiOf, bytesText, rangeOf, windowFor, wordAfter, wordAt, wordsIn, wordsText } from './selection';

test('arrows go by words and rows, Page keys by windows, Home and End within a row or a frame', () => {
  const from = (key: string, ctrl = false) => wordAfter(key, 0x1018, ctrl);
  expect(['ArrowLeft', 'ArrowRight', 'ArrowUp', 'ArrowDown'].map((key) => from(key))).toEqual([
    0x1010, 0x1020, 0x1008, 0x1028,
  ]);
  expect([from('PageUp'), from('PageDown')]).toEqual([0xf18, 0x1118]);
  expect([from('Home'), from('End'), from('Home', true), from('End', true)]).toEqual([
    0x1010, 0x1018, 0x1000, 0x1ff8,
  ]);
  expect(from('a')).toBeNull();
  expect(wordAfter('ArrowUp', 8)).toBe(0);
});

test('the window moves only as far as it has to', () => {
  expect(windowFor(0x1050, 0x1000)).toBe(0x1000);
  expect(windowFor(0x1100, 0x1000)).toBe(0x1010);
  expect(windowFor(0xff8, 0x1000)).toBe(0xff0);
  expect(windowFor(0x5000, 0x1000)).toBe(0x4f10);
});

test('a selection has whole words, whichever end came first', () => {
  expect(rangeOf(0x1010, 0x1000)).toEqual({ start: 0x1000n, last: 0x1017n });
  expect(rangeOf(0x1000, 0x1000)).toEqual({ start: 0x1000n, last: 0x1007n });
  expect(wordAt(0x1017)).toBe(0x1010);
});

test('words are little-endian, and are copied with their addresses', () => {
  const bytes = Uint8Array.from(
    [0x03, 0x10, 0, 0, 0, 0, 0, 0x80, ...'IOMMUFD\0'].map((each) =>
      typeof each === 'string' ? each.charCodeAt(0) : each,
    ),
  );
  const words = wordsIn(bytes);
  expect(words[0]).toBe(0x8000_0000_0000_1003n);
  expect(wordsText(0x1000, words).split('\n')[0]).toBe('0x1000: 0x8000000000001003');
  expect(bytesText(bytes)).toBe('03 10 00 00 00 00 00 80 49 4f 4d 4d 55 46 44 00');
  expect(asciiOf(bytes)).toBe('········IOMMUFD·');
  expect(asciiOf(bytes.subarray(0, 8))).toBeNull();
});
