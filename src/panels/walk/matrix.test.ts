import { describe, expect, it } from 'vitest';
import type { WalkStep } from '../../engine/sim/batch';
import { fixtureLookup } from '../../testing/fixture-world';
import { matrixOf } from './matrix';

const read = (stage: 1 | 2, level: number, forLevel: number | null): WalkStep => ({
  ...fixtureLookup.parts[0]!.steps.at(-1)!,
  stage,
  level,
  forLevel,
});

it('lays the reads of two stages out by what they are for', () => {
  const steps = [
    read(2, 2, 2),
    read(2, 1, 2),
    read(1, 2, null),
    read(2, 1, 1),
    read(1, 1, null),
    read(2, 2, 0),
    read(2, 1, 0),
  ];
  const matrix = matrixOf(steps)!;
  expect(matrix.columns).toEqual([2, 1]);
  expect(
    matrix.rows.map(({ forLevel, cells, then }) => [
      forLevel,
      cells.map((c) => c.index),
      then?.index ?? null,
    ]),
  ).toEqual([
    [2, [0, 1], 2],
    // The table's address was in a cache in part.
    [1, [3], 4],
    [0, [5, 6], null],
  ]);
});

const hit = (structure: string): WalkStep => ({
  ...read(2, 0, null),
  kind: 'cache',
  structure,
  stage: null,
  outcome: 'hit',
});

it('a cached table spares the columns above it, and stands in their place', () => {
  const steps = [
    read(2, 3, 2),
    read(2, 2, 2),
    read(2, 1, 2),
    read(1, 2, null),
    hit('paging-structure'),
    read(2, 1, 1),
    read(1, 1, null),
    hit('paging-structure'),
    read(2, 2, 0),
    read(2, 1, 0),
  ];
  const { rows, above } = matrixOf(steps)!;
  expect(rows.map(({ cached, skipped }) => [cached?.index ?? null, skipped])).toEqual([
    [null, 0],
    [4, 2],
    [7, 1],
  ]);
  expect(above).toBeNull();
});

it('tables of the first stage that a cache knew have no row', () => {
  const { rows, above } = matrixOf([hit('walk'), read(1, 1, null), read(2, 1, 0)])!;
  expect(above?.index).toBe(0);
  expect(rows.map(({ forLevel }) => forLevel)).toEqual([1, 0]);
});

it('a row that is all cached is a row', () => {
  // SMMUv3 keeps whole translations of stage 2 for the addresses of tables.
  const { rows } = matrixOf([hit('stage2'), read(1, 1, null), read(2, 1, 0)])!;
  expect(rows[0]).toMatchObject({ forLevel: 1, cached: { index: 0 }, skipped: 1, cells: [] });
});

it('one stage is no matrix', () => {
  expect(matrixOf(fixtureLookup.parts[0]!.steps)).toBeNull();
  expect(matrixOf([read(2, 1, null)])).toBeNull();
});

describe('the cost of nesting', () => {
  const address = [4, 3, 2, 1, 0].map((level) => ({ label: '', level, bits: 9, value: 0 }));
  const walk = (forLevel: number) => [4, 3, 2, 1].map((level) => read(2, level, forLevel));

  it('is 24 for four levels on four: 5 walks of 4, and 4 entries of the guest', () => {
    // Intel VT-d, "Nested Translation"; AMD APM 2, "Nested Paging": (4 + 1) × (4 + 1) − 1.
    const steps = [4, 3, 2, 1].flatMap((level) => [...walk(level), read(1, level, null)]);
    const matrix = matrixOf([...steps, ...walk(0)], address)!;
    expect(matrix).toMatchObject({ accesses: 24, most: 24 });
    expect(
      matrix.rows.flatMap(({ cells }) => cells.map(({ number }) => number)).toSorted((a, b) => a - b)[19],
    ).toBe(24);
  });

  it('is counted against that where a cache spared some: those rows are there, and say so', () => {
    // The walk cache of the first stage leads to its last table at once.
    const matrix = matrixOf([hit('walk'), read(1, 1, null), read(2, 1, 0)], address)!;
    expect(matrix.accesses).toBe(2);
    expect(matrix.rows.map(({ forLevel, spared }) => [forLevel, spared])).toEqual([
      [4, true],
      [3, true],
      [2, true],
      [1, false],
      [0, false],
    ]);
  });

  it('SMMUv3 finds its context descriptor through stage 2 as well, and does that first', () => {
    const cd = { ...read(1, 0, null), structure: 'cd', stage: null };
    const { rows } = matrixOf([read(2, 1, -1), cd, read(2, 1, 1), read(1, 1, null), read(2, 1, 0)])!;
    expect(rows.map(({ forLevel, then }) => [forLevel, then?.number ?? null])).toEqual([
      [-1, 2],
      [1, 4],
      [0, null],
    ]);
  });
});
