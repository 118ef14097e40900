/**
 * Structures in memory, commands and log entries of an AMD IOMMU: bit positions, with the document's names.
 *
 * Spec: AMD I/O Virtualization Technology (IOMMU) Specification, section 2.2 "Data Structures", 2.4 "Commands",
 * 2.5 "Event Logging", 2.6 "Peripheral Page Request (PPR) Logging"
 * Linux: drivers/iommu/amd/amd_iommu_types.h DTE_*, CMD_*, EVENT_*, PPR_*
 *
 * Constants are bits of the 32-bit word that holds them; the word is in the comment (a device table entry has 0 to 7).
 */
export const DTE_BYTES = 32;

/** Word 0. */
export const DTE_V = 1 << 0;
export const DTE_TV = 1 << 1;
export const DTE_HAD_SHIFT = 7;
export const DTE_MODE_SHIFT = 9;
export const DTE_MODE_MASK = 7;
/** Word 1: bits 63:32 of the entry. The host table's address fills 51:12. */
export const DTE_PPR = 1 << 20;
export const DTE_GPRP = 1 << 21;
export const DTE_GIOV = 1 << 22;
export const DTE_GV = 1 << 23;
export const DTE_GLX_SHIFT = 24;
export const DTE_GLX_MASK = 3;
/** GCR3 table root pointer, bits 14:12. */
export const DTE_GCR3_14_12_SHIFT = 26;
export const DTE_IR = 1 << 29;
export const DTE_IW = 1 << 30;
/** Word 2. GCR3 table root pointer, bits 30:15, above the domain id. */
export const DTE_DOMAIN_MASK = 0xffff;
export const DTE_GCR3_30_15_SHIFT = 16;
/** Word 3. */
export const DTE_I = 1 << 0;
export const DTE_SE = 1 << 1;
export const DTE_SA = 1 << 2;
export const DTE_IOCTL_SHIFT = 3;
export const DTE_CACHE = 1 << 5;
export const DTE_SD = 1 << 6;
export const DTE_EX = 1 << 7;
export const DTE_SYSMGT_SHIFT = 8;
export const DTE_SATS = 1 << 10;
/** GCR3 table root pointer, bits 51:31. */
export const DTE_GCR3_51_31_SHIFT = 11;
/** Word 4. The interrupt table's address fills bits 51:6 of words 4 and 5. */
export const DTE_IV = 1 << 0;
export const DTE_INT_TAB_LEN_SHIFT = 1;
export const DTE_INT_TAB_LEN_MASK = 0xf;
export const DTE_IG = 1 << 5;
/** Word 5. */
export const DTE_GPT_MODE_SHIFT = 22;
export const DTE_GPT_MODE_MASK = 3;
export const DTE_INIT_PASS = 1 << 24;
export const DTE_EINT_PASS = 1 << 25;
export const DTE_NMI_PASS = 1 << 26;
export const DTE_HPT_MODE = 1 << 27;
export const DTE_INT_CTL_SHIFT = 28;
export const DTE_INT_CTL_MASK = 3;
export const DTE_LINT0_PASS = 1 << 30;
export const DTE_LINT1_PASS = 1 << 31;

export const INT_CTL_ABORT = 0;
export const INT_CTL_FORWARD = 1;
export const INT_CTL_REMAP = 2;

/** Entry of a guest CR3 table. */
export const GCR3_V = 1 << 0;

/** Host (v1) table entry, low word. */
export const V1_PR = 1 << 0;
export const V1_A = 1 << 5;
export const V1_D = 1 << 6;
export const V1_NEXT_LEVEL_SHIFT = 9;
export const V1_NEXT_LEVEL_MASK = 7;
/** A leaf whose size is coded in its address. */
export const V1_NEXT_LEVEL_SIZE = 7;
/** High word. */
export const V1_U = 1 << 27;
export const V1_FC = 1 << 28;
export const V1_IR = 1 << 29;
export const V1_IW = 1 << 30;

/** Guest (v2) table entry, low word: as processors have it. */
export const V2_P = 1 << 0;
export const V2_RW = 1 << 1;
export const V2_US = 1 << 2;
export const V2_A = 1 << 5;
export const V2_D = 1 << 6;
export const V2_PS = 1 << 7;
export const V2_G = 1 << 8;
/** High word, the sign bit. */
export const V2_NX = 1 << 31;

/** The interrupt address range 0xfee00000 to 0xfeefffff, as address bits 31:20. */
export const INTERRUPT_RANGE = 0xfee;
/** HyperTransport's addresses 0xfd00000000 to 0xffffffffff, as address bits 63:32. Spec: section 2.1.2 "IOMMU Logical Topology" */
export const HT_FIRST_HI = 0xfd;
export const HT_LAST_HI = 0xff;

/** Commands: the opcode is in bits 31:28 of the second word. */
export const COMMAND_BYTES = 16;
export const CMD_COMPLETION_WAIT = 0x1;
export const CMD_INVALIDATE_DEVTAB_ENTRY = 0x2;
export const CMD_INVALIDATE_IOMMU_PAGES = 0x3;
export const CMD_INVALIDATE_IOTLB_PAGES = 0x4;
export const CMD_INVALIDATE_INTERRUPT_TABLE = 0x5;
export const CMD_PREFETCH_IOMMU_PAGES = 0x6;
export const CMD_COMPLETE_PPR_REQUEST = 0x7;
export const CMD_INVALIDATE_IOMMU_ALL = 0x8;
export const CMD_INSERT_GUEST_EVENT = 0x9;
export const CMD_RESET_VMMIO = 0xa;

/** COMPLETION_WAIT, word 0. */
export const WAIT_S = 1 << 0;
export const WAIT_I = 1 << 1;
export const WAIT_F = 1 << 2;
/** Invalidations and PREFETCH, word 2. */
export const INV_S = 1 << 0;
export const INV_PDE = 1 << 1;
export const INV_GN = 1 << 2;
/** PREFETCH_IOMMU_PAGES, word 2: what the fetch may not lack. */
export const PREFETCH_INVAL = 1 << 4;

/** Event log and PPR log entries: the code is in bits 31:28 of the second word. */
export const EVENT_BYTES = 16;
export const PPR_BYTES = 16;
/** Flags of an event: bits 27:16 of the second word, here from bit 0. */
export const EVENT_GN = 1 << 0;
export const EVENT_NX = 1 << 1;
export const EVENT_US = 1 << 2;
export const EVENT_I = 1 << 3;
export const EVENT_PR = 1 << 4;
export const EVENT_RW = 1 << 5;
export const EVENT_PE = 1 << 6;
export const EVENT_RZ = 1 << 7;
export const EVENT_TR = 1 << 8;
/** Of hardware errors (codes 3, 4 and 6) and of INVALID_DEVICE_REQUEST bits 9 and up hold the Type. */
export const EVENT_TYPE_SHIFT = 9;

/** Flags of a PPR log entry: bits 27:16 of the second word, here from bit 0. */
export const PPR_FLAG_X = 1 << 1;
export const PPR_FLAG_R = 1 << 2;
export const PPR_FLAG_W = 1 << 5;
export const PPR_FLAG_US = 1 << 6;
export const PPR_FLAG_RZ = 1 << 7;
export const PPR_FLAG_GN = 1 << 8;
/** Page Request Group index, and whether it is the group's last. */
export const PPR_TAG_MASK = 0x1ff;
export const PPR_TAG_LAST = 0x200;
/** Code of a PAGE_SERVICE_REQUEST. */
export const PPR_CODE_REQUEST = 0x1;

/** 32-bit interrupt remapping table entry, and the low word of the 128-bit one. */
export const IRTE_BYTES = 4;
export const IRTE_GA_BYTES = 16;
export const IRTE_REMAP_EN = 1 << 0;
export const IRTE_SUP_IOPF = 1 << 1;
export const IRTE_INT_TYPE_SHIFT = 2;
export const IRTE_INT_TYPE_MASK = 7;
export const IRTE_RQ_EOI = 1 << 5;
export const IRTE_DM = 1 << 6;
export const IRTE_GUEST_MODE = 1 << 7;

/** Bits of addresses that host tables of so many levels translate. */
export const bitsOfLevels = (levels: number): number => Math.min(64, 12 + 9 * levels);
