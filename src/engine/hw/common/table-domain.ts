import { done } from '../../../lib/result';
import type {
  DirtyOps,
  DomainCookie,
  DomainType,
  IommuClient,
  IommuDomain,
  IommuOps,
  PagingDomain,
  Prot,
  QueuedUnmap,
} from '../../iommu/ops';
import type { IopfGroup } from '../../iommu/page-fault';
import type { Result } from '../../kernel/errno';
import { readAndClearDirty } from '../../pt/dirty';
import { mapRange } from '../../pt/map';
import { newGather, putTables, type Gather, type PageTable } from '../../pt/page-table';
import { unmapRange } from '../../pt/unmap';
import { iovaToPhys } from '../../pt/walk';
import type { Trace } from '../../trace/trace';
import type { DomainTables } from '../unit';

/** Past every address: no range of pages covers so much, so the whole domain is flushed. */
export const LAST_VPN = 2 ** 52 - 1;

/** What a driver adds to the paging domain that all of them share. */
export interface TableDomainParts {
  readonly label: string;
  readonly owner: IommuOps;
  readonly trace: Trace;
  readonly table: PageTable;
  /** Absent: all that the table reaches. */
  readonly aperture?: { readonly start: bigint; readonly last: bigint };
  /** The unit can make no-snoop accesses coherent. */
  readonly snoopControl: boolean;
}

/**
 * A paging domain over one page table: map is all or nothing, tables go back only after the IOTLB was told.
 *
 * Linux: drivers/iommu/iommu.c iommu_map(), iommu_unmap(); generic_pt/iommu_pt.h. A driver's class extends it.
 */
export abstract class TableDomain implements IommuDomain, PagingDomain {
  type: DomainType = 'unmanaged';
  cookie: DomainCookie | null = null;
  iopfHandler: ((group: IopfGroup) => Result<undefined>) | null = null;
  readonly paging: PagingDomain = this;
  readonly genericPt: boolean = true;
  readonly label: string;
  readonly owner: IommuOps;
  readonly table: PageTable;
  readonly pageSizesLg2: readonly number[];
  readonly apertureStart: bigint;
  readonly apertureLast: bigint;
  readonly dirty: DirtyOps | null = null;
  /** Later mappings make no-snoop accesses coherent. */
  forceCoherence = false;
  private readonly trace: Trace;
  private readonly snoopControl: boolean;

  constructor(parts: TableDomainParts) {
    this.label = parts.label;
    this.owner = parts.owner;
    this.trace = parts.trace;
    this.table = parts.table;
    this.snoopControl = parts.snoopControl;
    this.pageSizesLg2 = parts.table.pageSizesLg2;
    this.apertureStart = parts.aperture?.start ?? 0n;
    this.apertureLast = parts.aperture?.last ?? parts.table.apertureLast;
  }

  abstract attachDev(device: IommuClient, old: IommuDomain | null): Result<undefined>;

  /** Tells the caches about a changed range, in pages of the table's granule; `leafOnly` when no table was freed. */
  protected abstract flushRange(firstVpn: number, lastVpn: number, leafOnly: boolean): void;

  /** New entries where there were none: nothing to do where hardware caches no absent entries. Linux: iotlb_sync_map() */
  protected mapped(_iova: bigint, _bytes: number): void {
    // Overridden by those that must.
  }

  map(iova: bigint, pa: number, bytes: number, prot: Prot): Result<undefined> {
    const gather = newGather();
    const features = { forceCoherence: this.forceCoherence };
    const made = mapRange(this.table, { iova, pa, bytes, prot, features }, gather);
    // Empty tables made room for a large page: a cached walk may still hold them.
    if (gather.tables.length > 0) this.sync(gather);
    if (!made.result.ok) {
      if (made.bytes > 0) this.unmap(iova, made.bytes);
      return made.result;
    }
    this.mapped(iova, bytes);
    this.announce('map', iova, bytes, made.entries);
    return done;
  }

  unmap(iova: bigint, bytes: number): number {
    const gather = newGather();
    const unmapped = this.takeOut(iova, bytes, gather);
    this.sync(gather);
    return unmapped;
  }

  unmapQueued(iova: bigint, bytes: number): QueuedUnmap {
    const gather = newGather();
    const unmapped = this.takeOut(iova, bytes, gather);
    return { bytes: unmapped, release: () => putTables(this.table, gather) };
  }

  flushIotlbAll(): void {
    this.flushRange(0, LAST_VPN, false);
  }

  iovaToPhys(iova: bigint): number | null {
    return iovaToPhys(this.table, iova);
  }

  enforceCacheCoherency(): boolean {
    if (!this.snoopControl) return false;
    this.forceCoherence = true;
    return true;
  }

  free(): void {
    this.table.free();
  }

  /** For people; `tag` is the driver's. */
  describe(tag: string | null): DomainTables {
    const { table } = this;
    return {
      format: table.format.id,
      levels: table.topLevel + 1,
      rootPa: table.rootPfn * 4096,
      leaves: table.pageSizesLg2.map((sizeLg2) => ({ sizeLg2, count: table.leavesOfSize(sizeLg2) })),
      tablePages: table.tablePages,
      tag,
    };
  }

  /** For a driver's `dirty`. Linux: read_and_clear_dirty() */
  protected readAndClear(
    iova: bigint,
    bytes: bigint,
    noClear: boolean,
    record: ((iova: bigint, bytes: number) => void) | null,
  ): Result<undefined> {
    const gather = newGather();
    const told = record && ((at: number, length: number) => record(BigInt(at), length));
    const read = readAndClearDirty(this.table, { iova, bytes: Number(bytes), noClear, record: told }, gather);
    this.sync(gather);
    return read;
  }

  private takeOut(iova: bigint, bytes: number, gather: Gather): number {
    const granule = this.table.format.granuleBytes;
    if (Number(iova) % granule !== 0 || bytes % granule !== 0 || iova > this.apertureLast) return 0;
    const gone = unmapRange(this.table, iova, bytes, gather);
    if (gone.bytes > 0) this.announce('unmap', iova, gone.bytes, gone.entries);
    return gone.bytes;
  }

  /** Tables go back only after the IOTLB was told. Linux: iommu_iotlb_sync() */
  private sync(gather: Gather): void {
    if (gather.lastVpn < 0) return;
    this.flushRange(gather.firstVpn, gather.lastVpn, gather.tables.length === 0);
    putTables(this.table, gather);
  }

  protected announce(kind: 'map' | 'unmap', iova: bigint, bytes: number, entries: number): void {
    const { trace } = this;
    const last = iova + BigInt(bytes) - 1n;
    if (trace.on) trace.emit({ kind, domain: this.label, iova, last, entries });
  }
}
