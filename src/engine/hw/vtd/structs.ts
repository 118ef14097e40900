/**
 * Structures in memory and invalidation descriptors of VT-d: bit positions, with the document's names.
 *
 * Spec: Intel Virtualization Technology for Directed I/O, rev. 4.1, chapter 9 "Translation Structure Formats",
 * section 6.5.2 "Queued Invalidation Interface"
 * Linux: drivers/iommu/intel/iommu.h struct root_entry, struct context_entry, QI_* macros
 *
 * Constants are bits of the 32-bit word that holds them.
 */
export const TABLE_ENTRY_BYTES = 16; // root and context entries

/** Root entry and context entry, lowest word. */
export const P = 1 << 0;

/** Context entry, lowest word. */
export const FPD = 1 << 1;
export const TT_SHIFT = 2;
export const TT_MASK = 3;
export const TT_MULTI_LEVEL = 0;
export const TT_DEV_TLB = 1;
export const TT_PASS_THROUGH = 2;

/** Context entry, third word. */
export const AW_MASK = 7;
export const DID_SHIFT = 8;
export const DID_MASK = 0xffff;

/** Scalable-mode context entry: twice as long. Lowest word. */
export const SM_CONTEXT_BYTES = 32;
export const SM_DTE = 1 << 2;
export const SM_PASIDE = 1 << 3;
export const SM_PRE = 1 << 4;
/** The PASID directory has 2^(PDTS + 7) entries. */
export const SM_PDTS_SHIFT = 9;
export const SM_PDTS_MASK = 7;
/** Third word. */
export const SM_RID_PASID_MASK = 0xf_ffff;

/** Used as privilege by requests without a PASID. */
export const SM_RID_PRIV = 1 << 20;

/** A PASID directory entry leads to a table of 64 PASID entries. */
export const PASID_DIRECTORY_ENTRY_BYTES = 8;
export const PASID_ENTRY_BYTES = 64;
export const PASIDS_PER_TABLE_LG2 = 6;

/** PASID entry, lowest word; bits 31:12 and the second word hold SSPTPTR. P and FPD as in a context entry. */
export const PASID_AW_SHIFT = 2;
export const PGTT_SHIFT = 6;
export const PGTT_MASK = 7;
export const PGTT_FIRST = 1;
export const PGTT_SECOND = 2;
export const PGTT_NESTED = 3;
export const PGTT_PASS_THROUGH = 4;
export const SSADE = 1 << 9;
/** Third word; bits 15:0 hold DID. */
export const PWSNP = 1 << 23;
export const PGSNP = 1 << 24;
/** Fifth word; bits 31:12 and the sixth word hold FSPTPTR. */
export const SRE = 1 << 0;
export const ERE = 1 << 1;
export const FSPM_SHIFT = 2;
export const FSPM_MASK = 3;
export const WPE = 1 << 4;
export const NXE = 1 << 5;
export const SMEP = 1 << 6;
export const EAFE = 1 << 7;

/** First-stage paging entry, low word: as processors have it. */
export const FS_P = 1 << 0;
export const FS_RW = 1 << 1;
export const FS_US = 1 << 2;
export const FS_A = 1 << 5;
export const FS_D = 1 << 6;
export const FS_PS = 1 << 7;
export const FS_EA = 1 << 10;
/** High word. */
export const FS_XD = 1 << 31;

/** Second-stage paging entry, low word. */
export const SS_R = 1 << 0;
export const SS_W = 1 << 1;
export const SS_PS = 1 << 7;
export const SS_A = 1 << 8;
export const SS_D = 1 << 9;
export const SS_SNP = 1 << 11;
/** High word. */
export const SS_TM = 1 << 30;

/** Table levels for an address width code: 39, 48 and 57 bits. */
export const levelsOfAw = (aw: number): number => aw + 2;
export const bitsOfLevels = (levels: number): number => 12 + 9 * levels;

/** The interrupt address range 0xfee00000 to 0xfeefffff, as address bits 31:20. */
export const INTERRUPT_RANGE = 0xfee;

/** Invalidation descriptor types: bits 3:0 with bits 11:9 above them. */
export const DESC_CONTEXT = 0x1;
export const DESC_IOTLB = 0x2;
export const DESC_DEVICE_TLB = 0x3;
export const DESC_IEC = 0x4;
export const DESC_WAIT = 0x5;
export const DESC_PASID_IOTLB = 0x6;
export const DESC_PASID_CACHE = 0x7;
export const DESC_PASID_DEVICE_TLB = 0x8;
export const DESC_PAGE_RESPONSE = 0x9;
export const DESC_BYTES = 16;
/** With IQA.DW. */
export const WIDE_DESC_BYTES = 32;

/** Fields of descriptors, in their lowest word unless said otherwise. */
export const DESC_GRANULARITY_SHIFT = 4;
export const DESC_DID_SHIFT = 16;
export const IOTLB_DW = 1 << 6;
export const IOTLB_DR = 1 << 7;
/** Third word of an IOTLB descriptor. */
export const IOTLB_AM_MASK = 0x3f;
export const IOTLB_IH = 1 << 6;
export const WAIT_IF = 1 << 4;
export const WAIT_SW = 1 << 5;
export const WAIT_FN = 1 << 6;
/** Page requests are drained first. */
export const WAIT_PD = 1 << 7;
/** Granularities of the PASID cache. */
export const PASID_CACHE_DOMAIN = 0;
export const PASID_CACHE_PASID = 1;
export const PASID_CACHE_GLOBAL = 3;
/** Granularities of the PASID-based IOTLB invalidation. */
export const PASID_IOTLB_ALL = 2;
export const PASID_IOTLB_PAGES = 3;
/** Device-TLB invalidation, third word: more than a page, the size coded in the address. */
export const DEVICE_TLB_S = 1 << 0;
/** The same of the PASID-based one. */
export const PASID_DEVICE_TLB_S = 1 << 11;
/** Page group response, lowest word. */
export const RESPONSE_PP = 1 << 4;
export const RESPONSE_CODE_SHIFT = 12;

/** An entry of the page request queue. */
export const PAGE_REQUEST_BYTES = 32;
/** Its lowest word; the source id lies above. */
export const PAGE_REQUEST_PP = 1 << 8;
/** Its second word; the PASID lies below. */
export const PAGE_REQUEST_EXE = 1 << 20;
export const PAGE_REQUEST_PM = 1 << 21;
/** Its third word. */
export const PAGE_REQUEST_RD = 1 << 0;
export const PAGE_REQUEST_WR = 1 << 1;
export const PAGE_REQUEST_LPIG = 1 << 2;
export const PAGE_REQUEST_INDEX_SHIFT = 3;
export const PAGE_REQUEST_INDEX_MASK = 0x1ff;

/** IQER.IQEI. Spec: section 11.4.9.9 "Invalidation Queue Error Record Register" */
export const IQEI_INVALID_TAIL = 1;
export const IQEI_FETCH = 2;
export const IQEI_TYPE = 3;
export const IQEI_RESERVED = 4;
export const IQEI_WIDTH = 5;
/** With 256-bit descriptors: the tail lies in the middle of one. */
export const IQEI_TAIL_ALIGNMENT = 6;
/** RTADDR.TTM has a value that the unit lacks. */
export const IQEI_MODE = 7;
