/**
 * Structures in memory, commands and queue records of a RISC-V IOMMU: bit positions, with the document's names.
 *
 * Spec: RISC-V IOMMU Architecture Specification, chapters "Data Structures" and "In-memory queue interface"; page tables:
 * The RISC-V Instruction Set Manual, volume II, chapter "Supervisor-Level ISA" and "Svnapot", "Svpbmt"; MSI page tables:
 * RISC-V Advanced Interrupt Architecture, chapter "IOMMU Support for MSIs to Virtual Machines"
 * Linux: drivers/iommu/riscv/iommu-bits.h
 *
 * Constants are bits of the 32-bit word that holds them.
 */

/** Device context: bytes of the base and of the extended format. */
export const DC_BASE_BYTES = 32;
export const DC_EXT_BYTES = 64;
/** 64-bit words of a device context. */
export const DC_TC = 0;
export const DC_IOHGATP = 1;
export const DC_TA = 2;
export const DC_FSC = 3;
export const DC_MSIPTP = 4;
export const DC_MSI_ADDR_MASK = 5;
export const DC_MSI_ADDR_PATTERN = 6;

/** Non-leaf entries of the DDT and the PDT, low word: V, and reserved bits around the PPN (53:10). */
export const DIR_V = 1 << 0;
export const DIR_RESERVED_LO = 0x3fe;
export const DIR_RESERVED_HI = ~0x3f_ffff;

/** DC.tc, low word. */
export const TC_V = 1 << 0;
export const TC_EN_ATS = 1 << 1;
export const TC_EN_PRI = 1 << 2;
export const TC_T2GPA = 1 << 3;
export const TC_DTF = 1 << 4;
export const TC_PDTV = 1 << 5;
export const TC_PRPR = 1 << 6;
export const TC_GADE = 1 << 7;
export const TC_SADE = 1 << 8;
export const TC_DPE = 1 << 9;
export const TC_SBE = 1 << 10;
export const TC_SXL = 1 << 11;
/** Bits 23:12; all of the high word is reserved too. Bits 31:24 are custom. */
export const TC_RESERVED_LO = 0xff_f000;

/** DC.ta: PSCID is in bits 31:12 of the low word; RCID in 19:8 and MCID in 31:20 of the high word. */
export const TA_RESERVED_LO = 0xfff;
export const TA_RESERVED_HI = 0xff;
export const TA_PSCID_SHIFT = 12;
export const TA_RCID_SHIFT = 8;
export const TA_MCID_SHIFT = 20;

/** PC.ta, low word; the high word is reserved. */
export const PC_BYTES = 16;
export const PC_V = 1 << 0;
export const PC_ENS = 1 << 1;
export const PC_SUM = 1 << 2;
export const PC_TA_RESERVED_LO = 0xff8;

/** iohgatp, iosatp, pdtp and msiptp, high word: PPN 43:0, MODE 63:60. Bits 59:44 are the GSCID, or reserved. */
export const ATP_MODE_SHIFT = 28;
export const ATP_GSCID_SHIFT = 12;
export const ATP_RESERVED_HI = 0x0fff_f000;
export const ATP_PPN_HI = 0xfff;

/** iosatp.MODE and iohgatp.MODE; 8 is Sv32 or Sv32x4 where SXL or GXL is 1. */
export const MODE_BARE = 0;
export const MODE_SV39 = 8;
export const MODE_SV48 = 9;
export const MODE_SV57 = 10;
export const MODE_SV32 = 8;
/** pdtp.MODE */
export const PD8 = 1;
export const PD17 = 2;
export const PD20 = 3;
/** msiptp.MODE */
export const MSI_OFF = 0;
export const MSI_FLAT = 1;

/** Page-table entries, low word. The PPN is in bits 53:10. */
export const PTE_V = 1 << 0;
export const PTE_R = 1 << 1;
export const PTE_W = 1 << 2;
export const PTE_X = 1 << 3;
export const PTE_U = 1 << 4;
export const PTE_G = 1 << 5;
export const PTE_A = 1 << 6;
export const PTE_D = 1 << 7;
/** High word. */
export const PTE_RESERVED_HI = 0x1f << 22;
export const PTE_RSW60T59B_HI = 3 << 27;
export const PTE_PBMT_HI = 3 << 29;
export const PTE_PBMT_SHIFT = 29;
export const PTE_N_HI = 1 << 31;
export const PTE_PPN_HI = 0x3f_ffff;

/** MSI page-table entries: 16 bytes. First word. */
export const MSI_PTE_BYTES = 16;
export const MSI_V = 1 << 0;
export const MSI_M_SHIFT = 1;
export const MSI_M_MASK = 3;
export const MSI_M_MRIF = 1;
export const MSI_M_BASIC = 3;
/** Second word: custom use. */
export const MSI_C = 1 << 31;

/** Commands: opcode and func3, low word. */
export const COMMAND_BYTES = 16;
export const OPCODE_MASK = 0x7f;
export const FUNC3_SHIFT = 7;
export const OP_IOTINVAL = 1;
export const OP_IOFENCE = 2;
export const OP_IODIR = 3;
export const OP_ATS = 4;
export const FUNC_VMA = 0;
export const FUNC_GVMA = 1;
export const FUNC_IOFENCE_C = 0;
export const FUNC_INVAL_DDT = 0;
export const FUNC_INVAL_PDT = 1;
export const FUNC_ATS_INVAL = 0;
export const FUNC_ATS_PRGR = 1;

/** IOTINVAL: low word; PSCID in bits 31:12. */
export const INVAL_AV = 1 << 10;
/** High word; GSCID in bits 27:12. */
export const INVAL_PSCV = 1 << 0;
export const INVAL_GV = 1 << 1;
export const INVAL_NL = 1 << 2;
/** Third word; ADDR[63:12] is in bits 61:10 of the second doubleword. */
export const INVAL_S = 1 << 9;

/** IOFENCE.C: low word; DATA is the high word. */
export const FENCE_AV = 1 << 10;
export const FENCE_WSI = 1 << 11;
export const FENCE_PR = 1 << 12;
export const FENCE_PW = 1 << 13;

/** IODIR: PID in bits 31:12 of the low word; high word: DV, DID in bits 31:8. */
export const DIR_DV = 1 << 1;
/** ATS: PID in bits 31:12 of the low word; high word: PV, DSV, RID 23:8, DSEG 31:24. */
export const ATS_PV = 1 << 0;
export const ATS_DSV = 1 << 1;

/** Fault records: CAUSE 11:0 and PID 31:12 of the low word; high word: PV, PRIV, TTYP 7:2, DID 31:8. */
export const FAULT_BYTES = 32;
export const FAULT_PV = 1 << 0;
export const FAULT_PRIV = 1 << 1;
export const FAULT_TTYP_SHIFT = 2;

/** Page requests: PID 31:12 of the low word; high word: PV, PRIV, EXEC, DID 31:8. */
export const PAGE_REQUEST_BYTES = 16;
export const PAGE_PV = 1 << 0;
export const PAGE_PRIV = 1 << 1;
export const PAGE_EXEC = 1 << 2;
/** Payload, low word: PRG index in bits 11:3. */
export const PAYLOAD_R = 1 << 0;
export const PAYLOAD_W = 1 << 1;
export const PAYLOAD_L = 1 << 2;

/** PCIe message codes. */
export const MSG_INVALIDATE_REQUEST = 1;
export const MSG_INVALIDATE_COMPLETION = 2;
export const MSG_PAGE_REQUEST = 4;
export const MSG_PRG_RESPONSE = 5;
/** Response codes of PRG responses. */
export const PRGR_SUCCESS = 0;
export const PRGR_INVALID = 1;
export const PRGR_FAILURE = 15;

/** Address bits that a first-stage mode takes in, and a second-stage one, by levels: 2 (Sv32), 3, 4, 5. */
export const firstStageBits = (levels: number): number => (levels === 2 ? 32 : 12 + 9 * levels);
export const secondStageBits = (levels: number): number => firstStageBits(levels) + 2;
/** Levels of a 64-bit mode: 8 is Sv39, 9 Sv48, 10 Sv57. */
export const levelsOfMode = (mode: number): number => mode - 5;

/** Bits of device_id that index each level of the DDT, leaf level first. Spec: "Device Directory Table" */
export const DDI_BITS_BASE = [7, 9, 8] as const;
export const DDI_BITS_EXT = [6, 9, 9] as const;
/** Bits of process_id that index each level of the PDT, leaf level first. */
export const PDI_BITS = [8, 9, 3] as const;
