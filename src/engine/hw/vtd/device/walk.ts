import { READ, WRITE, type Access } from '../../port';
import { SM_NO_READ, SM_NO_WRITE, SS_NOT_PRESENT } from '../reasons';
import { SS_PS, SS_SNP, SS_TM } from '../structs';
import type { VtdConfig } from './config';

const OA_HI_MASK = 0xf_ffff;
const MAX_LEVELS = 5;
const BOTH = READ | WRITE;

/** Which bits of a second-stage entry must be clear. Spec: section 3.7 "Second-Stage Translation" */
export class SecondStageRules {
  /** Reserved low bits of leaves by level: PS itself where the unit has no pages of that size. */
  readonly leafReservedLo = new Int32Array(MAX_LEVELS);
  readonly reservedHi: number;

  constructor(config: VtdConfig) {
    this.reservedHi = SS_TM | (OA_HI_MASK & ~((1 << (config.hostBits - 32)) - 1));
    for (let level = 0; level < MAX_LEVELS; level++) {
      const misaligned = level === 0 || level > 2 ? 0 : ((1 << (9 * level)) - 1) << 12;
      const supported = level === 0 || ((config.superpages & 3) >> (level - 1)) % 2 === 1;
      this.leafReservedLo[level] = misaligned | (supported ? 0 : SS_PS) | (config.snoopControl ? 0 : SS_SNP);
    }
  }

  /** What an entry is: 0 absent, 1 a table, 2 a leaf, 3 one with reserved bits set. */
  classify(level: number, hi: number, lo: number): 0 | 1 | 2 | 3 {
    if ((lo & BOTH) === 0) return 0;
    const leaf = level === 0 || (lo & SS_PS) !== 0;
    const reservedLo = leaf ? (this.leafReservedLo[level] as number) : SS_SNP;
    if (((lo & reservedLo) | (hi & this.reservedHi)) !== 0) return 3;
    return leaf ? 2 : 1;
  }
}

/** The reason for a permission that a second-stage walk did not find: none at all is another one than the wrong one. */
export function missing(perms: number, need: Access): number {
  if ((perms & BOTH) === 0) return SS_NOT_PRESENT;
  return (need & ~perms & WRITE) !== 0 ? SM_NO_WRITE : SM_NO_READ;
}

/** The table index of an address at a level. Masked branch by branch: engines then stay with integers. */
export const indexAt = (level: number, hi: number, lo: number): number => {
  if (level < 2) return (lo >>> (12 + 9 * level)) & 0x1ff;
  return level === 2 ? ((lo >>> 30) | (hi << 2)) & 0x1ff : (hi >>> (9 * level - 20)) & 0x1ff;
};
