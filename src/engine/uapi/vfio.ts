import { defineStruct, field } from './struct';

/**
 * VFIO's user interface, as far as DMA goes: containers, groups and devices. Each structure's layout once.
 *
 * Linux: include/uapi/linux/vfio.h
 */

const VFIO_BASE = 100;
/** _IO(';', VFIO_BASE + nr) */
const vfioNumber = (nr: number): number => 0x3b00 | (VFIO_BASE + nr);

export const VFIO_GET_API_VERSION = vfioNumber(0);
export const VFIO_CHECK_EXTENSION = vfioNumber(1);
export const VFIO_SET_IOMMU = vfioNumber(2);
export const VFIO_GROUP_GET_STATUS = vfioNumber(3);
export const VFIO_GROUP_SET_CONTAINER = vfioNumber(4);
export const VFIO_GROUP_UNSET_CONTAINER = vfioNumber(5);
export const VFIO_GROUP_GET_DEVICE_FD = vfioNumber(6);
export const VFIO_DEVICE_GET_INFO = vfioNumber(7);
export const VFIO_DEVICE_BIND_IOMMUFD = vfioNumber(18);
export const VFIO_DEVICE_ATTACH_IOMMUFD_PT = vfioNumber(19);
export const VFIO_DEVICE_DETACH_IOMMUFD_PT = vfioNumber(20);
// Numbers of a container; those of a device with the same number are others.
export const VFIO_IOMMU_GET_INFO = vfioNumber(12);
export const VFIO_IOMMU_MAP_DMA = vfioNumber(13);
export const VFIO_IOMMU_UNMAP_DMA = vfioNumber(14);

export const VFIO_API_VERSION = 0;

export const VFIO_TYPE1_IOMMU = 1n;
export const VFIO_TYPE1v2_IOMMU = 3n;
export const VFIO_DMA_CC_IOMMU = 4n;
export const VFIO_NOIOMMU_IOMMU = 8n;
export const VFIO_UNMAP_ALL = 9n;

export const VFIO_IOMMU_INFO_PGSIZES = 1;
export const VFIO_IOMMU_INFO_CAPS = 2;

export const vfio_iommu_type1_info = defineStruct('vfio_iommu_type1_info', 24, [
  field('argsz', 'u32', 0, 'inout'),
  field('flags', 'u32', 4, 'out', { flags: { VFIO_IOMMU_INFO_PGSIZES, VFIO_IOMMU_INFO_CAPS } }),
  field('iova_pgsizes', 'u64', 8, 'out'),
  field('cap_offset', 'u32', 16, 'out'),
  field('pad', 'u32', 20, 'out'),
]);

export const vfio_info_cap_header = defineStruct('vfio_info_cap_header', 8, [
  field('id', 'u16', 0, 'out'),
  field('version', 'u16', 2, 'out'),
  field('next', 'u32', 4, 'out'),
]);

export const VFIO_IOMMU_TYPE1_INFO_CAP_IOVA_RANGE = 1;
export const VFIO_IOMMU_TYPE1_INFO_DMA_AVAIL = 3;

export const VFIO_IOMMU_TYPE1_INFO_CAP_MIGRATION = 2;

export const vfio_iommu_type1_info_cap_migration = defineStruct('vfio_iommu_type1_info_cap_migration', 32, [
  field('id', 'u16', 0, 'out'),
  field('version', 'u16', 2, 'out'),
  field('next', 'u32', 4, 'out'),
  field('flags', 'u32', 8, 'out'),
  field('pgsize_bitmap', 'u64', 16, 'out'),
  field('max_dirty_bitmap_size', 'u64', 24, 'out'),
]);

/** Then as many vfio_iova_range as it says. */
export const vfio_iommu_type1_info_cap_iova_range = defineStruct('vfio_iommu_type1_info_cap_iova_range', 16, [
  field('id', 'u16', 0, 'out'),
  field('version', 'u16', 2, 'out'),
  field('next', 'u32', 4, 'out'),
  field('nr_iovas', 'u32', 8, 'out'),
  field('reserved', 'u32', 12, 'out'),
]);

export const vfio_iova_range = defineStruct('vfio_iova_range', 16, [
  field('start', 'u64', 0, 'out'),
  field('end', 'u64', 8, 'out'),
]);

export const vfio_iommu_type1_info_dma_avail = defineStruct('vfio_iommu_type1_info_dma_avail', 12, [
  field('id', 'u16', 0, 'out'),
  field('version', 'u16', 2, 'out'),
  field('next', 'u32', 4, 'out'),
  field('avail', 'u32', 8, 'out'),
]);

export const VFIO_DMA_MAP_FLAG_READ = 1;
export const VFIO_DMA_MAP_FLAG_WRITE = 2;

export const vfio_iommu_type1_dma_map = defineStruct('vfio_iommu_type1_dma_map', 32, [
  field('argsz', 'u32', 0),
  field('flags', 'u32', 4, 'in', { flags: { VFIO_DMA_MAP_FLAG_READ, VFIO_DMA_MAP_FLAG_WRITE } }),
  field('vaddr', 'u64', 8),
  field('iova', 'u64', 16),
  field('size', 'u64', 24),
]);

export const VFIO_DMA_UNMAP_FLAG_ALL = 2;

export const vfio_iommu_type1_dma_unmap = defineStruct('vfio_iommu_type1_dma_unmap', 24, [
  field('argsz', 'u32', 0),
  field('flags', 'u32', 4, 'in', { flags: { VFIO_DMA_UNMAP_FLAG_ALL } }),
  field('iova', 'u64', 8),
  field('size', 'u64', 16, 'inout'),
]);

export const VFIO_GROUP_FLAGS_VIABLE = 1;
export const VFIO_GROUP_FLAGS_CONTAINER_SET = 2;

export const vfio_group_status = defineStruct('vfio_group_status', 8, [
  field('argsz', 'u32', 0),
  field('flags', 'u32', 4, 'out', { flags: { VFIO_GROUP_FLAGS_VIABLE, VFIO_GROUP_FLAGS_CONTAINER_SET } }),
]);

/** What VFIO_GROUP_SET_CONTAINER takes: a descriptor behind a pointer. */
export const vfio_container_fd = defineStruct('s32', 4, [field('fd', 's32', 0)]);

export const VFIO_DEVICE_FLAGS_RESET = 1;
export const VFIO_DEVICE_FLAGS_PCI = 2;
export const VFIO_DEVICE_FLAGS_PLATFORM = 4;
/** Linux: VFIO_PCI_NUM_REGIONS, VFIO_PCI_NUM_IRQS */
export const VFIO_PCI_NUM_REGIONS = 9;
export const VFIO_PCI_NUM_IRQS = 5;

export const vfio_device_info = defineStruct('vfio_device_info', 24, [
  field('argsz', 'u32', 0, 'inout'),
  field('flags', 'u32', 4, 'out', {
    flags: { VFIO_DEVICE_FLAGS_RESET, VFIO_DEVICE_FLAGS_PCI, VFIO_DEVICE_FLAGS_PLATFORM },
  }),
  field('num_regions', 'u32', 8, 'out'),
  field('num_irqs', 'u32', 12, 'out'),
  field('cap_offset', 'u32', 16, 'out'),
  field('pad', 'u32', 20, 'out'),
]);

export const VFIO_DEVICE_BIND_FLAG_TOKEN = 1;

export const vfio_device_bind_iommufd = defineStruct('vfio_device_bind_iommufd', 24, [
  field('argsz', 'u32', 0),
  field('flags', 'u32', 4, 'in', { flags: { VFIO_DEVICE_BIND_FLAG_TOKEN } }),
  field('iommufd', 's32', 8),
  field('out_devid', 'u32', 12, 'out'),
  field('token_uuid_ptr', 'u64', 16),
]);

export const VFIO_DEVICE_ATTACH_PASID = 1;

export const vfio_device_attach_iommufd_pt = defineStruct('vfio_device_attach_iommufd_pt', 16, [
  field('argsz', 'u32', 0),
  field('flags', 'u32', 4, 'in', { flags: { VFIO_DEVICE_ATTACH_PASID } }),
  field('pt_id', 'u32', 8, 'inout'),
  field('pasid', 'u32', 12),
]);

export const VFIO_DEVICE_DETACH_PASID = 1;

export const vfio_device_detach_iommufd_pt = defineStruct('vfio_device_detach_iommufd_pt', 12, [
  field('argsz', 'u32', 0),
  field('flags', 'u32', 4, 'in', { flags: { VFIO_DEVICE_DETACH_PASID } }),
  field('pasid', 'u32', 8),
]);
