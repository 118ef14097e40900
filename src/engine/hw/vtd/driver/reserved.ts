import type { IommuClient, ResvRegion } from '../../../iommu/ops';

const MSI_RANGE: ResvRegion = { start: 0xfee0_0000n, last: 0xfeef_ffffn, kind: 'msi' };
const CLASS_ISA_BRIDGE = 0x0601;

/**
 * Where a device must not map. The DMAR table has one kind of reserved memory: to be mapped 1:1; of USB controllers and
 * graphics it counts only until a driver takes over.
 *
 * Linux: drivers/iommu/intel/iommu.c intel_iommu_get_resv_regions()
 */
export function reservedRegions(device: IommuClient, firmware: readonly ResvRegion[]): readonly ResvRegion[] {
  const regions = firmware.map(({ start, last, kind }): ResvRegion => ({
    start,
    last,
    kind: kind === 'direct-relaxable' ? kind : 'direct',
  }));
  // CONFIG_INTEL_IOMMU_FLOPPY_WA, on by default: the floppy driver uses ISA DMA behind the core's back.
  if (device.classCode !== undefined && device.classCode >>> 8 === CLASS_ISA_BRIDGE)
    regions.push({ start: 0n, last: 0xff_ffffn, kind: 'direct-relaxable' });
  return [...regions, MSI_RANGE];
}
