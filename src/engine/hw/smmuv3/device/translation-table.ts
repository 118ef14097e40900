import type { SmmuConfig } from './config';

/**
 * One translation table as the walk needs it: words of a decoded stream table entry (stage 2) or context descriptor (TTB0
 * and TTB1 of stage 1).
 *
 * Spec: Arm Architecture Reference Manual (DDI 0487), "The AArch64 Virtual Memory System Architecture"
 */
export const TT_ROOT_HI = 0;
export const TT_ROOT_LO = 1;
/** Of the start level: the lowest address bit of its index, and the index's mask. */
export const TT_SHIFT = 2;
export const TT_MASK = 3;
export const TT_LEVEL = 4;
/** log2 of the granule's bytes. */
export const TT_GRANULE = 5;
/** Address bits that an input may not have. */
export const TT_OVER_HI = 6;
export const TT_OVER_LO = 7;
/** High address bits that an output may not have. */
export const TT_FAR_HI = 8;
export const TT_FLAGS = 9;
export const TT_WORDS = 10;

/** Walks are off: EPDx. */
export const TT_OFF = 1 << 0;
export const TT_TBI = 1 << 1;
export const TT_HAD = 1 << 2;
/** Descriptors hold address bits 51:48 in bits 15:12. */
export const TT_LPA = 1 << 3;
export const TT_BIG_ENDIAN = 1 << 4;

/** Bits of the high word above an address of so many bits. */
export const aboveHi = (bits: number): number => (bits <= 32 ? -1 : ~((1 << (bits - 32)) - 1));
const aboveLo = (bits: number): number => (bits >= 32 ? 0 : ~((1 << bits) - 1));

/** Whether an address of 64 bits has one above so many. */
export const exceeds = (hi: number, lo: number, bits: number): boolean =>
  (hi & aboveHi(bits)) !== 0 || (lo & aboveLo(bits)) !== 0;

export interface TableFields {
  readonly granuleLg2: number;
  readonly inputBits: number;
  readonly outputBits: number;
  readonly rootHi: number;
  readonly rootLo: number;
  readonly flags: number;
  /** Of stage 2: SL0 sets it, and the root may be up to 16 tables. Stage 1: as few levels as will do. */
  readonly startLevel?: number;
}

export function putTable(out: Int32Array, at: number, fields: TableFields): void {
  const { granuleLg2, inputBits } = fields;
  const stride = granuleLg2 - 3;
  const level = fields.startLevel ?? 4 - Math.ceil((inputBits - granuleLg2) / stride);
  const shift = granuleLg2 + (3 - level) * stride;
  const indexBits = inputBits - shift;
  // A table is as aligned as it is large: lower bits are taken as zero.
  out[at + TT_ROOT_LO] = fields.rootLo & ~((1 << Math.max(indexBits + 3, 4)) - 1);
  out[at + TT_ROOT_HI] = fields.rootHi;
  out[at + TT_SHIFT] = shift;
  out[at + TT_MASK] = (1 << indexBits) - 1;
  out[at + TT_LEVEL] = level;
  out[at + TT_GRANULE] = granuleLg2;
  const over = aboveHi(inputBits);
  out[at + TT_OVER_HI] = (fields.flags & TT_TBI) !== 0 ? over & 0xff_ffff : over;
  out[at + TT_OVER_LO] = aboveLo(inputBits);
  out[at + TT_FAR_HI] = aboveHi(fields.outputBits);
  out[at + TT_FLAGS] = fields.flags;
}

/** Whether an input size is one that stage 1 takes. Spec: section 5.4.2 "Validity of CD", CDTxSZInvalid() */
export function stage1SizeValid(config: SmmuConfig, txsz: number, granuleLg2: number): boolean {
  const min = config.vax && granuleLg2 === 16 ? 12 : 16;
  return txsz >= min && txsz <= maxSize(config, granuleLg2);
}

/** Spec: section 5.2.2 "Validity of STE", STES2T0SZInvalid() */
export function stage2SizeValid(config: SmmuConfig, t0sz: number, granuleLg2: number): boolean {
  const min = Math.max(granuleLg2 === 16 ? 12 : 16, 64 - config.oas);
  return t0sz >= min && t0sz <= maxSize(config, granuleLg2);
}

function maxSize(config: SmmuConfig, granuleLg2: number): number {
  if (!config.stt) return 39;
  return granuleLg2 === 16 ? 47 : 48;
}

/** The level that SL0 starts at; -1 for a reserved value. Spec: DDI 0487, VTCR_EL2.SL0 */
export function startLevelOf(config: SmmuConfig, sl0: number, granuleLg2: number): number {
  if (granuleLg2 === 12) return sl0 === 3 ? (config.stt ? 3 : -1) : 2 - sl0;
  return sl0 === 3 ? -1 : 3 - sl0;
}

/** Spec: DDI 0487, AArch64.S2InconsistentSL() */
export function startLevelFits(inputBits: number, startLevel: number, granuleLg2: number): boolean {
  const stride = granuleLg2 - 3;
  const least = (3 - startLevel) * stride + granuleLg2 + 1;
  return inputBits >= least && inputBits <= least + (stride - 1) + 4;
}

/** A root pointer that no table of this granule can have. Spec: section 5.4.2, CDTTBxOutOfRange() */
export const rootOutOfRange = (hi: number, lo: number, granuleLg2: number, outputBits: number): boolean =>
  exceeds(hi, lo, granuleLg2 === 16 ? outputBits : Math.min(outputBits, 48));
