import type { IommuDomain, UserData } from '../../../iommu/ops';
import type { ViommuOps } from '../../../iommu/viommu-ops';
import type { Result } from '../../../kernel/errno';
import type { Ivhd } from './ivhd';
import type { ProtectionDomain } from './protection-domain';

/** A host domain id that stands for one of a guest's, and the nested domains that use it. Linux: struct guest_domain_mapping_info */
export interface GuestDomainId {
  readonly hostId: number;
  users: number;
}

/**
 * A VM's slice of a unit: which host domain id stands for which of the guest's.
 *
 * Linux: drivers/iommu/amd/iommufd.c struct amd_iommu_viommu, amd_iommufd_viommu_init(), amd_viommu_ops
 *
 * It has no invalidation and no events of its own at this version.
 */
export class AmdViommu implements ViommuOps {
  /** By the guest's id. Linux: gdomid_array */
  readonly domainIds = new Map<number, GuestDomainId>();
  /** Absent as in the kernel: see AmdDriverOptions.nestedDomains. */
  readonly allocDomainNested?: (flags: number, data: UserData) => Result<IommuDomain>;

  constructor(
    readonly iommu: Ivhd,
    readonly parent: ProtectionDomain,
    allocNested: ((viommu: AmdViommu, data: UserData) => Result<IommuDomain>) | null,
  ) {
    parent.viommus.unshift(this);
    if (allocNested) this.allocDomainNested = (_flags, data) => allocNested(this, data);
  }

  /** Linux: amd_iommufd_viommu_destroy() */
  destroy(): void {
    const { viommus } = this.parent;
    viommus.splice(viommus.indexOf(this), 1);
  }

  /** By ascending guest ids, as an xarray is walked. */
  hostDomainIds(): readonly number[] {
    return [...this.domainIds].sort(([a], [b]) => a - b).map(([, { hostId }]) => hostId);
  }
}
