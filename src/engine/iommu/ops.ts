import type { Result } from '../kernel/errno';
import type { Task } from '../kernel/task';
import type { IommuGroup } from './group';
import type { UserMemory } from '../memory/user-memory';
import type { IopfGroup, PageFault, PageResponse } from './page-fault';
import type { ViommuHandle, ViommuOps } from './viommu-ops';

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
  /** Those of them that a bridge on the way puts there. Absent: none. */
  readonly bridgeRids?: readonly number[];
  /** 24-bit class code, base class first, where it is known: drivers reserve memory by it. */
  readonly classCode?: number;
  /** Of iommufd's own tests: its bind keeps no context open and asks for no isolated MSIs. Linux: iommufd_selftest_is_mock_dev() */
  readonly selftestMock?: true;
}

export interface Prot {
  readonly read: boolean;
  readonly write: boolean;
  /** Device memory, past the caches. Linux: IOMMU_MMIO, and no IOMMU_CACHE */
  readonly mmio?: boolean;
}

/** As `type` in sysfs spells them. Linux: iommu_group_show_type() */
export type DomainType =
  'blocked' | 'identity' | 'unmanaged' | 'DMA' | 'DMA-FQ' | 'sva' | 'nested' | 'platform';

/** Who put what beside a domain. Linux: enum iommu_domain_cookie_type */
export type DomainCookie =
  | { readonly kind: 'dma-iova' | 'dma-msi' | 'fault-handler'; readonly data: unknown }
  | { readonly kind: 'sva'; readonly mm: UserMemory }
  | {
      readonly kind: 'iommufd';
      readonly hwpt: unknown;
      /**
       * Under group->mutex: the IOVA at which a device of the group writes MSIs that are meant for `msiPa`; null: as it
       * stands. Linux: iommufd_sw_msi(), which iommu_dma_prepare_msi() calls
       */
      readonly swMsi?: (group: IommuGroup, msiPa: bigint) => Task<Result<bigint | null>>;
    };

export interface IommuDomain {
  /** For people and traces, e.g. `domain 3`. Unique within a machine. */
  readonly label: string;
  type: DomainType;
  readonly owner: IommuOps;
  /** Null for static domains (blocked, identity), nested and SVA domains. */
  readonly paging: PagingDomain | null;
  /** What a user's stage-1 table can do; null or absent for every other domain. */
  readonly nested?: NestedDomain | null;
  /** Set by whoever allocated the domain. */
  cookie?: DomainCookie | null;
  /** Whoever gets this domain's page faults; absent: it cannot take any. Linux: domain->iopf_handler */
  iopfHandler?: ((group: IopfGroup) => Result<undefined>) | null;
  /**
   * Makes `device` use this domain; there is no detach, another domain's attach is the detach.
   * EINVAL means "incompatible, try another domain".
   */
  attachDev(device: IommuClient, old: IommuDomain | null): Result<undefined>;
  /** Makes one PASID of `device` use this domain. Absent: EOPNOTSUPP. Linux: iommu_domain_ops::set_dev_pasid */
  setDevPasid?(device: IommuClient, pasid: number, old: IommuDomain | null): Result<undefined>;
  /** Gives back what is not in `paging`: nested and SVA domains. */
  free?(): void;
}

/** A user's stage-1 table. Linux: iommu_domain_ops::cache_invalidate_user */
export interface NestedDomain {
  readonly parent: IommuDomain;
  /** Absent: EOPNOTSUPP. `array.handled` counts the entries done, also when a later one fails. */
  cacheInvalidate?(array: UserDataArray): Result<undefined>;
}

/** Linux: struct iommu_dirty_ops */
export interface DirtyOps {
  setTracking(enable: boolean): Result<undefined>;
  /**
   * Tells `record` of every dirty stretch; clears the bits and flushes unless `noClear`. `bytes` may pass 2^53.
   * The walk ends early at a hole with an errno, which iommufd drops.
   */
  readAndClear(
    iova: bigint,
    bytes: bigint,
    noClear: boolean,
    record: (iova: bigint, bytes: number) => void,
  ): Result<undefined>;
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
  /** Its page table is the kernel's common one, which checks for itself. Linux: iommu_domain::is_iommupt */
  readonly genericPt?: boolean;
  /**
   * As `unmap`, but nobody tells the IOTLB: a flush of everything follows, and only then `release` gives back the tables
   * that a walk may still be in. Absent: `unmap` does. Linux: iommu_unmap_fast() with gather->queued
   */
  unmapQueued?(iova: bigint, bytes: number): QueuedUnmap;
  /** Linux: iommu_domain_ops::flush_iotlb_all */
  flushIotlbAll?(): void;
  /** Absent or null: dirty pages cannot be tracked in this domain. */
  readonly dirty?: DirtyOps | null;
  /** Snoops CPU caches whatever the device asks for; false when this domain cannot. Asked before anything is mapped. */
  enforceCacheCoherency?(): boolean;
  /** Gives the tables back; the domain is attached nowhere. */
  free(): void;
}

export interface QueuedUnmap {
  readonly bytes: number;
  release(): void;
}

export type IommuCap =
  | 'CACHE_COHERENCY'
  | 'NOEXEC'
  | 'PRE_BOOT_PROTECTION'
  | 'ENFORCE_CACHE_COHERENCY'
  | 'DEFERRED_FLUSH'
  | 'DIRTY_TRACKING'
  | 'PCI_ATS_SUPPORTED';

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
  /**
   * Domains are complete, and can be filled, only once they are attached: an attach comes before the fill, and nothing
   * special can be asked for. Linux: a driver without domain_alloc_paging_flags()
   */
  readonly finalisesAtAttach?: boolean;
  domainAllocPaging(device: IommuClient, flags: PagingFlags): Result<IommuDomain>;
  /** A user's stage-1 table over `parent`; `flags` as in the uapi (HWPT_ALLOC_PASID). Absent: EOPNOTSUPP. */
  domainAllocNested?(
    device: IommuClient,
    parent: IommuDomain,
    flags: number,
    data: UserData,
  ): Result<IommuDomain>;
  /** A domain that walks a process's own page table. Absent: EOPNOTSUPP. */
  domainAllocSva?(device: IommuClient, mm: UserMemory): Result<IommuDomain>;
  /** PASIDs that the unit can tell apart; absent: none. Linux: iommu_device::max_pasids */
  readonly maxPasids?: number;
  /** Bytes for a user who asks with `type` (0: the driver's own); EOPNOTSUPP for another's type. Absent: no data. */
  hwInfo?(device: IommuClient, type: number): Result<{ readonly type: number; readonly bytes: Uint8Array }>;
  /** A static domain that is every group's default. Linux: iommu_ops::default_domain */
  readonly defaultDomain?: IommuDomain | null;
  /** The device still does DMA by tables of an earlier kernel; attach it at its first map. Linux: is_attach_deferred */
  isAttachDeferred?(device: IommuClient): boolean;
  probeFinalize?(device: IommuClient): void;
  /** Absent: the device cannot be in a fault queue (ENODEV). Linux: iommu_ops::page_response */
  pageResponse?(device: IommuClient, fault: PageFault, response: PageResponse): void;
  /** The user's nested domain at NO_PASID serves every PASID. Linux: iommu_ops::user_pasid_table */
  readonly userPasidTable?: boolean;
  /** Whether it has a vIOMMU of this type for the device. Absent: none. Linux: get_viommu_size() */
  supportsViommu?(device: IommuClient, type: number): boolean;
  /** Linux: iommu_ops::viommu_init */
  viommuInit?(viommu: ViommuHandle, parent: IommuDomain, data: UserData | null): Result<ViommuOps>;
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
  /** Writes an answer over the words. Linux: iommu_copy_struct_to_user() */
  write?(bytes: Uint8Array): Result<undefined>;
}

/** Entries of a user, all of one length. Linux: struct iommu_user_data_array */
export interface UserDataArray {
  readonly type: number;
  readonly entryLength: number;
  readonly entryCount: number;
  /** Entries done; written back to the user also on failure. Linux: iommu_user_data_array::entry_num on return */
  handled: number;
  /** EFAULT when entry `index` is not there: `entryLength` bytes. */
  read(index: number): Result<Uint8Array>;
  /**
   * Entry `index` as a structure of `bytes` bytes: a shorter one is filled up with zeroes, what a longer one has beyond
   * must be zero (E2BIG). Linux: copy_struct_from_user()
   */
  readStruct(index: number, bytes: number): Result<Uint8Array>;
}

export interface PagingFlags {
  readonly nestParent?: boolean;
  readonly dirtyTracking?: boolean;
  /** Only for drivers whose `pagingExtras` name it. */
  readonly pasid?: boolean;
  /** Only for drivers whose `pagingExtras` name it. */
  readonly userData?: UserData;
}
