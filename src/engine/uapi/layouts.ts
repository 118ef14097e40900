import * as uapi from './iommufd';
import * as test from './iommufd-test';
import { decode, type Field, type NameTable, type Struct } from './struct';
import * as vfio from './vfio';

/** Commands that are not called as their structure is. */
const COMMAND_NAMES: Readonly<Record<string, string>> = {
  iommu_hw_info: 'IOMMU_GET_HW_INFO',
  iommu_fault_alloc: 'IOMMU_FAULT_QUEUE_ALLOC',
};

/**
 * Which structure goes with which command.
 *
 * Linux: drivers/iommu/iommufd/main.c iommufd_ioctl_ops[]
 */
const BY_NR: ReadonlyMap<number, Struct> = new Map<number, Struct>([
  [0x80, uapi.iommu_destroy],
  [0x81, uapi.iommu_ioas_alloc],
  [0x82, uapi.iommu_ioas_allow_iovas],
  [0x83, uapi.iommu_ioas_copy],
  [0x84, uapi.iommu_ioas_iova_ranges],
  [0x85, uapi.iommu_ioas_map],
  [0x86, uapi.iommu_ioas_unmap],
  [0x87, uapi.iommu_option],
  [0x88, uapi.iommu_vfio_ioas],
  [0x89, uapi.iommu_hwpt_alloc],
  [0x8a, uapi.iommu_hw_info],
  [0x8b, uapi.iommu_hwpt_set_dirty_tracking],
  [0x8c, uapi.iommu_hwpt_get_dirty_bitmap],
  [0x8d, uapi.iommu_hwpt_invalidate],
  [0x8e, uapi.iommu_fault_alloc],
  [0x8f, uapi.iommu_ioas_map_file],
  [0x90, uapi.iommu_viommu_alloc],
  [0x91, uapi.iommu_vdevice_alloc],
  [0x92, uapi.iommu_ioas_change_process],
  [0x93, uapi.iommu_veventq_alloc],
  [0x94, uapi.iommu_hw_queue_alloc],
]);

/** Linux: drivers/iommu/iommufd/iommufd_test.h enum iommu_test_op, and the member of the union that each reads */
const TEST_OPS: readonly (readonly [name: string, op: number, view: Struct])[] = [
  ['IOMMU_TEST_OP_ADD_RESERVED', test.IOMMU_TEST_OP_ADD_RESERVED, test.add_reserved],
  ['IOMMU_TEST_OP_MOCK_DOMAIN', test.IOMMU_TEST_OP_MOCK_DOMAIN, test.mock_domain_flags],
  ['IOMMU_TEST_OP_MD_CHECK_MAP', test.IOMMU_TEST_OP_MD_CHECK_MAP, test.check_map],
  ['IOMMU_TEST_OP_MD_CHECK_REFS', test.IOMMU_TEST_OP_MD_CHECK_REFS, test.check_refs],
  ['IOMMU_TEST_OP_CREATE_ACCESS', test.IOMMU_TEST_OP_CREATE_ACCESS, test.create_access],
  ['IOMMU_TEST_OP_DESTROY_ACCESS_PAGES', test.IOMMU_TEST_OP_DESTROY_ACCESS_PAGES, test.destroy_access_pages],
  ['IOMMU_TEST_OP_ACCESS_PAGES', test.IOMMU_TEST_OP_ACCESS_PAGES, test.access_pages],
  ['IOMMU_TEST_OP_ACCESS_RW', test.IOMMU_TEST_OP_ACCESS_RW, test.access_rw],
  ['IOMMU_TEST_OP_SET_TEMP_MEMORY_LIMIT', test.IOMMU_TEST_OP_SET_TEMP_MEMORY_LIMIT, test.memory_limit],
  ['IOMMU_TEST_OP_MOCK_DOMAIN_REPLACE', test.IOMMU_TEST_OP_MOCK_DOMAIN_REPLACE, test.mock_domain_replace],
  ['IOMMU_TEST_OP_ACCESS_REPLACE_IOAS', test.IOMMU_TEST_OP_ACCESS_REPLACE_IOAS, test.access_replace_ioas],
  ['IOMMU_TEST_OP_MOCK_DOMAIN_FLAGS', test.IOMMU_TEST_OP_MOCK_DOMAIN_FLAGS, test.mock_domain_flags],
  ['IOMMU_TEST_OP_DIRTY', test.IOMMU_TEST_OP_DIRTY, test.dirty],
  ['IOMMU_TEST_OP_MD_CHECK_IOTLB', test.IOMMU_TEST_OP_MD_CHECK_IOTLB, test.check_iotlb],
  ['IOMMU_TEST_OP_TRIGGER_IOPF', test.IOMMU_TEST_OP_TRIGGER_IOPF, test.trigger_iopf],
  ['IOMMU_TEST_OP_DEV_CHECK_CACHE', test.IOMMU_TEST_OP_DEV_CHECK_CACHE, test.check_dev_cache],
  ['IOMMU_TEST_OP_TRIGGER_VEVENT', test.IOMMU_TEST_OP_TRIGGER_VEVENT, test.trigger_vevent],
  ['IOMMU_TEST_OP_PASID_ATTACH', test.IOMMU_TEST_OP_PASID_ATTACH, test.pasid_attach],
  ['IOMMU_TEST_OP_PASID_REPLACE', test.IOMMU_TEST_OP_PASID_REPLACE, test.pasid_attach],
  ['IOMMU_TEST_OP_PASID_DETACH', test.IOMMU_TEST_OP_PASID_DETACH, test.pasid_detach],
  ['IOMMU_TEST_OP_PASID_CHECK_HWPT', test.IOMMU_TEST_OP_PASID_CHECK_HWPT, test.pasid_check],
  ['IOMMU_TEST_OP_DMABUF_GET', test.IOMMU_TEST_OP_DMABUF_GET, test.dmabuf_get],
  ['IOMMU_TEST_OP_DMABUF_REVOKE', test.IOMMU_TEST_OP_DMABUF_REVOKE, test.dmabuf_revoke],
];
const TEST_OP_NAMES = Object.fromEntries(TEST_OPS.map(([name, op]) => [name, op]));
const TEST_VIEWS = new Map(TEST_OPS.map(([, op, view]) => [op, testStruct(view)]));
const TEST_HEAD = testStruct(null);

/** The test command as one of its operations reads it; what the operation does not use is left out. */
function testStruct(view: Struct | null): Struct {
  const { name, bytes, fields } = test.iommu_test_cmd;
  const head = fields
    .filter((each) => ['size', 'op', 'id', '__reserved'].includes(each.name))
    .map((each): Field => (each.name === 'op' ? { ...each, enumOf: TEST_OP_NAMES } : each));
  // `last` only ends the structure.
  return { name: view?.name ?? name, bytes, fields: [...head, ...(view?.fields ?? [])] };
}

/** VFIO's by name: containers and devices use the same numbers for different commands. Linux: drivers/vfio */
const VFIO_LAYOUTS: ReadonlyMap<string, Struct> = new Map<string, Struct>([
  ['VFIO_GROUP_GET_STATUS', vfio.vfio_group_status],
  ['VFIO_GROUP_SET_CONTAINER', vfio.vfio_container_fd],
  ['VFIO_DEVICE_GET_INFO', vfio.vfio_device_info],
  ['VFIO_DEVICE_BIND_IOMMUFD', vfio.vfio_device_bind_iommufd],
  ['VFIO_DEVICE_ATTACH_IOMMUFD_PT', vfio.vfio_device_attach_iommufd_pt],
  ['VFIO_DEVICE_DETACH_IOMMUFD_PT', vfio.vfio_device_detach_iommufd_pt],
  ['VFIO_IOMMU_GET_INFO', vfio.vfio_iommu_type1_info],
  ['VFIO_IOMMU_MAP_DMA', vfio.vfio_iommu_type1_dma_map],
  ['VFIO_IOMMU_UNMAP_DMA', vfio.vfio_iommu_type1_dma_unmap],
]);

const VFIO_EXTENSIONS: NameTable = {
  VFIO_TYPE1_IOMMU: Number(vfio.VFIO_TYPE1_IOMMU),
  VFIO_TYPE1v2_IOMMU: Number(vfio.VFIO_TYPE1v2_IOMMU),
  VFIO_DMA_CC_IOMMU: Number(vfio.VFIO_DMA_CC_IOMMU),
  VFIO_NOIOMMU_IOMMU: Number(vfio.VFIO_NOIOMMU_IOMMU),
  VFIO_UNMAP_ALL: Number(vfio.VFIO_UNMAP_ALL),
};

/** What the argument of a command without a structure is called, for those whose numbers have names. */
export const ARGUMENT_NAMES: Readonly<Record<string, NameTable>> = {
  VFIO_CHECK_EXTENSION: VFIO_EXTENSIONS,
  VFIO_SET_IOMMU: VFIO_EXTENSIONS,
};

/** Commands of /dev/iommu by name, with their numbers; the test command is not among them. */
export const IOMMU_COMMANDS: ReadonlyMap<string, number> = new Map([
  ...[...BY_NR].map(([nr, { name }]) => [COMMAND_NAMES[name] ?? name.toUpperCase(), nr] as const),
]);

/** The structure of a call, from its name, its number and, where one number has several, from its bytes. */
export function layoutOf(name: string | null, cmd: number, bytes: Uint8Array): Struct | null {
  if (name?.startsWith('VFIO_')) return VFIO_LAYOUTS.get(name) ?? null;
  if (name === null || cmd >> 8 !== 0x3b) return null;
  const nr = cmd & 0xff;
  if (nr !== test.IOMMU_TEST_CMD_NR) return BY_NR.get(nr) ?? null;
  return TEST_VIEWS.get(decode(test.iommu_test_cmd, bytes).op) ?? TEST_HEAD;
}
