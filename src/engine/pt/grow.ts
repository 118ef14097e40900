import { err, type Failure } from '../kernel/errno';
import { installTable, type PageTable } from './page-table';

/**
 * Puts levels on top of a table until it covers a page and has room for leaves of a level, then tells the hardware once.
 *
 * Linux: drivers/iommu/generic_pt/iommu_pt.h increase_top()
 *
 * No flush: what a walk cache holds of the former levels stays true, and the new addresses were not mapped before.
 */
export function growTop(
  table: PageTable,
  changeTop: (rootPfn: number, topLevel: number) => void,
  lastVpn: number,
  leafLevel: number,
): Failure | null {
  const { memory, format } = table;
  const tables: number[] = [];
  const giveUp = (failure: Failure): Failure => {
    for (const pfn of tables) memory.freeFrames(pfn, 1);
    return failure;
  };
  let level = table.topLevel;
  let rootPfn = table.rootPfn;
  while (lastVpn >= table.endFor(level) || leafLevel > level) {
    level++;
    if (level > format.maxTopLevel || (format.itemLg2[level] ?? 0) >= table.vaLg2) {
      const what = `the range ends beyond the ${table.vaLg2} address bits of the table`;
      return giveUp(err('ERANGE', what, { rule: 'increase_top' }));
    }
    const made = memory.allocateFrames(1, table.uses[level]);
    if (!made.ok) return giveUp(made);
    tables.push(made.value);
    installTable(table, made.value, 0, level, rootPfn);
    rootPfn = made.value;
  }
  table.tablePages += tables.length;
  changeTop(rootPfn, level);
  table.setTop(rootPfn, level);
  return null;
}
