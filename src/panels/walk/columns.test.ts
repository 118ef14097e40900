import { expect, it } from 'vitest';
import type { WalkStep } from '../../engine/sim/batch';
import { fixtureLookup } from '../../testing/fixture-world';
import { chainAt, columnsOf } from './columns';

const table = fixtureLookup.parts[0]!.steps.find(({ structure }) => structure === 'table')!;
const read = (level: number, stage: 1 | 2 | null = null, forLevel: number | null = null): WalkStep => ({
  ...table,
  stage,
  level,
  forLevel,
});
const hit = (structure: string): WalkStep => ({
  ...table,
  kind: 'cache',
  structure,
  outcome: 'hit',
  stage: null,
  forLevel: null,
});
const field = (level: number) => ({ label: `level ${level}`, level, bits: 9, value: 0 });
const ADDRESS = [4, 3, 2, 1, 0].map(field);
const shown = (columns: ReturnType<typeof columnsOf>) => columns.map(({ kind, level }) => `${kind} ${level}`);

it('a walk is a column a level, as far as it went', () => {
  // A 2 MiB page: nothing is read of level 1, and the address has no field of it.
  const address = [4, 3, 2, 0].map(field);
  expect(shown(columnsOf([read(4), read(3), read(2)], address, 'first'))).toEqual([
    'read 4',
    'read 3',
    'read 2',
  ]);
});

it('a cache that knew everything, or the upper tables, stands in their place', () => {
  expect(shown(columnsOf([hit('iotlb')], ADDRESS, 'first'))).toEqual([4, 3, 2, 1].map((n) => `spared ${n}`));
  expect(shown(columnsOf([hit('paging-structure'), read(1)], ADDRESS, 'first'))).toEqual([
    'spared 4',
    'spared 3',
    'spared 2',
    'read 1',
  ]);
});

it('a level that an entry leads past is skipped, not spared', () => {
  const address = ADDRESS.map((each) => (each.level === 2 ? { ...each, skipped: true as const } : each));
  expect(shown(columnsOf([read(4), read(3), read(1)], address, 'first'))).toEqual([
    'read 4',
    'read 3',
    'skipped 2',
    'read 1',
  ]);
});

it('of two stages it is the walk that the look-up has come to', () => {
  const steps = [read(2, 2, 1), read(1, 2, 1), read(1, 1), hit('paging-structure'), read(1, 2, 0)];
  expect(chainAt(steps, 1)).toBe(1);
  expect(chainAt(steps, 3)).toBe('first');
  expect(chainAt(steps, 5)).toBe(0);
  expect(shown(columnsOf(steps, ADDRESS, 1))).toEqual(['read 2', 'read 1']);
  expect(shown(columnsOf(steps, ADDRESS, 0, 3))).toEqual(['spared 3', 'spared 2', 'read 1']);
});

it('a walk that began anew is shown as it went in the end', () => {
  // RISC-V: a cached last table whose entry did not do is dropped, and the walk starts at the root.
  const [cached, again] = [read(1), read(1)];
  const columns = columnsOf([hit('paging-structure'), cached, read(2), again], ADDRESS, 'first');
  expect(columns.at(-1)).toMatchObject({ kind: 'read', level: 1, index: 3 });
});
