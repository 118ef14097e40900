import { invariant } from '../../lib/invariant';
import { ok, type Result } from '../kernel/errno';
import type { PhysicalMemory } from '../memory/physical-memory';
import { itemLg2, ITEMS, LEAF, levelOf, TABLE, type PtFormat } from './format';

export interface PageTableConfig {
  readonly memory: PhysicalMemory;
  readonly format: PtFormat;
  readonly topLevel: number;
  /** Bits of input address; at most what the top level reaches. Linux: hw_max_vasz_lg2 */
  readonly vaLg2: number;
  /** Page sizes that may be used, ascending; by default all that the format has at these levels. */
  readonly pageSizesLg2?: readonly number[];
}

/**
 * One tree of tables in simulated memory, and what it holds in numbers.
 *
 * Linux: drivers/iommu/generic_pt/iommu_pt.h pt_iommu_init(), pt_iommu_deinit(); include/linux/generic_pt/iommu.h
 */
export class PageTable {
  readonly memory: PhysicalMemory;
  readonly format: PtFormat;
  readonly topLevel: number;
  readonly vaLg2: number;
  readonly pageSizesLg2: readonly number[];
  /** The same as levels, descending: what map tries in turn. */
  readonly leafLevels: readonly number[];
  /** Page numbers end before this. */
  readonly endVpn: number;
  /** Leaves by level. */
  readonly leaves: number[];
  /** Frames that hold tables, the root included. */
  tablePages = 1;
  private freed = false;

  private constructor(
    config: PageTableConfig,
    readonly rootPfn: number,
  ) {
    this.memory = config.memory;
    this.format = config.format;
    this.topLevel = config.topLevel;
    this.vaLg2 = config.vaLg2;
    this.endVpn = 2 ** (config.vaLg2 - 12);
    this.pageSizesLg2 = config.pageSizesLg2 ?? possibleSizes(config.format, config.topLevel);
    this.leafLevels = this.pageSizesLg2.map(levelOf).reverse();
    this.leaves = new Array<number>(config.topLevel + 1).fill(0);
  }

  static create(config: PageTableConfig): Result<PageTable> {
    const { format, topLevel, vaLg2, memory } = config;
    invariant(topLevel >= format.minTopLevel && topLevel <= format.maxTopLevel, `${format.id}: top level`);
    invariant(vaLg2 <= itemLg2(topLevel + 1), `${format.id}: address wider than its tables`);
    const root = memory.allocateFrames(1);
    return root.ok ? ok(new PageTable(config, root.value)) : root;
  }

  /** Gives all tables back. The hardware must not use them any more: fenced and flushed by the caller. */
  free(): void {
    invariant(!this.freed, 'the page table is freed twice');
    this.freed = true;
    const tables = [this.rootPfn];
    collectTables(this, this.rootPfn, this.topLevel, tables);
    for (const pfn of tables) this.memory.freeFrames(pfn, 1);
    this.tablePages = 0;
    this.leaves.fill(0);
  }
}

/** Every table below one, lower ones after their parents; returns whether any leaf is among them. Linux: __collect_tables() */
export function collectTables(table: PageTable, tablePfn: number, level: number, into: number[]): boolean {
  const { memory, format } = table;
  const base = memory.frameBase(tablePfn);
  let leaf = false;
  for (let index = 0; index < ITEMS; index++) {
    const lo = memory.words[base + index * 2] as number;
    const hi = memory.words[base + index * 2 + 1] as number;
    const kind = format.kind(lo, hi, level);
    if (kind === LEAF) leaf = true;
    if (kind !== TABLE) continue;
    const lower = format.targetPfn(lo, hi);
    into.push(lower);
    if (collectTables(table, lower, level - 1, into)) leaf = true;
  }
  return leaf;
}

const possibleSizes = (format: PtFormat, topLevel: number): readonly number[] => {
  const sizes: number[] = [];
  for (let level = 0; level <= Math.min(topLevel, format.maxLeafLevel); level++) sizes.push(itemLg2(level));
  return sizes;
};

/** Ranges that lost translations and tables that lost their parent: nothing is reused before the IOTLB was told. */
export interface Gather {
  /** First and last page; empty while first > last. */
  firstVpn: number;
  lastVpn: number;
  readonly tables: number[];
}

export const newGather = (): Gather => ({ firstVpn: Infinity, lastVpn: -1, tables: [] });

/** Linux: iommu_iotlb_gather_add_range() */
export function gatherRange(gather: Gather, vpn: number, pages: number): void {
  gather.firstVpn = Math.min(gather.firstVpn, vpn);
  gather.lastVpn = Math.max(gather.lastVpn, vpn + pages - 1);
}

/** Frees gathered tables after the flush. Linux: iommu_put_pages_list() */
export function putTables(table: PageTable, gather: Gather): void {
  for (const pfn of gather.tables.splice(0)) table.memory.freeFrames(pfn, 1);
}
