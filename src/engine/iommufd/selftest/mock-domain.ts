import { done } from '../../../lib/result';
import { hex } from '../../../lib/u64';
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
import { readAndClearDirty, setDirty } from '../../pt/dirty';
import { mapRange } from '../../pt/map';
import { newGather, putTables, type PageTable } from '../../pt/page-table';
import { unmapRange } from '../../pt/unmap';
import { iovaToPhys } from '../../pt/walk';
import { MOCK_APERTURE_LAST, MOCK_APERTURE_START } from '../../uapi/iommufd-test';
import type { MockUnit } from './mock-unit';

/** No mock domain makes anything coherent by force. */
const FEATURES = { forceCoherence: false };

/**
 * A paging domain of the mock IOMMU: real page tables that no hardware reads.
 *
 * Linux: selftest.c struct mock_iommu_domain, amdv1_mock_ops, amdv1_mock_dirty_ops; iommu.c iommu_map(), iommu_unmap()
 */
export class MockDomain implements IommuDomain, PagingDomain {
  type: DomainType = 'unmanaged';
  readonly paging: PagingDomain = this;
  readonly pageSizesLg2: readonly number[];
  readonly apertureStart: bigint;
  readonly apertureLast: bigint;
  readonly dirty: DirtyOps | null;
  cookie: DomainCookie | null = null;
  iopfHandler: ((group: IopfGroup) => Result<undefined>) | null = null;
  /** Linux: MOCK_DIRTY_TRACK */
  tracking = false;

  constructor(
    readonly label: string,
    private readonly unit: MockUnit,
    readonly table: PageTable,
    options: { readonly huge: boolean; readonly dirtyTracking: boolean },
  ) {
    this.pageSizesLg2 = table.pageSizesLg2;
    // The default kind is given a smaller aperture than its tables have, for the sake of the tests.
    this.apertureStart = options.huge ? 0n : MOCK_APERTURE_START;
    this.apertureLast = options.huge ? (1n << BigInt(table.vaLg2)) - 1n : MOCK_APERTURE_LAST;
    this.dirty = options.dirtyTracking ? this.dirtyOps() : null;
  }

  get owner(): IommuOps {
    return this.unit;
  }

  attachDev(device: IommuClient): Result<undefined> {
    return this.unit.attach(this, device);
  }

  setDevPasid(device: IommuClient, pasid: number, old: IommuDomain | null): Result<undefined> {
    return this.unit.setDevPasid(this, device, pasid, old);
  }

  map(iova: bigint, pa: number, bytes: number, prot: Prot): Result<undefined> {
    if (misaligned(this.table, iova, bytes) || pa % this.table.format.granuleBytes !== 0) {
      return err('EINVAL', `${hex(iova)} → ${hex(pa)}: not aligned to the smallest page`, {
        rule: 'iommu_map',
      });
    }
    const gather = newGather();
    const mapped = mapRange(this.table, { iova, pa, bytes, prot, features: FEATURES }, gather);
    putTables(this.table, gather);
    if (!mapped.result.ok) {
      if (mapped.bytes > 0) this.unmap(iova, mapped.bytes);
      return mapped.result;
    }
    this.announce('map', iova, bytes, mapped.entries);
    return done;
  }

  unmap(iova: bigint, bytes: number): number {
    if (misaligned(this.table, iova, bytes)) return 0;
    const gather = newGather();
    const gone = unmapRange(this.table, iova, bytes, gather);
    putTables(this.table, gather);
    if (gone.bytes > 0) this.announce('unmap', iova, gone.bytes, gone.entries);
    return gone.bytes;
  }

  iovaToPhys(iova: bigint): number | null {
    return iovaToPhys(this.table, iova);
  }

  /** As a device that writes. Linux: pt_iommu_ops::set_dirty */
  setDirty(iova: bigint): void {
    setDirty(this.table, iova);
  }

  /** Linux: mock_domain_free() */
  free(): void {
    this.table.free();
    this.unit.gone(this);
  }

  /** Linux: mock_domain_set_dirty_tracking(), IOMMU_PT_DIRTY_OPS() */
  private dirtyOps(): DirtyOps {
    return {
      setTracking: (enable) => {
        this.tracking = enable;
        return done;
      },
      readAndClear: (iova, bytes, noClear, record) => {
        const gather = newGather();
        const args = {
          iova,
          bytes: Number(bytes),
          noClear,
          record: record && ((at: number, length: number) => record(BigInt(at), length)),
        };
        return readAndClearDirty(this.table, args, gather);
      },
    };
  }

  private announce(kind: 'map' | 'unmap', iova: bigint, bytes: number, entries: number): void {
    const { trace } = this.unit;
    const last = iova + BigInt(bytes) - 1n;
    if (trace.on) trace.emit({ kind, domain: this.label, iova, last, entries });
  }
}

/** Linux: iommu_map_nosync(), __iommu_unmap(): IS_ALIGNED() */
const misaligned = (table: PageTable, iova: bigint, bytes: number): boolean => {
  const least = 2 ** (table.pageSizesLg2[0] ?? 12);
  return (iova & BigInt(least - 1)) !== 0n || bytes % least !== 0;
};
