import { defineStruct, field } from './struct';

/**
 * What only an IOMMU's driver understands of what goes through /dev/iommu, with the header's spelling. An element of an
 * array is a field of its own: `ste[0]`.
 *
 * Linux: include/uapi/linux/iommufd.h
 */

const REGISTER = { hex: true } as const;

export const IOMMU_VTD_S1_SRE = 1;
export const IOMMU_VTD_S1_EAFE = 2;
export const IOMMU_VTD_S1_WPE = 4;

/** IOMMU_HWPT_DATA_VTD_S1 */
export const iommu_hwpt_vtd_s1 = defineStruct('iommu_hwpt_vtd_s1', 24, [
  field('flags', 'u64', 0, 'in', { flags: { IOMMU_VTD_S1_SRE, IOMMU_VTD_S1_EAFE, IOMMU_VTD_S1_WPE } }),
  field('pgtbl_addr', 'u64', 8),
  field('addr_width', 'u32', 16),
  field('__reserved', 'u32', 20),
]);

/** IOMMU_HWPT_DATA_ARM_SMMUV3 */
export const iommu_hwpt_arm_smmuv3 = defineStruct('iommu_hwpt_arm_smmuv3', 16, [
  field('ste[0]', 'u64', 0),
  field('ste[1]', 'u64', 8),
]);

/** IOMMU_HWPT_DATA_AMD_GUEST */
export const iommu_hwpt_amd_guest = defineStruct('iommu_hwpt_amd_guest', 32, [
  field('dte[0]', 'u64', 0),
  field('dte[1]', 'u64', 8),
  field('dte[2]', 'u64', 16),
  field('dte[3]', 'u64', 24),
]);

export const IOMMU_HW_INFO_VTD_ERRATA_772415_SPR17 = 1;

/** IOMMU_HW_INFO_TYPE_INTEL_VTD */
export const iommu_hw_info_vtd = defineStruct('iommu_hw_info_vtd', 24, [
  field('flags', 'u32', 0, 'out', { flags: { IOMMU_HW_INFO_VTD_ERRATA_772415_SPR17 } }),
  field('__reserved', 'u32', 4, 'out'),
  field('cap_reg', 'u64', 8, 'out'),
  field('ecap_reg', 'u64', 16, 'out'),
]);

/** IOMMU_HW_INFO_TYPE_ARM_SMMUV3 */
export const iommu_hw_info_arm_smmuv3 = defineStruct('iommu_hw_info_arm_smmuv3', 40, [
  field('flags', 'u32', 0, 'out'),
  field('__reserved', 'u32', 4, 'out'),
  field('idr[0]', 'u32', 8, 'out', REGISTER),
  field('idr[1]', 'u32', 12, 'out', REGISTER),
  field('idr[2]', 'u32', 16, 'out', REGISTER),
  field('idr[3]', 'u32', 20, 'out', REGISTER),
  field('idr[4]', 'u32', 24, 'out', REGISTER),
  field('idr[5]', 'u32', 28, 'out', REGISTER),
  field('iidr', 'u32', 32, 'out', REGISTER),
  field('aidr', 'u32', 36, 'out', REGISTER),
]);

/** IOMMU_HW_INFO_TYPE_TEGRA241_CMDQV */
export const iommu_hw_info_tegra241_cmdqv = defineStruct('iommu_hw_info_tegra241_cmdqv', 8, [
  field('flags', 'u32', 0, 'out'),
  field('version', 'u8', 4, 'out'),
  field('log2vcmdqs', 'u8', 5, 'out'),
  field('log2vsids', 'u8', 6, 'out'),
  field('__reserved', 'u8', 7, 'out'),
]);

/** IOMMU_HW_INFO_TYPE_AMD */
export const iommu_hw_info_amd = defineStruct('iommu_hw_info_amd', 16, [
  field('efr', 'u64', 0, 'out'),
  field('efr2', 'u64', 8, 'out'),
]);

export const IOMMU_VTD_INV_FLAGS_LEAF = 1;

/** IOMMU_HWPT_INVALIDATE_DATA_VTD_S1 */
export const iommu_hwpt_vtd_s1_invalidate = defineStruct('iommu_hwpt_vtd_s1_invalidate', 24, [
  field('addr', 'u64', 0),
  field('npages', 'u64', 8),
  field('flags', 'u32', 16, 'in', { flags: { IOMMU_VTD_INV_FLAGS_LEAF } }),
  field('__reserved', 'u32', 20),
]);

/** IOMMU_VIOMMU_INVALIDATE_DATA_ARM_SMMUV3 */
export const iommu_viommu_arm_smmuv3_invalidate = defineStruct('iommu_viommu_arm_smmuv3_invalidate', 16, [
  field('cmd[0]', 'u64', 0),
  field('cmd[1]', 'u64', 8),
]);

/** IOMMU_VIOMMU_TYPE_TEGRA241_CMDQV */
export const iommu_viommu_tegra241_cmdqv = defineStruct('iommu_viommu_tegra241_cmdqv', 16, [
  field('out_vintf_mmap_offset', 'u64', 0, 'out'),
  field('out_vintf_mmap_length', 'u64', 8, 'out'),
]);

/** IOMMU_VEVENTQ_TYPE_ARM_SMMUV3, behind a struct iommufd_vevent_header */
export const iommu_vevent_arm_smmuv3 = defineStruct('iommu_vevent_arm_smmuv3', 32, [
  field('evt[0]', 'u64', 0, 'out'),
  field('evt[1]', 'u64', 8, 'out'),
  field('evt[2]', 'u64', 16, 'out'),
  field('evt[3]', 'u64', 24, 'out'),
]);

/** IOMMU_VEVENTQ_TYPE_TEGRA241_CMDQV, behind a struct iommufd_vevent_header */
export const iommu_vevent_tegra241_cmdqv = defineStruct('iommu_vevent_tegra241_cmdqv', 16, [
  field('lvcmdq_err_map[0]', 'u64', 0, 'out'),
  field('lvcmdq_err_map[1]', 'u64', 8, 'out'),
]);
