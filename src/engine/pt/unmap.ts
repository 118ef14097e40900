import { EMPTY, indexOf, ITEMS, itemPages, LEAF } from './format';
import { gatherRange, type Gather, type PageTable } from './page-table';

/**
 * Takes mappings out and returns how many pages went: more than asked when the range ends inside a large entry, fewer
 * when it begins inside one or meets a hole.
 *
 * Linux: drivers/iommu/generic_pt/iommu_pt.h unmap_range(), __unmap_range()
 *
 * Tables that the range covers whole go to the gather: they are freed after the IOTLB flush, never before.
 */
export function unmapRange(table: PageTable, vpn: number, pages: number, gather: Gather): UnmapState {
  const state: UnmapState = { pages: 0, entries: 0 };
  const last = vpn + pages - 1;
  if (pages <= 0 || last >= table.endVpn) return state;
  unmapIn(table, table.rootPfn, table.topLevel, vpn, last, state, gather);
  if (state.pages > 0) gatherRange(gather, vpn, state.pages);
  return state;
}

export interface UnmapState {
  pages: number;
  entries: number;
}

/** Returns whether the range may go on. */
function unmapIn(
  table: PageTable,
  tablePfn: number,
  level: number,
  firstVpn: number,
  lastVpn: number,
  state: UnmapState,
  gather: Gather,
): boolean {
  const { memory, format } = table;
  const step = itemPages(level);
  const base = memory.frameBase(tablePfn);
  const words = memory.words;
  const first = indexOf(firstVpn, level);
  const start = firstVpn - (firstVpn % (step * ITEMS));
  const end = Math.min(ITEMS - 1, Math.floor((lastVpn - start) / step));
  let leaves = 0;
  let goOn = true;
  for (let index = first; index <= end; index++) {
    const at = base + index * 2;
    const lo = words[at] as number;
    const hi = words[at + 1] as number;
    const kind = format.kind(lo, hi, level);
    const itemVpn = start + index * step;
    const from = Math.max(firstVpn, itemVpn);
    if (kind === LEAF) {
      // A large page is never split: beginning inside one unmaps nothing, ending inside one unmaps all of it.
      if (from !== itemVpn) {
        goOn = false;
        break;
      }
      words[at] = 0;
      words[at + 1] = 0;
      leaves++;
      continue;
    }
    if (kind === EMPTY) {
      goOn = false;
      break;
    }
    const lower = format.targetPfn(lo, hi);
    const itemLast = itemVpn + step - 1;
    goOn = unmapIn(table, lower, level - 1, from, Math.min(lastVpn, itemLast), state, gather);
    if (!goOn) break;
    if (from === itemVpn && lastVpn >= itemLast) {
      words[at] = 0;
      words[at + 1] = 0;
      table.tablePages--;
      gather.tables.push(lower);
    }
  }
  table.leaves[level] = (table.leaves[level] ?? 0) - leaves;
  state.pages += leaves * step;
  state.entries += leaves;
  return goOn;
}
