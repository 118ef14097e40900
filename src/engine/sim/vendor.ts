import type { CacheShape } from '../hw/common/cache-shape';

export const UNIT_VENDORS = ['vtd', 'amd', 'smmuv3', 'riscv'] as const;
export type UnitVendor = (typeof UNIT_VENDORS)[number];

/** What a script says of an IOMMU of some vendor; null: as that vendor makes them by default. */
export interface VendorSpec {
  readonly vendor: UnitVendor;
  readonly mode: string | null;
  readonly widthBits: number | null;
  /** Null: by default. No sets: without that cache. */
  readonly iotlb: CacheShape | null;
  /** Of the entries of devices: contexts, DTEs, STEs, DCs. */
  readonly deviceCache: CacheShape | null;
  /** Of the entries of PASIDs: PASID entries, GCR3 entries, CDs, PCs. */
  readonly processCache: CacheShape | null;
  /** Of table entries that are no leaves. */
  readonly walkCache: CacheShape | null;
}

export const plainVendor = (vendor: UnitVendor): VendorSpec => ({
  vendor,
  mode: null,
  widthBits: null,
  iotlb: null,
  deviceCache: null,
  processCache: null,
  walkCache: null,
});

/**
 * Modes by vendor, the default first. RISC-V's `coherent`: its driver says that DMA is coherent, without which nobody may
 * bind a device; that of Linux 7.1 does not say so.
 */
export const VENDOR_MODES: Readonly<Record<UnitVendor, readonly string[]>> = {
  vtd: ['legacy', 'scalable'],
  amd: ['v1', 'v2'],
  smmuv3: [],
  riscv: ['upstream', 'coherent'],
};

/** Whose kernels invalidate at each unmap unless told otherwise. Linux: drivers/iommu/Kconfig, "IOMMU default domain type" */
export const STRICT_VENDORS: ReadonlySet<UnitVendor> = new Set(['smmuv3', 'riscv']);

/** The name of a machine's only unit of a vendor, as its kernel names it. */
export const VENDOR_NAMES: Readonly<Record<UnitVendor, string>> = {
  vtd: 'dmar0',
  amd: 'ivhd0',
  smmuv3: 'smmu0',
  riscv: 'riscv0',
};
