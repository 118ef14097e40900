import { findFrame } from '../../../memory/frame-store';
import type { MemoryPort } from '../../port';
import { PDE_PERMS, PDE_PFN, pdeFirst, pdeTag } from './host-walk';
import { V1_NEXT_LEVEL_MASK, V1_NEXT_LEVEL_SHIFT, V1_NEXT_LEVEL_SIZE } from '../structs';
import { bottomPlace, LEVEL_PLACES, meet, nearFrames, UPPER } from './near-frames';
import { S_HOST_ID, S_HOST_LEVELS, S_HOST_MARKS, S_HOST_OVER, S_HOST_ROOT } from './service';
import type { UnitState } from './state';
import type { TagCache } from './tag-cache';
import type { Trail } from './trail';

/** Whose walks: for requests themselves, for the pages of a process, for its tables. Each has near frames of its own. */
export const OF_REQUESTS = UPPER;
export const OF_TABLES = UPPER + LEVEL_PLACES;
const KINDS = 2;

const NEXT_LEVEL = V1_NEXT_LEVEL_MASK << V1_NEXT_LEVEL_SHIFT;
/** High bits of an entry that points at a table: reserved ones, and those of frame numbers that no memory has. */
const TABLE_STOPS_HI = 0x1fff_f800;
const LEAF_RESERVED_HI = 0x07f0_0000;
/** Larger pages are left to the document's walk. */
const MAX_QUICK_LG2 = 30;
/**
 * The walk of host tables ("v1") where nothing stands in its way: it gives up over whatever the walk of the document would
 * refuse, and over accessed bits that it would have to set. Nothing is changed by it.
 *
 * Spec: section 2.2.3 "I/O Page Tables for Host Translations"
 */
export class QuickHostWalk {
  /** Of the last leaf(): its level, from 1, log2 of the bytes that it maps, and the frame of its table. */
  level = 0;
  sizeLg2 = 0;
  table = 0;
  /** What the way to that table permits, and what the leaf leaves of it. */
  above = 0;
  perms = 0;
  private readonly near = nearFrames(KINDS);
  private readonly s: Int32Array;
  private readonly memory: MemoryPort;
  private readonly pdes: TagCache;
  private readonly caching: boolean;
  /** Whether the last leaf() began at a cached table. */
  private known = false;

  constructor(state: UnitState) {
    this.s = state.service;
    this.memory = state.memory;
    this.pdes = state.pdes;
    this.caching = state.pdes.shape.sets > 0;
  }

  /** The leaf of an address, by a cached table or from the top: where it is in memory's words; -1: given up. */
  leaf(kind: number, hi: number, lo: number): number {
    const { s } = this;
    if ((hi & (s[S_HOST_OVER] as number)) !== 0) return -1;
    if (this.caching) {
      const { pdes } = this;
      const cached = pdes.find(pdeFirst(hi), s[S_HOST_ID] as number, pdeTag(hi, lo));
      this.known = cached >= 0;
      if (cached >= 0) {
        const perms = pdes.entries[cached + PDE_PERMS] as number;
        return this.descend(kind, pdes.entries[cached + PDE_PFN] as number, 1, perms, hi, lo);
      }
    }
    const levels = s[S_HOST_LEVELS] as number;
    return levels === 4
      ? this.descendFour(kind, s[S_HOST_ROOT] as number, hi, lo)
      : this.descend(kind, s[S_HOST_ROOT] as number, levels, 3, hi, lo);
  }

  /**
   * After leaf() came to something good: caches the table that holds it, where that is of the lowest level. `rollBack()`
   * of the cache takes it back, until the walk that it is part of came to something good as well.
   */
  keep(hi: number, lo: number): void {
    if (!this.caching || this.known || this.level > 1) return;
    const { s, pdes } = this;
    const kept = pdes.claimForNow(pdeFirst(hi), s[S_HOST_ID] as number, pdeTag(hi, lo));
    pdes.entries[kept + PDE_PFN] = this.table;
    pdes.entries[kept + PDE_PERMS] = this.above;
  }

  /** From a table down to a leaf. `known`: what the way to that table permits. */
  private descend(kind: number, root: number, top: number, known: number, hi: number, lo: number): number {
    const { near } = this;
    const marks = this.s[S_HOST_MARKS] as number;
    const { words } = this.memory;
    const page = (hi << 20) | (lo >>> 12);
    const mask = marks | NEXT_LEVEL;
    let pfn = root;
    let level = top;
    let perms = known;
    for (;;) {
      const place = level > 1 ? kind + (level << 1) : bottomPlace(pfn);
      const base = near[place] === pfn ? (near[place + 1] as number) : meet(this.memory, near, pfn, place);
      if (base < 0) return -1;
      const at = base + (indexAt(level, hi, page) << 1);
      const entryLo = words[at] as number;
      const entryHi = words[at + 1] as number;
      // Mostly a table of the next level down, or a page of the lowest: its next level is 0.
      let next = level - 1;
      if ((entryLo & mask) !== (marks | (next << V1_NEXT_LEVEL_SHIFT))) {
        if ((entryLo & marks) !== marks) return -1;
        next = (entryLo >>> V1_NEXT_LEVEL_SHIFT) & V1_NEXT_LEVEL_MASK;
        if (next === V1_NEXT_LEVEL_SIZE) next = 0;
        else if (next > 0 && (next >= level || skips(level, next, hi, page))) return -1;
      }
      if (next === 0) {
        this.level = level;
        this.table = pfn;
        this.above = perms;
        this.perms = perms & (entryHi >>> 29);
        return this.measure(level, entryHi, entryLo) ? at : -1;
      }
      if ((entryHi & TABLE_STOPS_HI) !== 0) return -1;
      perms &= entryHi >>> 29;
      pfn = ((entryHi & 0x7ff) << 20) | (entryLo >>> 12);
      level = next;
    }
  }

  /** descend() through four levels to a page of 4 KiB, the commonest: without the loop a miss costs a sixth less. */
  private descendFour(kind: number, root: number, hi: number, lo: number): number {
    const { near } = this;
    const marks = this.s[S_HOST_MARKS] as number;
    const { words } = this.memory;
    const mask = marks | NEXT_LEVEL;
    let place = kind + 8;
    let base = near[place] === root ? (near[place + 1] as number) : meet(this.memory, near, root, place);
    if (base < 0) return -1;
    let at = base + (((hi >>> 7) & 0x1ff) << 1);
    let entryLo = words[at] as number;
    let entryHi = words[at + 1] as number;
    let odd = ((entryLo & mask) ^ (marks | (3 << V1_NEXT_LEVEL_SHIFT))) | (entryHi & TABLE_STOPS_HI);
    if (odd !== 0) return this.descend(kind, root, 4, 3, hi, lo);
    let perms = (entryHi >>> 29) & 3;
    let pfn = ((entryHi & 0x7ff) << 20) | (entryLo >>> 12);
    place = kind + 6;
    base = near[place] === pfn ? (near[place + 1] as number) : meet(this.memory, near, pfn, place);
    if (base < 0) return -1;
    at = base + ((((hi << 2) | (lo >>> 30)) & 0x1ff) << 1);
    entryLo = words[at] as number;
    entryHi = words[at + 1] as number;
    odd = ((entryLo & mask) ^ (marks | (2 << V1_NEXT_LEVEL_SHIFT))) | (entryHi & TABLE_STOPS_HI);
    if (odd !== 0) return this.descend(kind, pfn, 3, perms, hi, lo);
    perms &= entryHi >>> 29;
    pfn = ((entryHi & 0x7ff) << 20) | (entryLo >>> 12);
    place = kind + 4;
    base = near[place] === pfn ? (near[place + 1] as number) : meet(this.memory, near, pfn, place);
    if (base < 0) return -1;
    at = base + (((lo >>> 21) & 0x1ff) << 1);
    entryLo = words[at] as number;
    entryHi = words[at + 1] as number;
    odd = ((entryLo & mask) ^ (marks | (1 << V1_NEXT_LEVEL_SHIFT))) | (entryHi & TABLE_STOPS_HI);
    if (odd !== 0) return this.descend(kind, pfn, 2, perms, hi, lo);
    perms &= entryHi >>> 29;
    pfn = ((entryHi & 0x7ff) << 20) | (entryLo >>> 12);
    place = bottomPlace(pfn);
    base = near[place] === pfn ? (near[place + 1] as number) : meet(this.memory, near, pfn, place);
    if (base < 0) return -1;
    at = base + (((lo >>> 12) & 0x1ff) << 1);
    entryLo = words[at] as number;
    entryHi = words[at + 1] as number;
    odd = ((entryLo & mask) ^ marks) | (entryHi & LEAF_RESERVED_HI);
    if (odd !== 0) return this.descend(kind, pfn, 1, perms, hi, lo);
    this.level = 1;
    this.sizeLg2 = 12;
    this.table = pfn;
    this.above = perms;
    this.perms = perms & (entryHi >>> 29);
    return at;
  }

  /** After leaf() came from the top: takes down the entries on the way. */
  retrace(hi: number, lo: number, trail: Trail): void {
    const { words } = this.memory;
    const page = (hi << 20) | (lo >>> 12);
    let pfn = this.s[S_HOST_ROOT] as number;
    let level = this.s[S_HOST_LEVELS] as number;
    for (;;) {
      const base = findFrame(this.memory.frames, this.memory.frameMask, pfn);
      const at = base + (indexAt(level, hi, page) << 1);
      const entryLo = words[at] as number;
      const entryHi = words[at + 1] as number;
      trail.note(at, entryLo, entryHi);
      if (level === this.level) return;
      pfn = ((entryHi & 0x7ff) << 20) | (entryLo >>> 12);
      level = (entryLo >>> V1_NEXT_LEVEL_SHIFT) & V1_NEXT_LEVEL_MASK;
    }
  }

  /** Whether a leaf can stand where it does; then its size is known. */
  private measure(level: number, entryHi: number, entryLo: number): boolean {
    if ((entryHi & LEAF_RESERVED_HI) !== 0) return false;
    const own = 9 * level + 3;
    this.sizeLg2 = own;
    if ((entryLo & NEXT_LEVEL) === 0) return own <= MAX_QUICK_LG2;
    // The lowest zero bit of the address, from bit 12 up, says half the size.
    const zeroes = ~(entryLo | 0xfff);
    const size = 32 - Math.clz32(zeroes & -zeroes);
    this.sizeLg2 = size;
    return zeroes !== 0 && size > own && size < own + 9 && size <= MAX_QUICK_LG2;
  }
}

/** The table index at a level, from 1; `page`: address bits 43:12. */
const indexAt = (level: number, hi: number, page: number): number =>
  level < 4 ? (page >>> (9 * level - 9)) & 0x1ff : (hi >>> (9 * level - 29)) & 0x1ff;

/** Whether an address has bits that the levels between two tables would have taken in. */
function skips(level: number, next: number, hi: number, page: number): boolean {
  for (let between = level - 1; between > next; between--) {
    if (indexAt(between, hi, page) !== 0) return true;
  }
  return false;
}
