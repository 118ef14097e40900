import { done } from '../../lib/result';
import { err, type Result } from '../kernel/errno';
import {
  FRAME_ITEM_MASK,
  FRAME_ITEMS,
  FRAME_ITEMS_LG2,
  indexOf,
  LEAF,
  slotsOf,
  TABLE,
  type PtFormat,
} from './format';
import { entryAt, gatherRange, type Gather, type PageTable, TABLE_ENTRY } from './page-table';
import { checkLength, checkReach, lastPageOf, offsetIn, pageOf } from './range';

export interface DirtyArgs {
  readonly iova: bigint;
  readonly bytes: number;
  /** Leaves the bits as they are. Linux: IOMMU_DIRTY_NO_CLEAR */
  readonly noClear: boolean;
  /** Gets the ranges that were written, ascending; null when the bits shall only be cleared. Linux: iova_bitmap_set() */
  readonly record: ((iova: number, bytes: number) => void) | null;
}

/**
 * Reports what devices wrote, entry by entry, and makes it clean again. Holes are skipped.
 *
 * Linux: drivers/iommu/generic_pt/iommu_pt.h read_and_clear_dirty(), __read_and_clear_dirty(), record_dirty()
 *
 * A leaf that is repeated in several slots is dirty when any slot is. What is recorded of it then reaches from the slot where
 * the range enters it up to, and not with, its last slot (or with the end of the range, when that comes first): the kernel
 * takes the last slot's index for the end. A 4 KiB page of the selftest's 2 KiB table thus shows as 2 KiB, on which its
 * tests rely; nothing, a length of zero, is recorded where the range enters at the last slot.
 */
export function readAndClearDirty(table: PageTable, args: DirtyArgs, gather: Gather): Result<undefined> {
  const { iova, bytes } = args;
  if (!table.format.tracksDirty) {
    const what = `written pages are not tracked in ${table.format.id} tables`;
    return err('EOPNOTSUPP', what, { rule: 'read_and_clear_dirty' });
  }
  const vpn = pageOf(table, iova);
  const offset = offsetIn(table, iova);
  const last = lastPageOf(table, vpn, offset, bytes);
  const wrong = checkLength(table, bytes, last) ?? checkReach(table, vpn, last);
  if (wrong !== null) return wrong;
  dirtyInTable(table, table.rootPfn, table.topLevel, vpn, last, offset, args, gather);
  return done;
}

/** Frame by frame. `offset` is that of the range's beginning in its page. */
function dirtyInTable(
  table: PageTable,
  tablePfn: number,
  level: number,
  firstVpn: number,
  lastVpn: number,
  offset: number,
  args: DirtyArgs,
  gather: Gather,
): void {
  const { format } = table;
  const span = (format.itemPages[level] as number) * FRAME_ITEMS;
  for (let vpn = firstVpn; vpn <= lastVpn;) {
    const pfn = tablePfn + (indexOf(format, vpn, level) >>> FRAME_ITEMS_LG2);
    const next = vpn - (vpn % span) + span;
    dirtyIn(table, pfn, level, vpn, Math.min(lastVpn, next - 1), vpn === firstVpn ? offset : 0, args, gather);
    vpn = next;
  }
}

/** In one frame of a table. */
function dirtyIn(
  table: PageTable,
  framePfn: number,
  level: number,
  firstVpn: number,
  lastVpn: number,
  offset: number,
  args: DirtyArgs,
  gather: Gather,
): void {
  const { memory, format } = table;
  const step = format.itemPages[level] as number;
  const base = memory.processorBase(framePfn);
  const start = firstVpn - (firstVpn % (step * FRAME_ITEMS));
  const end = Math.min(FRAME_ITEMS, Math.floor((lastVpn - start) / step) + 1);
  for (let index = indexOf(format, firstVpn, level) & FRAME_ITEM_MASK; index < end; index++) {
    // Read anew: what records may write to memory, and the arena grow.
    const lo = memory.words[base + index * 2] as number;
    const hi = memory.words[base + index * 2 + 1] as number;
    const kind = format.kind(lo, hi, level);
    const itemVpn = start + index * step;
    const from = Math.max(firstVpn, itemVpn);
    const within = from === firstVpn ? offset : 0;
    if (kind === TABLE) {
      const last = Math.min(lastVpn, itemVpn + step - 1);
      dirtyInTable(table, format.tablePfn(lo, hi), level - 1, from, last, within, args, gather);
    }
    if (kind !== LEAF) continue;
    const slots = slotsOf(format.contigLg2(lo, hi, level));
    const lastSlot = index | (slots - 1);
    const firstAt = base + (lastSlot - slots + 1) * 2;
    if (isDirty(table, firstAt, slots)) {
      const recorded = slots === 1 ? 1 : Math.min(lastSlot, end) - index;
      const { granuleBytes } = format;
      args.record?.(from * granuleBytes + within, recorded * step * granuleBytes);
      if (!args.noClear) {
        makeClean(table, firstAt, slots);
        gatherRange(gather, from, recorded * step);
      }
    }
    index = lastSlot;
  }
}

/** Linux: pt_entry_is_write_dirty() */
function isDirty(table: PageTable, firstAt: number, slots: number): boolean {
  const { words } = table.memory;
  for (let at = firstAt; at < firstAt + slots * 2; at += 2) {
    if (slotIs(table.format, 'dirty', words[at] as number, words[at + 1] as number)) return true;
  }
  return false;
}

/** By its first slot: for people. A leaf of several may be dirty in another. */
export const leafIsDirty = (format: PtFormat, lo: number, hi: number): boolean =>
  (format.dirtyLo | format.dirtyHi | format.cleanLo | format.cleanHi) !== 0 &&
  slotIs(format, 'dirty', lo, hi);

const slotIs = (format: PtFormat, what: 'dirty' | 'clean', lo: number, hi: number): boolean => {
  const { dirtyLo, dirtyHi, cleanLo, cleanHi } = format;
  const wantedLo = what === 'dirty' ? dirtyLo : cleanLo;
  const wantedHi = what === 'dirty' ? dirtyHi : cleanHi;
  return (lo & (dirtyLo | cleanLo)) === wantedLo && (hi & (dirtyHi | cleanHi)) === wantedHi;
};

/** Linux: pt_entry_make_write_clean() */
function makeClean(table: PageTable, firstAt: number, slots: number): void {
  const { dirtyLo, dirtyHi, cleanLo, cleanHi } = table.format;
  const { memory } = table;
  for (let at = firstAt; at < firstAt + slots * 2; at += 2) {
    const { words } = memory;
    words[at] = ((words[at] as number) & ~dirtyLo) | cleanLo;
    words[at + 1] = ((words[at + 1] as number) & ~dirtyHi) | cleanHi;
    memory.published(TABLE_ENTRY);
  }
}

/**
 * Marks the slot of an address as written, as hardware would; false where nothing is mapped or the slot is not tracked.
 *
 * Linux: iommu_pt.h set_dirty(), pt_entry_make_write_dirty()
 */
export function setDirty(table: PageTable, iova: bigint): boolean {
  const { memory, format } = table;
  const vpn = pageOf(table, iova);
  if ((format.dirtyLo | format.dirtyHi) === 0 || !table.covers(vpn, vpn)) return false;
  let tablePfn = table.rootPfn;
  for (let level = table.topLevel; ; level--) {
    const at = entryAt(table, tablePfn, vpn, level);
    const lo = memory.words[at] as number;
    const hi = memory.words[at + 1] as number;
    const kind = format.kind(lo, hi, level);
    if (kind === LEAF) {
      if (!slotIs(format, 'clean', lo, hi)) return slotIs(format, 'dirty', lo, hi);
      memory.words[at] = (lo & ~format.cleanLo) | format.dirtyLo;
      memory.words[at + 1] = (hi & ~format.cleanHi) | format.dirtyHi;
      return true;
    }
    if (kind !== TABLE) return false;
    tablePfn = format.tablePfn(lo, hi);
  }
}
