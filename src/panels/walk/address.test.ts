import { expect, it } from 'vitest';
import { beforeLeaf, bitRanges, joinedBits } from './address';

/** VT-d, "Second-Stage Translation": 47:39, 38:30, 29:21 and, of a 2 MiB page, 20:0, where 20:12 would be the level 1 index. */
const LARGE = [
  { label: 'level 4', level: 4, bits: 9, value: 0 },
  { label: 'level 3', level: 3, bits: 9, value: 0 },
  { label: 'level 2', level: 2, bits: 9, value: 1 },
  {
    label: 'offset',
    level: 0,
    bits: 21,
    value: 0x1_2340,
    merged: [{ label: 'level 1', level: 1, bits: 9 }],
  },
];

it('fields are the bits that the document says', () => {
  expect(bitRanges(LARGE).map(({ high, low }) => `${high}:${low}`)).toEqual([
    '47:39',
    '38:30',
    '29:21',
    '20:0',
  ]);
});

it('until the leaf is known, the offset is that of the smallest page', () => {
  expect(beforeLeaf(LARGE).slice(3)).toEqual([
    { label: 'level 1', level: 1, bits: 9, value: 0x12 },
    { label: 'offset', level: 0, bits: 12, value: 0x340 },
  ]);
});

it('a page of several levels gives all their fields back', () => {
  const gigabyte = {
    label: 'offset',
    level: 0,
    bits: 30,
    value: 0x3fff_f040,
    merged: [
      { label: 'level 2', level: 2, bits: 9 },
      { label: 'level 1', level: 1, bits: 9 },
    ],
  };
  expect(beforeLeaf([gigabyte]).map(({ value }) => value)).toEqual([0x1ff, 0x1ff, 0x40]);
});

it('entries that are joined make index bits part of the offset', () => {
  // AMD, "Page Table Entries with Next Level = 7": 64 KiB are 16 entries of 4 KiB.
  const fields = [
    { label: 'level 1', level: 1, bits: 9, value: 0xf },
    { label: 'offset', level: 0, bits: 12, value: 0x40 },
  ];
  expect(joinedBits(fields, 16)).toBe(4);
  expect(joinedBits(fields, 12)).toBe(0);
});
