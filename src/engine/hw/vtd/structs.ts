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

/** Second-stage paging entry, low word. */
export const SS_R = 1 << 0;
export const SS_W = 1 << 1;
export const SS_PS = 1 << 7;
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
export const DESC_BYTES = 16;

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

/** IQER.IQEI. Spec: section 11.4.9.9 "Invalidation Queue Error Record Register" */
export const IQEI_INVALID_TAIL = 1;
export const IQEI_FETCH = 2;
export const IQEI_TYPE = 3;
export const IQEI_RESERVED = 4;
export const IQEI_WIDTH = 5;
