import { expect, test } from 'vitest';
import { marksOf, PLACES, strokesOf, type MarkKind } from './marks';

const plain = (): MarkKind => 'line';

test('where there is room every stop has its mark', () => {
  expect(marksOf(plain, 1, 40).map(({ stop }) => stop)).toEqual(
    Array.from({ length: 40 }, (_, at) => at + 1),
  );
});

test('of 10,000 lines the one refusal is seen, and so is the one fault beside a DMA', () => {
  const kinds: Readonly<Record<number, MarkKind>> = { 7321: 'bad', 42: 'bad', 41: 'dma', 9000: 'dma' };
  const marks = marksOf((stop) => kinds[stop] ?? 'line', 1, 10_000);
  expect(marks.length).toBeLessThanOrEqual(PLACES);
  expect(marks.filter(({ kind }) => kind === 'bad').map(({ stop }) => stop)).toEqual([42, 7321]);
  expect(marks.some(({ kind, stop }) => kind === 'dma' && stop === 9000)).toBe(true);
  expect(marks.reduce((sum, { lines }) => sum + lines, 0)).toBe(10_000);
});

test('a few strokes draw all marks, however many there are', () => {
  const kinds: Readonly<Record<number, MarkKind>> = { 3: 'bad', 2: 'dma' };
  const strokes = strokesOf(
    marksOf((stop) => kinds[stop] ?? 'line', 1, 4),
    true,
  );
  expect(strokes.line).toBe('M1 8v8M4 8v8');
  expect(strokes.dma).toBe('M2 8v8');
  expect(strokes.bad).toBe('M3 12h.01');
  expect(strokes.waits).toBe('');
});
