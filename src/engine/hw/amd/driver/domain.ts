import { invariant } from '../../../../lib/invariant';
import { done } from '../../../../lib/result';
import type { DirtyOps, IommuClient, IommuDomain, IommuOps } from '../../../iommu/ops';
import type { Result } from '../../../kernel/errno';
import type { PageTable } from '../../../pt/page-table';
import type { Trace } from '../../../trace/trace';
import { TableDomain } from '../../common/table-domain';
import { cloneAliases, setEntry } from './entry';
import { flushDeviceEntry } from './flush';
import type { DomainIds } from './ids';
import { ProtectionDomain } from './protection-domain';

/** What a domain needs of the driver that made it. */
export interface DomainHost {
  readonly ops: IommuOps;
  readonly trace: Trace;
  readonly ids: DomainIds;
  readonly nextLabel: () => string;
  /** Fault injection: unmap forgets to tell the IOTLB. */
  readonly skipInvalidation: boolean;
  attachTo(domain: ProtectionDomain, device: IommuClient): Result<undefined>;
}

/** A domain with a host ("v1") or guest ("v2") table. Linux: struct protection_domain, amdv1_ops, amdv2_ops */
export class AmdDomain extends TableDomain {
  readonly protection: ProtectionDomain;
  override readonly dirty: DirtyOps | null;

  constructor(
    private readonly host: DomainHost,
    parts: {
      readonly label: string;
      readonly table: PageTable;
      readonly id: number;
      readonly mode: 'v1' | 'v2';
    },
    tracksDirty: boolean,
  ) {
    // For v2 tables that is a lie, for their format has no such bit; the kernel tells it for the sake of VFIO.
    super({ label: parts.label, owner: host.ops, trace: host.trace, table: parts.table, snoopControl: true });
    this.protection = new ProtectionDomain(this, parts.id, parts.mode, parts.table);
    this.dirty = tracksDirty
      ? {
          setTracking: (enable) => setDirtyTracking(this.protection, enable),
          readAndClear: (iova, bytes, noClear, record) => this.readAndClear(iova, bytes, noClear, record),
        }
      : null;
  }

  attachDev(device: IommuClient): Result<undefined> {
    return this.host.attachTo(this.protection, device);
  }

  /** Linux: amd_iommu_domain_free() */
  override free(): void {
    invariant(this.protection.devices.length === 0, `${this.label} is freed while devices are attached`);
    super.free();
    this.host.ids.release(this.protection.id);
  }

  /** Always: FC stands in every host entry. Linux: amd_iommu_enforce_cache_coherency() */
  override enforceCacheCoherency(): boolean {
    return true;
  }

  /** Linux: amd_iommu_iotlb_sync() */
  protected override flushRange(firstVpn: number, lastVpn: number): void {
    if (this.host.skipInvalidation) return;
    const size = BigInt(lastVpn - firstVpn + 1) * 4096n;
    this.protection.flushPages(BigInt(firstVpn) * 4096n, size);
  }

  /** Linux: amd_iommu_flush_iotlb_all() */
  override flushIotlbAll(): void {
    if (!this.host.skipInvalidation) this.protection.flushAll();
  }

  /** Linux: amd_iommu_iotlb_sync_map() */
  protected override mapped(iova: bigint, bytes: number): void {
    if (this.protection.behindVirtualUnit) this.protection.flushPages(iova, BigInt(bytes));
  }
}

/** Every device of the domain gets the new root. Linux: amd_iommu_change_top() */
export function changeTop(domain: ProtectionDomain, rootPfn: number, topLevel: number): void {
  for (const device of domain.devices) {
    setEntry(device, { rootPa: rootPfn * 4096, mode: topLevel + 1 });
    cloneAliases(device);
  }
  for (const device of domain.devices) flushDeviceEntry(device);
  domain.flushComplete();
}

/**
 * Switches the hardware's dirty bits on or off for all devices of a domain.
 *
 * Linux: amd_iommu_set_dirty_tracking()
 *
 * The kernel leaves the entries of aliases as they are.
 */
function setDirtyTracking(domain: ProtectionDomain, enable: boolean): Result<undefined> {
  if (domain.dirtyTracking === enable) return done;
  for (const device of domain.devices) {
    device.iommu.segment.table.setHostDirty(device.rid, enable);
    flushDeviceEntry(device);
  }
  if (domain.devices.length > 0) domain.flushAll();
  domain.dirtyTracking = enable;
  return done;
}

/** A domain that is one for good: it has no table, and is nobody's to free. */
export function staticDomain(
  owner: IommuOps,
  type: 'identity' | 'blocked',
  attachDev: (device: IommuClient) => Result<undefined>,
): IommuDomain {
  return { label: type, type, owner, paging: null, attachDev };
}
