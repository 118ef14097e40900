import { afterEach, expect, it, vi } from 'vitest';
import { encodeLink, encodeLinkApart } from './link';

afterEach(() => vi.useRealTimers());

const scene = (lines: number) => ({
  script: Array.from({ length: lines }, (_, n) => `dma 00:02.0 write 0x${(n * 4096).toString(16)} 64`).join(
    '\n',
  ),
  cursor: 3,
  selection: null,
  camera: null,
});

it.each([1, 40, 10_000])('a link of %i lines made in a worker is the same, to the letter', async (lines) => {
  expect(await encodeLinkApart(scene(lines))).toBe(encodeLink(scene(lines)));
});

it('a long one leaves the page to others while it is made', async () => {
  let others = 0;
  const timer = setInterval(() => others++, 1);
  await encodeLinkApart(scene(10_000));
  clearInterval(timer);
  expect(others).toBeGreaterThan(1);
});
