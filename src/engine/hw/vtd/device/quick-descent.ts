import { findFrame } from '../../../memory/frame-store';
import { READ, WRITE, type MemoryPort } from '../../port';
import { FS_A, FS_P, FS_PS, FS_RW, FS_US, SS_PS, SS_SNP } from '../structs';
import type { Service } from './service';
import { FS_ALL, FS_X, type FirstStageRules } from './table-walks';
import type { UnitState } from './unit';
import { indexAt, type SecondStageRules } from './walk';
import { WC_GPA_HI, WC_GPA_LO, WC_PERMS, WC_PFN, type WalkCache } from './walk-cache';

export const OA_HI_MASK = 0xf_ffff;
export const PAGE_MASK = ~0xfff;
/** High bits of a table's frame number that do not fit a small integer: no memory lies there. */
export const FAR_HI = 0xf_f800;
export const BOTH = READ | WRITE;
/** What an entry of a first-stage table needs not to be marked. */
export const FIRST_NEEDS = FS_P | FS_A;
/** Bits that tell a table which need not be marked: of these it has FIRST_NEEDS alone. */
const FIRST_TABLE = FIRST_NEEDS | FS_PS;

/**
 * Places in `near`: for each kind of walk one for the last table of each level, which walks mostly share. Bottom tables, of
 * which there are many, have places by the low bits of their frame number.
 */
export const OF_FIRST = 0;
export const OF_SECOND = 16;
export const OF_TABLES = 32;
export const FIRST_BOTTOM = 48;
const BOTTOMS = 512;
export const BOTTOM_MASK = BOTTOMS - 1;
export const SECOND_BOTTOM = FIRST_BOTTOM + 2 * BOTTOMS;

/** Words of `path` for a table: its frame, what the entries above it allow, and its address where the guest has it. */
export const PATH_PFN = 0;
export const PATH_PERMS = 1;
export const PATH_HI = 2;
export const PATH_LO = 3;
const LEVELS = 5;

/**
 * The ways down through tables in memory, of either stage, in plain integers: to what is no table, wherever nothing stands
 * in the way. They change nothing but what they keep for themselves; what the paging-structure cache is to learn of them
 * waits for keepFirst() and keepSecond().
 */
export abstract class QuickDescent {
  /** Level of the entry that the last descent ended at, and what it allows with those above it. */
  protected level = 0;
  protected perms = 0;
  /** Of the last descent by the paging-structure cache: the level that it began at. */
  protected from = 0;
  /** Of the last one in the second stage, or from a cached table: the table that it ended in, and what the entries above allow. */
  protected table = -1;
  protected above = 0;
  /**
   * Where memory keeps the words of frames met lately, so that a walk need not ask: pairs of frame number and index. Words
   * never move.
   */
  protected readonly near = new Int32Array(SECOND_BOTTOM + 2 * BOTTOMS).fill(-2);
  /** The tables that the last descent of each stage came by, by level. */
  protected readonly firstPath = new Int32Array(4 * LEVELS);
  private readonly secondPath = new Int32Array(4 * LEVELS);
  protected readonly memory: MemoryPort;
  protected readonly walkCache: WalkCache;
  protected readonly caching: boolean;
  /** Bits that an entry may not have. */
  protected readonly firstReservedHi: number;
  protected readonly secondReservedHi: number;

  constructor(unit: UnitState, first: FirstStageRules, second: SecondStageRules) {
    this.memory = unit.memory;
    this.walkCache = unit.walkCache;
    this.caching = unit.walkCache.ways > 0;
    this.firstReservedHi = first.reservedHi;
    this.secondReservedHi = second.reservedHi;
  }

  /** Where in memory's words the first-stage entry of a page is; -1: given up. */
  protected first(s: Service, hi: number, lo: number): number {
    if (this.caching) {
      const at = this.atBottom(s, s.space, FIRST_BOTTOM, hi, lo);
      if (at < 0) return this.firstByLevel(s, hi, lo);
      const { words } = this.memory;
      this.perms = this.above & grants(words[at + 1] as number, words[at] as number);
      return at;
    }
    return s.firstLevels === 4 ? this.firstFour(s, hi, lo) : this.firstByLevel(s, hi, lo);
  }

  /** The same of the second stage. */
  protected second(s: Service, kind: number, hi: number, lo: number): number {
    if (this.caching) {
      const at = this.atBottom(s, 0, SECOND_BOTTOM, hi, lo);
      if (at < 0) return this.secondByLevel(s, kind, hi, lo);
      this.perms = this.above & (this.memory.words[at] as number);
      return at;
    }
    return s.secondLevels === 4 ? this.secondFour(s, kind, hi, lo) : this.secondByLevel(s, kind, hi, lo);
  }

  /** The entry of a page whose bottom table is cached, and where it was last; -1: it has to be looked for. */
  private atBottom(s: Service, space: number, places: number, hi: number, lo: number): number {
    const { near, walkCache } = this;
    const { entries } = walkCache;
    const known = walkCache.findLast(s.tag, hi, lo, space);
    if (known < 0) return -1;
    const pfn = entries[known + WC_PFN] as number;
    const slot = places + ((pfn & BOTTOM_MASK) << 1);
    const base = near[slot] === pfn ? (near[slot + 1] as number) : this.meet(pfn, slot);
    if (base < 0) return -1;
    this.from = 0;
    this.level = 0;
    this.table = pfn;
    this.above = entries[known + WC_PERMS] as number;
    return base + (((lo >>> 12) & 0x1ff) << 1);
  }

  /** By a cached table or from the root. */
  private firstByLevel(s: Service, hi: number, lo: number): number {
    const { walkCache, near, firstPath, caching } = this;
    const { words } = this.memory;
    const stops = this.firstReservedHi | FAR_HI;
    let level = s.firstLevels - 1;
    let pfn = s.firstPfn;
    let perms = FS_ALL;
    if (caching) {
      const known = this.lowest(level, s, hi, lo, s.space);
      if (known >= 0) {
        level = this.from;
        pfn = walkCache.entries[known + WC_PFN] as number;
        perms = walkCache.entries[known + WC_PERMS] as number;
      }
    }
    this.from = level;
    for (;;) {
      const slot = level > 0 ? OF_FIRST + (level << 1) : FIRST_BOTTOM + ((pfn & BOTTOM_MASK) << 1);
      const base = near[slot] === pfn ? (near[slot + 1] as number) : this.meet(pfn, slot);
      if (base < 0) return -1;
      const at = base + (indexAt(level, hi, lo) << 1);
      const entryLo = words[at] as number;
      const entryHi = words[at + 1] as number;
      perms &= grants(entryHi, entryLo);
      if (level === 0 || (entryLo & FS_PS) !== 0) {
        this.level = level;
        this.perms = perms;
        return at;
      }
      if ((entryHi & stops) !== 0 || (entryLo & FIRST_NEEDS) !== FIRST_NEEDS) return -1;
      pfn = ((entryHi & 0x7ff) << 20) | (entryLo >>> 12);
      level--;
      if (!caching) continue;
      const place = level << 2;
      firstPath[place + PATH_PFN] = pfn;
      firstPath[place + PATH_PERMS] = perms;
      firstPath[place + PATH_HI] = entryHi & OA_HI_MASK;
      firstPath[place + PATH_LO] = entryLo & PAGE_MASK;
    }
  }

  /** From the root through four levels, the commonest: without the loop a miss costs a sixth less. */
  private firstFour(s: Service, hi: number, lo: number): number {
    const { near } = this;
    const { words } = this.memory;
    const stops = this.firstReservedHi | FAR_HI;
    let pfn = s.firstPfn;
    let slot = OF_FIRST + 6;
    let base = near[slot] === pfn ? (near[slot + 1] as number) : this.meet(pfn, slot);
    if (base < 0) return -1;
    let at = base + (((hi >>> 7) & 0x1ff) << 1);
    let entryLo = words[at] as number;
    let entryHi = words[at + 1] as number;
    // There are no pages of this size.
    if ((((entryLo & FIRST_TABLE) ^ FIRST_NEEDS) | (entryHi & stops)) !== 0) return -1;
    let perms = grants(entryHi, entryLo);
    pfn = ((entryHi & 0x7ff) << 20) | (entryLo >>> 12);
    slot = OF_FIRST + 4;
    base = near[slot] === pfn ? (near[slot + 1] as number) : this.meet(pfn, slot);
    if (base < 0) return -1;
    at = base + ((((hi << 2) | (lo >>> 30)) & 0x1ff) << 1);
    entryLo = words[at] as number;
    entryHi = words[at + 1] as number;
    perms &= grants(entryHi, entryLo);
    if ((((entryLo & FIRST_TABLE) ^ FIRST_NEEDS) | (entryHi & stops)) !== 0)
      return (entryLo & FS_PS) === 0 ? -1 : this.ends(2, perms, at);
    pfn = ((entryHi & 0x7ff) << 20) | (entryLo >>> 12);
    slot = OF_FIRST + 2;
    base = near[slot] === pfn ? (near[slot + 1] as number) : this.meet(pfn, slot);
    if (base < 0) return -1;
    at = base + (((lo >>> 21) & 0x1ff) << 1);
    entryLo = words[at] as number;
    entryHi = words[at + 1] as number;
    perms &= grants(entryHi, entryLo);
    if ((((entryLo & FIRST_TABLE) ^ FIRST_NEEDS) | (entryHi & stops)) !== 0)
      return (entryLo & FS_PS) === 0 ? -1 : this.ends(1, perms, at);
    pfn = ((entryHi & 0x7ff) << 20) | (entryLo >>> 12);
    slot = FIRST_BOTTOM + ((pfn & BOTTOM_MASK) << 1);
    base = near[slot] === pfn ? (near[slot + 1] as number) : this.meet(pfn, slot);
    if (base < 0) return -1;
    at = base + (((lo >>> 12) & 0x1ff) << 1);
    this.level = 0;
    this.perms = perms & grants(words[at + 1] as number, words[at] as number);
    return at;
  }

  /** By a cached table or from the root. */
  private secondByLevel(s: Service, kind: number, hi: number, lo: number): number {
    const { walkCache, near, secondPath, caching } = this;
    const { words } = this.memory;
    const stops = this.secondReservedHi | FAR_HI;
    let level = s.secondLevels - 1;
    let pfn = s.secondPfn;
    let perms = BOTH;
    if (caching) {
      const known = this.lowest(level, s, hi, lo, 0);
      if (known >= 0) {
        level = this.from;
        pfn = walkCache.entries[known + WC_PFN] as number;
        perms = walkCache.entries[known + WC_PERMS] as number;
      }
    }
    this.from = level;
    for (;;) {
      const slot = level > 0 ? kind + (level << 1) : SECOND_BOTTOM + ((pfn & BOTTOM_MASK) << 1);
      const base = near[slot] === pfn ? (near[slot + 1] as number) : this.meet(pfn, slot);
      if (base < 0) return -1;
      const at = base + (indexAt(level, hi, lo) << 1);
      const entryLo = words[at] as number;
      if (level === 0 || (entryLo & SS_PS) !== 0) {
        this.level = level;
        this.table = pfn;
        this.above = perms;
        this.perms = perms & entryLo;
        return at;
      }
      perms &= entryLo;
      const entryHi = words[at + 1] as number;
      if ((entryHi & stops) !== 0 || (entryLo & (SS_SNP | s.secondA)) !== s.secondA) return -1;
      pfn = ((entryHi & 0x7ff) << 20) | (entryLo >>> 12);
      level--;
      if (!caching) continue;
      const place = level << 2;
      secondPath[place + PATH_PFN] = pfn;
      secondPath[place + PATH_PERMS] = perms;
    }
  }

  /** As firstFour(). */
  private secondFour(s: Service, kind: number, hi: number, lo: number): number {
    const { near } = this;
    const { words } = this.memory;
    const stops = this.secondReservedHi | FAR_HI;
    const marks = s.secondA;
    const mask = marks | SS_SNP | SS_PS;
    let pfn = s.secondPfn;
    let slot = kind + 6;
    let base = near[slot] === pfn ? (near[slot + 1] as number) : this.meet(pfn, slot);
    if (base < 0) return -1;
    let at = base + (((hi >>> 7) & 0x1ff) << 1);
    let entryLo = words[at] as number;
    let entryHi = words[at + 1] as number;
    // There are no pages of this size.
    if ((((entryLo & mask) ^ marks) | (entryHi & stops)) !== 0) return -1;
    let perms = entryLo & BOTH;
    pfn = ((entryHi & 0x7ff) << 20) | (entryLo >>> 12);
    slot = kind + 4;
    base = near[slot] === pfn ? (near[slot + 1] as number) : this.meet(pfn, slot);
    if (base < 0) return -1;
    at = base + ((((hi << 2) | (lo >>> 30)) & 0x1ff) << 1);
    entryLo = words[at] as number;
    entryHi = words[at + 1] as number;
    if ((((entryLo & mask) ^ marks) | (entryHi & stops)) !== 0)
      return (entryLo & SS_PS) === 0 ? -1 : this.ends(2, perms & entryLo, at);
    perms &= entryLo;
    pfn = ((entryHi & 0x7ff) << 20) | (entryLo >>> 12);
    slot = kind + 2;
    base = near[slot] === pfn ? (near[slot + 1] as number) : this.meet(pfn, slot);
    if (base < 0) return -1;
    at = base + (((lo >>> 21) & 0x1ff) << 1);
    entryLo = words[at] as number;
    entryHi = words[at + 1] as number;
    if ((((entryLo & mask) ^ marks) | (entryHi & stops)) !== 0)
      return (entryLo & SS_PS) === 0 ? -1 : this.ends(1, perms & entryLo, at);
    perms &= entryLo;
    pfn = ((entryHi & 0x7ff) << 20) | (entryLo >>> 12);
    slot = SECOND_BOTTOM + ((pfn & BOTTOM_MASK) << 1);
    base = near[slot] === pfn ? (near[slot + 1] as number) : this.meet(pfn, slot);
    if (base < 0) return -1;
    at = base + (((lo >>> 12) & 0x1ff) << 1);
    this.level = 0;
    this.table = pfn;
    this.above = perms;
    this.perms = perms & (words[at] as number);
    return at;
  }

  /** A large page. */
  private ends(level: number, perms: number, at: number): number {
    this.level = level;
    this.perms = perms;
    return at;
  }

  /** The lowest table below `top` that is cached on the way to an address: its entry, and its level in `from`; or -1. */
  protected lowest(top: number, s: Service, hi: number, lo: number, space: number): number {
    const { walkCache } = this;
    const last = walkCache.findLast(s.tag, hi, lo, space);
    if (last >= 0) {
      this.from = 0;
      return last;
    }
    for (let level = 0; level < top; level++) {
      const at = walkCache.find(level, s.did, hi, lo, space);
      if (at < 0) continue;
      this.from = level;
      return at;
    }
    return -1;
  }

  protected keepFirst(s: Service, leaf: number, hi: number, lo: number): void {
    const { walkCache, firstPath } = this;
    const { entries } = walkCache;
    for (let level = this.from - 1; level >= leaf; level--) {
      const at = walkCache.enter(level, s.did, hi, lo, s.space);
      if (at < 0) continue;
      const place = level << 2;
      entries[at + WC_PFN] = firstPath[place + PATH_PFN] as number;
      entries[at + WC_PERMS] = firstPath[place + PATH_PERMS] as number;
      entries[at + WC_GPA_HI] = firstPath[place + PATH_HI] as number;
      entries[at + WC_GPA_LO] = firstPath[place + PATH_LO] as number;
    }
  }

  protected keepSecond(s: Service, leaf: number, hi: number, lo: number): void {
    const { walkCache, secondPath } = this;
    const { entries } = walkCache;
    for (let level = this.from - 1; level >= leaf; level--) {
      const at = walkCache.enter(level, s.did, hi, lo, 0);
      if (at < 0) continue;
      const place = level << 2;
      entries[at + WC_PFN] = secondPath[place + PATH_PFN] as number;
      entries[at + WC_PERMS] = secondPath[place + PATH_PERMS] as number;
      entries[at + WC_GPA_HI] = 0;
      entries[at + WC_GPA_LO] = 0;
    }
  }

  /** A frame that was not met lately: where memory keeps its words, -1 for nowhere. */
  protected meet(pfn: number, slot: number): number {
    if (pfn < 0) return -1;
    const base = findFrame(this.memory.frames, this.memory.frameMask, pfn);
    if (base < 0) return -1;
    this.near[slot] = pfn;
    this.near[slot + 1] = base;
    return base;
  }
}

/** What a first-stage entry leaves of FS_ALL. */
const grants = (entryHi: number, entryLo: number): number =>
  (entryLo & (FS_RW | FS_US)) | ((~entryHi >>> 28) & FS_X);
