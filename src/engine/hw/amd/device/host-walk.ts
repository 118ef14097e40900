import { addressOf } from '../../../../lib/u64';
import { findFrame } from '../../../memory/frame-store';
import { noteEntry } from '../../../trace/notes';
import type { Trace } from '../../../trace/trace';
import { FOR_NO_LEVEL, NO_STAGE } from '../../../trace/wording';
import { LEAF_LEVEL, LEAF_PERMS, PA_HI, PA_LO, RESULT_WORDS, type MemoryPort } from '../../port';
import { V1_A, V1_D, V1_NEXT_LEVEL_SIZE, V1_PR } from '../structs';
import type { AmdConfig } from './config';
import { accessProblem } from './memory';
import { TAGS, type TagCache } from './tag-cache';

/** Words of a cached entry that points at a lowest-level table: the table, and what the way to it permits. */
export const PDE_PFN = TAGS;
export const PDE_PERMS = TAGS + 1;
export const PDE_WORDS = TAGS + 2;

/** What a walk came to, beside 0. */
export const NOT_PRESENT = 1;
export const BEYOND_WIDTH = 2;
export const RESERVED_BIT = 3;
/** A next level, or a page size, that cannot be here; address bits that a skipped level would have taken in. */
export const BAD_LEVEL = 4;
/** The memory of a table did not answer. */
export const HARDWARE = 5;

/** Of `out`, past the slots of port.ts: log2 of the page's bytes, and the leaf's high word. */
export const LEAF_SIZE = RESULT_WORDS;
export const LEAF_HI = RESULT_WORDS + 1;

/** `forLevel` of a walk for itself, and of one for the final address of a guest's; else the guest table's level. */
export const FOR_ITSELF = -1;
export const FOR_RESULT = -2;

const OA_HI_MASK = 0xf_ffff;
/** High-word bits of an entry whose target frame number would not fit 31 bits: no memory lies there. */
const FAR_HI_MASK = 0xf_f800;
/** Bits 60:52 of an entry that points at a table, and 58:52 of one that maps a page. */
const TABLE_RESERVED_HI = 0x1ff0_0000;
const LEAF_RESERVED_HI = 0x07f0_0000;
const MAX_LEVELS = 6;
const MAX_PAGE_LG2 = 51;
/** Where the bottom tables begin in `near`, and how many there are, minus one. */
const UPPER = 2 * (MAX_LEVELS + 1);
const NEAR_MASK = 0xff;
/** Words of a step in `path`: level, frame, index in memory (-1: a frame that was never written). */
const STEP = 3;

/**
 * The walk of host tables ("v1").
 *
 * Spec: section 2.2.3 "I/O Page Tables for Host Translations", table 14 "Example Page Size Encodings"
 *
 * An entry with PR = 0 is absent, whatever else it holds; then reserved bits; then whether it can stand at its level.
 * Permissions add up over the levels and are judged by whoever asked, at the leaf.
 */
export class HostWalk {
  /** The leaf that the last walk found: PA_LO, PA_HI, LEAF_LEVEL (0 holds only leaves), LEAF_PERMS, LEAF_SIZE. */
  readonly out = new Int32Array(RESULT_WORDS + 2);
  /** Of a HARDWARE end: the entry's address, and the Type of the error. */
  failedPa = 0;
  problem = 0;
  /** The entries that the last walk read, in their order. */
  private readonly path = new Int32Array(MAX_LEVELS * STEP);
  private steps = 0;
  /**
   * Where memory keeps the words of frames met lately, so that a walk need not ask: pairs of frame number and index. The
   * last table of each upper level first, then bottom tables by the low bits of their number. Words never move.
   */
  private readonly near = new Int32Array(UPPER + 2 * (NEAR_MASK + 1)).fill(-2);
  /** Bits that an address may not have, by levels. */
  private readonly overHi = Int32Array.of(-1, -1, -1, ~0x7f, ~0xffff, ~0x1ff_ffff, 0);
  private readonly overLo = Int32Array.of(-1, ~0x1f_ffff, ~0x3fff_ffff, 0, 0, 0, 0);
  private readonly caching: boolean;

  constructor(
    private readonly memory: MemoryPort,
    private readonly config: AmdConfig,
    private readonly pdes: TagCache,
    private readonly trace: Trace,
  ) {
    this.caching = pdes.shape.sets > 0;
  }

  /**
   * 0 and the leaf in `out`, or why there is none. Either way LEAF_LEVEL is the level of the last entry read.
   *
   * This is what a miss costs: calling out only where it ends.
   */
  search(rootPfn: number, levels: number, id: number, hi: number, lo: number, forLevel: number): number {
    const { words, frames, frameMask, hazards } = this.memory;
    const { near, path, pdes, caching } = this;
    this.steps = 0;
    if (((hi & (this.overHi[levels] as number)) | (lo & (this.overLo[levels] as number))) !== 0)
      return this.stop(BEYOND_WIDTH, levels, 0, hi, lo, forLevel);
    let pfn = rootPfn;
    let perms = 3;
    let level = levels;
    let step = 0;
    if (caching && levels > 1) {
      const at = pdes.find(pdeFirst(hi), id, pdeTag(hi, lo));
      if (at >= 0) {
        level = 1;
        pfn = pdes.entries[at + PDE_PFN] as number;
        perms = pdes.entries[at + PDE_PERMS] as number;
      }
    }
    for (;;) {
      const slot = level > 1 ? level << 1 : UPPER + ((pfn & NEAR_MASK) << 1);
      let base = near[slot + 1] as number;
      if (near[slot] !== pfn) {
        base = pfn < 0 ? -1 : findFrame(frames, frameMask, pfn);
        if (base < 0) return this.absent(level, step, pfn, hi, lo, forLevel, rootPfn);
        near[slot] = pfn;
        near[slot + 1] = base;
      }
      if (hazards !== null && this.refuses(pfn, level, hi, lo))
        return this.stop(HARDWARE, level, step, hi, lo, forLevel);
      const at = base + indexAt(level, hi, lo) * 2;
      const entryLo = words[at] as number;
      const entryHi = words[at + 1] as number;
      path[step] = level;
      path[step + 1] = pfn;
      path[step + 2] = at;
      step += STEP;
      if ((entryLo & V1_PR) === 0) return this.stop(NOT_PRESENT, level, step, hi, lo, forLevel);
      perms &= entryHi >>> 29;
      const next = (entryLo >>> 9) & 7;
      if (next === 0 || next === V1_NEXT_LEVEL_SIZE) {
        this.steps = step;
        return this.leaf(level, entryHi, entryLo, hi, lo, perms, forLevel);
      }
      if ((entryHi & TABLE_RESERVED_HI) !== 0) return this.stop(RESERVED_BIT, level, step, hi, lo, forLevel);
      if (next >= level || (next < level - 1 && skips(level, next, hi, lo)))
        return this.stop(BAD_LEVEL, level, step, hi, lo, forLevel);
      pfn = (entryHi & FAR_HI_MASK) === 0 ? ((entryHi & 0x7ff) << 20) | (entryLo >>> 12) : -1;
      level = next;
      if (level === 1 && caching && pfn >= 0) {
        const kept = pdes.claim(pdeFirst(hi), id, pdeTag(hi, lo));
        pdes.entries[kept + PDE_PFN] = pfn;
        pdes.entries[kept + PDE_PERMS] = perms;
      }
    }
  }

  /**
   * Sets the accessed bits of the walk that just ended, and the dirty bit of its leaf for a write. False when memory
   * refuses. Spec: section 2.2.2.1, field HAD
   */
  mark(dirty: boolean): boolean {
    const { path, memory, steps } = this;
    for (let step = 0; step < steps; step += STEP) {
      const at = path[step + 2] as number;
      const bits = V1_A | (dirty && step === steps - STEP ? V1_D : 0);
      const word = memory.words[at] as number;
      if ((word & bits) === bits) continue;
      if (memory.hazards !== null) {
        const pfn = path[step + 1] as number;
        const offset = (at * 4) % 4096;
        this.problem = accessProblem(memory, pfn, offset, 8, true);
        this.failedPa = pfn * 4096 + offset;
        if (this.problem !== 0) return false;
      }
      memory.frameToWrite(path[step + 1] as number);
      memory.words[at] = word | bits;
    }
    return true;
  }

  /** The lowest-level table that the last walk came to, and what the way there permits; null when it came to none. */
  bottom(): { readonly pfn: number; readonly perms: number } | null {
    let perms = 3;
    for (let step = 0; step < this.steps; step += STEP) {
      if (this.path[step] === 1) return { pfn: this.path[step + 1] as number, perms };
      perms &= (this.memory.words[(this.path[step + 2] as number) + 1] as number) >>> 29;
    }
    return null;
  }

  /** Whether the leaf that was found has its dirty bit. */
  get isDirty(): boolean {
    return ((this.memory.words[this.path[this.steps - 1] as number] as number) & V1_D) !== 0;
  }

  /** What an entry is to this unit: 0 absent, 1 a table, 2 a leaf, 3 malformed. Levels from 1. */
  classify(level: number, hi: number, lo: number): 0 | 1 | 2 | 3 {
    if ((lo & V1_PR) === 0) return 0;
    const next = (lo >>> 9) & 7;
    if (next === 0 || next === V1_NEXT_LEVEL_SIZE)
      return (hi & LEAF_RESERVED_HI) !== 0 || pageSize(level, hi, lo) === 0 ? 3 : 2;
    return (hi & TABLE_RESERVED_HI) !== 0 || next >= level ? 3 : 1;
  }

  private leaf(
    level: number,
    entryHi: number,
    entryLo: number,
    hi: number,
    lo: number,
    perms: number,
    forLevel: number,
  ): number {
    const { out } = this;
    const step = this.steps;
    if ((entryHi & LEAF_RESERVED_HI) !== 0) return this.stop(RESERVED_BIT, level, step, hi, lo, forLevel);
    const size = pageSize(level, entryHi, entryLo);
    if (size === 0) return this.stop(BAD_LEVEL, level, step, hi, lo, forLevel);
    const offsetLo = size < 32 ? (1 << size) - 1 : -1;
    const offsetHi = size > 32 ? (1 << (size - 32)) - 1 : 0;
    out[PA_LO] = (entryLo & ~0xfff & ~offsetLo) | (lo & offsetLo);
    out[PA_HI] = (entryHi & OA_HI_MASK & ~offsetHi) | (hi & offsetHi);
    out[LEAF_PERMS] = perms;
    out[LEAF_SIZE] = size;
    out[LEAF_HI] = entryHi;
    return this.stop(0, level, step, hi, lo, forLevel);
  }

  /** A table that was never written reads as zeroes, or is no memory at all. */
  private absent(
    level: number,
    step: number,
    pfn: number,
    hi: number,
    lo: number,
    forLevel: number,
    rootPfn: number,
  ): number {
    if (this.refuses(pfn, level, hi, lo)) {
      if (pfn < 0) this.failedPa = this.pointerAbove(step, rootPfn) + indexAt(level, hi, lo) * 8;
      return this.stop(HARDWARE, level, step, hi, lo, forLevel);
    }
    this.path[step] = level;
    this.path[step + 1] = pfn;
    this.path[step + 2] = -1;
    return this.stop(NOT_PRESENT, level, step + STEP, hi, lo, forLevel);
  }

  private refuses(pfn: number, level: number, hi: number, lo: number): boolean {
    const offset = indexAt(level, hi, lo) * 8;
    this.problem = accessProblem(this.memory, pfn, offset, 8, false);
    this.failedPa = pfn * 4096 + offset;
    return this.problem !== 0;
  }

  /** Where the last entry read points: of addresses that no memory can have. */
  private pointerAbove(step: number, rootPfn: number): number {
    if (step === 0) return rootPfn * 4096;
    const at = this.path[step - 1] as number;
    return addressOf(
      (this.memory.words[at + 1] as number) & OA_HI_MASK,
      (this.memory.words[at] as number) & ~0xfff,
    );
  }

  private stop(
    outcome: number,
    level: number,
    step: number,
    hi: number,
    lo: number,
    forLevel: number,
  ): number {
    this.steps = step;
    this.out[LEAF_LEVEL] = level - 1;
    if (this.trace.on) this.emit(hi, lo, forLevel);
    return outcome;
  }

  /** Tells the reads of the walk that just ended, in their order. */
  private emit(hi: number, lo: number, forLevel: number): void {
    const { memory, config, path, trace, steps } = this;
    const { words } = memory;
    const stage = forLevel === FOR_ITSELF ? NO_STAGE : 2;
    const inner = forLevel === FOR_ITSELF || forLevel === FOR_RESULT ? FOR_NO_LEVEL : forLevel;
    for (let step = 0; step < steps; step += STEP) {
      const level = path[step] as number;
      const at = path[step + 2] as number;
      const index = indexAt(level, hi, lo);
      const pa = (path[step + 1] as number) * 4096 + index * 8;
      const [entryHi, entryLo] = at < 0 ? [0, 0] : [words[at + 1] as number, words[at] as number];
      noteEntry(trace, config.unit, 'table', level - 1, index, pa, entryHi, entryLo, stage, inner);
    }
  }
}

/** What cached pointers to lowest-level tables are found by, beside the domain: the address from bit 21 on. */
export const pdeFirst = (hi: number): number => 1 | ((hi >>> 21) << 1);
export const pdeTag = (hi: number, lo: number): number => (hi << 11) | (lo >>> 21);

/** log2 of the bytes that a leaf maps; 0 for a size that its level cannot have. Levels from 1. */
export function pageSize(level: number, hi: number, lo: number): number {
  const own = 12 + 9 * (level - 1);
  // The top-most level cannot have translation entries.
  if (level === MAX_LEVELS) return 0;
  if (((lo >>> 9) & 7) === 0) return own;
  // The lowest zero bit of the address, from bit 12 up, says half the size.
  const size = trailingOnes(hi & OA_HI_MASK, lo | 0xfff) + 1;
  return size > own && size < own + 9 && size <= MAX_PAGE_LG2 ? size : 0;
}

/** How many of the lowest bits are all ones. */
export function trailingOnes(hi: number, lo: number): number {
  if (~lo !== 0) return 31 - Math.clz32(~lo & -~lo);
  return ~hi === 0 ? 64 : 63 - Math.clz32(~hi & -~hi);
}

/** Whether an address has bits that the levels between two tables would have taken in. */
function skips(level: number, next: number, hi: number, lo: number): boolean {
  for (let between = level - 1; between > next; between--) if (indexAt(between, hi, lo) !== 0) return true;
  return false;
}

/** The table index of an address at a level, from 1. Masked branch by branch: engines then stay with integers. */
export const indexAt = (level: number, hi: number, lo: number): number => {
  if (level < 3) return (lo >>> (3 + 9 * level)) & 0x1ff;
  return level === 3 ? ((lo >>> 30) | (hi << 2)) & 0x1ff : (hi >>> (9 * level - 29)) & 0x1ff;
};
