import { expect, test } from 'vitest';
import { perLine } from './per-line';
import { rememberLast } from './remember-last';

test('a line that is where it was is not asked about again', () => {
  const asked: string[] = [];
  const lengths = perLine((line) => {
    asked.push(line);
    return line.length;
  });
  expect(lengths(['one', 'three'])).toEqual([3, 5]);
  expect(lengths(['one', 'three', ''])).toEqual([3, 5, 0]);
  expect(lengths(['zero', 'one', 'three'])).toEqual([4, 3, 5]);
  expect(lengths(['zero'])).toEqual([4]);
  expect(asked).toEqual(['one', 'three', '', 'zero', 'one', 'three']);
});

test('an answer of null is an answer', () => {
  let asked = 0;
  const never = perLine(() => {
    asked++;
    return null;
  });
  never(['a']);
  expect(never(['a', 'b'])).toEqual([null, null]);
  expect(asked).toBe(2);
});

test('texts that are asked about in turns are made once each', () => {
  const made: string[] = [];
  const upper = rememberLast((text) => {
    made.push(text);
    return text.toUpperCase();
  });
  for (const text of ['a', 'b', 'a', 'b', 'c', 'a', 'd', 'b']) expect(upper(text)).toBe(text.toUpperCase());
  expect(made).toEqual(['a', 'b', 'c', 'd', 'b']);
});

test('who makes one is given the one before', () => {
  const pairs = rememberLast((text, before): string => `${before?.text ?? ''}>${text}`);
  expect([pairs('a'), pairs('b'), pairs('a'), pairs('c')]).toEqual(['>a', 'a>b', '>a', 'a>c']);
});
