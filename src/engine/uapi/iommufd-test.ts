import { defineStruct, field } from './struct';

/**
 * IOMMU_TEST_CMD of kernels built with CONFIG_IOMMUFD_TEST: one structure with a union, of which each operation has its
 * own view. Offsets are those of the whole structure.
 *
 * Linux: drivers/iommu/iommufd/iommufd_test.h struct iommu_test_cmd
 */

export const IOMMU_TEST_CMD_NR = 0xa0;
const BYTES = 72;

/** The union is carried as plain words; `overlay` below is how a view of it is made. */
export const iommu_test_cmd = defineStruct('iommu_test_cmd', BYTES, [
  field('size', 'u32', 0),
  field('op', 'u32', 4),
  field('id', 'u32', 8),
  field('__reserved', 'u32', 12),
  field('union0', 'u64', 16, 'inout'),
  field('union1', 'u64', 24, 'inout'),
  field('union2', 'u64', 32, 'inout'),
  field('union3', 'u64', 40, 'inout'),
  field('union4', 'u64', 48, 'inout'),
  field('union5', 'u64', 56, 'inout'),
  field('last', 'u32', 64),
]);

export const IOMMU_TEST_OP_ADD_RESERVED = 1;
export const IOMMU_TEST_OP_MOCK_DOMAIN = 2;
export const IOMMU_TEST_OP_MD_CHECK_MAP = 3;
export const IOMMU_TEST_OP_MD_CHECK_REFS = 4;
export const IOMMU_TEST_OP_CREATE_ACCESS = 5;
export const IOMMU_TEST_OP_DESTROY_ACCESS_PAGES = 6;
export const IOMMU_TEST_OP_ACCESS_PAGES = 7;
export const IOMMU_TEST_OP_ACCESS_RW = 8;
export const IOMMU_TEST_OP_SET_TEMP_MEMORY_LIMIT = 9;
export const IOMMU_TEST_OP_MOCK_DOMAIN_REPLACE = 10;
export const IOMMU_TEST_OP_ACCESS_REPLACE_IOAS = 11;
export const IOMMU_TEST_OP_MOCK_DOMAIN_FLAGS = 12;
export const IOMMU_TEST_OP_DIRTY = 13;
export const IOMMU_TEST_OP_MD_CHECK_IOTLB = 14;
export const IOMMU_TEST_OP_TRIGGER_IOPF = 15;
export const IOMMU_TEST_OP_DEV_CHECK_CACHE = 16;
export const IOMMU_TEST_OP_TRIGGER_VEVENT = 17;
export const IOMMU_TEST_OP_PASID_ATTACH = 18;
export const IOMMU_TEST_OP_PASID_REPLACE = 19;
export const IOMMU_TEST_OP_PASID_DETACH = 20;
export const IOMMU_TEST_OP_PASID_CHECK_HWPT = 21;
export const IOMMU_TEST_OP_DMABUF_GET = 22;
export const IOMMU_TEST_OP_DMABUF_REVOKE = 23;

const view = <const F extends Parameters<typeof defineStruct>[2]>(
  name: string,
  fields: F,
): ReturnType<typeof defineStruct<F>> => defineStruct(`iommu_test_cmd.${name}`, BYTES, fields);

export const add_reserved = view('add_reserved', [field('start', 'u64', 16), field('length', 'u64', 24)]);

/** MOCK_DOMAIN and MOCK_DOMAIN_FLAGS; only the second reads the flags. */
export const mock_domain_flags = view('mock_domain_flags', [
  field('out_stdev_id', 'u32', 16, 'out'),
  field('out_hwpt_id', 'u32', 20, 'out'),
  field('out_idev_id', 'u32', 24, 'out'),
  field('dev_flags', 'u32', 28),
]);
export const MOCK_FLAGS_DEVICE_NO_DIRTY = 1;
export const MOCK_FLAGS_DEVICE_PASID = 4;

export const mock_domain_replace = view('mock_domain_replace', [field('pt_id', 'u32', 16, 'inout')]);

export const check_map = view('check_map', [
  field('iova', 'u64', 16),
  field('length', 'u64', 24),
  field('uptr', 'u64', 32),
]);

export const check_refs = view('check_refs', [
  field('length', 'u64', 16),
  field('uptr', 'u64', 24),
  field('refs', 'u32', 32),
]);

export const create_access = view('create_access', [
  field('out_access_fd', 'u32', 16, 'out'),
  field('flags', 'u32', 20),
]);
export const MOCK_FLAGS_ACCESS_CREATE_NEEDS_PIN_PAGES = 1;

export const destroy_access_pages = view('destroy_access_pages', [field('access_pages_id', 'u32', 16)]);

export const access_pages = view('access_pages', [
  field('flags', 'u32', 16),
  field('out_access_pages_id', 'u32', 20, 'out'),
  field('iova', 'u64', 24),
  field('length', 'u64', 32),
  field('uptr', 'u64', 40),
]);
export const MOCK_FLAGS_ACCESS_WRITE = 1;
export const MOCK_FLAGS_ACCESS_SYZ = 1 << 16;

export const access_rw = view('access_rw', [
  field('iova', 'u64', 16),
  field('length', 'u64', 24),
  field('uptr', 'u64', 32),
  field('flags', 'u32', 40),
]);
export const MOCK_ACCESS_RW_WRITE = 1;
export const MOCK_ACCESS_RW_SLOW_PATH = 4;

export const memory_limit = view('memory_limit', [field('limit', 'u32', 16)]);

export const access_replace_ioas = view('access_replace_ioas', [field('ioas_id', 'u32', 16)]);

export const dirty = view('dirty', [
  field('flags', 'u32', 16),
  field('iova', 'u64', 24),
  field('length', 'u64', 32),
  field('page_size', 'u64', 40),
  field('uptr', 'u64', 48),
  field('out_nr_dirty', 'u64', 56, 'out'),
]);

export const check_iotlb = view('check_iotlb', [field('id', 'u32', 16), field('iotlb', 'u32', 20)]);

export const trigger_iopf = view('trigger_iopf', [
  field('dev_id', 'u32', 16),
  field('pasid', 'u32', 20),
  field('grpid', 'u32', 24),
  field('perm', 'u32', 28),
  field('addr', 'u64', 32),
]);

export const check_dev_cache = view('check_dev_cache', [field('id', 'u32', 16), field('cache', 'u32', 20)]);

export const trigger_vevent = view('trigger_vevent', [field('dev_id', 'u32', 16)]);

/** PASID_ATTACH and PASID_REPLACE. */
export const pasid_attach = view('pasid_attach', [
  field('pasid', 'u32', 16),
  field('pt_id', 'u32', 20, 'inout'),
]);

export const pasid_detach = view('pasid_detach', [field('pasid', 'u32', 16)]);

export const pasid_check = view('pasid_check', [field('pasid', 'u32', 16), field('hwpt_id', 'u32', 20)]);

export const dmabuf_get = view('dmabuf_get', [field('length', 'u32', 16), field('open_flags', 'u32', 20)]);

export const dmabuf_revoke = view('dmabuf_revoke', [
  field('dmabuf_fd', 's32', 16),
  field('revoked', 'u32', 20),
]);

/** PASIDs of a mock device with MOCK_FLAGS_DEVICE_PASID, and of the mock IOMMU. */
export const MOCK_PASID_WIDTH = 20;
/** Every second attach of it fails: a test of the core's way back. */
export const IOMMU_TEST_PASID_RESERVED = 1024;

export const MOCK_IOMMUPT_DEFAULT = 0;
export const MOCK_IOMMUPT_HUGE = 1;
/** Of MOCK_IOMMUPT_DEFAULT. */
export const MOCK_APERTURE_START = 1n << 24n;
export const MOCK_APERTURE_LAST = (1n << 31n) - 1n;

export const IOMMU_HW_INFO_TYPE_SELFTEST = 0xfeedbeef;
export const IOMMU_HW_INFO_SELFTEST_REGVAL = 0xdeadbeef;
export const iommu_test_hw_info = defineStruct('iommu_test_hw_info', 8, [
  field('flags', 'u32', 0, 'out'),
  field('test_reg', 'u32', 4, 'out'),
]);

/** Data of HWPT_ALLOC, for paging and for nested domains; programs may leave the second word out. */
export const IOMMU_HWPT_DATA_SELFTEST = 0xdead;
export const iommu_hwpt_selftest = defineStruct('iommu_hwpt_selftest', 8, [
  field('iotlb', 'u32', 0),
  field('pagetable_type', 'u32', 4),
]);
export const MOCK_NESTED_DOMAIN_IOTLB_NUM = 4;
export const MOCK_DEV_CACHE_NUM = 4;
export const IOMMU_TEST_DEV_CACHE_DEFAULT = 0xbaddad;

export const IOMMU_HWPT_INVALIDATE_DATA_SELFTEST = 0xdeadbeef;
export const IOMMU_TEST_INVALIDATE_FLAG_ALL = 1;
export const iommu_hwpt_invalidate_selftest = defineStruct('iommu_hwpt_invalidate_selftest', 8, [
  field('flags', 'u32', 0),
  field('iotlb_id', 'u32', 4),
]);

export const IOMMU_VIOMMU_TYPE_SELFTEST = 0xdeadbeef;
export const iommu_viommu_selftest = defineStruct('iommu_viommu_selftest', 24, [
  field('in_data', 'u32', 0),
  field('out_data', 'u32', 4, 'out'),
  field('out_mmap_offset', 'u64', 8, 'out'),
  field('out_mmap_length', 'u64', 16, 'out'),
]);

export const IOMMU_VIOMMU_INVALIDATE_DATA_SELFTEST = 0xdeadbeef;
export const iommu_viommu_invalidate_selftest = defineStruct('iommu_viommu_invalidate_selftest', 12, [
  field('flags', 'u32', 0),
  field('vdev_id', 'u32', 4),
  field('cache_id', 'u32', 8),
]);

export const IOMMU_VEVENTQ_TYPE_SELFTEST = 0xbeefbeef;
export const iommu_viommu_event_selftest = defineStruct('iommu_viommu_event_selftest', 4, [
  field('virt_id', 'u32', 0, 'out'),
]);

export const IOMMU_HW_QUEUE_TYPE_SELFTEST = 0xdeadbeef;
export const IOMMU_TEST_HW_QUEUE_MAX = 2;
