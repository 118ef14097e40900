import { done } from '../../lib/result';
import { err, type Result } from '../kernel/errno';
import { indexOf, LEAF, slotsOf, TABLE } from './format';
import { gatherRange, type Gather, type PageTable } from './page-table';
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
  if ((table.format.dirtyLo | table.format.dirtyHi) === 0) {
    return err('EOPNOTSUPP', `${table.format.id} has no dirty bit`, { rule: 'read_and_clear_dirty' });
  }
  const vpn = pageOf(table, iova);
  const offset = offsetIn(table, iova);
  const last = lastPageOf(table, vpn, offset, bytes);
  const wrong = checkLength(table, bytes, last) ?? checkReach(table, last);
  if (wrong !== null) return wrong;
  dirtyIn(table, table.rootPfn, table.topLevel, vpn, last, offset, args, gather);
  return done;
}

/** `offset` is that of the range's beginning in its page. */
function dirtyIn(
  table: PageTable,
  tablePfn: number,
  level: number,
  firstVpn: number,
  lastVpn: number,
  offset: number,
  args: DirtyArgs,
  gather: Gather,
): void {
  const { memory, format } = table;
  const step = format.itemPages[level] as number;
  const items = format.items[level] as number;
  const base = memory.frameBase(tablePfn);
  const start = firstVpn - (firstVpn % (step * items));
  const end = Math.min(items, Math.floor((lastVpn - start) / step) + 1);
  for (let index = indexOf(format, firstVpn, level); index < end; index++) {
    // Read anew: what records may write to memory, and the arena grow.
    const lo = memory.words[base + index * 2] as number;
    const hi = memory.words[base + index * 2 + 1] as number;
    const kind = format.kind(lo, hi, level);
    const itemVpn = start + index * step;
    const from = Math.max(firstVpn, itemVpn);
    const within = from === firstVpn ? offset : 0;
    if (kind === TABLE) {
      const last = Math.min(lastVpn, itemVpn + step - 1);
      dirtyIn(table, format.tablePfn(lo, hi), level - 1, from, last, within, args, gather);
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
  const { dirtyLo, dirtyHi } = table.format;
  const { words } = table.memory;
  for (let at = firstAt; at < firstAt + slots * 2; at += 2) {
    if ((((words[at] as number) & dirtyLo) | ((words[at + 1] as number) & dirtyHi)) !== 0) return true;
  }
  return false;
}

/** Linux: pt_entry_make_write_clean() */
function makeClean(table: PageTable, firstAt: number, slots: number): void {
  const { dirtyLo, dirtyHi } = table.format;
  const { words } = table.memory;
  for (let at = firstAt; at < firstAt + slots * 2; at += 2) {
    words[at] = (words[at] as number) & ~dirtyLo;
    words[at + 1] = (words[at + 1] as number) & ~dirtyHi;
  }
}

/**
 * Marks the slot of an address as written, as hardware would; false where nothing is mapped.
 *
 * Linux: iommu_pt.h set_dirty(), pt_entry_make_write_dirty()
 */
export function setDirty(table: PageTable, iova: bigint): boolean {
  const { memory, format } = table;
  const vpn = pageOf(table, iova);
  if (vpn >= table.endVpn) return false;
  let tablePfn = table.rootPfn;
  for (let level = table.topLevel; ; level--) {
    const at = memory.frameBase(tablePfn) + indexOf(format, vpn, level) * 2;
    const lo = memory.words[at] as number;
    const hi = memory.words[at + 1] as number;
    const kind = format.kind(lo, hi, level);
    if (kind === LEAF) {
      memory.words[at] = lo | format.dirtyLo;
      memory.words[at + 1] = hi | format.dirtyHi;
      return true;
    }
    if (kind !== TABLE) return false;
    tablePfn = format.tablePfn(lo, hi);
  }
}
