import { expect, test } from 'vitest';
import { showing, windowNow, zoomAbout } from './time-window';

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

test('a window that was chosen stays until time moves, and goes with it then', () => {
  const chosen = { from: 100, to: 200, at: 0 };
  expect(windowNow(null, 7, 1000)).toEqual({ from: 0, to: 1000 });
  expect(windowNow(chosen, 0, 1000)).toMatchObject({ from: 100, to: 200 });
  expect(windowNow(chosen, 500, 1000)).toEqual({ from: 410, to: 510 });
});
