import type { RegisterBus } from '../../port';
import type { UnitOptions } from '../../unit';

/** What the driver gets: the machine, what firmware tells of the unit, and the kernel's parameters. */
export interface AmdDriverOptions extends UnitOptions, Ivrs, KernelParameters {
  readonly bus: RegisterBus;
  /** Fault injection: unmap forgets to tell the IOTLB. */
  readonly skipInvalidation?: boolean;
}

/** Of the ACPI table and the unit's PCI capability. Linux: struct ivhd_header, ivhd_entry, amd_iommu::cap */
export interface Ivrs {
  /** Copies of EFR and EFR2 in an IVHD of type 11h or 40h. */
  readonly efr: bigint;
  readonly efr2: bigint;
  /** Requester id of the unit's own PCI function. Default 00:00.2. */
  readonly devid?: number;
  /** PCI capability header: bit 24 device TLBs, 26 caches what is not present, 27 has EFR. Default 24 and 27. */
  readonly capability?: number;
  /** IVHD flags: bit 0 HtTunEn, 1 PassPW, 2 ResPassPW, 3 Isoc. */
  readonly acpiFlags?: number;
  /** The highest requester id that the table names. Default ffff. */
  readonly lastBdf?: number;
  /** Flags of IVHD device entries, for a range of requester ids. */
  readonly deviceFlags?: readonly IvhdDeviceFlags[];
  /** Requester id that firmware says a function's requests carry. Default: none but its own. */
  readonly aliasOf?: (rid: number) => number;
  /** IVHD attribute HATDis: no host (v1) tables. */
  readonly hatDisabled?: boolean;
  /** IVinfo: DMA remapping is on before the kernel starts. Linux: amdr_ivrs_remap_support */
  readonly dmaRemapSupport?: boolean;
}

export interface IvhdDeviceFlags {
  readonly first: number;
  readonly last: number;
  /** Bits as in the table. Linux: ACPI_DEVFLAG_* */
  readonly flags: number;
}

/** The kernel's command line, and what else of the machine decides. */
export interface KernelParameters {
  /** amd_iommu=pgtbl_v1, pgtbl_v2 */
  readonly pageTable?: 'v1' | 'v2';
  /** amd_iommu=nohugepages, v2_pgsizes_only */
  readonly pageSizes?: 'all' | '4k' | 'v2';
  /** amd_iommu=force_isolation */
  readonly forceIsolation?: boolean;
  /** amd_iommu=irtcachedis */
  readonly irtCacheDisable?: boolean;
  /** iommu=pt */
  readonly passthrough?: boolean;
  /** intremap=; default true. */
  readonly interruptRemapping?: boolean;
  /** The processors have five-level tables. Linux: X86_FEATURE_LA57 */
  readonly la57?: boolean;
  /** Linux: CC_ATTR_HOST_SEV_SNP */
  readonly snp?: boolean;
  /** Linux: CC_ATTR_MEM_ENCRYPT */
  readonly memoryEncryption?: boolean;
  /**
   * The kernel at 7.1 has the code for nested domains, but leaves iommufd_viommu_ops::alloc_domain_nested empty, so that
   * no user gets one: EOPNOTSUPP. True fills it, as the comment of that code says it is.
   */
  readonly nestedDomains?: boolean;
}
