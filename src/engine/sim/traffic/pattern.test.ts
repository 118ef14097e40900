import { describe, expect, it } from 'vitest';
import { patternOf, type PatternSpec, type Piece } from './pattern';
import { Random } from './random';

const take = (spec: Partial<PatternSpec>, count: number): Piece[] => {
  const next = patternOf({ pattern: 'ring', start: 0x1000n, last: 0x1fffn, size: 64, seed: 1, ...spec });
  return Array.from({ length: count }, next);
};

it('a ring goes through the range and begins anew, and leaves what is too short at its end', () => {
  const iovas = take({ last: 0x10ffn + 32n }, 6).map(({ iova }) => iova);
  expect(iovas).toEqual([0x1000n, 0x1040n, 0x1080n, 0x10c0n, 0x1000n, 0x1040n]);
});

it('random accesses are aligned to their size, stay in the range, and come to all of it alike', () => {
  const pieces = take({ pattern: 'random' }, 64_000);
  const slots = new Int32Array(64);
  const wrong = pieces.filter(({ iova, bytes }) => bytes !== 64 || (iova - 0x1000n) % 64n !== 0n);
  expect(wrong).toEqual([]);
  for (const { iova } of pieces) {
    const slot = Number((iova - 0x1000n) / 64n);
    slots[slot] = (slots[slot] ?? 0) + 1;
  }
  // Chi-squared with 63 degrees of freedom: beyond 120 in one run of 30,000.
  const chi = slots.reduce((sum, count) => sum + (count - 1000) ** 2 / 1000, 0);
  expect(chi).toBeLessThan(120);
});

it('a list has two to five segments, of uneven sizes, each in its own part of the range', () => {
  const [start, last] = [0x10_0000n, 0x1f_ffffn];
  const pieces = take({ pattern: 'scatter', start, last, size: 4096 }, 5000);
  expect(new Set(pieces.map(({ bytes }) => bytes))).toEqual(
    new Set([512, 1024, 1536, 2048, 2560, 3072, 3584, 4096]),
  );
  expect(pieces.filter(({ iova, bytes }) => iova < start || iova + BigInt(bytes) - 1n > last)).toEqual([]);
  // Within a list addresses rise: where they fall, the next one begins.
  const lengths: number[] = [];
  let length = 0;
  pieces.forEach(({ iova }, at) => {
    const before = pieces[at - 1];
    if (before !== undefined && iova <= before.iova) {
      lengths.push(length);
      length = 0;
    }
    length++;
  });
  expect(new Set(lengths)).toEqual(new Set([2, 3, 4, 5]));
});

describe('whatever is asked for', () => {
  const extremes: readonly Partial<PatternSpec>[] = [
    { start: 0n, last: 2n ** 64n - 1n, size: 1 },
    { start: 0n, last: 2n ** 64n - 1n, size: 4096 },
    { start: 2n ** 64n - 1n, last: 2n ** 64n - 1n, size: 1 },
    { start: 7n, last: 9n, size: 3 },
    { start: 0n, last: 2n ** 53n + 11n, size: 4096 },
  ];
  it.each(
    (['ring', 'random', 'scatter'] as const).flatMap((pattern) =>
      extremes.map((each) => ({ ...each, pattern })),
    ),
  )('$pattern $start-$last $size stays in the range, and comes out the same again', (spec) => {
    const pieces = take(spec, 300);
    const { start = 0n, last = 0n, size = 0 } = spec;
    const outside = pieces.filter(
      ({ iova, bytes }) => bytes < 1 || bytes > size || iova < start || iova + BigInt(bytes) - 1n > last,
    );
    expect(outside).toEqual([]);
    expect(take(spec, 300)).toEqual(pieces);
  });

  it('another seed gives other accesses', () => {
    for (const pattern of ['random', 'scatter'] as const)
      expect(take({ pattern, seed: 1 }, 20)).not.toEqual(take({ pattern, seed: 2 }, 20));
  });
});

it('mulberry32 from its published source: the first numbers of seed 1', () => {
  // As the author's C gives them: https://gist.github.com/tommyettinger/46a874533244883189143505d203312c
  const reference = (seed: number): (() => number) => {
    let state = BigInt(seed);
    const u32 = (value: bigint): bigint => value & 0xffff_ffffn;
    return () => {
      state = u32(state + 0x6d2b_79f5n);
      let z = u32((state ^ (state >> 15n)) * (state | 1n));
      z = u32(z ^ (z + u32((z ^ (z >> 7n)) * (z | 61n))));
      return Number(z ^ (z >> 14n));
    };
  };
  const random = new Random(1);
  const wanted = reference(1);
  const numbers = Array.from({ length: 1000 }, () => random.next());
  expect(numbers).toEqual(Array.from({ length: 1000 }, wanted));
});
