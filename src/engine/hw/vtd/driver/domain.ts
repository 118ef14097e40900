import { invariant } from '../../../../lib/invariant';
import type {
  DomainType,
  IommuClient,
  IommuDomain,
  IommuOps,
  PagingDomain,
  Prot,
  QueuedUnmap,
} from '../../../iommu/ops';
import type { Result } from '../../../kernel/errno';
import { vtdss } from '../../../pt/fmt/vtdss';
import { mapRange } from '../../../pt/map';
import { newGather, putTables, type Gather, type PageTable } from '../../../pt/page-table';
import { unmapRange } from '../../../pt/unmap';
import { iovaToPhys } from '../../../pt/walk';
import type { Trace } from '../../../trace/trace';

/** Past every address: no range of pages covers so much, so the whole domain is flushed. */
const LAST_VPN = 2 ** 52 - 1;

/** What a domain needs of the unit it belongs to. */
export interface DomainHost {
  readonly ops: IommuOps;
  readonly trace: Trace;
  readonly snoopControl: boolean;
  attach(domain: VtdDomain, device: IommuClient): Result<undefined>;
  /** Tells the IOTLB about a changed range; `leafOnly` when no table was freed. */
  flushRange(domain: VtdDomain, firstVpn: number, lastVpn: number, leafOnly: boolean): void;
}

/** What the page shows of a domain's table. */
export interface DomainTable {
  readonly format: string;
  readonly levels: number;
  readonly rootPa: number;
  readonly leaves: readonly { readonly sizeLg2: number; readonly count: number }[];
  readonly tablePages: number;
  /** Null while no device is attached: ids are given at the first attach. */
  readonly did: number | null;
}

/**
 * A paging domain: one second-stage table.
 *
 * Linux: struct dmar_domain; drivers/iommu/intel/iommu.c intel_ss_paging_domain_ops, iommu.c iommu_map(), iommu_unmap()
 */
export class VtdDomain implements IommuDomain, PagingDomain {
  type: DomainType = 'unmanaged';
  readonly paging: PagingDomain = this;
  readonly genericPt = true;
  readonly pageSizesLg2: readonly number[];
  readonly apertureStart = 0n;
  readonly apertureLast: bigint;
  /** Domain id and how many devices hold it. Linux: struct iommu_domain_info */
  did: number | null = null;
  users = 0;
  /** Set by who wants the page faults. */
  iopfHandler: NonNullable<IommuDomain['iopfHandler']> | null = null;
  private forceCoherence = false;

  constructor(
    readonly label: string,
    private readonly host: DomainHost,
    readonly table: PageTable,
  ) {
    this.pageSizesLg2 = table.pageSizesLg2;
    this.apertureLast = (1n << BigInt(table.vaLg2)) - 1n;
  }

  get owner(): IommuOps {
    return this.host.ops;
  }

  attachDev(device: IommuClient): Result<undefined> {
    return this.host.attach(this, device);
  }

  map(iova: bigint, pa: number, bytes: number, prot: Prot): Result<undefined> {
    const gather = newGather();
    const features = { forceCoherence: this.forceCoherence };
    const mapped = mapRange(this.table, { iova, pa, bytes, prot, features }, gather);
    // Empty tables made room for a large page: a cached walk may still hold them.
    if (gather.tables.length > 0) this.sync(gather);
    if (!mapped.result.ok) {
      if (mapped.bytes > 0) this.unmap(iova, mapped.bytes);
      return mapped.result;
    }
    // CAP.CM = 0 and RWBF = 0: new mappings need no invalidation. Linux: intel_iommu_iotlb_sync_map()
    const { trace } = this.host;
    if (trace.on) {
      const last = iova + BigInt(bytes) - 1n;
      trace.emit({ kind: 'map', domain: this.label, iova, last, entries: mapped.entries });
    }
    return mapped.result;
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

  /** Linux: intel_flush_iotlb_all(), cache_tag_flush_all() */
  flushIotlbAll(): void {
    this.host.flushRange(this, 0, LAST_VPN, false);
  }

  iovaToPhys(iova: bigint): number | null {
    return iovaToPhys(this.table, iova);
  }

  /** Whether all later mappings make no-snoop accesses coherent. Linux: intel_iommu_enforce_cache_coherency_ss() */
  enforceCacheCoherency(): boolean {
    if (!this.host.snoopControl) return false;
    this.forceCoherence = true;
    return true;
  }

  /** Linux: intel_iommu_domain_free() */
  free(): void {
    invariant(this.users === 0, `${this.label} is freed while devices are attached`);
    this.table.free();
  }

  describe(): DomainTable {
    const { table } = this;
    return {
      format: table.format.id,
      levels: table.topLevel + 1,
      rootPa: table.rootPfn * 4096,
      leaves: table.pageSizesLg2.map((sizeLg2) => ({ sizeLg2, count: table.leavesOfSize(sizeLg2) })),
      tablePages: table.tablePages,
      did: this.did,
    };
  }

  /** The entries go; the IOTLB is not told. Linux: intel_iommu_unmap_pages(), unmap_range() */
  private takeOut(iova: bigint, bytes: number, gather: Gather): number {
    if (Number(iova & 0xfffn) !== 0 || bytes % 4096 !== 0 || iova > this.apertureLast) return 0;
    const gone = unmapRange(this.table, iova, bytes, gather);
    const unmapped = gone.bytes;
    const { trace } = this.host;
    if (trace.on && unmapped > 0) {
      const last = iova + BigInt(unmapped) - 1n;
      trace.emit({ kind: 'unmap', domain: this.label, iova, last, entries: gone.entries });
    }
    return unmapped;
  }

  /** Tables go back only after the IOTLB was told. Linux: iommu_iotlb_sync(), intel_iommu_tlb_sync() */
  private sync(gather: Gather): void {
    if (gather.lastVpn < 0) return;
    this.host.flushRange(this, gather.firstVpn, gather.lastVpn, gather.tables.length === 0);
    putTables(this.table, gather);
  }
}

/**
 * The widest second-stage table that the unit has.
 *
 * Linux: drivers/iommu/intel/iommu.c compute_vasz_lg2_ss()
 */
export function secondStageShape(mgaw: number, sagaw: number): { topLevel: number; vaLg2: number } | null {
  if (mgaw > 48 && sagaw >= 1 << 3) return { topLevel: 4, vaLg2: Math.min(57, mgaw) };
  if (mgaw > 39 && sagaw >= 1 << 2) return { topLevel: 3 + ffs(sagaw >> 3), vaLg2: Math.min(48, mgaw) };
  if (mgaw > 30 && sagaw >= 1 << 1) return { topLevel: 2 + ffs(sagaw >> 2), vaLg2: Math.min(39, mgaw) };
  return null;
}

const ffs = (n: number): number => (n === 0 ? 0 : 32 - Math.clz32(n & -n));

/** Page sizes that CAP.SLLPS leaves. */
export const superpageSizes = (superpages: number): readonly number[] => [
  ...vtdss.leafSizesLg2(0),
  ...((superpages & 1) !== 0 ? vtdss.leafSizesLg2(1) : []),
  ...((superpages & 2) !== 0 ? vtdss.leafSizesLg2(2) : []),
];
