import { expect, test } from 'vitest';
import { marksOf, PLACES, showing, zoomAbout, type MarkKind } from './marks';

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

test('zooming keeps what is pointed at in its place, and ends at the whole', () => {
  const near = zoomAbout({ from: 0, to: 1000 }, 250, 0.5, 1000);
  expect(near).toEqual({ from: 125, to: 625 });
  expect((250 - near.from) / (near.to - near.from)).toBe(0.25);
  expect(zoomAbout(near, 250, 4, 1000)).toEqual({ from: 0, to: 1000 });
  expect(zoomAbout({ from: 0, to: 1000 }, 1000, 0.001, 1000)).toEqual({ from: 980, to: 1000 });
});

test('the window follows time, and stays where time is in it', () => {
  expect(showing({ from: 100, to: 200 }, 150, 1000)).toEqual({ from: 100, to: 200 });
  expect(showing({ from: 100, to: 200 }, 500, 1000)).toEqual({ from: 410, to: 510 });
  expect(showing({ from: 100, to: 200 }, 3, 1000)).toEqual({ from: 0, to: 100 });
  expect(showing({ from: 0, to: 500 }, 9, 30)).toEqual({ from: 0, to: 30 });
});
