import { describe, expect, it } from 'vitest';
import { MACHINE, worldOf } from '../../testing/groups-bench';
import { rowBeginning, rowsOf } from './rows';
import { sorted, tableOf } from './table';

const objects = worldOf(MACHINE);
const NONE: ReadonlySet<string> = new Set();

describe('the tree of everything', () => {
  const rows = rowsOf(objects, NONE);
  it('has every object once, whatever lies below what', () => {
    const shown = rows.flatMap(({ object }) => (object === null ? [] : [object.id]));
    expect(shown.toSorted()).toEqual(Object.keys(objects).toSorted());
  });
  it('counts places among siblings, and knows the row above', () => {
    for (const row of rows) {
      const siblings = rows.filter(({ parentId, level }) => parentId === row.parentId && level === row.level);
      expect(row.of).toBe(siblings.length);
      expect(siblings[row.place - 1]).toBe(row);
    }
  });
  it('shows nothing below what is closed', () => {
    const parent = rows.find(({ isParent, level }) => isParent && level === 1)!;
    const closed = rowsOf(objects, new Set([parent.id]));
    expect(closed.length).toBeLessThan(rows.length);
    expect(closed.some(({ parentId }) => parentId === parent.id)).toBe(false);
  });
  it('goes to what begins as typed, round the end', () => {
    const at = rowBeginning(rows, 'group 1', rows.length - 1);
    expect(rows[at]?.title).toBe('Group 1');
    expect(rowBeginning(rows, 'zzz', 0)).toBe(-1);
  });
});

describe('the table of everything', () => {
  const table = tableOf(objects);
  it('sorts numbers in names as numbers, either way, and what is empty last', () => {
    const names = sorted(table, { by: 'name', down: false })
      .map(({ name }) => name)
      .filter((name) => name.startsWith('Group'));
    const numbers = names.map((name) => Number(name.slice(6)));
    expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
    for (const down of [true, false]) {
      const attached = sorted(table, { by: 'attached', down }).map((row) => row.attached === '');
      expect(attached).toEqual(attached.toSorted());
    }
  });
  it('counts by how many others an object is named, each once', () => {
    const gpu = table.find(({ object }) => object.id === 'dev:0000:01:00.0')!;
    const naming = Object.values(objects).filter(
      (object) =>
        object.id !== gpu.object.id &&
        JSON.stringify(object, (_, value: unknown) =>
          typeof value === 'bigint' ? String(value) : value,
        ).includes('"dev:0000:01:00.0"'),
    );
    expect(gpu.references).toBe(naming.length);
  });
});
