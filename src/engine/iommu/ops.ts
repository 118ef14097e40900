import type { Result } from '../kernel/errno';

/**
 * What the core and a hardware driver know of each other.
 *
 * Linux: include/linux/iommu.h struct iommu_ops, struct iommu_domain, struct iommu_domain_ops
 */

/** struct device, as far as the IOMMU core and a driver care. */
export interface IommuClient {
  /** `0000:01:00.0` */
  readonly name: string;
  /** Requester id: bus 8, device 5, function 3. */
  readonly rid: number;
  /** Every requester id its transactions may carry, its own first. Linux: pci_for_each_dma_alias() */
  readonly aliasRids: readonly number[];
  /** 24-bit class code, base class first, where it is known: drivers reserve memory by it. */
  readonly classCode?: number;
}

export interface Prot {
  readonly read: boolean;
  readonly write: boolean;
}

/** As `type` in sysfs spells them. Linux: iommu_group_show_type() */
export type DomainType = 'blocked' | 'identity' | 'unmanaged' | 'DMA' | 'DMA-FQ';

export interface IommuDomain {
  /** For people and traces, e.g. `domain 3`. Unique within a machine. */
  readonly label: string;
  type: DomainType;
  readonly owner: IommuOps;
  /** Null for static domains (blocked, identity). */
  readonly paging: PagingDomain | null;
  /**
   * Makes `device` use this domain; there is no detach, another domain's attach is the detach.
   * EINVAL means "incompatible, try another domain".
   */
  attachDev(device: IommuClient, old: IommuDomain | null): Result<undefined>;
}

export interface PagingDomain {
  /** log2 of each page size, ascending. */
  readonly pageSizesLg2: readonly number[];
  readonly apertureStart: bigint;
  readonly apertureLast: bigint;
  /** All or nothing. Linux: iommu_map() */
  map(iova: bigint, pa: number, bytes: number, prot: Prot): Result<undefined>;
  /** Bytes unmapped: may be more (a whole large entry), or fewer (a hole). Includes the IOTLB flush. Linux: iommu_unmap() */
  unmap(iova: bigint, bytes: number): number;
  iovaToPhys(iova: bigint): number | null;
  /** Snoops CPU caches whatever the device asks for; false when this domain cannot. Asked before anything is mapped. */
  enforceCacheCoherency?(): boolean;
  /** Gives the tables back; the domain is attached nowhere. */
  free(): void;
}

export type IommuCap =
  | 'CACHE_COHERENCY'
  | 'NOEXEC'
  | 'PRE_BOOT_PROTECTION'
  | 'ENFORCE_CACHE_COHERENCY'
  | 'DEFERRED_FLUSH'
  | 'DIRTY_TRACKING';

export type ResvKind = 'direct' | 'direct-relaxable' | 'reserved' | 'msi' | 'sw-msi';

export interface ResvRegion {
  readonly start: bigint;
  readonly last: bigint;
  readonly kind: ResvKind;
}

/** One driver's half of the contract; one object a hardware instance. */
export interface IommuOps {
  /** World id of the unit, e.g. `iommu:dmar0`. */
  readonly unit: string;
  /** Two units of one driver share it; a domain may be attached only where the name agrees. */
  readonly driver: string;
  /** Whether MSIs of this unit's devices are isolated (interrupt remapping). */
  readonly isolatedMsi: boolean;
  readonly identityDomain: IommuDomain | null;
  readonly blockedDomain: IommuDomain | null;
  /** Attached to a device before releaseDevice. Absent: the driver's own releaseDevice stops its DMA. */
  readonly releaseDomain?: IommuDomain | null;
  capable(device: IommuClient, cap: IommuCap): boolean;
  /** ENODEV: not one of this unit's devices. */
  probeDevice(device: IommuClient): Result<undefined>;
  releaseDevice(device: IommuClient): void;
  /** What domainAllocPaging can take beyond the plain flags; asked for without being named here it is EOPNOTSUPP. */
  readonly pagingExtras?: readonly ('pasid' | 'user-data')[];
  domainAllocPaging(device: IommuClient, flags: PagingFlags): Result<IommuDomain>;
  /** A user's stage-1 table over `parent`. Absent: EOPNOTSUPP. */
  domainAllocNested?(device: IommuClient, parent: IommuDomain, data: UserData): Result<IommuDomain>;
  getResvRegions(device: IommuClient): readonly ResvRegion[];
  /** A type that the device must have as its default domain, or null. */
  defDomainType(device: IommuClient): 'identity' | 'DMA' | null;
}

/** Driver-specific words of a user. Linux: struct iommu_user_data */
export interface UserData {
  readonly type: number;
  readonly length: number;
  /** EFAULT when they are not there. */
  read(): Result<Uint8Array>;
}

export interface PagingFlags {
  readonly nestParent?: boolean;
  readonly dirtyTracking?: boolean;
  /** Only for drivers whose `pagingExtras` name it. */
  readonly pasid?: boolean;
  /** Only for drivers whose `pagingExtras` name it. */
  readonly userData?: UserData;
}
