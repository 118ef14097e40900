import { EMPTY, FRAME_ITEM_MASK, FRAME_ITEMS, FRAME_ITEMS_LG2, indexOf, LEAF, slotsOf } from './format';
import { gatherRange, type Gather, type PageTable, TABLE_ENTRY } from './page-table';
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
  if (bytes === 0 || offset !== 0 || !table.covers(vpn, last)) return { bytes: 0, entries: 0 };
  const state: UnmapState = { pages: 0, entries: 0 };
  unmapTable(table, table.rootPfn, table.topLevel, vpn, last, state, gather);
  if (state.pages > 0) gatherRange(gather, vpn, state.pages);
  return { bytes: state.pages * table.format.granuleBytes, entries: state.entries };
}

interface UnmapState {
  pages: number;
  entries: number;
}

/** Frame by frame. Returns whether the range may go on. */
function unmapTable(
  table: PageTable,
  tablePfn: number,
  level: number,
  firstVpn: number,
  lastVpn: number,
  state: UnmapState,
  gather: Gather,
): boolean {
  const { format } = table;
  if (format.frames[level] === 1) return unmapIn(table, tablePfn, level, firstVpn, lastVpn, state, gather);
  const span = (format.itemPages[level] as number) * FRAME_ITEMS;
  for (let vpn = firstVpn; vpn <= lastVpn;) {
    const pfn = tablePfn + (indexOf(format, vpn, level) >>> FRAME_ITEMS_LG2);
    const next = vpn - (vpn % span) + span;
    if (!unmapIn(table, pfn, level, vpn, Math.min(lastVpn, next - 1), state, gather)) return false;
    vpn = next;
  }
  return true;
}

/** In one frame of a table. */
function unmapIn(
  table: PageTable,
  framePfn: number,
  level: number,
  firstVpn: number,
  lastVpn: number,
  state: UnmapState,
  gather: Gather,
): boolean {
  const { memory, format } = table;
  const step = format.itemPages[level] as number;
  const base = memory.processorBase(framePfn);
  const watched = memory.onPublish;
  let words = memory.words;
  const start = firstVpn - (firstVpn % (step * FRAME_ITEMS));
  const end = Math.min(FRAME_ITEMS - 1, Math.floor((lastVpn - start) / step));
  const { kindLo, kindHi } = format;
  /** The kind bits of a leaf of one slot, once one was met; before, what no entry has. */
  let singleLo = ~kindLo;
  let singleHi = 0;
  let singles = 0;
  let goOn = true;
  for (let index = indexOf(format, firstVpn, level) & FRAME_ITEM_MASK; index <= end; index++) {
    const at = base + index * 2;
    const lo = words[at] as number;
    const hi = words[at + 1] as number;
    if ((lo & kindLo) === singleLo && (hi & kindHi) === singleHi) {
      words[at] = 0;
      words[at + 1] = 0;
      singles++;
      if (watched !== null) {
        watched(TABLE_ENTRY);
        words = memory.words;
      }
      continue;
    }
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
        memory.published(TABLE_ENTRY);
        singles++;
        singleLo = lo & kindLo;
        singleHi = hi & kindHi;
      } else {
        index += clearContiguous(table, at, level, contigLg2, state) - 1;
      }
      words = memory.words;
      continue;
    }
    if (kind === EMPTY) {
      goOn = false;
      break;
    }
    const lower = format.tablePfn(lo, hi);
    const from = Math.max(firstVpn, itemVpn);
    const itemLast = itemVpn + step - 1;
    goOn = unmapTable(table, lower, level - 1, from, Math.min(lastVpn, itemLast), state, gather);
    words = memory.words;
    if (!goOn) break;
    if (from === itemVpn && lastVpn >= itemLast) {
      words[at] = 0;
      words[at + 1] = 0;
      memory.published(TABLE_ENTRY);
      words = memory.words;
      table.tablePages -= format.frames[0] as number;
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
  memory.published(TABLE_ENTRY);
  const order = (format.itemOrder[level] as number) + contigLg2;
  table.leaves[order] = (table.leaves[order] as number) - 1;
  state.entries++;
  state.pages += slots * (format.itemPages[level] as number);
  return slots;
}
