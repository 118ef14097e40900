/**
 * Structures in memory, commands and queue records of SMMUv3: bit positions, with the document's names.
 *
 * Spec: Arm SMMU Architecture Specification (IHI 0070), chapter 4 "Commands", chapter 5 "Data structure formats",
 * section 7.3 "Event records", chapter 8 "Page request queue"
 * Linux: drivers/iommu/arm/arm-smmu-v3/arm-smmu-v3.h
 *
 * Constants are bits of the 32-bit word that holds them; the comment says which word, counted from 0.
 */
export const STE_BYTES = 64;
export const CD_BYTES = 64;
export const L1_BYTES = 8;
export const CMD_BYTES = 16;
export const EVENT_BYTES = 32;
export const PRI_BYTES = 16;

/** L1STD, word 0. */
export const L1STD_SPAN_MASK = 0x1f;
export const L1STD_MAX_SPAN = 11;

/** STE word 0. */
export const STE_V = 1 << 0;
export const STE_CONFIG_SHIFT = 1;
export const CONFIG_MASK = 7;
export const CONFIG_S1 = 1;
export const CONFIG_S2 = 2;
/** Without it nothing passes. */
export const CONFIG_PASS = 4;
export const CONFIG_BYPASS = 4;
export const STE_S1FMT_SHIFT = 4;
export const S1FMT_LINEAR = 0;
export const S1FMT_4K_L2 = 1;
export const S1FMT_64K_L2 = 2;
/** STE word 1. */
export const STE_S1CDMAX_SHIFT = 27;
/** STE word 2. */
export const S1DSS_MASK = 3;
export const S1DSS_TERMINATE = 0;
export const S1DSS_BYPASS = 1;
export const S1DSS_SSID0 = 2;
export const STE_PPAR = 1 << 18;
export const STE_MEV = 1 << 19;
export const STE_S2FWB = 1 << 25;
export const STE_S1STALLD = 1 << 27;
export const STE_EATS_SHIFT = 28;
export const EATS_NONE = 0;
export const EATS_FULL = 1;
export const EATS_SPLIT = 2;
export const STE_STRW_SHIFT = 30;
export const STRW_NS_EL1 = 0;
export const STRW_NS_EL2 = 2;
/** STE word 3. */
export const STE_PRIVCFG_SHIFT = 16;
export const STE_INSTCFG_SHIFT = 18;
/** Of PRIVCFG: unprivileged, privileged. Of INSTCFG: data, instruction. Below: as it comes in. */
export const OVERRIDE_OFF = 2;
export const OVERRIDE_ON = 3;
/** STE word 4. */
export const STE_S2VMID_MASK = 0xffff;
/** STE word 5. */
export const S2T0SZ_MASK = 0x3f;
export const S2SL0_SHIFT = 6;
export const S2TG_SHIFT = 14;
export const S2PS_SHIFT = 16;
export const S2AA64 = 1 << 19;
export const S2ENDI = 1 << 20;
export const S2AFFD = 1 << 21;
export const S2PTW = 1 << 22;
export const S2HD = 1 << 23;
export const S2HA = 1 << 24;
export const S2S = 1 << 25;
export const S2R = 1 << 26;

/** L1CD, word 0. */
export const L1CD_V = 1 << 0;

/** CD word 0. */
export const CD_TSZ_MASK = 0x3f;
export const CD_TG_SHIFT = 6;
export const CD_EPD0 = 1 << 14;
export const CD_ENDI = 1 << 15;
/** T1SZ, TG1 and EPD1 lie this far above those of TTB0. */
export const CD_TT1_SHIFT = 16;
export const CD_EPD1 = 1 << 30;
export const CD_V = 1 << 31;
/** CD word 1. */
export const CD_IPS_MASK = 7;
export const CD_AFFD = 1 << 3;
export const CD_WXN = 1 << 4;
export const CD_UWXN = 1 << 5;
export const CD_TBI0 = 1 << 6;
export const CD_TBI1 = 1 << 7;
export const CD_PAN = 1 << 8;
export const CD_AA64 = 1 << 9;
export const CD_HD = 1 << 10;
export const CD_HA = 1 << 11;
export const CD_S = 1 << 12;
export const CD_R = 1 << 13;
export const CD_A = 1 << 14;
export const CD_ASET = 1 << 15;
export const CD_ASID_SHIFT = 16;
/** CD words 2 and 4: beside the table's address. */
export const CD_HAD = 1 << 1;

/** Translation granules: log2 of bytes by TG0 and S2TG, and by TG1; 0 for a reserved value. */
export const TG0_GRANULE: readonly number[] = [12, 16, 14, 0];
export const TG1_GRANULE: readonly number[] = [0, 14, 12, 16];

/** Translation table descriptors, low word. */
export const DESC_VALID = 1 << 0;
/** A table above level 3, a page there; clear: a block, or nothing. */
export const DESC_TABLE = 1 << 1;
export const S1_AP_EL0 = 1 << 6;
export const S1_AP_RO = 1 << 7;
export const S2_AP_READ = 1 << 6;
export const S2_AP_WRITE = 1 << 7;
export const S2_MEMATTR_SHIFT = 2;
export const DESC_AF = 1 << 10;
export const S1_NG = 1 << 11;
/** High word. */
export const DESC_DBM = 1 << 19;
export const DESC_CONTIGUOUS = 1 << 20;
export const S1_PXN = 1 << 21;
export const S1_UXN = 1 << 22;
export const S2_XN0 = 1 << 21;
export const S2_XN1 = 1 << 22;
export const PXN_TABLE = 1 << 27;
export const XN_TABLE = 1 << 28;
export const AP_TABLE_NO_EL0 = 1 << 29;
export const AP_TABLE_RO = 1 << 30;

/** Commands: opcode in bits 7:0 of word 0. */
export const CMD_PREFETCH_CONFIG = 0x01;
export const CMD_PREFETCH_ADDR = 0x02;
export const CMD_CFGI_STE = 0x03;
export const CMD_CFGI_STE_RANGE = 0x04;
export const CMD_CFGI_CD = 0x05;
export const CMD_CFGI_CD_ALL = 0x06;
export const CMD_CFGI_VMS_PIDM = 0x07;
export const CMD_TLBI_NH_ALL = 0x10;
export const CMD_TLBI_NH_ASID = 0x11;
export const CMD_TLBI_NH_VA = 0x12;
export const CMD_TLBI_NH_VAA = 0x13;
export const CMD_TLBI_EL3_ALL = 0x18;
export const CMD_TLBI_EL3_VA = 0x1a;
export const CMD_TLBI_EL2_ALL = 0x20;
export const CMD_TLBI_EL2_ASID = 0x21;
export const CMD_TLBI_EL2_VA = 0x22;
export const CMD_TLBI_EL2_VAA = 0x23;
export const CMD_TLBI_S12_VMALL = 0x28;
export const CMD_TLBI_S2_IPA = 0x2a;
export const CMD_TLBI_NSNH_ALL = 0x30;
export const CMD_ATC_INV = 0x40;
export const CMD_PRI_RESP = 0x41;
export const CMD_RESUME = 0x44;
export const CMD_STALL_TERM = 0x45;
export const CMD_SYNC = 0x46;

/** Word 0 of commands. */
export const CMD_OP_MASK = 0xff;
export const CMD_ATC_G = 1 << 9;
export const CMD_SSEC = 1 << 10;
export const CMD_SSV = 1 << 11;
export const CMD_SSID_SHIFT = 12;
export const CMD_NUM_SHIFT = 12;
export const CMD_SCALE_SHIFT = 20;
export const CMD_CS_SHIFT = 12;
export const CS_NONE = 0;
export const CS_IRQ = 1;
export const CS_SEV = 2;
export const CMD_RESUME_RETRY = 1 << 12;
export const CMD_RESUME_ABORT = 1 << 13;
/** Word 1. */
export const CMD_VMID_MASK = 0xffff;
export const CMD_ASID_SHIFT = 16;
/** Word 2. */
export const CMD_LEAF = 1 << 0;
export const CMD_RANGE_MASK = 0x1f;
export const CMD_TTL_SHIFT = 8;
export const CMD_TG_SHIFT = 10;
export const CMD_ATC_SIZE_MASK = 0x3f;
export const ATC_SIZE_ALL = 52;
export const CMD_PRG_MASK = 0x1ff;
export const CMD_RESP_SHIFT = 12;
export const CMD_STAG_MASK = 0xffff;
/** CMD_PRI_RESP.Resp. */
export const RESP_FAILURE = 0;
export const RESP_INVALID = 1;
export const RESP_SUCCESS = 2;

/** Event records, word 0. */
export const EVT_SSV = 1 << 11;
export const EVT_SSID_SHIFT = 12;
/** Word 2. */
export const EVT_STAG_MASK = 0xffff;
export const EVT_STALL = 1 << 31;
/** Word 3. */
export const EVT_PNU = 1 << 1;
export const EVT_IND = 1 << 2;
export const EVT_RNW = 1 << 3;
export const EVT_S2 = 1 << 7;
export const EVT_CLASS_SHIFT = 8;
export const CLASS_CD = 0;
export const CLASS_TT = 1;
export const CLASS_IN = 2;
export const EVT_TTRNW = 1 << 12;

/** Page request records, word 1. */
export const PRI_SSID_MASK = 0xf_ffff;
export const PRI_PRIV = 1 << 26;
export const PRI_EXEC = 1 << 27;
export const PRI_READ = 1 << 28;
export const PRI_WRITE = 1 << 29;
export const PRI_LAST = 1 << 30;
export const PRI_SSV = 1 << 31;
/** Word 2. */
export const PRI_PRG_MASK = 0x1ff;

/** PRG Response codes, as PCIe numbers them. */
export const PRG_SUCCESS = 0;
export const PRG_INVALID = 1;
export const PRG_FAILURE = 15;
