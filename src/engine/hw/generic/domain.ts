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
} from '../../iommu/ops';
import type { IopfGroup } from '../../iommu/page-fault';
import { err, type Result } from '../../kernel/errno';
import { readAndClearDirty } from '../../pt/dirty';
import { mapRange } from '../../pt/map';
import { newGather, putTables, type PageTable } from '../../pt/page-table';
import { unmapRange } from '../../pt/unmap';
import { iovaToPhys } from '../../pt/walk';
import type { Trace } from '../../trace/trace';

/** What a domain needs of its unit. */
export interface GenericHost extends IommuOps {
  readonly trace: Trace;
  readonly aperture: { readonly start: bigint; readonly last: bigint };
  readonly snoopControl: boolean;
  attach(domain: IommuDomain, device: IommuClient): Result<undefined>;
  attachPasid(domain: IommuDomain, device: IommuClient, pasid: number): Result<undefined>;
  refusesMap(): Result<undefined>;
}

/** A paging domain of a generic IOMMU: real page tables, walked anew for every access. */
export class GenericDomain implements IommuDomain, PagingDomain {
  type: DomainType = 'unmanaged';
  readonly paging: PagingDomain = this;
  readonly pageSizesLg2: readonly number[];
  readonly apertureStart: bigint;
  readonly apertureLast: bigint;
  readonly dirty: DirtyOps | null;
  cookie: DomainCookie | null = null;
  iopfHandler: ((group: IopfGroup) => Result<undefined>) | null = null;
  readonly setDevPasid?: NonNullable<IommuDomain['setDevPasid']>;
  /** Accesses mark the entries that they write through. */
  tracking = false;
  forceCoherence = false;

  constructor(
    readonly label: string,
    readonly owner: GenericHost,
    readonly table: PageTable,
    dirtyTracking: boolean,
  ) {
    this.pageSizesLg2 = table.pageSizesLg2;
    this.apertureStart = owner.aperture.start;
    this.apertureLast = owner.aperture.last;
    this.dirty = dirtyTracking ? this.dirtyOps() : null;
    if ((owner.maxPasids ?? 0) > 0)
      this.setDevPasid = (device, pasid) => owner.attachPasid(this, device, pasid);
  }

  attachDev(device: IommuClient): Result<undefined> {
    return this.owner.attach(this, device);
  }

  map(iova: bigint, pa: number, bytes: number, prot: Prot): Result<undefined> {
    const refused = this.owner.refusesMap();
    if (!refused.ok) return refused;
    if (iova < this.apertureStart || iova + BigInt(bytes) - 1n > this.apertureLast)
      return err('ERANGE', 'outside of the aperture');
    const gather = newGather();
    const features = { forceCoherence: this.forceCoherence };
    const mapped = mapRange(this.table, { iova, pa, bytes, prot, features }, gather);
    putTables(this.table, gather);
    if (!mapped.result.ok) {
      if (mapped.bytes > 0) this.unmap(iova, mapped.bytes);
      return mapped.result;
    }
    this.announce('map', iova, bytes, mapped.entries);
    return done;
  }

  unmap(iova: bigint, bytes: number): number {
    const gather = newGather();
    const gone = unmapRange(this.table, iova, bytes, gather);
    putTables(this.table, gather);
    if (gone.bytes > 0) this.announce('unmap', iova, gone.bytes, gone.entries);
    return gone.bytes;
  }

  iovaToPhys(iova: bigint): number | null {
    return iovaToPhys(this.table, iova);
  }

  enforceCacheCoherency(): boolean {
    this.forceCoherence = this.owner.snoopControl;
    return this.forceCoherence;
  }

  free(): void {
    this.table.free();
  }

  private dirtyOps(): DirtyOps {
    return {
      setTracking: (enable) => {
        this.tracking = enable;
        return done;
      },
      readAndClear: (iova, bytes, noClear, record) =>
        readAndClearDirty(
          this.table,
          {
            iova,
            bytes: Number(bytes),
            noClear,
            record: record && ((at, length) => record(BigInt(at), length)),
          },
          newGather(),
        ),
    };
  }

  private announce(kind: 'map' | 'unmap', iova: bigint, bytes: number, entries: number): void {
    const { trace } = this.owner;
    const last = iova + BigInt(bytes) - 1n;
    if (trace.on) trace.emit({ kind, domain: this.label, iova, last, entries });
  }
}
