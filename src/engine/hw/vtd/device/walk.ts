import { join } from '../../../../lib/u64';
import { findFrame } from '../../../memory/frame-store';
import type { Trace } from '../../../trace/trace';
import {
  LEAF_LEVEL,
  LEAF_PERMS,
  PA_HI,
  PA_LO,
  RESULT_WORDS,
  WRITE,
  type Access,
  type MemoryPort,
} from '../../port';
import {
  CONTEXT_INVALID,
  INTERRUPT_OUTPUT,
  NO_READ,
  NO_WRITE,
  TABLE_ACCESS,
  TABLE_RESERVED,
} from '../reasons';
import { INTERRUPT_RANGE, SS_PS, SS_SNP, SS_TM } from '../structs';
import type { VtdConfig } from './config';

const OA_HI_MASK = 0xf_ffff;
/** High-word bits of an entry whose target frame number would not fit 31 bits: no memory lies there. */
const FAR_HI_MASK = 0xf_f800;
const MAX_LEVELS = 5;
/** Where the bottom tables begin in `near`, and how many there are, minus one. */
const UPPER = 2 * MAX_LEVELS;
const NEAR_MASK = 0xff;
/** A frame number that no memory has, other than the one that marks `near` as unused. */
const NOWHERE = -3;

/**
 * The second-stage walk.
 *
 * Spec: section 3.7 "Second-Stage Translation", section 9.8 "Second-Stage Paging Entries"
 *
 * An entry with R = W = 0 is absent, whatever else it holds; then reserved bits; permissions add up over the levels and
 * are judged at the leaf.
 */
export class SecondStageWalk {
  /** The leaf that the last walk found: PA_LO, PA_HI, LEAF_LEVEL, LEAF_PERMS. */
  readonly out = new Int32Array(RESULT_WORDS);
  /** Reserved low bits of leaves by level: PS itself where the unit has no pages of that size. */
  private readonly leafReservedLo = new Int32Array(MAX_LEVELS);
  private readonly reservedHi: number;
  /**
   * Where memory keeps the words of frames met lately, so that a walk need not ask: pairs of frame number and index. The
   * last table of each upper level first, then bottom tables by the low bits of their number. Words never move.
   */
  private readonly near = new Int32Array(UPPER + 2 * (NEAR_MASK + 1)).fill(-2);

  constructor(
    private readonly memory: MemoryPort,
    private readonly config: VtdConfig,
  ) {
    this.reservedHi = SS_TM | (OA_HI_MASK & ~((1 << (config.hostBits - 32)) - 1));
    for (let level = 0; level < MAX_LEVELS; level++) {
      const misaligned = level === 0 || level > 2 ? 0 : ((1 << (9 * level)) - 1) << 12;
      const supported = level === 0 || ((config.superpages & 3) >> (level - 1)) % 2 === 1;
      this.leafReservedLo[level] = misaligned | (supported ? 0 : SS_PS) | (config.snoopControl ? 0 : SS_SNP);
    }
  }

  /**
   * 0 and the leaf in `out`, or the reason of a fault. Either way LEAF_LEVEL is the level of the last entry read.
   *
   * This is what a miss costs: small enough for an engine to inline, and calling out only where it ends.
   */
  search(rootPfn: number, levels: number, hi: number, lo: number, need: Access): number {
    const { words, frames, frameMask } = this.memory;
    const { reservedHi, near } = this;
    let pfn = rootPfn;
    let perms = 3;
    let level = levels - 1;
    for (;;) {
      const slot = level > 0 ? level << 1 : UPPER + ((pfn & NEAR_MASK) << 1);
      let base = near[slot + 1] as number;
      if (near[slot] !== pfn) {
        base = findFrame(frames, frameMask, pfn);
        if (base < 0) return this.absent(level, levels, pfn, need);
        near[slot] = pfn;
        near[slot + 1] = base;
      }
      const at = base + indexAt(level, hi, lo) * 2;
      const entryLo = words[at] as number;
      const entryHi = words[at + 1] as number;
      if ((entryLo & 3) === 0) return this.denied(level, need);
      perms &= entryLo;
      if (level === 0 || (entryLo & SS_PS) !== 0) return this.leaf(level, entryHi, entryLo, lo, perms, need);
      if (((entryLo & SS_SNP) | (entryHi & reservedHi)) !== 0) return this.malformed(level);
      pfn = (entryHi & FAR_HI_MASK) === 0 ? ((entryHi & 0x7ff) << 20) | (entryLo >>> 12) : NOWHERE;
      level--;
    }
  }

  /** A table that was never written reads as zeroes, or is no memory at all. */
  private absent(level: number, levels: number, pfn: number, need: Access): number {
    if (this.memory.frameBase(pfn) >= 0) return this.denied(level, need);
    this.out[LEAF_LEVEL] = level + 1;
    // The first table is the context entry's fault. Spec: table 26, LCT.4.3 against LSS.1
    return level === levels - 1 ? CONTEXT_INVALID : TABLE_ACCESS;
  }

  private malformed(level: number): number {
    this.out[LEAF_LEVEL] = level;
    return TABLE_RESERVED;
  }

  private denied(level: number, need: Access): number {
    this.out[LEAF_LEVEL] = level;
    return need === WRITE ? NO_WRITE : NO_READ;
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
    if (((entryLo & reservedLo) | (entryHi & this.reservedHi)) !== 0) return TABLE_RESERVED;
    if ((perms & need) === 0) return need === WRITE ? NO_WRITE : NO_READ;
    const offset = (1 << (12 + 9 * level)) - 1;
    const paLo = (entryLo & ~offset) | (lo & offset);
    const paHi = entryHi & OA_HI_MASK;
    out[PA_LO] = paLo;
    out[PA_HI] = paHi;
    out[LEAF_PERMS] = perms;
    return paHi === 0 && paLo >>> 20 === INTERRUPT_RANGE ? INTERRUPT_OUTPUT : 0;
  }

  /** What an entry is to this unit: 0 absent, 1 a table, 2 a leaf, 3 one with reserved bits set. */
  classify(level: number, hi: number, lo: number): 0 | 1 | 2 | 3 {
    if ((lo & 3) === 0) return 0;
    const leaf = level === 0 || (lo & SS_PS) !== 0;
    const reservedLo = leaf ? (this.leafReservedLo[level] as number) : SS_SNP;
    if (((lo & reservedLo) | (hi & this.reservedHi)) !== 0) return 3;
    return leaf ? 2 : 1;
  }

  /** Tells the reads of the walk that just ended, in their order. */
  emitReads(rootPfn: number, levels: number, hi: number, lo: number, trace: Trace): void {
    const { memory, config } = this;
    let pfn = rootPfn;
    for (let level = levels - 1; level >= (this.out[LEAF_LEVEL] as number); level--) {
      const index = indexAt(level, hi, lo);
      const at = memory.frameBase(pfn) + index * 2;
      const entryLo = memory.words[at] as number;
      const entryHi = memory.words[at + 1] as number;
      const pa = pfn * 4096 + index * 8;
      const words = [join(entryHi, entryLo)];
      trace.emit({ kind: 'read', unit: config.unit, structure: 'table', level, index, pa, words });
      pfn = ((entryHi & 0x7ff) << 20) | (entryLo >>> 12);
    }
  }
}

/** The table index of an address at a level. Masked branch by branch: engines then stay with integers. */
const indexAt = (level: number, hi: number, lo: number): number => {
  if (level < 2) return (lo >>> (12 + 9 * level)) & 0x1ff;
  return level === 2 ? ((lo >>> 30) | (hi << 2)) & 0x1ff : (hi >>> (9 * level - 20)) & 0x1ff;
};
