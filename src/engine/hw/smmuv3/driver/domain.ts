import { done } from '../../../../lib/result';
import type { DirtyOps, IommuClient, IommuDomain, IommuOps, Prot, QueuedUnmap } from '../../../iommu/ops';
import type { Result } from '../../../kernel/errno';
import { readAndClearDirty } from '../../../pt/dirty';
import { LEAF, TABLE, type EntryKind } from '../../../pt/format';
import {
  collectTables,
  entryAt,
  newGather,
  putTables,
  type PageTable,
  TABLE_ENTRY,
} from '../../../pt/page-table';
import { unmapRange, type Unmapped } from '../../../pt/unmap';
import type { Trace } from '../../../trace/trace';
import { LAST_VPN, TableDomain } from '../../common/table-domain';
import type { Stage1Fields } from './cd';
import type { DomainState, SmmuDomainLike } from './domain-state';
import { invalidateDomain, invalidateRange } from './invalidate';
import type { Stage2Fields } from './ste';

/** What a paging domain needs of the driver it belongs to. */
export interface DomainHost {
  readonly ops: IommuOps;
  attach(domain: SmmuDomain, device: IommuClient, old: IommuDomain | null): Result<undefined>;
  setPasid(
    domain: SmmuDomain,
    device: IommuClient,
    pasid: number,
    old: IommuDomain | null,
  ): Result<undefined>;
  freed(state: DomainState): void;
  /** Fault injection: caches hear nothing of changes. */
  readonly skipInvalidation: boolean;
  /** The kernel's gather of dirty pages has no page size, and arm_smmu_iotlb_sync() does nothing then. */
  readonly dirtyWithoutFlush: boolean;
}

export interface SmmuDomainParts {
  readonly label: string;
  readonly trace: Trace;
  readonly table: PageTable;
  readonly state: DomainState;
  /** One of the two, by its stage. */
  readonly stage1: Stage1Fields | null;
  readonly stage2: Stage2Fields | null;
}

/** Pages of one size that went in a row, of which nobody was told. Linux: struct iommu_iotlb_gather */
interface PageGather {
  iova: number;
  bytes: number;
  pageBytes: number;
}

/**
 * A paging domain of either stage.
 *
 * Linux: struct arm_smmu_domain; drivers/iommu/io-pgtable-arm.c, iommu.c __iommu_unmap(), iommu_iotlb_gather_add_page()
 *
 * The kernel overwrites a table with a large page even if something is mapped below; here that is EEXIST. Users of the core
 * never ask for it.
 */
export class SmmuDomain extends TableDomain implements SmmuDomainLike {
  override readonly genericPt = false;
  override readonly dirty: DirtyOps | null;
  readonly smmuState: DomainState;
  readonly stage1: Stage1Fields | null;
  readonly stage2: Stage2Fields | null;

  constructor(
    private readonly host: DomainHost,
    { state, stage1, stage2, ...parts }: SmmuDomainParts,
  ) {
    super({ ...parts, owner: host.ops, snoopControl: false });
    this.smmuState = state;
    this.stage1 = stage1;
    this.stage2 = stage2;
    this.dirty = stage1?.hd === true ? this.dirtyOps() : null;
  }

  attachDev(device: IommuClient, old: IommuDomain | null): Result<undefined> {
    return this.host.attach(this, device, old);
  }

  setDevPasid(device: IommuClient, pasid: number, old: IommuDomain | null): Result<undefined> {
    return this.host.setPasid(this, device, pasid, old);
  }

  override map(iova: bigint, pa: number, bytes: number, prot: Prot): Result<undefined> {
    const mapped = super.map(iova, pa, bytes, prot);
    if (mapped.ok || mapped.errno !== 'EADDRINUSE') return mapped;
    return { ...mapped, errno: 'EEXIST', rule: 'arm_lpae_init_pte' };
  }

  override unmap(iova: bigint, bytes: number): number {
    const pages: PageGather = { iova: 0, bytes: 0, pageBytes: 0 };
    const gone = this.unmapPages(iova, bytes, pages);
    this.syncPages(pages);
    return gone;
  }

  /** What of it were tables is told at once: they are freed. */
  override unmapQueued(iova: bigint, bytes: number): QueuedUnmap {
    return { bytes: this.unmapPages(iova, bytes, null), release: () => undefined };
  }

  /** Every device that is in it now must be coherent, and every one that comes. Linux: arm_smmu_enforce_cache_coherency() */
  override enforceCacheCoherency(): boolean {
    const state = this.smmuState;
    state.enforceCacheCoherency = state.devices.every(({ master }) => master.canWbs);
    return state.enforceCacheCoherency;
  }

  /** Linux: arm_smmu_domain_free_paging() */
  override free(): void {
    super.free();
    this.host.freed(this.smmuState);
  }

  protected flushRange(firstVpn: number, lastVpn: number, leafOnly: boolean): void {
    if (lastVpn >= LAST_VPN) {
      if (!this.host.skipInvalidation) invalidateDomain(this.smmuState);
      return;
    }
    const { granuleBytes } = this.table.format;
    this.invalidate(firstVpn * granuleBytes, (lastVpn - firstVpn + 1) * granuleBytes, granuleBytes, leafOnly);
  }

  /**
   * The largest page size that fits decides, whatever is mapped: of a larger page nothing is unmapped, and of smaller ones
   * the table goes with all that is in it. `pages` null: the caller flushes everything later.
   *
   * Linux: __iommu_unmap(), __arm_lpae_unmap()
   */
  private unmapPages(iova: bigint, bytes: number, pages: PageGather | null): number {
    const { table } = this;
    const { granuleBytes } = table.format;
    const start = Number(iova);
    if (start % granuleBytes !== 0 || bytes % granuleBytes !== 0 || iova > this.apertureLast) return 0;
    let [gone, entries] = [0, 0];
    while (gone < bytes) {
      const vpn = (start + gone) / granuleBytes;
      const left = (bytes - gone) / granuleBytes;
      const order = table.sizes.best(vpn, vpn, left);
      const pageBytes = granuleBytes * 2 ** order;
      const found = findEntry(table, vpn, table.levelOfOrder[order] as number);
      if (found === null) break;
      // Large pages one by one, since each may be a table instead.
      const wanted = order === 0 ? table.sizes.run(vpn, vpn, left, order) * granuleBytes : pageBytes;
      const unmapped =
        found.kind === TABLE
          ? this.unmapTable(found, start + gone, pageBytes)
          : unmapRange(table, BigInt(start + gone), wanted, newGather());
      if (pages !== null && unmapped.bytes > 0) this.addPages(pages, start + gone, unmapped.bytes, pageBytes);
      gone += unmapped.bytes;
      entries += unmapped.entries;
      if (unmapped.bytes < wanted) break;
    }
    if (gone > 0) this.announce('unmap', iova, gone, entries);
    return gone;
  }

  /** Walks that are in the table must end before it is freed. Linux: io_pgtable_tlb_flush_walk(), __arm_lpae_free_pgtable() */
  private unmapTable({ at, level }: FoundEntry, iova: number, bytes: number): Unmapped {
    const { table } = this;
    const { memory, format } = table;
    const pfn = format.tablePfn(memory.words[at] as number, memory.words[at + 1] as number);
    const gather = newGather();
    gather.tables.push(pfn);
    collectTables(table, pfn, level - 1, gather.tables, false);
    const entries = forgetLeaves(table, pfn, level - 1);
    memory.words[at] = 0;
    memory.words[at + 1] = 0;
    memory.published(TABLE_ENTRY);
    table.tablePages -= gather.tables.length * (format.frames[0] as number);
    this.invalidate(iova, bytes, format.granuleBytes, false);
    putTables(table, gather);
    return { bytes, entries };
  }

  private addPages(pages: PageGather, iova: number, bytes: number, pageBytes: number): void {
    if (pages.bytes > 0 && pages.pageBytes !== pageBytes) this.syncPages(pages);
    if (pages.bytes === 0) pages.iova = iova;
    pages.bytes += bytes;
    pages.pageBytes = pageBytes;
  }

  /** Linux: arm_smmu_iotlb_sync() */
  private syncPages(pages: PageGather): void {
    if (pages.bytes > 0) this.invalidate(pages.iova, pages.bytes, pages.pageBytes, true);
    pages.bytes = 0;
  }

  private invalidate(iova: number, bytes: number, granule: number, leaf: boolean): void {
    if (!this.host.skipInvalidation) invalidateRange(this.smmuState, iova, bytes, granule, leaf);
  }

  /** Always on in such a domain. Linux: arm_smmu_set_dirty_tracking(), arm_smmu_read_and_clear_dirty() */
  private dirtyOps(): DirtyOps {
    return {
      setTracking: () => done,
      readAndClear: (iova, bytes, noClear, record) => {
        const gather = newGather();
        const told = record && ((at: number, length: number) => record(BigInt(at), length));
        const args = { iova, bytes: Number(bytes), noClear, record: told };
        const read = readAndClearDirty(this.table, args, gather);
        if (!this.host.dirtyWithoutFlush && gather.lastVpn >= 0)
          this.flushRange(gather.firstVpn, gather.lastVpn, true);
        return read;
      },
    };
  }
}

interface FoundEntry {
  readonly kind: EntryKind;
  /** Index in `memory.words`. */
  readonly at: number;
  readonly level: number;
}

/** The entry of a level that covers a page; null where nothing reaches so far down: a hole, or a larger page. */
function findEntry(table: PageTable, vpn: number, level: number): FoundEntry | null {
  const { memory, format } = table;
  let tablePfn = table.rootPfn;
  for (let above = table.topLevel; ; above--) {
    const at = entryAt(table, tablePfn, vpn, above);
    const [lo, hi] = [memory.words[at] as number, memory.words[at + 1] as number];
    const kind = format.kind(lo, hi, above);
    if (above === level) return { kind, at, level };
    if (kind !== TABLE) return null;
    tablePfn = format.tablePfn(lo, hi);
  }
}

/** Takes the leaves below a table out of the count; how many there were. A table that is spoilt may lead back up. */
function forgetLeaves(
  table: PageTable,
  tablePfn: number,
  level: number,
  met = new Set<number>([tablePfn]),
): number {
  const { memory, format } = table;
  let count = 0;
  for (let index = 0; index < (format.items[level] as number); index++) {
    const at = entryAt(table, tablePfn, index * (format.itemPages[level] as number), level);
    const [lo, hi] = [memory.words[at] as number, memory.words[at + 1] as number];
    const kind = format.kind(lo, hi, level);
    if (kind === TABLE) {
      const lower = format.tablePfn(lo, hi);
      if (!met.has(lower)) count += forgetLeaves(table, lower, level - 1, met.add(lower));
    }
    if (kind !== LEAF) continue;
    const order = format.itemOrder[level] as number;
    table.leaves[order] = (table.leaves[order] as number) - 1;
    count++;
  }
  return count;
}
