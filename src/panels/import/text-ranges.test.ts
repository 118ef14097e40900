import { expect, it } from 'vitest';
import { countLines, quoteRanges, withoutLines } from './text-ranges';

it('quotes the first line of every range, shortened', () => {
  expect(
    quoteRanges(`one\n  two\nthree\n${'x'.repeat(500)}\nfive`, [
      { first: 2, last: 3 },
      { first: 4, last: 4 },
      { first: 5, last: 9 },
    ]),
  ).toEqual([
    { first: 2, last: 3, text: 'two' },
    { first: 4, last: 4, text: `${'x'.repeat(200)}…` },
    { first: 5, last: 9, text: 'five' },
  ]);
});

it('knows the line ends of all systems', () => {
  const second = [{ first: 2, last: 2 }];
  for (const end of ['\n', '\r\n', '\r'])
    expect(quoteRanges(`one${end}two${end}three`, second)[0]?.text, JSON.stringify(end)).toBe('two');
  expect(['', 'a', 'a\n', 'a\nb', 'a\r\nb\r\n'].map(countLines)).toEqual([0, 1, 1, 2, 2]);
});

it('a range past the end of the text has no words', () => {
  expect(quoteRanges('one\n', [{ first: 7, last: 8 }])[0]?.text).toBe('');
});

it('takes lines out of ranges as one by one', () => {
  const ranges = [
    { first: 1, last: 3 },
    { first: 6, last: 10 },
    { first: 12, last: 12 },
  ];
  const known = [
    { first: 2, last: 2 },
    { first: 5, last: 6 },
    { first: 8, last: 9 },
    { first: 12, last: 20 },
  ];
  expect(withoutLines(ranges, known)).toEqual([
    { first: 1, last: 1 },
    { first: 3, last: 3 },
    { first: 7, last: 7 },
    { first: 10, last: 10 },
  ]);
  expect(withoutLines(ranges, [])).toEqual(ranges);
  expect(withoutLines(ranges, [{ first: 3, last: 12 }])).toEqual([{ first: 1, last: 2 }]);
});
