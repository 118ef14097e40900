import type { Result } from '../kernel/errno';
import type { IommuClient, IommuDomain, UserData, UserDataArray } from './ops';

/**
 * What iommufd and a hardware driver know of each other about a slice of an IOMMU that a VM has.
 *
 * Linux: include/linux/iommufd.h struct iommufd_viommu, struct iommufd_viommu_ops, drivers/iommu/iommufd/driver.c
 */

/** iommufd's half. */
export interface ViommuHandle {
  readonly type: number;
  /** The device that a virtual id stands for, or null. Linux: iommufd_viommu_find_dev() */
  findDevice(virtId: bigint): IommuClient | null;
  /** Linux: iommufd_viommu_get_vdev_id(); null: ENOENT */
  virtIdOf(device: IommuClient): bigint | null;
  /** Puts an event in the queue of its type; EOPNOTSUPP when there is none. Linux: iommufd_viommu_report_event() */
  reportEvent(type: number, data: Uint8Array): Result<undefined>;
  /** Offers device memory to mmap() at an offset that is returned. Linux: iommufd_viommu_alloc_mmap() */
  allocMmap(bytes: Uint8Array): Result<bigint>;
  /** Linux: iommufd_viommu_destroy_mmap() */
  destroyMmap(offset: bigint): void;
}

/** A virtual device: one physical device as the VM numbers it. Linux: struct iommufd_vdevice */
export interface VdeviceHandle {
  readonly device: IommuClient;
  readonly virtId: bigint;
}

/** A queue that hardware reads straight from the VM's memory. Linux: struct iommufd_hw_queue */
export interface HwQueueHandle {
  readonly type: number;
  readonly index: number;
  /** In the nesting parent's IOAS. */
  readonly baseIova: bigint;
  readonly length: bigint;
  /** This queue cannot go before that one; EINVAL when it is of another vIOMMU. Linux: iommufd_hw_queue_depend() */
  dependOn(other: HwQueueHandle): Result<undefined>;
  undepend(other: HwQueueHandle): void;
}

/** The driver's half. */
export interface ViommuOps {
  destroy?(): void;
  /** Absent: EOPNOTSUPP. */
  allocDomainNested?(flags: number, data: UserData): Result<IommuDomain>;
  /** Absent: EOPNOTSUPP. As NestedDomain.cacheInvalidate. */
  cacheInvalidate?(array: UserDataArray): Result<undefined>;
  vdeviceInit?(vdevice: VdeviceHandle): Result<undefined>;
  vdeviceDestroy?(vdevice: VdeviceHandle): void;
  /** Linux: get_hw_queue_size() */
  supportsHwQueue?(type: number): boolean;
  /** `pa`: of the first byte. Linux: hw_queue_init_phys() */
  hwQueueInit?(queue: HwQueueHandle, pa: number): Result<undefined>;
  hwQueueDestroy?(queue: HwQueueHandle): void;
}
