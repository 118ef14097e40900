import { findFrame } from '../../../memory/frame-store';
import { LEAF_LEVEL, LEAF_PERMS, PA_HI, PA_LO, READ, WRITE, type Access, type MemoryPort } from '../../port';
import {
  SM_INTERRUPT_OUTPUT,
  SM_NO_READ,
  SM_NO_WRITE,
  SS_ACCESS,
  SS_NOT_PRESENT,
  SS_RESERVED,
  SS_ROOT_ACCESS,
} from '../reasons';
import { INTERRUPT_RANGE, SS_PS, SS_SNP, SS_TM } from '../structs';
import type { VtdConfig } from './config';
import { KEPT_PERMS } from './iotlb';
import { WC_PERMS, WC_PFN, type WalkCache } from './walk-cache';

const OA_HI_MASK = 0xf_ffff;
/** High-word bits of an entry whose target frame number would not fit 31 bits: no memory lies there. */
const FAR_HI_MASK = 0xf_f800;
const MAX_LEVELS = 5;
/** Where the bottom tables begin in `near`, and how many there are, minus one. */
const UPPER = 2 * MAX_LEVELS;
const NEAR_MASK = 0xff;
/** A frame number that no memory has, other than the one that marks `near` as unused. */
const NOWHERE = -3;
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

/**
 * The second-stage walk as fast as it goes: no accessed and dirty bits, no broken memory, and nobody who watches. What it
 * leaves out TableWalks does, by the same rules.
 *
 * Spec: section 3.7 "Second-Stage Translation", section 9.8 "Second-Stage Paging Entries"
 *
 * An entry with R = W = 0 is absent, whatever else it holds; then reserved bits; permissions add up over the levels and
 * are judged at the leaf.
 */
export class SecondStageWalk {
  /** Of the whole tree that the next search is in. */
  levels = 0;
  private readonly leafReservedLo: Int32Array;
  private readonly reservedHi: number;
  /**
   * Where memory keeps the words of frames met lately, so that a walk need not ask: pairs of frame number and index. The
   * last table of each upper level first, then bottom tables by the low bits of their number. Words never move.
   */
  private readonly near = new Int32Array(UPPER + 2 * (NEAR_MASK + 1)).fill(-2);
  /** The tables that the last search went through, by level, and what the entries above them allow. */
  private readonly path = new Int32Array(2 * MAX_LEVELS);

  constructor(
    private readonly memory: MemoryPort,
    rules: SecondStageRules,
    /** The leaf that the last walk found. */
    private readonly out: Int32Array,
  ) {
    this.leafReservedLo = rules.leafReservedLo;
    this.reservedHi = rules.reservedHi;
  }

  /**
   * From a table of some level on: 0 and the leaf in `out`, or the reason of a fault as scalable mode numbers it. Either
   * way LEAF_LEVEL is the level of the last entry read. `perms`: what the levels above allow.
   *
   * This is what a miss costs: small enough for an engine to inline, and calling out only where it ends.
   */
  search(pfn: number, level: number, perms: number, hi: number, lo: number, need: Access): number {
    const { words, frames, frameMask } = this.memory;
    const { reservedHi, near, path } = this;
    for (;;) {
      const slot = level > 0 ? level << 1 : UPPER + ((pfn & NEAR_MASK) << 1);
      let base = near[slot + 1] as number;
      if (near[slot] !== pfn) {
        base = findFrame(frames, frameMask, pfn);
        if (base < 0) return this.absent(level, pfn);
        near[slot] = pfn;
        near[slot + 1] = base;
      }
      const at = base + indexAt(level, hi, lo) * 2;
      const entryLo = words[at] as number;
      const entryHi = words[at + 1] as number;
      if ((entryLo & BOTH) === 0) return this.refused(level, SS_NOT_PRESENT);
      perms &= entryLo;
      if (level === 0 || (entryLo & SS_PS) !== 0) return this.leaf(level, entryHi, entryLo, lo, perms, need);
      if (((entryLo & SS_SNP) | (entryHi & reservedHi)) !== 0) return this.refused(level, SS_RESERVED);
      pfn = (entryHi & FAR_HI_MASK) === 0 ? ((entryHi & 0x7ff) << 20) | (entryLo >>> 12) : NOWHERE;
      level--;
      path[level << 1] = pfn;
      path[(level << 1) + 1] = perms;
    }
  }

  /** Keeps the way that the last search took, from below `from` to its leaf. */
  keepPath(cache: WalkCache, from: number, did: number, hi: number, lo: number): void {
    const { path } = this;
    for (let level = from - 1; level >= (this.out[LEAF_LEVEL] as number); level--) {
      const at = cache.enter(level, did, hi, lo, 0);
      if (at < 0) continue;
      cache.entries[at + WC_PFN] = path[level << 1] as number;
      cache.entries[at + WC_PERMS] = path[(level << 1) + 1] as number;
    }
  }

  /** A table that was never written reads as zeroes, or is no memory at all. */
  private absent(level: number, pfn: number): number {
    if (pfn >= 0 && this.memory.frameBase(pfn) >= 0) return this.refused(level, SS_NOT_PRESENT);
    return this.refused(level + 1, level === this.levels - 1 ? SS_ROOT_ACCESS : SS_ACCESS);
  }

  private refused(level: number, reason: number): number {
    this.out[LEAF_LEVEL] = level;
    return reason;
  }

  /** Judges what level 0 or PS says is a leaf. */
  private leaf(
    level: number,
    entryHi: number,
    entryLo: number,
    lo: number,
    perms: number,
    need: Access,
  ): number {
    const { out } = this;
    out[LEAF_LEVEL] = level;
    const reservedLo = this.leafReservedLo[level] as number;
    if (((entryLo & reservedLo) | (entryHi & this.reservedHi)) !== 0) return SS_RESERVED;
    if ((perms & need) !== need) return missing(perms, need);
    const offset = (1 << (12 + 9 * level)) - 1;
    const paLo = (entryLo & ~offset) | (lo & offset);
    const paHi = entryHi & OA_HI_MASK;
    out[PA_LO] = paLo;
    out[PA_HI] = paHi;
    out[LEAF_PERMS] = perms;
    out[KEPT_PERMS] = perms;
    return paHi === 0 && paLo >>> 20 === INTERRUPT_RANGE ? SM_INTERRUPT_OUTPUT : 0;
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
