/**
 * 64-bit fields of entries in memory, as the driver's header has them: one number a field, its mask.
 *
 * Linux: drivers/iommu/arm/arm-smmu-v3/arm-smmu-v3.h
 */

/** A run of bits, both ends inclusive. Linux: GENMASK_ULL() */
const mask = (high: number, low: number): bigint => ((1n << BigInt(high - low + 1)) - 1n) << BigInt(low);
const bit = (n: number): bigint => 1n << BigInt(n);

const shiftOf = (field: bigint): bigint => BigInt((field & -field).toString(2).length - 1);

/** A value moved to where its field is; what does not fit is cut off. Linux: FIELD_PREP() */
export const prep = (field: bigint, value: number | bigint): bigint =>
  (BigInt(value) << shiftOf(field)) & field;

/** Linux: FIELD_GET() */
export const get = (field: bigint, word: bigint): number => Number((word & field) >> shiftOf(field));

/** Stream table entry and context descriptor: 64 bytes. Linux: NUM_ENTRY_QWORDS */
export const ENTRY_WORDS = 8;
export const ENTRY_BYTES = 64;
export type EntryWords = bigint[];
export const emptyEntry = (): EntryWords => new Array<bigint>(ENTRY_WORDS).fill(0n);

/** Words 0 to 3 of a stream table entry. */
export const STE_0 = {
  V: bit(0),
  CFG: mask(3, 1),
  S1FMT: mask(5, 4),
  S1CTXPTR: mask(51, 6),
  S1CDMAX: mask(63, 59),
} as const;

export const STE_1 = {
  S1DSS: mask(1, 0),
  S1CIR: mask(3, 2),
  S1COR: mask(5, 4),
  S1CSH: mask(7, 6),
  MEV: bit(19),
  S2FWB: bit(25),
  S1STALLD: bit(27),
  EATS: mask(29, 28),
  STRW: mask(31, 30),
  SHCFG: mask(45, 44),
} as const;

export const STE_2 = {
  S2VMID: mask(15, 0),
  VTCR: mask(50, 32),
  S2AA64: bit(51),
  S2ENDI: bit(52),
  S2PTW: bit(54),
  S2S: bit(57),
  S2R: bit(58),
} as const;

export const STE_3 = { S2TTB: mask(51, 4) } as const;

/** Within STE_2.VTCR. */
export const VTCR = {
  S2T0SZ: mask(5, 0),
  S2SL0: mask(7, 6),
  S2IR0: mask(9, 8),
  S2OR0: mask(11, 10),
  S2SH0: mask(13, 12),
  S2TG: mask(15, 14),
  S2PS: mask(18, 16),
} as const;

/** Values of STE_0.CFG. */
export const CFG_ABORT = 0;
export const CFG_BYPASS = 4;
export const CFG_S1_TRANS = 5;
export const CFG_S2_TRANS = 6;
export const CFG_NESTED = 7;

/** Values of STE_0.S1FMT. */
export const S1FMT_LINEAR = 0;
export const S1FMT_64K_L2 = 2;

/** Values of STE_1.S1DSS. */
export const S1DSS_TERMINATE = 0;
export const S1DSS_BYPASS = 1;
export const S1DSS_SSID0 = 2;

export const S1C_CACHE_WBRA = 1;
export const SH_ISH = 3;
/** Values of STE_1.EATS. */
export const EATS_ABT = 0;
export const EATS_TRANS = 1;
export const EATS_S1CHK = 2;
/** Values of STE_1.STRW. */
export const STRW_NSEL1 = 0;
export const STRW_EL2 = 2;
export const SHCFG_INCOMING = 1;

/** What a user may say in a virtual entry. Linux: STRTAB_STE_0_NESTING_ALLOWED, STRTAB_STE_1_NESTING_ALLOWED */
export const NESTING_ALLOWED_0 = STE_0.V | STE_0.CFG | STE_0.S1FMT | STE_0.S1CTXPTR | STE_0.S1CDMAX;
export const NESTING_ALLOWED_1 =
  STE_1.S1DSS | STE_1.S1CIR | STE_1.S1COR | STE_1.S1CSH | STE_1.S1STALLD | STE_1.EATS;

/** Level-1 descriptor of a two-level stream table. */
export const L1_STE = { SPAN: mask(4, 0), L2PTR: mask(51, 6) } as const;

/** Word 0 of a context descriptor. */
export const CD_0 = {
  T0SZ: mask(5, 0),
  TG0: mask(7, 6),
  IRGN0: mask(9, 8),
  ORGN0: mask(11, 10),
  SH0: mask(13, 12),
  EPD0: bit(14),
  ENDI: bit(15),
  EPD1: bit(30),
  V: bit(31),
  IPS: mask(34, 32),
  TBI0: bit(38),
  AA64: bit(41),
  HD: bit(42),
  HA: bit(43),
  S: bit(44),
  R: bit(45),
  A: bit(46),
  ASET: bit(47),
  ASID: mask(63, 48),
} as const;

export const CD_1 = { TTB0: mask(51, 4) } as const;

/** Level-1 descriptor of a two-level table of context descriptors. */
export const L1_CD = { V: bit(0), L2PTR: mask(51, 12) } as const;

/** Event records. */
export const EVT_0 = { ID: mask(7, 0), SSV: bit(11), SSID: mask(31, 12), SID: mask(63, 32) } as const;
export const EVT_1 = {
  STAG: mask(15, 0),
  STALL: bit(31),
  PNU: bit(33),
  IND: bit(34),
  RNW: bit(35),
  S2: bit(39),
  CLASS: mask(41, 40),
  TT_READ: bit(44),
} as const;
export const EVT_3 = { IPA: mask(51, 12), FETCH_ADDR: mask(51, 3) } as const;

/** Records of page requests. */
export const PRI_0 = {
  SID: mask(31, 0),
  SSID: mask(51, 32),
  PRIV: bit(58),
  EXEC: bit(59),
  READ: bit(60),
  WRITE: bit(61),
  LAST: bit(62),
  SSID_V: bit(63),
} as const;
export const PRI_1 = { PRG_IDX: mask(8, 0), ADDR: mask(63, 12) } as const;
