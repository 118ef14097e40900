import { expect, test } from 'vitest';
import { branchWords, stopWords, toggled } from './break-words';

test('asking for a breakpoint twice takes it away, and others stay', () => {
  const two = toggled(toggled([], { kind: 'fault' }), { kind: 'change', id: 'hwpt:1.3' });
  expect(two).toHaveLength(2);
  expect(toggled(two, { kind: 'change', id: 'hwpt:1.4' })).toHaveLength(3);
  expect(toggled(two, { kind: 'change', id: 'hwpt:1.3' })).toEqual([{ kind: 'fault' }]);
});

test('why playing stopped is a sentence', () => {
  expect(stopWords({ line: 7, why: 'line 7' }, {})).toBe('Stopped after line 7, as you wished.');
  expect(stopWords({ line: 7, why: 'a DMA was blocked' }, {})).toBe(
    'Stopped after line 7: a DMA was blocked.',
  );
  expect(stopWords({ line: 7, why: 'hwpt:1.3 is gone' }, {})).toBe('Stopped after line 7: HWPT 3 is gone.');
});

test('a branch is told by where it leaves and what it does first', () => {
  const branch = { id: 1, cursor: 4, script: 'a\nb\nc\nd' };
  expect(branchWords({ ...branch, forkedAt: 2, lines: 4 })).toEqual({
    where: 'After line 2',
    what: 'c … 2 lines',
  });
  expect(branchWords({ ...branch, forkedAt: 3, lines: 4 })).toEqual({ where: 'After line 3', what: 'd' });
  expect(branchWords({ ...branch, forkedAt: 0, lines: 4 }).where).toBe('From the beginning');
});
