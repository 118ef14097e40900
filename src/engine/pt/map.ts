import { done } from '../../lib/result';
import { hex, U64_MAX } from '../../lib/u64';
import { err, type Failure, type Result } from '../kernel/errno';
import { EMPTY, indexOf, ITEMS, itemPages, TABLE, type PtFeatures, type PtProt } from './format';
import { collectTables, gatherRange, type Gather, type PageTable } from './page-table';

export interface MapArgs {
  readonly iova: bigint;
  readonly pa: number;
  readonly bytes: number;
  readonly prot: PtProt;
  readonly features: PtFeatures;
}

export interface Mapped {
  /** Also on failure: what was mapped before it, for the caller to undo. */
  readonly pages: number;
  readonly entries: number;
  readonly result: Result<undefined>;
}

/**
 * Maps a physically contiguous range with the largest pages that fit.
 *
 * Linux: drivers/iommu/generic_pt/iommu_pt.h map_range(). The checks are in its order.
 *
 * A length that is no multiple of 4 KiB is refused at once; the kernel's callers never pass one.
 */
export function mapRange(table: PageTable, args: MapArgs, gather: Gather): Mapped {
  const { iova, pa, bytes } = args;
  const refuse = (failure: Failure): Mapped => ({ pages: 0, entries: 0, result: failure });
  const rule = { rule: 'pt_iommu map_range' };
  if (!args.prot.read && !args.prot.write)
    return refuse(err('EINVAL', 'neither readable nor writable', rule));
  if (pa >= 2 ** table.format.maxOaLg2) {
    return refuse(err('ERANGE', `physical address ${hex(pa)} does not fit an entry`, rule));
  }
  const attrs = table.format.attrs(args.prot, args.features);
  if (!attrs.ok) return refuse(attrs);
  if (bytes === 0) return refuse(err('EINVAL', 'the length is zero', rule));
  if (iova + BigInt(bytes) - 1n > U64_MAX) {
    return refuse(err('EOVERFLOW', 'the range wraps around the end of the address space', rule));
  }
  if ((Number(iova & 0xfffn) | (pa % 4096) | (bytes % 4096)) !== 0) {
    return refuse(
      err('ENXIO', 'no page size fits the alignment of address, physical address and length', rule),
    );
  }
  if ((iova + BigInt(bytes) - 1n) >> BigInt(table.vaLg2) !== 0n) {
    return refuse(err('ERANGE', `the range ends beyond the ${table.vaLg2} address bits of the table`, rule));
  }
  return fill(table, Number(iova >> 12n), pa / 4096, bytes / 4096, attrs.value, gather);
}

/** Linux: do_map(), __map_range(), __map_range_leaf() */
function fill(
  table: PageTable,
  firstVpn: number,
  firstPfn: number,
  pages: number,
  attrs: number,
  gather: Gather,
): Mapped {
  let mapped = 0;
  let entries = 0;
  while (mapped < pages) {
    const vpn = firstVpn + mapped;
    const pfn = firstPfn + mapped;
    const level = bestLevel(table, vpn, pfn, pages - mapped);
    const tablePfn = descend(table, vpn, level);
    if (typeof tablePfn !== 'number') return { pages: mapped, entries, result: tablePfn };
    // A larger page can only fit from the end of this table on.
    const index = indexOf(vpn, level);
    const step = itemPages(level);
    const count = Math.min(ITEMS - index, Math.floor((pages - mapped) / step));
    const filled = fillTable(table, tablePfn, level, vpn, pfn, count, attrs, gather);
    table.leaves[level] = (table.leaves[level] ?? 0) + filled;
    mapped += filled * step;
    entries += filled;
    if (filled < count) {
      const at = hex(BigInt(firstVpn + mapped) << 12n);
      return {
        pages: mapped,
        entries,
        result: err('EADDRINUSE', `${at} is mapped already`, { rule: 'clear_contig' }),
      };
    }
  }
  return { pages: mapped, entries, result: done };
}

/** Highest level whose page fits alignment and length. Linux: pt_compute_best_pgsize() */
function bestLevel(table: PageTable, vpn: number, pfn: number, pages: number): number {
  for (const level of table.leafLevels) {
    const size = itemPages(level);
    if (size <= pages && vpn % size === 0 && pfn % size === 0) return level;
  }
  return 0;
}

/** The table of `level` that covers a page; missing ones are made on the way. Linux: pt_iommu_new_table() */
function descend(table: PageTable, vpn: number, level: number): number | Failure {
  const { memory, format } = table;
  let tablePfn = table.rootPfn;
  for (let at = table.topLevel; at > level; at--) {
    const entry = memory.frameBase(tablePfn) + indexOf(vpn, at) * 2;
    const lo = memory.words[entry] as number;
    const hi = memory.words[entry + 1] as number;
    const kind = format.kind(lo, hi, at);
    if (kind === TABLE) {
      tablePfn = format.targetPfn(lo, hi);
    } else if (kind === EMPTY) {
      const lower = memory.allocateFrames(1);
      if (!lower.ok) return lower;
      table.tablePages++;
      const base = memory.frameToWrite(tablePfn) + indexOf(vpn, at) * 2;
      memory.words[base + 1] = format.tableHi(lower.value);
      memory.words[base] = format.tableLo(lower.value);
      tablePfn = lower.value;
    } else {
      const what = `${hex(BigInt(vpn) << 12n)} lies in a larger page that is mapped already`;
      return err('EADDRINUSE', what, { rule: '__map_range' });
    }
  }
  return tablePfn;
}

/** Writes leaves into one table; returns how many before something mapped stood in the way. */
function fillTable(
  table: PageTable,
  tablePfn: number,
  level: number,
  vpn: number,
  pfn: number,
  count: number,
  attrs: number,
  gather: Gather,
): number {
  const { memory, format } = table;
  const step = itemPages(level);
  const base = memory.frameToWrite(tablePfn) + indexOf(vpn, level) * 2;
  const words = memory.words;
  for (let n = 0; n < count; n++) {
    const at = base + n * 2;
    if (((words[at] as number) | (words[at + 1] as number)) !== 0) {
      if (!dropEmptyTables(table, at, level, vpn + n * step, gather)) return n;
    }
    words[at + 1] = format.leafHi(pfn + n * step, level, attrs);
    words[at] = format.leafLo(pfn + n * step, level, attrs);
  }
  return count;
}

/**
 * Makes room for a large leaf where a table without leaves is left over: it goes to the gather.
 *
 * Linux: clear_contig()
 */
function dropEmptyTables(table: PageTable, at: number, level: number, vpn: number, gather: Gather): boolean {
  const { memory, format } = table;
  const lo = memory.words[at] as number;
  const hi = memory.words[at + 1] as number;
  if (format.kind(lo, hi, level) !== TABLE) return false;
  const tables = [format.targetPfn(lo, hi)];
  if (collectTables(table, tables[0] ?? 0, level - 1, tables)) return false;
  memory.words[at] = 0;
  memory.words[at + 1] = 0;
  table.tablePages -= tables.length;
  gather.tables.push(...tables);
  gatherRange(gather, vpn, itemPages(level));
  return true;
}
