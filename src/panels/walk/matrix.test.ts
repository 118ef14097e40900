import { expect, it } from 'vitest';
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
