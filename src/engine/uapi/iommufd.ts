import { defineStruct, field } from './struct';

/**
 * The structures of /dev/iommu, with the header's spelling.
 *
 * Linux: include/uapi/linux/iommufd.h
 */

/** _IO(';', nr) */
export const ioctlNumber = (nr: number): number => 0x3b00 | nr;
export const IOMMUFD_CMD_BASE = 0x80;

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

const MAP_FLAGS = { IOMMU_IOAS_MAP_FIXED_IOVA, IOMMU_IOAS_MAP_WRITEABLE, IOMMU_IOAS_MAP_READABLE };

export const iommu_ioas_map = defineStruct('iommu_ioas_map', 40, [
  field('size', 'u32', 0),
  field('flags', 'u32', 4, 'in', { flags: MAP_FLAGS }),
  field('ioas_id', 'u32', 8),
  field('__reserved', 'u32', 12),
  field('user_va', 'u64', 16),
  field('length', 'u64', 24),
  field('iova', 'u64', 32, 'inout'),
]);

export const iommu_ioas_copy = defineStruct('iommu_ioas_copy', 40, [
  field('size', 'u32', 0),
  field('flags', 'u32', 4, 'in', { flags: MAP_FLAGS }),
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
  field('option_id', 'u32', 4, 'in', { enumOf: { IOMMU_OPTION_RLIMIT_MODE, IOMMU_OPTION_HUGE_PAGES } }),
  field('op', 'u16', 8, 'in', { enumOf: { IOMMU_OPTION_OP_SET, IOMMU_OPTION_OP_GET } }),
  field('__reserved', 'u16', 10),
  field('object_id', 'u32', 12),
  field('val64', 'u64', 16, 'inout'),
]);

export const IOMMU_HWPT_ALLOC_NEST_PARENT = 1;
export const IOMMU_HWPT_ALLOC_DIRTY_TRACKING = 2;
export const IOMMU_HWPT_FAULT_ID_VALID = 4;
export const IOMMU_HWPT_ALLOC_PASID = 8;
export const IOMMU_HWPT_DATA_NONE = 0;

const HWPT_FLAGS = {
  IOMMU_HWPT_ALLOC_NEST_PARENT,
  IOMMU_HWPT_ALLOC_DIRTY_TRACKING,
  IOMMU_HWPT_FAULT_ID_VALID,
  IOMMU_HWPT_ALLOC_PASID,
};
/** Linux: enum iommu_hwpt_data_type; the last is the mock driver's. */
const HWPT_DATA = {
  IOMMU_HWPT_DATA_NONE,
  IOMMU_HWPT_DATA_VTD_S1: 1,
  IOMMU_HWPT_DATA_ARM_SMMUV3: 2,
  IOMMU_HWPT_DATA_AMD_GUEST: 3,
  IOMMU_HWPT_DATA_SELFTEST: 0xdead,
};

export const iommu_hwpt_alloc = defineStruct('iommu_hwpt_alloc', 48, [
  field('size', 'u32', 0),
  field('flags', 'u32', 4, 'in', { flags: HWPT_FLAGS }),
  field('dev_id', 'u32', 8),
  field('pt_id', 'u32', 12),
  field('out_hwpt_id', 'u32', 16, 'out'),
  field('__reserved', 'u32', 20),
  field('data_type', 'u32', 24, 'in', { enumOf: HWPT_DATA }),
  field('data_len', 'u32', 28),
  field('data_uptr', 'u64', 32, 'in', { blob: 'data_len' }),
  field('fault_id', 'u32', 40),
  field('__reserved2', 'u32', 44),
]);

export const iommu_ioas_map_file = defineStruct('iommu_ioas_map_file', 40, [
  field('size', 'u32', 0),
  field('flags', 'u32', 4, 'in', { flags: MAP_FLAGS }),
  field('ioas_id', 'u32', 8),
  field('fd', 's32', 12),
  field('start', 'u64', 16),
  field('length', 'u64', 24),
  field('iova', 'u64', 32, 'inout'),
]);

export const iommu_ioas_change_process = defineStruct('iommu_ioas_change_process', 8, [
  field('size', 'u32', 0),
  field('__reserved', 'u32', 4),
]);

export const IOMMU_VFIO_IOAS_GET = 0;
export const IOMMU_VFIO_IOAS_SET = 1;
export const IOMMU_VFIO_IOAS_CLEAR = 2;

export const iommu_vfio_ioas = defineStruct('iommu_vfio_ioas', 12, [
  field('size', 'u32', 0),
  field('ioas_id', 'u32', 4, 'inout'),
  field('op', 'u16', 8, 'in', {
    enumOf: { IOMMU_VFIO_IOAS_GET, IOMMU_VFIO_IOAS_SET, IOMMU_VFIO_IOAS_CLEAR },
  }),
  field('__reserved', 'u16', 10),
]);

export const IOMMU_HW_INFO_FLAG_INPUT_TYPE = 1;
export const IOMMU_HW_CAP_DIRTY_TRACKING = 1;
export const IOMMU_HW_CAP_PCI_PASID_EXEC = 2;
export const IOMMU_HW_CAP_PCI_PASID_PRIV = 4;
export const IOMMU_HW_CAP_PCI_ATS_NOT_SUPPORTED = 8;

/** Linux: enum iommu_hw_info_type; the last is the mock driver's. */
const HW_INFO_TYPES = {
  IOMMU_HW_INFO_TYPE_NONE: 0,
  IOMMU_HW_INFO_TYPE_INTEL_VTD: 1,
  IOMMU_HW_INFO_TYPE_ARM_SMMUV3: 2,
  IOMMU_HW_INFO_TYPE_TEGRA241_CMDQV: 3,
  IOMMU_HW_INFO_TYPE_AMD: 4,
  IOMMU_HW_INFO_TYPE_SELFTEST: 0xfeedbeef,
};
const HW_CAPABILITIES = {
  IOMMU_HW_CAP_DIRTY_TRACKING,
  IOMMU_HW_CAP_PCI_PASID_EXEC,
  IOMMU_HW_CAP_PCI_PASID_PRIV,
  IOMMU_HW_CAP_PCI_ATS_NOT_SUPPORTED,
};

export const iommu_hw_info = defineStruct('iommu_hw_info', 40, [
  field('size', 'u32', 0),
  field('flags', 'u32', 4, 'in', { flags: { IOMMU_HW_INFO_FLAG_INPUT_TYPE } }),
  field('dev_id', 'u32', 8),
  field('data_len', 'u32', 12, 'inout'),
  field('data_uptr', 'u64', 16, 'in', { blob: 'data_len' }),
  // A union: in_data_type on the way in, out_data_type on the way out.
  field('data_type', 'u32', 24, 'inout', { enumOf: HW_INFO_TYPES }),
  field('out_max_pasid_log2', 'u8', 28, 'out'),
  field('__reserved0', 'u8', 29),
  field('__reserved1', 'u8', 30),
  field('__reserved2', 'u8', 31),
  field('out_capabilities', 'u64', 32, 'out', { flags: HW_CAPABILITIES }),
]);

export const IOMMU_HWPT_DIRTY_TRACKING_ENABLE = 1;

export const iommu_hwpt_set_dirty_tracking = defineStruct('iommu_hwpt_set_dirty_tracking', 16, [
  field('size', 'u32', 0),
  field('flags', 'u32', 4, 'in', { flags: { IOMMU_HWPT_DIRTY_TRACKING_ENABLE } }),
  field('hwpt_id', 'u32', 8),
  field('__reserved', 'u32', 12),
]);

export const IOMMU_HWPT_GET_DIRTY_BITMAP_NO_CLEAR = 1;

export const iommu_hwpt_get_dirty_bitmap = defineStruct('iommu_hwpt_get_dirty_bitmap', 48, [
  field('size', 'u32', 0),
  field('hwpt_id', 'u32', 4),
  field('flags', 'u32', 8, 'in', { flags: { IOMMU_HWPT_GET_DIRTY_BITMAP_NO_CLEAR } }),
  field('__reserved', 'u32', 12),
  field('iova', 'u64', 16),
  field('length', 'u64', 24),
  field('page_size', 'u64', 32),
  field('data', 'u64', 40),
]);

/** Linux: enum iommu_hwpt_invalidate_data_type; the last is the mock driver's. */
const INVALIDATE_DATA = {
  IOMMU_HWPT_INVALIDATE_DATA_VTD_S1: 0,
  IOMMU_VIOMMU_INVALIDATE_DATA_ARM_SMMUV3: 1,
  IOMMU_HWPT_INVALIDATE_DATA_SELFTEST: 0xdeadbeef,
};

export const iommu_hwpt_invalidate = defineStruct('iommu_hwpt_invalidate', 32, [
  field('size', 'u32', 0),
  field('hwpt_id', 'u32', 4),
  field('data_uptr', 'u64', 8),
  field('data_type', 'u32', 16, 'in', { enumOf: INVALIDATE_DATA }),
  field('entry_len', 'u32', 20),
  field('entry_num', 'u32', 24, 'inout'),
  field('__reserved', 'u32', 28),
]);

export const iommu_fault_alloc = defineStruct('iommu_fault_alloc', 16, [
  field('size', 'u32', 0),
  field('flags', 'u32', 4),
  field('out_fault_id', 'u32', 8, 'out'),
  field('out_fault_fd', 'u32', 12, 'out'),
]);

export const IOMMU_PGFAULT_FLAGS_PASID_VALID = 1;
export const IOMMU_PGFAULT_FLAGS_LAST_PAGE = 2;
export const IOMMU_PGFAULT_PERM_READ = 1;
export const IOMMU_PGFAULT_PERM_WRITE = 2;
export const IOMMU_PGFAULT_PERM_EXEC = 4;
export const IOMMU_PGFAULT_PERM_PRIV = 8;
export const IOMMUFD_PAGE_RESP_SUCCESS = 0;
export const IOMMUFD_PAGE_RESP_INVALID = 1;

const PGFAULT_PERMS = {
  IOMMU_PGFAULT_PERM_READ,
  IOMMU_PGFAULT_PERM_WRITE,
  IOMMU_PGFAULT_PERM_EXEC,
  IOMMU_PGFAULT_PERM_PRIV,
};

/** What read() of a fault queue's descriptor gives. */
export const iommu_hwpt_pgfault = defineStruct('iommu_hwpt_pgfault', 40, [
  field('flags', 'u32', 0, 'out', {
    flags: { IOMMU_PGFAULT_FLAGS_PASID_VALID, IOMMU_PGFAULT_FLAGS_LAST_PAGE },
  }),
  field('dev_id', 'u32', 4, 'out'),
  field('pasid', 'u32', 8, 'out'),
  field('grpid', 'u32', 12, 'out'),
  field('perm', 'u32', 16, 'out', { flags: PGFAULT_PERMS }),
  field('__reserved', 'u32', 20, 'out'),
  field('addr', 'u64', 24, 'out'),
  field('length', 'u32', 32, 'out'),
  field('cookie', 'u32', 36, 'out'),
]);

/** What write() to a fault queue's descriptor takes. */
export const iommu_hwpt_page_response = defineStruct('iommu_hwpt_page_response', 8, [
  field('cookie', 'u32', 0),
  field('code', 'u32', 4, 'in', { enumOf: { IOMMUFD_PAGE_RESP_SUCCESS, IOMMUFD_PAGE_RESP_INVALID } }),
]);

/** Linux: enum iommu_viommu_type; the last is the mock driver's. */
const VIOMMU_TYPES = {
  IOMMU_VIOMMU_TYPE_DEFAULT: 0,
  IOMMU_VIOMMU_TYPE_ARM_SMMUV3: 1,
  IOMMU_VIOMMU_TYPE_TEGRA241_CMDQV: 2,
  IOMMU_VIOMMU_TYPE_SELFTEST: 0xdeadbeef,
};

export const iommu_viommu_alloc = defineStruct('iommu_viommu_alloc', 40, [
  field('size', 'u32', 0),
  field('flags', 'u32', 4),
  field('type', 'u32', 8, 'in', { enumOf: VIOMMU_TYPES }),
  field('dev_id', 'u32', 12),
  field('hwpt_id', 'u32', 16),
  field('out_viommu_id', 'u32', 20, 'out'),
  field('data_len', 'u32', 24),
  field('__reserved', 'u32', 28),
  field('data_uptr', 'u64', 32, 'in', { blob: 'data_len' }),
]);

export const iommu_vdevice_alloc = defineStruct('iommu_vdevice_alloc', 24, [
  field('size', 'u32', 0),
  field('viommu_id', 'u32', 4),
  field('dev_id', 'u32', 8),
  field('out_vdevice_id', 'u32', 12, 'out'),
  field('virt_id', 'u64', 16),
]);

export const IOMMU_VEVENTQ_FLAG_LOST_EVENTS = 1;

/** Linux: enum iommu_veventq_type; the last is the mock driver's. */
const VEVENTQ_TYPES = {
  IOMMU_VEVENTQ_TYPE_DEFAULT: 0,
  IOMMU_VEVENTQ_TYPE_ARM_SMMUV3: 1,
  IOMMU_VEVENTQ_TYPE_TEGRA241_CMDQV: 2,
  IOMMU_VEVENTQ_TYPE_SELFTEST: 0xbeefbeef,
};

export const iommu_veventq_alloc = defineStruct('iommu_veventq_alloc', 32, [
  field('size', 'u32', 0),
  field('flags', 'u32', 4),
  field('viommu_id', 'u32', 8),
  field('type', 'u32', 12, 'in', { enumOf: VEVENTQ_TYPES }),
  field('veventq_depth', 'u32', 16),
  field('out_veventq_id', 'u32', 20, 'out'),
  field('out_veventq_fd', 'u32', 24, 'out'),
  field('__reserved', 'u32', 28),
]);

/** Before each event that read() of an event queue's descriptor gives. */
export const iommufd_vevent_header = defineStruct('iommufd_vevent_header', 8, [
  field('flags', 'u32', 0, 'out', { flags: { IOMMU_VEVENTQ_FLAG_LOST_EVENTS } }),
  field('sequence', 'u32', 4, 'out'),
]);

/** Linux: enum iommu_hw_queue_type; the last is the mock driver's. */
const HW_QUEUE_TYPES = {
  IOMMU_HW_QUEUE_TYPE_DEFAULT: 0,
  IOMMU_HW_QUEUE_TYPE_TEGRA241_CMDQV: 1,
  IOMMU_HW_QUEUE_TYPE_SELFTEST: 0xdeadbeef,
};

export const iommu_hw_queue_alloc = defineStruct('iommu_hw_queue_alloc', 40, [
  field('size', 'u32', 0),
  field('flags', 'u32', 4),
  field('viommu_id', 'u32', 8),
  field('type', 'u32', 12, 'in', { enumOf: HW_QUEUE_TYPES }),
  field('index', 'u32', 16),
  field('out_hw_queue_id', 'u32', 20, 'out'),
  field('nesting_parent_iova', 'u64', 24),
  field('length', 'u64', 32),
]);
