import { done } from '../../lib/result';
import { hex } from '../../lib/u64';
import { err, type Failure, type Result } from '../kernel/errno';
import {
  EMPTY,
  FRAME_ITEM_MASK,
  FRAME_ITEMS,
  FRAME_ITEMS_LG2,
  indexOf,
  ORDER_PAGES,
  slotsOf,
  TABLE,
  type PtFeatures,
  type PtProt,
} from './format';
import { growTop } from './grow';
import {
  allocateTable,
  collectTables,
  entryAt,
  gatherRange,
  installTable,
  type Gather,
  type PageTable,
  TABLE_ENTRY,
} from './page-table';
import { checkLength, checkReach, lastPageOf, offsetIn, pageOf } from './range';

export interface MapArgs {
  readonly iova: bigint;
  readonly pa: number;
  readonly bytes: number;
  readonly prot: PtProt;
  readonly features: PtFeatures;
}

export interface Mapped {
  /** Also on failure: what was mapped before it, for the caller to undo. */
  readonly bytes: number;
  readonly entries: number;
  readonly result: Result<undefined>;
}

/**
 * Maps a physically contiguous range with the largest pages that fit.
 *
 * Linux: drivers/iommu/generic_pt/iommu_pt.h map_range(). The checks are in its order.
 *
 * A length that is no multiple of the smallest page is refused at once; the kernel's callers never pass one.
 */
export function mapRange(table: PageTable, args: MapArgs, gather: Gather): Mapped {
  const { iova, pa, bytes } = args;
  if (!args.prot.read && !args.prot.write) {
    return refuse(err('EINVAL', 'neither readable nor writable', { rule: 'pt_iommu map_range' }));
  }
  if (pa >= table.oaEnd) {
    return refuse(err('ERANGE', `physical address ${hex(pa)} is too large`, { rule: 'pt_iommu map_range' }));
  }
  const attrs = table.format.attrs(args.prot, args.features);
  if (!attrs.ok) return refuse(attrs);
  const { granuleBytes } = table.format;
  const vpn = pageOf(table, iova);
  const offset = offsetIn(table, iova);
  const lastVpn = lastPageOf(table, vpn, offset, bytes);
  const wrong = checkLength(table, bytes, lastVpn);
  if (wrong !== null) return refuse(wrong);

  const page = pa / granuleBytes;
  const pages = bytes / granuleBytes;
  const whole = offset === 0 && Number.isInteger(page) && pages % table.sizes.smallest === 0;
  const order = whole ? table.sizes.best(vpn, page, pages) : -1;
  if (order < 0) {
    return refuse(
      err('ENXIO', 'no page size fits the alignment of address, physical address and length', {
        rule: 'pt_compute_best_pgsize',
      }),
    );
  }
  const beyond = checkTop(table, vpn, lastVpn, table.levelOfOrder[order] as number);
  if (beyond !== null) return refuse(beyond);
  return fill(table, vpn, page, pages, attrs.value, gather);
}

const refuse = (failure: Failure): Mapped => ({ bytes: 0, entries: 0, result: failure });

/** Linux: iommu_pt.h check_map_range() */
function checkTop(table: PageTable, vpn: number, lastVpn: number, leafLevel: number): Failure | null {
  if (table.changeTop === undefined) return checkReach(table, vpn, lastVpn);
  if (lastVpn < table.endVpn && leafLevel <= table.topLevel) return null;
  return growTop(table, table.changeTop, lastVpn, leafLevel);
}

/** Linux: do_map(), __map_range(), __map_range_leaf() */
function fill(
  table: PageTable,
  firstVpn: number,
  firstPage: number,
  pages: number,
  attrs: number,
  gather: Gather,
): Mapped {
  const { format, sizes } = table;
  const { granuleBytes } = format;
  let mapped = 0;
  let entries = 0;
  while (mapped < pages) {
    const vpn = firstVpn + mapped;
    const page = firstPage + mapped;
    const order = sizes.best(vpn, page, pages - mapped);
    const level = table.levelOfOrder[order] as number;
    const tablePfn = descend(table, vpn, level);
    if (typeof tablePfn !== 'number') return { bytes: mapped * granuleBytes, entries, result: tablePfn };
    // A frame at a time: larger tables are several.
    const index = indexOf(format, vpn, level);
    const frameEnd = (FRAME_ITEMS - (index & FRAME_ITEM_MASK)) * (format.itemPages[level] as number);
    const step = ORDER_PAGES[order] as number;
    const count = Math.min(frameEnd, sizes.run(vpn, page, pages - mapped, order)) / step;
    const filled = fillTable(table, tablePfn, level, vpn, page, order, count, attrs, gather);
    table.leaves[order] = (table.leaves[order] as number) + filled;
    mapped += filled * step;
    entries += filled;
    if (filled < count) {
      const at = hex(BigInt(firstVpn + mapped) << BigInt(format.granuleLg2));
      const result = err('EADDRINUSE', `${at} is mapped already`, { rule: 'clear_contig' });
      return { bytes: mapped * granuleBytes, entries, result };
    }
  }
  return { bytes: mapped * granuleBytes, entries, result: done };
}

/** The table of `level` that covers a page; missing ones are made on the way. Linux: pt_iommu_new_table() */
function descend(table: PageTable, vpn: number, level: number): number | Failure {
  const { memory, format } = table;
  let tablePfn = table.rootPfn;
  for (let at = table.topLevel; at > level; at--) {
    const entry = entryAt(table, tablePfn, vpn, at);
    const lo = memory.words[entry] as number;
    const hi = memory.words[entry + 1] as number;
    const kind = format.kind(lo, hi, at);
    if (kind === TABLE) {
      tablePfn = format.tablePfn(lo, hi);
    } else if (kind === EMPTY) {
      const lower = allocateTable(memory, format, at - 1, table.uses, table.ofProcess);
      if (!lower.ok) return lower;
      table.tablePages += format.frames[at - 1] as number;
      installTable(table, tablePfn, indexOf(format, vpn, at), at, lower.value);
      tablePfn = lower.value;
    } else {
      const what = `${hex(BigInt(vpn) << BigInt(format.granuleLg2))} lies in a larger page that is mapped already`;
      return err('EADDRINUSE', what, { rule: '__map_range' });
    }
  }
  return tablePfn;
}

/** Writes leaves into one table; returns how many before something mapped stood in the way. Linux: __map_range_leaf() */
function fillTable(
  table: PageTable,
  tablePfn: number,
  level: number,
  vpn: number,
  page: number,
  order: number,
  count: number,
  attrs: number,
  gather: Gather,
): number {
  const { memory, format } = table;
  const step = ORDER_PAGES[order] as number;
  const slots = slotsOf(order - (format.itemOrder[level] as number));
  const index = indexOf(format, vpn, level);
  let at = memory.processorToWrite(tablePfn + (index >>> FRAME_ITEMS_LG2)) + (index & FRAME_ITEM_MASK) * 2;
  const watched = memory.onPublish;
  let words = memory.words;
  let lo = format.leafLo(page, order, level, attrs);
  let hi = format.leafHi(page, order, level, attrs);
  /** Between neighbours that have the same upper half; 0 where it must be asked for. */
  const delta = slots === 1 && count > 2 ? sameHalf(table, page, order, level, attrs, count) : 0;
  for (let n = 0; n < count; n++) {
    // A single slot that is clear needs no closer look.
    if (slots > 1 || ((words[at] as number) | (words[at + 1] as number)) !== 0) {
      if (!clearSlots(table, at, slots, level, vpn + n * step, gather)) return n;
    }
    const first = page + n * step;
    if (slots > 1 && format.slotsOwnPages) {
      fillSlots(table, at, first, order, level, attrs);
      at += slots * 2;
      continue;
    }
    if (delta === 0 && n > 0) {
      lo = format.leafLo(first, order, level, attrs);
      hi = format.leafHi(first, order, level, attrs);
    }
    const end = at + slots * 2;
    do {
      words[at + 1] = hi;
      words[at] = lo;
      at += 2;
      if (watched !== null) {
        watched(TABLE_ENTRY);
        words = memory.words;
      }
    } while (at < end);
    lo = (lo + delta) | 0;
  }
  return count;
}

/** The step from one lower half to the next in a run of leaves below 4 GiB whose upper halves are one; otherwise 0. */
function sameHalf(
  { format }: PageTable,
  page: number,
  order: number,
  level: number,
  attrs: number,
  count: number,
): number {
  const step = ORDER_PAGES[order] as number;
  if (count * step * format.granuleBytes > 2 ** 32) return 0;
  const last = format.leafHi(page + (count - 1) * step, order, level, attrs);
  if (last !== format.leafHi(page, order, level, attrs)) return 0;
  return format.leafLo(page + step, order, level, attrs) - format.leafLo(page, order, level, attrs);
}

/** One leaf in several slots, each with its own part of the address. */
function fillSlots(
  table: PageTable,
  at: number,
  page: number,
  order: number,
  level: number,
  attrs: number,
): void {
  const { memory, format } = table;
  const step = format.itemPages[level] as number;
  const slots = slotsOf(order - (format.itemOrder[level] as number));
  for (let slot = 0; slot < slots; slot++) {
    memory.words[at + slot * 2 + 1] = format.leafHi(page + slot * step, order, level, attrs);
    memory.words[at + slot * 2] = format.leafLo(page + slot * step, order, level, attrs);
    memory.published(TABLE_ENTRY);
  }
}

/**
 * Makes room for a leaf where tables without leaves are left over: they go to the gather. False where anything is mapped;
 * tables before it are gone then.
 *
 * Linux: clear_contig()
 */
function clearSlots(
  table: PageTable,
  at: number,
  slots: number,
  level: number,
  vpn: number,
  gather: Gather,
): boolean {
  const { memory, format } = table;
  for (let n = 0; n < slots; n++) {
    const lo = memory.words[at + n * 2] as number;
    const hi = memory.words[at + n * 2 + 1] as number;
    const kind = format.kind(lo, hi, level);
    if (kind === EMPTY) continue;
    if (kind !== TABLE) return false;
    const tables = [format.tablePfn(lo, hi)];
    if (collectTables(table, tables[0] ?? 0, level - 1, tables, true)) return false;
    memory.words[at + n * 2] = 0;
    memory.words[at + n * 2 + 1] = 0;
    memory.published(TABLE_ENTRY);
    table.tablePages -= tables.length * (format.frames[0] as number);
    gather.tables.push(...tables);
    const step = format.itemPages[level] as number;
    gatherRange(gather, vpn + n * step, step);
  }
  return true;
}
