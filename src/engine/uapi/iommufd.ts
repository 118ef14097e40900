import { defineStruct, field } from './struct';

/**
 * The structures of /dev/iommu, with the header's spelling.
 *
 * Linux: include/uapi/linux/iommufd.h
 */

/** _IO(';', nr) */
export const ioctlNumber = (nr: number): number => 0x3b00 | nr;
export const IOMMUFD_CMD_BASE = 0x80;
/** One past the last command that this kernel has a slot for. */
export const IOMMUFD_CMD_END = 0x95;

export const iommu_destroy = defineStruct('iommu_destroy', 8, [
  field('size', 'u32', 0),
  field('id', 'u32', 4),
]);

export const iommu_ioas_alloc = defineStruct('iommu_ioas_alloc', 12, [
  field('size', 'u32', 0),
  field('flags', 'u32', 4),
  field('out_ioas_id', 'u32', 8, 'out'),
]);

export const iommu_iova_range = defineStruct('iommu_iova_range', 16, [
  field('start', 'u64', 0, 'inout'),
  field('last', 'u64', 8, 'inout'),
]);

export const iommu_ioas_iova_ranges = defineStruct('iommu_ioas_iova_ranges', 32, [
  field('size', 'u32', 0),
  field('ioas_id', 'u32', 4),
  field('num_iovas', 'u32', 8, 'inout'),
  field('__reserved', 'u32', 12),
  field('allowed_iovas', 'u64', 16),
  field('out_iova_alignment', 'u64', 24, 'out'),
]);

export const iommu_ioas_allow_iovas = defineStruct('iommu_ioas_allow_iovas', 24, [
  field('size', 'u32', 0),
  field('ioas_id', 'u32', 4),
  field('num_iovas', 'u32', 8),
  field('__reserved', 'u32', 12),
  field('allowed_iovas', 'u64', 16),
]);

export const IOMMU_IOAS_MAP_FIXED_IOVA = 1;
export const IOMMU_IOAS_MAP_WRITEABLE = 2;
export const IOMMU_IOAS_MAP_READABLE = 4;

export const iommu_ioas_map = defineStruct('iommu_ioas_map', 40, [
  field('size', 'u32', 0),
  field('flags', 'u32', 4),
  field('ioas_id', 'u32', 8),
  field('__reserved', 'u32', 12),
  field('user_va', 'u64', 16),
  field('length', 'u64', 24),
  field('iova', 'u64', 32, 'inout'),
]);

export const iommu_ioas_copy = defineStruct('iommu_ioas_copy', 40, [
  field('size', 'u32', 0),
  field('flags', 'u32', 4),
  field('dst_ioas_id', 'u32', 8),
  field('src_ioas_id', 'u32', 12),
  field('length', 'u64', 16),
  field('dst_iova', 'u64', 24, 'inout'),
  field('src_iova', 'u64', 32),
]);

export const iommu_ioas_unmap = defineStruct('iommu_ioas_unmap', 24, [
  field('size', 'u32', 0),
  field('ioas_id', 'u32', 4),
  field('iova', 'u64', 8),
  field('length', 'u64', 16, 'inout'),
]);

export const IOMMU_OPTION_RLIMIT_MODE = 0;
export const IOMMU_OPTION_HUGE_PAGES = 1;
export const IOMMU_OPTION_OP_SET = 0;
export const IOMMU_OPTION_OP_GET = 1;

export const iommu_option = defineStruct('iommu_option', 24, [
  field('size', 'u32', 0),
  field('option_id', 'u32', 4),
  field('op', 'u16', 8),
  field('__reserved', 'u16', 10),
  field('object_id', 'u32', 12),
  field('val64', 'u64', 16, 'inout'),
]);

export const IOMMU_HWPT_ALLOC_NEST_PARENT = 1;
export const IOMMU_HWPT_ALLOC_DIRTY_TRACKING = 2;
export const IOMMU_HWPT_FAULT_ID_VALID = 4;
export const IOMMU_HWPT_ALLOC_PASID = 8;
export const IOMMU_HWPT_DATA_NONE = 0;

export const iommu_hwpt_alloc = defineStruct('iommu_hwpt_alloc', 48, [
  field('size', 'u32', 0),
  field('flags', 'u32', 4),
  field('dev_id', 'u32', 8),
  field('pt_id', 'u32', 12),
  field('out_hwpt_id', 'u32', 16, 'out'),
  field('__reserved', 'u32', 20),
  field('data_type', 'u32', 24),
  field('data_len', 'u32', 28),
  field('data_uptr', 'u64', 32),
  field('fault_id', 'u32', 40),
  field('__reserved2', 'u32', 44),
]);
