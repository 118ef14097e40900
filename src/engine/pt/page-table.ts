/**
 * How a driver uses a page table. IOVAs are bigint, physical addresses and lengths are bytes as number.
 *
 *   PageTable.create({ memory, format, topLevel, vaLg2?, oaLg2?, pageSizesLg2?, signExtend?, changeTop? }): Result<PageTable>
 *   mapRange(table, { iova, pa, bytes, prot, features }, gather): { bytes, entries, result }     map.ts
 *   unmapRange(table, iova, bytes, gather): { bytes, entries }                                   unmap.ts
 *   iovaToPhys(table, iova): number | null                                                       walk.ts
 *   readAndClearDirty(table, { iova, bytes, noClear, record }, gather): Result<undefined>        dirty.ts
 *   setDirty(table, iova): boolean (false where nothing is mapped)                               dirty.ts
 *   putTables(table, gather) after the IOTLB was told; table.free() at the end
 *   mockTable(memory, 'default' | 'huge'): PageTableConfig, what the selftest's domains have     fmt/amdv1.ts
 *
 * Formats, in fmt/: amdv1, vtdss, x86_64, riscv64 (riscv64Plain without 64 KiB pages), sv39x4, sv48x4, sv57x4; and
 * armLpae({ stage, granuleLg2, iasLg2, oasLg2, ... }), one for each pair of widths, whose root is at its maxTopLevel.
 *
 * mapRange leaves the part of a map that was done before a failure (`bytes`): the caller takes it out with unmapRange.
 * `record(iova, bytes)` of readAndClearDirty gets what the kernel gives iova_bitmap_set(), as numbers; null records nothing.
 */
import { invariant } from '../../lib/invariant';
import { ok, type Result } from '../kernel/errno';
import { tableUse, type FrameUse } from '../memory/frame-use';
import type { PhysicalMemory } from '../memory/physical-memory';
import { FRAME_ITEM_MASK, FRAME_ITEMS_LG2, indexOf, LEAF, TABLE, type PtFormat } from './format';
import { PageSizes } from './page-sizes';

export interface PageTableConfig {
  readonly memory: PhysicalMemory;
  readonly format: PtFormat;
  readonly topLevel: number;
  /** Bits of input address; by default what the levels reach. Linux: hw_max_vasz_lg2 */
  readonly vaLg2?: number;
  /** Bits of output address; by default what an entry holds. Linux: hw_max_oasz_lg2 */
  readonly oaLg2?: number;
  /** Page sizes that may be used, ascending; by default all that the format has. Linux: domain->pgsize_bitmap */
  readonly pageSizesLg2?: readonly number[];
  /** The upper half of the addresses is at the end of the 64 bits. Linux: PT_FEAT_SIGN_EXTEND */
  readonly signExtend?: boolean;
  /**
   * Levels are added on top when a map needs them, and the hardware is told here. Linux: PT_FEAT_DYNAMIC_TOP,
   * pt_iommu_driver_ops change_top()
   */
  readonly changeTop?: (rootPfn: number, topLevel: number) => void;
  /** The table is of a process: what fails the kernel's own allocations on demand leaves it alone. */
  readonly ofProcess?: boolean;
}

/**
 * One tree of tables in simulated memory, and what it holds in numbers.
 *
 * Linux: drivers/iommu/generic_pt/iommu_pt.h pt_iommu_init(), pt_iommu_deinit(); include/linux/generic_pt/iommu.h
 */
export class PageTable {
  readonly memory: PhysicalMemory;
  readonly format: PtFormat;
  readonly vaLg2: number;
  readonly oaLg2: number;
  /** Physical addresses end before this. */
  readonly oaEnd: number;
  readonly pageSizesLg2: readonly number[];
  readonly sizes: PageSizes;
  readonly changeTop: PageTableConfig['changeTop'];
  readonly ofProcess: boolean;
  /** Page numbers of the upper half begin here; without sign extension there are none. */
  readonly upperVpn: number;
  /** Leaves by order; one that is repeated in several slots counts once. */
  readonly leaves: number[] = new Array<number>(64).fill(0);
  /** Level whose slots hold leaves of an order. */
  readonly levelOfOrder: readonly number[];
  /** Frames that hold tables, the root included. */
  tablePages: number;
  private top: number;
  private root: number;
  private end: number;
  private readonly signExtended: boolean;
  private freed = false;

  private constructor(
    config: PageTableConfig,
    rootPfn: number,
    /** What its frames are, by level. */
    readonly uses: readonly TableUse[],
  ) {
    const { format, topLevel } = config;
    const dynamic = config.changeTop !== undefined;
    this.memory = config.memory;
    this.format = format;
    this.vaLg2 = config.vaLg2 ?? (dynamic ? format.maxVaLg2 : reachLg2(format, topLevel));
    this.oaLg2 = config.oaLg2 ?? format.maxOaLg2;
    this.oaEnd = 2 ** this.oaLg2;
    this.changeTop = config.changeTop;
    this.ofProcess = config.ofProcess === true;
    const possible = dynamic
      ? possibleSizes(format, format.maxTopLevel, this.vaLg2, this.oaLg2)
      : possibleSizes(format, topLevel, Infinity, this.oaLg2);
    this.pageSizesLg2 = config.pageSizesLg2 ?? possible;
    invariant(
      this.pageSizesLg2.every((size) => possible.includes(size)),
      `${format.id}: page sizes`,
    );
    const orders = this.pageSizesLg2.map((size) => size - format.granuleLg2);
    this.sizes = new PageSizes(orders);
    this.levelOfOrder = this.leaves.map((_, order) =>
      format.itemOrder.findLastIndex((item) => item <= order),
    );
    this.root = rootPfn;
    this.top = topLevel;
    this.tablePages = format.frames[topLevel] as number;
    this.signExtended = config.signExtend === true;
    this.end = this.endFor(topLevel);
    this.upperVpn = this.signExtended ? format.pagesOf64Bits - this.end : Infinity;
  }

  static create(config: PageTableConfig): Result<PageTable> {
    const { format, topLevel, vaLg2, oaLg2, memory, changeTop } = config;
    const widest = changeTop === undefined ? reachLg2(format, topLevel) : format.maxVaLg2;
    invariant(topLevel >= format.minTopLevel && topLevel <= format.maxTopLevel, `${format.id}: top level`);
    invariant((vaLg2 ?? 0) <= widest, `${format.id}: address wider than its tables`);
    invariant((oaLg2 ?? 0) <= format.maxOaLg2, `${format.id}: output address wider than an entry`);
    invariant(
      changeTop === undefined || config.signExtend !== true,
      `${format.id}: grows and is sign-extended`,
    );
    const token = {};
    const uses = format.frames.map((_, level) => ({ use: tableUse(level, token) }));
    const root = allocateTable(memory, format, topLevel, uses, config.ofProcess === true);
    return root.ok ? ok(new PageTable(config, root.value, uses)) : root;
  }

  /** What its frames are told apart from those of other tables by. */
  get token(): FrameUse['owner'] {
    return this.uses[0]?.use.owner ?? null;
  }

  get topLevel(): number {
    return this.top;
  }

  get rootPfn(): number {
    return this.root;
  }

  /** Page numbers end before this, at the present top level; with sign extension those of the lower half. */
  get endVpn(): number {
    return this.end;
  }

  leavesOfSize(sizeLg2: number): number {
    return this.leaves[sizeLg2 - this.format.granuleLg2] ?? 0;
  }

  /** The caller has linked the former root below the new one. Linux: pt_top_set() */
  setTop(rootPfn: number, topLevel: number): void {
    this.root = rootPfn;
    this.top = topLevel;
    this.end = this.endFor(topLevel);
  }

  /** Where page numbers would end with another top level. Linux: _pt_top_range() */
  endFor(topLevel: number): number {
    const bits = Math.min(this.vaLg2, reachLg2(this.format, topLevel)) - (this.signExtended ? 1 : 0);
    return 2 ** (bits - this.format.granuleLg2);
  }

  /** Last address that software hands out: of the lower half, with sign extension. Linux: pt_iommu_init_domain() */
  get apertureLast(): bigint {
    return (1n << BigInt(this.vaLg2 - (this.signExtended ? 1 : 0))) - 1n;
  }

  /**
   * Whether a range lies in what the table reaches. With sign extension the kernel takes the highest bit from where the range
   * begins and lets that bit be anything after: a range may run over the end of the lower half and into the upper one, or
   * begin below that.
   *
   * Linux: pt_iter.h pt_check_range()
   */
  covers(firstVpn: number, lastVpn: number): boolean {
    if (lastVpn < this.end) return true;
    if (!this.signExtended) return false;
    if (firstVpn < this.end) return lastVpn < 2 * this.end;
    const { pagesOf64Bits } = this.format;
    return firstVpn >= pagesOf64Bits - 2 * this.end && lastVpn < pagesOf64Bits;
  }

  /** Gives all tables back. The hardware must not use them any more: fenced and flushed by the caller. */
  free(): void {
    invariant(!this.freed, 'the page table is freed twice');
    this.freed = true;
    const tables = [this.rootPfn];
    collectTables(this, this.rootPfn, this.topLevel, tables, false);
    for (const pfn of tables) {
      const level = pfn === this.rootPfn ? this.topLevel : 0;
      this.memory.freeFrames(pfn, this.format.frames[level] as number);
    }
    this.tablePages = 0;
    this.leaves.fill(0);
  }
}

/**
 * Every table below one, lower ones after their parents. With `checkMapped` it stops at the first leaf, and returns that
 * there is one.
 *
 * Linux: __collect_tables()
 *
 * In a spoilt table, entries may lead back up, or all to one place. The kernel would follow each; here a table that was
 * met is listed again, so that giving it back twice is noticed, and not entered again.
 */
export function collectTables(
  table: PageTable,
  tablePfn: number,
  level: number,
  into: number[],
  checkMapped: boolean,
  met = new Set<number>(),
): boolean {
  if (level === 0 && !checkMapped) return false;
  met.add(tablePfn);
  const { memory, format } = table;
  const items = format.items[level] as number;
  let at = 0;
  for (let index = 0; index < items; index++, at += 2) {
    if ((index & FRAME_ITEM_MASK) === 0) at = memory.processorBase(tablePfn + (index >>> FRAME_ITEMS_LG2));
    const lo = memory.words[at] as number;
    const hi = memory.words[at + 1] as number;
    const kind = format.kind(lo, hi, level);
    if (kind === LEAF && checkMapped) return true;
    if (kind !== TABLE) continue;
    const lower = format.tablePfn(lo, hi);
    into.push(lower);
    if (met.has(lower)) continue;
    if (collectTables(table, lower, level - 1, into, checkMapped, met)) return true;
  }
  return false;
}

interface TableUse {
  readonly use: FrameUse;
}

/** Frames for a table of a level. */
export function allocateTable(
  memory: PhysicalMemory,
  format: PtFormat,
  level: number,
  uses: readonly TableUse[],
  ofProcess: boolean,
): Result<number> {
  const frames = format.frames[level] as number;
  return frames === 1 && !ofProcess
    ? memory.allocateFrames(1, uses[level])
    : memory.allocateFrames(frames, { align: frames, user: ofProcess, ...uses[level] });
}

/** Index in `memory.words` of the slot of a page, for reading. */
export function entryAt(table: PageTable, tablePfn: number, vpn: number, level: number): number {
  const index = indexOf(table.format, vpn, level);
  return table.memory.processorBase(tablePfn + (index >>> FRAME_ITEMS_LG2)) + (index & FRAME_ITEM_MASK) * 2;
}

/** What drivers' stores into page tables are called. */
export const TABLE_ENTRY = 'page-table entry';

/** Links a lower table into one. Linux: pt_install_table() */
export function installTable(
  table: PageTable,
  tablePfn: number,
  index: number,
  level: number,
  lowerPfn: number,
): void {
  const { memory, format } = table;
  const at = memory.processorToWrite(tablePfn + (index >>> FRAME_ITEMS_LG2)) + (index & FRAME_ITEM_MASK) * 2;
  memory.words[at + 1] = format.tableHi(lowerPfn, level);
  memory.words[at] = format.tableLo(lowerPfn, level);
  memory.published(TABLE_ENTRY);
}

const reachLg2 = (format: PtFormat, topLevel: number): number =>
  Math.min(format.maxVaLg2, (format.itemLg2[topLevel] ?? 0) + (format.levelBits[topLevel] ?? 0));

/** Linux: iommu_pt.h get_info() */
function possibleSizes(format: PtFormat, topLevel: number, vaLg2: number, oaLg2: number): readonly number[] {
  return format.itemLg2
    .slice(0, topLevel + 1)
    .flatMap((itemLg2, level) => (itemLg2 < vaLg2 ? format.leafSizesLg2(level) : []))
    .filter((size) => size < oaLg2);
}

/** Ranges that lost translations and tables that lost their parent: nothing is reused before the IOTLB was told. */
export interface Gather {
  /** First and last page, in granules of the table; empty while first > last. */
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
  if (gather.tables.length === 0) return;
  const frames = table.format.frames[0] as number;
  for (const pfn of gather.tables.splice(0)) table.memory.freeFrames(pfn, frames);
}
