import { expect, it } from 'vitest';
import { PhysicalMemory } from '../memory/physical-memory';
import { vtdss } from './fmt/vtdss';
import { x86_64 } from './fmt/x86-64';
import { installTable, PageTable } from './page-table';

// Linux: __collect_tables() lists each table that it comes to; mm/page_alloc.c bad_page() tells of the second giving back.
it.each([vtdss, x86_64])(
  '$id: a table whose entries all lead back to it is given back, in this century',
  (format) => {
    const memory = new PhysicalMemory();
    const bad: number[] = [];
    memory.onBadFree = (pfn) => bad.push(pfn);
    const made = PageTable.create({ memory, format, topLevel: 3 });
    if (!made.ok) throw new Error(made.why);
    const table = made.value;
    const { rootPfn } = table;
    for (let index = 0; index < 512; index++) installTable(table, rootPfn, index, 3, rootPfn);
    table.free();
    // Itself once, and again for each entry.
    expect(bad).toEqual(Array.from({ length: 512 }, () => rootPfn));
    expect(memory.allocatedFrames).toBe(0);
  },
);

it('two tables that lead to each other are both given back', () => {
  const memory = new PhysicalMemory();
  memory.onBadFree = () => undefined;
  const made = PageTable.create({ memory, format: vtdss, topLevel: 3 });
  const other = memory.allocateFrames(1);
  if (!made.ok || !other.ok) throw new Error('no memory');
  const { rootPfn } = made.value;
  for (let index = 0; index < 512; index++) {
    installTable(made.value, rootPfn, index, 3, other.value);
    installTable(made.value, other.value, index, 2, index % 2 === 0 ? rootPfn : other.value);
  }
  made.value.free();
  expect(memory.allocatedFrames).toBe(0);
});
