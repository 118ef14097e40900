/**
 * Registers of an SMMUv3: offsets and fields, with the document's names. Page 1 lies 64 KiB above page 0.
 *
 * Spec: Arm System Memory Management Unit Architecture Specification (IHI 0070), chapter 6 "Memory map and registers"
 * Linux: drivers/iommu/arm/arm-smmu-v3/arm-smmu-v3.h
 */
export const PAGE1 = 0x1_0000;
export const REGISTER_BYTES = 0x2_0000;

export const IDR0 = 0x00;
export const IDR1 = 0x04;
export const IDR2 = 0x08;
export const IDR3 = 0x0c;
export const IDR4 = 0x10;
export const IDR5 = 0x14;
export const IIDR = 0x18;
export const AIDR = 0x1c;
export const CR0 = 0x20;
export const CR0ACK = 0x24;
export const CR1 = 0x28;
export const CR2 = 0x2c;
export const STATUSR = 0x40;
export const GBPA = 0x44;
export const AGBPA = 0x48;
export const IRQ_CTRL = 0x50;
export const IRQ_CTRLACK = 0x54;
export const GERROR = 0x60;
export const GERRORN = 0x64;
export const GERROR_IRQ_CFG0 = 0x68;
export const GERROR_IRQ_CFG1 = 0x70;
export const GERROR_IRQ_CFG2 = 0x74;
export const STRTAB_BASE = 0x80;
export const STRTAB_BASE_CFG = 0x88;
export const CMDQ_BASE = 0x90;
export const CMDQ_PROD = 0x98;
export const CMDQ_CONS = 0x9c;
export const EVENTQ_BASE = 0xa0;
export const EVENTQ_PROD = PAGE1 + 0xa8;
export const EVENTQ_CONS = PAGE1 + 0xac;
export const EVENTQ_IRQ_CFG0 = 0xb0;
export const EVENTQ_IRQ_CFG1 = 0xb8;
export const EVENTQ_IRQ_CFG2 = 0xbc;
export const PRIQ_BASE = 0xc0;
export const PRIQ_PROD = PAGE1 + 0xc8;
export const PRIQ_CONS = PAGE1 + 0xcc;
export const PRIQ_IRQ_CFG0 = 0xd0;
export const PRIQ_IRQ_CFG1 = 0xd8;
export const PRIQ_IRQ_CFG2 = 0xdc;

export interface RegisterRow {
  readonly name: string;
  readonly offset: number;
  readonly bytes: 4 | 8;
  readonly writable: boolean;
}

const row = (name: string, offset: number, bytes: 4 | 8, writable: boolean): RegisterRow => ({
  name,
  offset,
  bytes,
  writable,
});

/** In the order the page lists them. */
export const REGISTERS: readonly RegisterRow[] = [
  row('IDR0', IDR0, 4, false),
  row('IDR1', IDR1, 4, false),
  row('IDR2', IDR2, 4, false),
  row('IDR3', IDR3, 4, false),
  row('IDR4', IDR4, 4, false),
  row('IDR5', IDR5, 4, false),
  row('IIDR', IIDR, 4, false),
  row('AIDR', AIDR, 4, false),
  row('CR0', CR0, 4, true),
  row('CR0ACK', CR0ACK, 4, false),
  row('CR1', CR1, 4, true),
  row('CR2', CR2, 4, true),
  row('STATUSR', STATUSR, 4, false),
  row('GBPA', GBPA, 4, true),
  row('IRQ_CTRL', IRQ_CTRL, 4, true),
  row('IRQ_CTRLACK', IRQ_CTRLACK, 4, false),
  row('GERROR', GERROR, 4, false),
  row('GERRORN', GERRORN, 4, true),
  row('GERROR_IRQ_CFG0', GERROR_IRQ_CFG0, 8, true),
  row('GERROR_IRQ_CFG1', GERROR_IRQ_CFG1, 4, true),
  row('GERROR_IRQ_CFG2', GERROR_IRQ_CFG2, 4, true),
  row('STRTAB_BASE', STRTAB_BASE, 8, true),
  row('STRTAB_BASE_CFG', STRTAB_BASE_CFG, 4, true),
  row('CMDQ_BASE', CMDQ_BASE, 8, true),
  row('CMDQ_PROD', CMDQ_PROD, 4, true),
  row('CMDQ_CONS', CMDQ_CONS, 4, true),
  row('EVENTQ_BASE', EVENTQ_BASE, 8, true),
  row('EVENTQ_PROD', EVENTQ_PROD, 4, true),
  row('EVENTQ_CONS', EVENTQ_CONS, 4, true),
  row('EVENTQ_IRQ_CFG0', EVENTQ_IRQ_CFG0, 8, true),
  row('EVENTQ_IRQ_CFG1', EVENTQ_IRQ_CFG1, 4, true),
  row('EVENTQ_IRQ_CFG2', EVENTQ_IRQ_CFG2, 4, true),
  row('PRIQ_BASE', PRIQ_BASE, 8, true),
  row('PRIQ_PROD', PRIQ_PROD, 4, true),
  row('PRIQ_CONS', PRIQ_CONS, 4, true),
  row('PRIQ_IRQ_CFG0', PRIQ_IRQ_CFG0, 8, true),
  row('PRIQ_IRQ_CFG1', PRIQ_IRQ_CFG1, 4, true),
  row('PRIQ_IRQ_CFG2', PRIQ_IRQ_CFG2, 4, true),
];

/** IDR0. */
export const IDR0_S2P = 1 << 0;
export const IDR0_S1P = 1 << 1;
export const IDR0_TTF_SHIFT = 2;
export const TTF_AARCH64 = 2;
export const IDR0_COHACC = 1 << 4;
export const IDR0_BTM = 1 << 5;
export const IDR0_HTTU_SHIFT = 6;
export const HTTU_NONE = 0;
export const HTTU_ACCESS = 1;
export const HTTU_ACCESS_DIRTY = 2;
export const IDR0_HYP = 1 << 9;
export const IDR0_ATS = 1 << 10;
export const IDR0_NS1ATS = 1 << 11;
export const IDR0_ASID16 = 1 << 12;
export const IDR0_MSI = 1 << 13;
export const IDR0_SEV = 1 << 14;
export const IDR0_ATOS = 1 << 15;
export const IDR0_PRI = 1 << 16;
export const IDR0_VMW = 1 << 17;
export const IDR0_VMID16 = 1 << 18;
export const IDR0_CD2L = 1 << 19;
export const IDR0_TTENDIAN_SHIFT = 21;
export const TTENDIAN_MIXED = 0;
export const TTENDIAN_LE = 2;
export const TTENDIAN_BE = 3;
export const IDR0_ATSRECERR = 1 << 23;
export const IDR0_STALL_MODEL_SHIFT = 24;
export const STALL_CONFIGURABLE = 0;
export const STALL_NONE = 1;
export const STALL_FORCED = 2;
export const IDR0_TERM_MODEL = 1 << 26;
export const IDR0_ST_LEVEL_SHIFT = 27;
export const ST_LEVEL_LINEAR = 0;
export const ST_LEVEL_2LVL = 1;

/** IDR1. */
export const IDR1_SIDSIZE_SHIFT = 0;
export const IDR1_SSIDSIZE_SHIFT = 6;
export const IDR1_PRIQS_SHIFT = 11;
export const IDR1_EVENTQS_SHIFT = 16;
export const IDR1_CMDQS_SHIFT = 21;
export const IDR1_ATTR_PERMS_OVR = 1 << 26;
export const IDR1_ATTR_TYPES_OVR = 1 << 27;

/** IDR3. */
export const IDR3_HAD = 1 << 2;
export const IDR3_XNX = 1 << 4;
export const IDR3_PPS = 1 << 5;
export const IDR3_FWB = 1 << 8;
export const IDR3_STT = 1 << 9;
export const IDR3_RIL = 1 << 10;
export const IDR3_BBML_SHIFT = 11;

/** IDR5. */
export const IDR5_OAS_SHIFT = 0;
export const IDR5_GRAN4K = 1 << 4;
export const IDR5_GRAN16K = 1 << 5;
export const IDR5_GRAN64K = 1 << 6;
export const IDR5_DS = 1 << 7;
export const IDR5_VAX_SHIFT = 10;
export const IDR5_STALL_MAX_SHIFT = 16;

/** CR0 and CR0ACK. */
export const CR0_SMMUEN = 1 << 0;
export const CR0_PRIQEN = 1 << 1;
export const CR0_EVENTQEN = 1 << 2;
export const CR0_CMDQEN = 1 << 3;
export const CR0_ATSCHK = 1 << 4;

/** CR1: attributes of tables and of queues. */
export const CR1_TABLE = 0xfc0;
export const CR1_QUEUE = 0x03f;

export const CR2_E2H = 1 << 0;
export const CR2_RECINVSID = 1 << 1;
export const CR2_PTM = 1 << 2;
export const CR2_REC_CFG_ATS = 1 << 3;

export const GBPA_ABORT = 1 << 20;
export const GBPA_UPDATE = 1 << 31;
/** SHCFG in GBPA resets to "use incoming". */
export const GBPA_SHCFG_SHIFT = 12;
export const SHCFG_INCOMING = 1;

/** IRQ_CTRL and IRQ_CTRLACK. */
export const IRQ_GERROR = 1 << 0;
export const IRQ_PRIQ = 1 << 1;
export const IRQ_EVENTQ = 1 << 2;

/** GERROR and GERRORN. */
export const GERROR_CMDQ_ERR = 1 << 0;
export const GERROR_EVENTQ_ABT_ERR = 1 << 2;
export const GERROR_PRIQ_ABT_ERR = 1 << 3;
export const GERROR_MSI_CMDQ_ABT_ERR = 1 << 4;
export const GERROR_MSI_EVENTQ_ABT_ERR = 1 << 5;
export const GERROR_MSI_PRIQ_ABT_ERR = 1 << 6;
export const GERROR_MSI_GERROR_ABT_ERR = 1 << 7;
export const GERROR_SFM_ERR = 1 << 8;
export const GERROR_MASK = 0x1fd;

/** STRTAB_BASE_CFG. */
export const STRTAB_LOG2SIZE_MASK = 0x3f;
export const STRTAB_SPLIT_SHIFT = 6;
export const STRTAB_SPLIT_MASK = 0x1f;
export const STRTAB_FMT_SHIFT = 16;
export const STRTAB_FMT_LINEAR = 0;
export const STRTAB_FMT_2LVL = 1;

/** Bits of queue registers: *_BASE low word, *_PROD, *_CONS. */
export const Q_LOG2SIZE_MASK = 0x1f;
export const Q_INDEX_MASK = 0xf_ffff;
export const Q_OVFLG = 1 << 31;
export const CMDQ_CONS_ERR_SHIFT = 24;
export const CMDQ_CONS_ERR_MASK = 0x7f << CMDQ_CONS_ERR_SHIFT;

/** CMDQ_CONS.ERR. Spec: section 7.1 "Command queue errors" */
export const CERROR_NONE = 0;
export const CERROR_ILL = 1;
export const CERROR_ABT = 2;
export const CERROR_ATC_INV_SYNC = 3;

/** Bits of an address size: IDR5.OAS, CD.IPS, STE.S2PS. */
export const ADDRESS_BITS: readonly number[] = [32, 36, 40, 42, 44, 48, 52];
