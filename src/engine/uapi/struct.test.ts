import { describe, expect, it } from 'vitest';
import * as iommufd from './iommufd';
import * as vendor from './iommufd-vendor';
import { decode, encode, WORD_BYTES, type Struct } from './struct';
import * as vfio from './vfio';

// Sizes, offsets and widths: printed by a C program (sizeof, offsetof) compiled against include/uapi/linux/iommufd.h and
// vfio.h of the 7.1 merge window, x86-64. A field is `name:offset+bytes`.
const LAYOUTS: readonly (readonly [name: string, bytes: number, fields: string])[] = [
  ['iommu_destroy', 8, 'size:0+4 id:4+4'],
  ['iommu_ioas_alloc', 12, 'size:0+4 flags:4+4 out_ioas_id:8+4'],
  ['iommu_iova_range', 16, 'start:0+8 last:8+8'],
  [
    'iommu_ioas_iova_ranges',
    32,
    'size:0+4 ioas_id:4+4 num_iovas:8+4 __reserved:12+4 allowed_iovas:16+8 out_iova_alignment:24+8',
  ],
  ['iommu_ioas_allow_iovas', 24, 'size:0+4 ioas_id:4+4 num_iovas:8+4 __reserved:12+4 allowed_iovas:16+8'],
  ['iommu_ioas_map', 40, 'size:0+4 flags:4+4 ioas_id:8+4 __reserved:12+4 user_va:16+8 length:24+8 iova:32+8'],
  [
    'iommu_ioas_copy',
    40,
    'size:0+4 flags:4+4 dst_ioas_id:8+4 src_ioas_id:12+4 length:16+8 dst_iova:24+8 src_iova:32+8',
  ],
  ['iommu_ioas_unmap', 24, 'size:0+4 ioas_id:4+4 iova:8+8 length:16+8'],
  ['iommu_option', 24, 'size:0+4 option_id:4+4 op:8+2 __reserved:10+2 object_id:12+4 val64:16+8'],
  [
    'iommu_hwpt_alloc',
    48,
    'size:0+4 flags:4+4 dev_id:8+4 pt_id:12+4 out_hwpt_id:16+4 __reserved:20+4 data_type:24+4 data_len:28+4 data_uptr:32+8 fault_id:40+4 __reserved2:44+4',
  ],
  ['iommu_ioas_map_file', 40, 'size:0+4 flags:4+4 ioas_id:8+4 fd:12+4 start:16+8 length:24+8 iova:32+8'],
  ['iommu_ioas_change_process', 8, 'size:0+4 __reserved:4+4'],
  ['iommu_vfio_ioas', 12, 'size:0+4 ioas_id:4+4 op:8+2 __reserved:10+2'],
  [
    'iommu_hw_info',
    40,
    'size:0+4 flags:4+4 dev_id:8+4 data_len:12+4 data_uptr:16+8 data_type:24+4 out_max_pasid_log2:28+1 __reserved0:29+1 __reserved1:30+1 __reserved2:31+1 out_capabilities:32+8',
  ],
  ['iommu_hwpt_set_dirty_tracking', 16, 'size:0+4 flags:4+4 hwpt_id:8+4 __reserved:12+4'],
  [
    'iommu_hwpt_get_dirty_bitmap',
    48,
    'size:0+4 hwpt_id:4+4 flags:8+4 __reserved:12+4 iova:16+8 length:24+8 page_size:32+8 data:40+8',
  ],
  [
    'iommu_hwpt_invalidate',
    32,
    'size:0+4 hwpt_id:4+4 data_uptr:8+8 data_type:16+4 entry_len:20+4 entry_num:24+4 __reserved:28+4',
  ],
  ['iommu_fault_alloc', 16, 'size:0+4 flags:4+4 out_fault_id:8+4 out_fault_fd:12+4'],
  [
    'iommu_hwpt_pgfault',
    40,
    'flags:0+4 dev_id:4+4 pasid:8+4 grpid:12+4 perm:16+4 __reserved:20+4 addr:24+8 length:32+4 cookie:36+4',
  ],
  ['iommu_hwpt_page_response', 8, 'cookie:0+4 code:4+4'],
  [
    'iommu_viommu_alloc',
    40,
    'size:0+4 flags:4+4 type:8+4 dev_id:12+4 hwpt_id:16+4 out_viommu_id:20+4 data_len:24+4 __reserved:28+4 data_uptr:32+8',
  ],
  ['iommu_vdevice_alloc', 24, 'size:0+4 viommu_id:4+4 dev_id:8+4 out_vdevice_id:12+4 virt_id:16+8'],
  [
    'iommu_veventq_alloc',
    32,
    'size:0+4 flags:4+4 viommu_id:8+4 type:12+4 veventq_depth:16+4 out_veventq_id:20+4 out_veventq_fd:24+4 __reserved:28+4',
  ],
  ['iommufd_vevent_header', 8, 'flags:0+4 sequence:4+4'],
  [
    'iommu_hw_queue_alloc',
    40,
    'size:0+4 flags:4+4 viommu_id:8+4 type:12+4 index:16+4 out_hw_queue_id:20+4 nesting_parent_iova:24+8 length:32+8',
  ],
  ['iommu_hwpt_vtd_s1', 24, 'flags:0+8 pgtbl_addr:8+8 addr_width:16+4 __reserved:20+4'],
  ['iommu_hwpt_arm_smmuv3', 16, 'ste[0]:0+8 ste[1]:8+8'],
  ['iommu_hwpt_amd_guest', 32, 'dte[0]:0+8 dte[1]:8+8 dte[2]:16+8 dte[3]:24+8'],
  ['iommu_hw_info_vtd', 24, 'flags:0+4 __reserved:4+4 cap_reg:8+8 ecap_reg:16+8'],
  [
    'iommu_hw_info_arm_smmuv3',
    40,
    'flags:0+4 __reserved:4+4 idr[0]:8+4 idr[1]:12+4 idr[2]:16+4 idr[3]:20+4 idr[4]:24+4 idr[5]:28+4 iidr:32+4 aidr:36+4',
  ],
  ['iommu_hw_info_tegra241_cmdqv', 8, 'flags:0+4 version:4+1 log2vcmdqs:5+1 log2vsids:6+1 __reserved:7+1'],
  ['iommu_hw_info_amd', 16, 'efr:0+8 efr2:8+8'],
  ['iommu_hwpt_vtd_s1_invalidate', 24, 'addr:0+8 npages:8+8 flags:16+4 __reserved:20+4'],
  ['iommu_viommu_arm_smmuv3_invalidate', 16, 'cmd[0]:0+8 cmd[1]:8+8'],
  ['iommu_viommu_tegra241_cmdqv', 16, 'out_vintf_mmap_offset:0+8 out_vintf_mmap_length:8+8'],
  ['iommu_vevent_arm_smmuv3', 32, 'evt[0]:0+8 evt[1]:8+8 evt[2]:16+8 evt[3]:24+8'],
  ['iommu_vevent_tegra241_cmdqv', 16, 'lvcmdq_err_map[0]:0+8 lvcmdq_err_map[1]:8+8'],
  ['vfio_iommu_type1_info', 24, 'argsz:0+4 flags:4+4 iova_pgsizes:8+8 cap_offset:16+4 pad:20+4'],
  ['vfio_info_cap_header', 8, 'id:0+2 version:2+2 next:4+4'],
  ['vfio_iommu_type1_info_cap_iova_range', 16, 'id:0+2 version:2+2 next:4+4 nr_iovas:8+4 reserved:12+4'],
  ['vfio_iova_range', 16, 'start:0+8 end:8+8'],
  ['vfio_iommu_type1_info_dma_avail', 12, 'id:0+2 version:2+2 next:4+4 avail:8+4'],
  ['vfio_iommu_type1_dma_map', 32, 'argsz:0+4 flags:4+4 vaddr:8+8 iova:16+8 size:24+8'],
  ['vfio_iommu_type1_dma_unmap', 24, 'argsz:0+4 flags:4+4 iova:8+8 size:16+8'],
  ['vfio_group_status', 8, 'argsz:0+4 flags:4+4'],
  ['vfio_device_info', 24, 'argsz:0+4 flags:4+4 num_regions:8+4 num_irqs:12+4 cap_offset:16+4 pad:20+4'],
  ['vfio_device_bind_iommufd', 24, 'argsz:0+4 flags:4+4 iommufd:8+4 out_devid:12+4 token_uuid_ptr:16+8'],
  ['vfio_device_attach_iommufd_pt', 16, 'argsz:0+4 flags:4+4 pt_id:8+4 pasid:12+4'],
  ['vfio_device_detach_iommufd_pt', 12, 'argsz:0+4 flags:4+4 pasid:8+4'],
  [
    'vfio_iommu_type1_info_cap_migration',
    32,
    'id:0+2 version:2+2 next:4+4 flags:8+4 pgsize_bitmap:16+8 max_dirty_bitmap_size:24+8',
  ],
];

const isStruct = (value: unknown): value is Struct =>
  typeof value === 'object' && value !== null && 'fields' in value;
const all: readonly unknown[] = Object.values({ ...iommufd, ...vendor, ...vfio });
const structs: ReadonlyMap<string, Struct> = new Map(all.filter(isStruct).map((each) => [each.name, each]));

describe('structures of /dev/iommu and of VFIO’s container', () => {
  it('all are here', () => {
    // `s32` is no structure of the header but a number behind a pointer.
    const named = [...structs.keys()].filter((name) => name !== 's32');
    expect(LAYOUTS.map(([name]) => name).toSorted()).toEqual(named.toSorted());
  });

  it.each(LAYOUTS)('%s', (name, bytes, fields) => {
    const struct = structs.get(name);
    const printed = struct?.fields
      .map((each) => `${each.name}:${each.offset}+${WORD_BYTES[each.word]}`)
      .join(' ');
    expect([struct?.bytes, printed]).toEqual([bytes, fields]);
  });

  // Printed by the same program.
  it.each([
    ['IOMMU_VTD_S1_SRE', 1],
    ['IOMMU_VTD_S1_EAFE', 2],
    ['IOMMU_VTD_S1_WPE', 4],
    ['IOMMU_HW_INFO_VTD_ERRATA_772415_SPR17', 1],
    ['IOMMU_VTD_INV_FLAGS_LEAF', 1],
  ] as const)('%s is %i, and a name of its field’s bits', (name, bits) => {
    expect(vendor[name]).toBe(bits);
    const flags = [...structs.values()].flatMap((struct) => struct.fields.map((each) => each.flags ?? {}));
    expect(flags.filter((names) => names[name] === bits)).toHaveLength(1);
  });

  it('bytes and values agree, little endian, and missing bytes are zero', () => {
    const bytes = encode(iommufd.iommu_ioas_unmap, {
      size: 24,
      ioas_id: 0x0102_0304,
      iova: 0x1122_3344_5566_7788n,
    });
    expect([...bytes.slice(4, 16)]).toEqual([4, 3, 2, 1, 0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11]);
    expect(decode(iommufd.iommu_ioas_unmap, bytes.slice(0, 12))).toEqual({
      size: 24,
      ioas_id: 0x0102_0304,
      iova: 0x5566_7788n,
      length: 0n,
    });
  });
});
