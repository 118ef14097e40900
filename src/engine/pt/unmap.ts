import { EMPTY, indexOf, LEAF, slotsOf } from './format';
import { gatherRange, type Gather, type PageTable } from './page-table';
import { lastPageOf, offsetIn, pageOf } from './range';

export interface Unmapped {
  readonly bytes: number;
  readonly entries: number;
}

/**
 * Takes mappings out and returns how many bytes went: more than asked when the range ends inside a large entry, fewer when
 * it begins inside one or meets a hole.
 *
 * Linux: drivers/iommu/generic_pt/iommu_pt.h unmap_range(), __unmap_range()
 *
 * Tables that the range covers whole go to the gather: they are freed after the IOTLB flush, never before.
 */
export function unmapRange(table: PageTable, iova: bigint, bytes: number, gather: Gather): Unmapped {
  const vpn = pageOf(table, iova);
  const offset = offsetIn(table, iova);
  const last = lastPageOf(table, vpn, offset, bytes);
  // An address inside a page is inside whatever entry is there.
  if (bytes === 0 || offset !== 0 || last >= table.endVpn) return { bytes: 0, entries: 0 };
  const state: UnmapState = { pages: 0, entries: 0 };
  unmapIn(table, table.rootPfn, table.topLevel, vpn, last, state, gather);
  if (state.pages > 0) gatherRange(gather, vpn, state.pages);
  return { bytes: state.pages * table.format.granuleBytes, entries: state.entries };
}

interface UnmapState {
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
  const step = format.itemPages[level] as number;
  const items = format.items[level] as number;
  const base = memory.frameBase(tablePfn);
  const words = memory.words;
  const start = firstVpn - (firstVpn % (step * items));
  const end = Math.min(items - 1, Math.floor((lastVpn - start) / step));
  let singles = 0;
  let goOn = true;
  for (let index = indexOf(format, firstVpn, level); index <= end; index++) {
    const at = base + index * 2;
    const lo = words[at] as number;
    const hi = words[at + 1] as number;
    const kind = format.kind(lo, hi, level);
    const itemVpn = start + index * step;
    if (kind === LEAF) {
      const contigLg2 = format.contigLg2(lo, hi, level);
      // A large page is never split: beginning inside one unmaps nothing, ending inside one unmaps all of it.
      if (itemVpn < firstVpn || (contigLg2 !== 0 && (index & (slotsOf(contigLg2) - 1)) !== 0)) {
        goOn = false;
        break;
      }
      if (contigLg2 === 0) {
        words[at] = 0;
        words[at + 1] = 0;
        singles++;
      } else {
        index += clearContiguous(table, at, level, contigLg2, state) - 1;
      }
      continue;
    }
    if (kind === EMPTY) {
      goOn = false;
      break;
    }
    const lower = format.tablePfn(lo, hi);
    const from = Math.max(firstVpn, itemVpn);
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
  const order = format.itemOrder[level] as number;
  table.leaves[order] = (table.leaves[order] as number) - singles;
  state.entries += singles;
  state.pages += singles * step;
  return goOn;
}

/** Takes a leaf out of all its slots; returns how many those are. Linux: pt_clear_entries() */
function clearContiguous(
  table: PageTable,
  at: number,
  level: number,
  contigLg2: number,
  state: UnmapState,
): number {
  const { format, memory } = table;
  const slots = slotsOf(contigLg2);
  memory.words.fill(0, at, at + slots * 2);
  const order = (format.itemOrder[level] as number) + contigLg2;
  table.leaves[order] = (table.leaves[order] as number) - 1;
  state.entries++;
  state.pages += slots * (format.itemPages[level] as number);
  return slots;
}
