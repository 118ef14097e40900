import { efr as field, efr2 as field2 } from '../regs';
import type { Ivrs, KernelParameters } from './options';

/** What the driver makes of the feature registers and of its parameters. Linux: check_feature() and the globals of init.c */
export interface Features {
  readonly efr: bigint;
  readonly efr2: bigint;
  /** Linux: amd_iommu_v2_pgtbl_supported() */
  readonly guestTables: boolean;
  /** Linux: amd_iommu_gt_ppr_supported() */
  readonly guestPageRequests: boolean;
  /** Linux: amd_iommu_pasid_supported() */
  readonly pasids: boolean;
  /** Linux: amd_iommu_hd_support() */
  readonly hostDirty: boolean;
  /** Linux: is_nest_parent_supported() */
  readonly nestParent: boolean;
  /** No host (v1) tables. Linux: amd_iommu_hatdis */
  readonly hatDisabled: boolean;
  /** Table of a domain that nothing special is asked of; null: no DMA translation at all. Linux: amd_iommu_pgtable */
  readonly pageTable: 'v1' | 'v2' | null;
  /** Linux: amd_iommu_hpt_level, amd_iommu_gpt_level */
  readonly hostLevels: number;
  readonly guestLevels: 4 | 5;
  /** Most levels of a GCR3 table, minus one; -1 without guest translation. Linux: amd_iommu_max_glx_val */
  readonly maxGlx: number;
  /** Linux: iommu_device::max_pasids */
  readonly maxPasids: number;
  /** Linux: amd_iommu_iotlb_sup, amd_iommu_np_cache */
  readonly iotlb: boolean;
  readonly npCache: boolean;
  /** Linux: amd_iommu_snp_en */
  readonly snp: boolean;
  /** 128-bit interrupt entries. Linux: AMD_IOMMU_GUEST_IR_GA() */
  readonly guestApic: boolean;
  /** Linux: amd_iommu_xt_mode */
  readonly x2apic: boolean;
}

const CAP_IOTLB = 1 << 24;
const CAP_NPCACHE = 1 << 26;
const CAP_EFR = 1 << 27;
export const CAP_DEFAULT = CAP_IOTLB | CAP_EFR;

const EFR_SNP = 1n << 63n;
const EFR2_GCR3_TRP_MODE = 1n << 3n;
const HATS_RESERVED = 7;

/** Linux: init.c early_amd_iommu_init(), iommu_init_pci(), iommu_snp_enable() */
export function readFeatures({ efr, efr2, ...options }: Ivrs & KernelParameters): Features {
  const capability = options.capability ?? CAP_DEFAULT;
  const guestTables = field.guestIo(efr) && field.guestTranslation(efr);
  const guestPageRequests = guestTables && field.ppr(efr) && field.enhancedPpr(efr);
  const guestLevels = options.la57 === true && field.guestLevels(efr) === 5 ? 5 : 4;
  const hatDisabled = options.hatDisabled === true || field.hostLevels(efr) === HATS_RESERVED;
  const pageTable = chooseTable(options.pageTable ?? 'v1', hatDisabled, guestTables);
  const snp =
    options.snp === true && options.passthrough !== true && pageTable === 'v1' && (efr & EFR_SNP) !== 0n;
  const sameLevels = options.la57 !== true || guestLevels === 5;
  const gt = field.guestTranslation(efr);
  return {
    efr,
    efr2,
    guestTables,
    guestPageRequests,
    pasids: sameLevels && guestPageRequests && !snp,
    hostDirty: !hatDisabled && field.hostDirty(efr),
    nestParent: guestTables && (efr2 & EFR2_GCR3_TRP_MODE) !== 0n,
    hatDisabled,
    pageTable,
    hostLevels: field.hostLevels(efr),
    guestLevels,
    maxGlx: gt ? field.glx(efr) : -1,
    maxPasids: gt ? 2 ** field.pasidBits(efr) - 1 : 0,
    iotlb: (capability & CAP_IOTLB) !== 0,
    npCache: (capability & CAP_NPCACHE) !== 0,
    snp,
    guestApic: field.guestApic(efr),
    x2apic: field.guestApic(efr) && field.x2apic(efr),
  };
}

function chooseTable(asked: 'v1' | 'v2', hatDisabled: boolean, guestTables: boolean): Features['pageTable'] {
  if (hatDisabled) return guestTables ? 'v2' : null;
  return asked === 'v2' && !guestTables ? 'v1' : asked;
}

export const gcr3TrpMode = (features: Features): boolean => (features.efr2 & EFR2_GCR3_TRP_MODE) !== 0n;
export const interrupts2k = (features: Features): boolean => field2.interrupts2k(features.efr2);

const NAMES = ['PreF', 'PPR', 'X2APIC', 'NX', 'GT', '[5]', 'IA', 'GA', 'HE', 'PC'];
const EFR_GAM_VAPIC = 1n << 21n;
const EFR2_SEV_TIO = 1n << 1n;

/** The line of the boot log. Linux: print_iommu_info() */
export function featureLine({ efr, efr2 }: Features): string {
  const names = [
    ...NAMES.filter((_, n) => ((efr >> BigInt(n)) & 1n) !== 0n),
    ...((efr & EFR_GAM_VAPIC) !== 0n ? ['GA_vAPIC'] : []),
    ...((efr & EFR_SNP) !== 0n ? ['SNP'] : []),
    ...((efr2 & EFR2_SEV_TIO) !== 0n ? ['SEV-TIO'] : []),
  ];
  const words = names.map((name) => ` ${name}`).join('');
  return `Extended features (${alternate(efr)}, ${alternate(efr2)}):${words}`;
}

/** printf's %#llx: a plain 0 for zero. */
export const alternate = (value: bigint): string => (value === 0n ? '0' : `0x${value.toString(16)}`);
