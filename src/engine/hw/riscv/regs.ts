/**
 * Registers of a RISC-V IOMMU: offsets and fields, with the document's names.
 *
 * Spec: RISC-V IOMMU Architecture Specification, chapter "Memory-mapped register interface"
 * Linux: drivers/iommu/riscv/iommu-bits.h
 *
 * Constants of 64-bit registers are bits of the 32-bit word that holds them.
 */
export const CAPABILITIES = 0x00;
export const FCTL = 0x08;
export const DDTP = 0x10;
export const CQB = 0x18;
export const CQH = 0x20;
export const CQT = 0x24;
export const FQB = 0x28;
export const FQH = 0x30;
export const FQT = 0x34;
export const PQB = 0x38;
export const PQH = 0x40;
export const PQT = 0x44;
export const CQCSR = 0x48;
export const FQCSR = 0x4c;
export const PQCSR = 0x50;
export const IPSR = 0x54;
export const IOCOUNTOVF = 0x58;
export const IOCOUNTINH = 0x5c;
export const IOHPMCYCLES = 0x60;
/** iohpmctr1; 31 of them. */
export const IOHPMCTR = 0x68;
/** iohpmevt1; 31 of them. */
export const IOHPMEVT = 0x160;
export const TR_REQ_IOVA = 0x258;
export const TR_REQ_CTL = 0x260;
export const TR_RESPONSE = 0x268;
export const IOMMU_QOSID = 0x270;
export const ICVEC = 0x2f8;
/** msi_cfg_tbl: 16 entries of address, data and vector control. */
export const MSI_CFG_TBL = 0x300;
export const MSI_ENTRY_BYTES = 16;
export const REGISTER_BYTES = 0x1000;
export const MAX_COUNTERS = 31;

export interface RegisterRow {
  readonly name: string;
  readonly offset: number;
  readonly bytes: 4 | 8;
}

const row = (name: string, offset: number, bytes: 4 | 8): RegisterRow => ({ name, offset, bytes });
const each = (count: number, make: (n: number) => readonly RegisterRow[]): readonly RegisterRow[] =>
  Array.from({ length: count }, (_, n) => make(n)).flat();

/** Every defined register, by offset. */
export const REGISTERS: readonly RegisterRow[] = [
  row('capabilities', CAPABILITIES, 8),
  row('fctl', FCTL, 4),
  row('ddtp', DDTP, 8),
  row('cqb', CQB, 8),
  row('cqh', CQH, 4),
  row('cqt', CQT, 4),
  row('fqb', FQB, 8),
  row('fqh', FQH, 4),
  row('fqt', FQT, 4),
  row('pqb', PQB, 8),
  row('pqh', PQH, 4),
  row('pqt', PQT, 4),
  row('cqcsr', CQCSR, 4),
  row('fqcsr', FQCSR, 4),
  row('pqcsr', PQCSR, 4),
  row('ipsr', IPSR, 4),
  row('iocountovf', IOCOUNTOVF, 4),
  row('iocountinh', IOCOUNTINH, 4),
  row('iohpmcycles', IOHPMCYCLES, 8),
  ...each(MAX_COUNTERS, (n) => [row(`iohpmctr${n + 1}`, IOHPMCTR + 8 * n, 8)]),
  ...each(MAX_COUNTERS, (n) => [row(`iohpmevt${n + 1}`, IOHPMEVT + 8 * n, 8)]),
  row('tr_req_iova', TR_REQ_IOVA, 8),
  row('tr_req_ctl', TR_REQ_CTL, 8),
  row('tr_response', TR_RESPONSE, 8),
  row('iommu_qosid', IOMMU_QOSID, 4),
  row('icvec', ICVEC, 8),
  ...each(16, (n) => [
    row(`msi_addr_${n}`, MSI_CFG_TBL + MSI_ENTRY_BYTES * n, 8),
    row(`msi_data_${n}`, MSI_CFG_TBL + MSI_ENTRY_BYTES * n + 8, 4),
    row(`msi_vec_ctl_${n}`, MSI_CFG_TBL + MSI_ENTRY_BYTES * n + 12, 4),
  ]),
];

/** capabilities, as bits of the 64-bit value. */
export const CAP_SV32 = 8n;
export const CAP_SV39 = 9n;
export const CAP_SV48 = 10n;
export const CAP_SV57 = 11n;
export const CAP_SVRSW60T59B = 14n;
export const CAP_SVPBMT = 15n;
export const CAP_SV32X4 = 16n;
export const CAP_SV39X4 = 17n;
export const CAP_SV48X4 = 18n;
export const CAP_SV57X4 = 19n;
export const CAP_AMO_MRIF = 21n;
export const CAP_MSI_FLAT = 22n;
export const CAP_MSI_MRIF = 23n;
export const CAP_AMO_HWAD = 24n;
export const CAP_ATS = 25n;
export const CAP_T2GPA = 26n;
export const CAP_END = 27n;
export const CAP_IGS = 28n; // and 29
export const CAP_HPM = 30n;
export const CAP_DBG = 31n;
export const CAP_PAS = 32n; // to 37
export const CAP_PD8 = 38n;
export const CAP_PD17 = 39n;
export const CAP_PD20 = 40n;
export const CAP_QOSID = 41n;
export const CAP_NL = 42n;
export const CAP_S = 43n;

/** capabilities.IGS */
export const IGS_MSI = 0;
export const IGS_WSI = 1;
export const IGS_BOTH = 2;

const flagOf =
  (bit: bigint) =>
  (c: bigint): boolean =>
    ((c >> bit) & 1n) === 1n;

/** Fields of the capabilities register. */
export const cap = {
  version: (c: bigint): number => Number(c & 0xffn),
  sv32: flagOf(CAP_SV32),
  sv39: flagOf(CAP_SV39),
  sv48: flagOf(CAP_SV48),
  sv57: flagOf(CAP_SV57),
  svrsw60t59b: flagOf(CAP_SVRSW60T59B),
  svpbmt: flagOf(CAP_SVPBMT),
  sv32x4: flagOf(CAP_SV32X4),
  sv39x4: flagOf(CAP_SV39X4),
  sv48x4: flagOf(CAP_SV48X4),
  sv57x4: flagOf(CAP_SV57X4),
  msiFlat: flagOf(CAP_MSI_FLAT),
  msiMrif: flagOf(CAP_MSI_MRIF),
  amoHwad: flagOf(CAP_AMO_HWAD),
  ats: flagOf(CAP_ATS),
  t2gpa: flagOf(CAP_T2GPA),
  end: flagOf(CAP_END),
  igs: (c: bigint): number => Number((c >> CAP_IGS) & 3n),
  hpm: flagOf(CAP_HPM),
  dbg: flagOf(CAP_DBG),
  pas: (c: bigint): number => Number((c >> CAP_PAS) & 0x3fn),
  pd8: flagOf(CAP_PD8),
  pd17: flagOf(CAP_PD17),
  pd20: flagOf(CAP_PD20),
  qosid: flagOf(CAP_QOSID),
  nl: flagOf(CAP_NL),
  s: flagOf(CAP_S),
};

export const FCTL_BE = 1 << 0;
export const FCTL_WSI = 1 << 1;
export const FCTL_GXL = 1 << 2;

/** ddtp.iommu_mode */
export const DDTP_MODE_MASK = 0xf;
export const DDTP_OFF = 0;
export const DDTP_BARE = 1;
export const DDTP_1LVL = 2;
export const DDTP_2LVL = 3;
export const DDTP_3LVL = 4;
export const DDTP_BUSY = 1 << 4;

/** cqb, fqb, pqb: LOG2SZ-1 in bits 4:0; the PPN is in bits 53:10, as in ddtp. */
export const LOG2SZ_MASK = 0x1f;

/** cqcsr, fqcsr, pqcsr. */
export const QUEUE_EN = 1 << 0;
export const QUEUE_IE = 1 << 1;
export const QUEUE_MF = 1 << 8;
export const QUEUE_ON = 1 << 16;
export const QUEUE_BUSY = 1 << 17;
/** fqcsr.fqof and pqcsr.pqof. */
export const QUEUE_OF = 1 << 9;
/** cqcsr alone. */
export const CQ_CMD_TO = 1 << 9;
export const CQ_CMD_ILL = 1 << 10;
export const CQ_FENCE_W_IP = 1 << 11;

/** ipsr, in the order of icvec's nibbles. */
export const IPSR_CIP = 1 << 0;
export const IPSR_FIP = 1 << 1;
export const IPSR_PMIP = 1 << 2;
export const IPSR_PIP = 1 << 3;

/** tr_req_ctl, low word; PV is bit 0 and DID bits 31:8 of the high word. */
export const TR_GO_BUSY = 1 << 0;
export const TR_PRIV = 1 << 1;
export const TR_EXE = 1 << 2;
export const TR_NW = 1 << 3;
export const TR_PID_SHIFT = 12;
export const TR_PV = 1 << 0;
export const TR_DID_SHIFT = 8;
/** tr_response, low word. */
export const TR_FAULT = 1 << 0;
export const TR_PBMT_SHIFT = 7;
export const TR_S = 1 << 9;

/** iohpmevt: low word. */
export const EVT_EVENT_MASK = 0x7fff;
export const EVT_DMASK = 1 << 15;
/** High word. */
export const EVT_PV_PSCV = 1 << 28;
export const EVT_DV_GSCV = 1 << 29;
export const EVT_IDT = 1 << 30;
export const EVT_OF = 1 << 31;

/** Standard events. */
export const EVENT_UNTRANSLATED = 1;
export const EVENT_TRANSLATED = 2;
export const EVENT_ATS_REQUEST = 3;
export const EVENT_TLB_MISS = 4;
export const EVENT_DDT_WALK = 5;
export const EVENT_PDT_WALK = 6;
export const EVENT_FIRST_STAGE_WALK = 7;
export const EVENT_SECOND_STAGE_WALK = 8;
