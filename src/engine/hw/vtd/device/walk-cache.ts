import { invariant } from '../../../../lib/invariant';
import { cacheShapeProblem, type CacheShape } from './config';

/** Words of an entry. */
const TAG_LO = 0;
const TAG_HI = 1;
const SPACE = 2;
export const WC_PFN = 3;
export const WC_PERMS = 4;
/** Nested: where the guest believes the table to be. */
export const WC_GPA_LO = 5;
export const WC_GPA_HI = 6;
const WORDS = 8;

const VALID = 1 << 31;
const DID_SHIFT = 13;
const VPN_HI_MASK = 0x1fff;
/** Tables that an entry can lead to: of levels 0 to 3. */
export const WALK_CACHE_LEVELS = 4;
/** Of each level and stage, minus one. */
const HINTS_MASK = 0xff;
/** Log2 of the hints of a level: those of the second stage, and those of all else. */
const HINTS_LG2 = 9;
/** Words of what undo() needs to take back an entry, before the entry itself; and how many entries a walk may add. */
const UNDO_HEAD = 6;
const UNDO_WORDS = UNDO_HEAD + WORDS;
const UNDO_ENTRIES = 32;

export interface CachedTable {
  readonly set: number;
  readonly way: number;
  /** Of the table: 0 holds only leaves. */
  readonly level: number;
  readonly did: number;
  readonly space: number;
  readonly iovaHi: number;
  readonly iovaLo: number;
  readonly pfn: number;
  readonly perms: number;
  readonly gpaHi: number;
  readonly gpaLo: number;
}

/**
 * Paging-structure caches: where the table for the upper part of an address lies, for each level.
 *
 * Spec: section 6.2.5 "Caches for Paging Structures". Second-stage tables are tagged with the domain id, first-stage and
 * nested ones with domain id and PASID (`space`, see PE_SPACE). Only entries of walks that succeeded are kept.
 */
export class WalkCache {
  readonly sets: number;
  readonly ways: number;
  readonly entries: Int32Array;
  /** Valid entries by level: levels that nobody uses need no look-up. */
  readonly live = new Int32Array(WALK_CACHE_LEVELS);
  /** Valid entries of first-stage and nested tables. */
  private inSpaces = 0;
  private readonly setMask: number;
  private readonly levelWords: number;
  private readonly setWords: number;
  private readonly turn: Int32Array;
  /** Where entries were found last, by the low bits of their tag: a set need not be searched for what comes again. */
  private readonly hints: Int32Array;
  /** What undo() puts back, and how much of it there is; -1: nobody will ask. */
  private readonly notes = new Int32Array(UNDO_ENTRIES * UNDO_WORDS);
  private noted = -1;

  constructor(shape: CacheShape) {
    invariant(cacheShapeProblem(shape) === null, 'paging-structure cache: sets and ways');
    this.sets = shape.sets;
    this.ways = shape.sets === 0 ? 0 : shape.ways;
    this.setMask = Math.max(this.sets - 1, 0);
    this.levelWords = this.sets * this.ways * WORDS;
    this.entries = new Int32Array(this.levelWords * WALK_CACHE_LEVELS);
    this.turn = new Int32Array(this.sets * WALK_CACHE_LEVELS);
    this.setWords = this.ways * WORDS;
    this.hints = Int32Array.from(
      { length: WALK_CACHE_LEVELS << HINTS_LG2 },
      (_, n) => (n >> HINTS_LG2) * this.levelWords,
    );
  }

  /** Index of the entry for the table of `level` that an address is looked up in, or -1. */
  find(level: number, did: number, hi: number, lo: number, space: number): number {
    if (this.live[level] === 0) return -1;
    const { entries } = this;
    const tagLo = upperLo(level, hi, lo);
    const tagHi = VALID | (did << DID_SHIFT) | upperHi(level, hi);
    const low = lowBits(level, tagLo, hi);
    const hint = this.hints[hintOf(level, low, space)] as number;
    if (entries[hint] === tagLo && entries[hint + TAG_HI] === tagHi && entries[hint + SPACE] === space)
      return hint;
    return this.search(level, low, tagLo, tagHi, space);
  }

  /**
   * find() of a table of leaves, and only where it was found last, for walks that look for that first. `tag`: of entries of
   * the domain, as in the IOTLB.
   */
  findLast(tag: number, hi: number, lo: number, space: number): number {
    const { entries } = this;
    const tagLo = ((hi << 20) | (lo >>> 12)) & ~0x1ff;
    const at = this.hints[hintOf(0, tagLo >>> 9, space)] as number;
    return entries[at] === tagLo &&
      entries[at + TAG_HI] === (tag | ((hi >>> 12) & VPN_HI_MASK)) &&
      entries[at + SPACE] === space
      ? at
      : -1;
  }

  private search(level: number, low: number, tagLo: number, tagHi: number, space: number): number {
    const { entries } = this;
    const base = this.setOf(level, low) * this.setWords;
    const end = base + this.setWords;
    for (let at = base; at < end; at += WORDS) {
      if (entries[at] !== tagLo || entries[at + TAG_HI] !== tagHi || entries[at + SPACE] !== space) continue;
      this.hints[hintOf(level, low, space)] = at;
      return at;
    }
    return -1;
  }

  /** Where to put what is known of the table of `level`: WC_* words; -1 when nothing is kept. */
  enter(level: number, did: number, hi: number, lo: number, space: number): number {
    if (this.ways === 0 || level >= WALK_CACHE_LEVELS) return -1;
    const { entries } = this;
    const known = this.find(level, did, hi, lo, space);
    const tagLo = upperLo(level, hi, lo);
    const set = this.setOf(level, lowBits(level, tagLo, hi));
    if (this.noted >= 0) this.noteCounts(level, set);
    const at = known >= 0 ? known : this.claim(level, set);
    if (known < 0 && space !== 0) this.inSpaces++;
    if (this.noted >= 0) this.noteEntry(at);
    entries[at] = tagLo;
    entries[at + TAG_HI] = VALID | (did << DID_SHIFT) | upperHi(level, hi);
    entries[at + SPACE] = space;
    return at;
  }

  invalidateAll(): number {
    const dropped = this.live.reduce((sum, n) => sum + n);
    this.entries.fill(0);
    this.live.fill(0);
    this.inSpaces = 0;
    return dropped;
  }

  invalidateDomain(did: number): number {
    return this.dropWhere((at) => this.didAt(at) === did);
  }

  /** Second-stage entries on the way to a range of 2^mask pages; first-stage and nested ones of the domain all. */
  invalidatePages(did: number, hi: number, lo: number, mask: number): number {
    return this.dropWhere(
      (at, level) =>
        this.didAt(at) === did && (this.entries[at + SPACE] !== 0 || this.covers(at, level, hi, lo, mask)),
    );
  }

  /** First-stage and nested entries of a domain. Spec: section 6.5.2.3 "IOTLB Invalidate" */
  invalidateSpaces(did: number): number {
    if (this.inSpaces === 0) return 0;
    return this.dropWhere((at) => this.didAt(at) === did && this.entries[at + SPACE] !== 0);
  }

  invalidatePasid(did: number, pasid: number): number {
    return this.dropWhere((at) => this.isOf(at, did, pasid));
  }

  invalidatePasidPages(did: number, pasid: number, hi: number, lo: number, mask: number): number {
    return this.dropWhere((at, level) => this.isOf(at, did, pasid) && this.covers(at, level, hi, lo, mask));
  }

  /** All valid entries, for people. */
  list(): readonly CachedTable[] {
    const found: CachedTable[] = [];
    this.each((at, level) => found.push(this.describe(level, at)));
    return found;
  }

  private each(visit: (at: number, level: number) => void): void {
    for (let level = 0; level < WALK_CACHE_LEVELS; level++) {
      if (this.live[level] === 0) continue;
      const base = level * this.levelWords;
      for (let at = base; at < base + this.levelWords; at += WORDS) {
        if ((this.entries[at + TAG_HI] as number) < 0) visit(at, level);
      }
    }
  }

  private describe(level: number, at: number): CachedTable {
    const word = (n: number): number => this.entries[at + n] as number;
    const index = (at - level * this.levelWords) / WORDS;
    return {
      set: Math.floor(index / this.ways),
      way: index % this.ways,
      level,
      did: (word(TAG_HI) >>> DID_SHIFT) & 0xffff,
      space: word(SPACE),
      iovaHi: ((word(TAG_HI) & VPN_HI_MASK) << 12) | (word(TAG_LO) >>> 20),
      iovaLo: word(TAG_LO) << 12,
      pfn: word(WC_PFN),
      perms: word(WC_PERMS),
      gpaHi: word(WC_GPA_HI),
      gpaLo: word(WC_GPA_LO),
    };
  }

  private dropWhere(matches: (at: number, level: number) => boolean): number {
    let dropped = 0;
    this.each((at, level) => {
      if (!matches(at, level)) return;
      this.entries[at + TAG_HI] = 0;
      if (this.entries[at + SPACE] !== 0) this.inSpaces--;
      this.live[level] = (this.live[level] as number) - 1;
      dropped++;
    });
    return dropped;
  }

  private didAt(at: number): number {
    return ((this.entries[at + TAG_HI] as number) >>> DID_SHIFT) & 0xffff;
  }

  private isOf(at: number, did: number, pasid: number): boolean {
    const space = this.entries[at + SPACE] as number;
    return this.didAt(at) === did && space !== 0 && space >>> 2 === pasid;
  }

  /** Whether an entry is on the way to one of 2^mask pages from an address on. */
  private covers(at: number, level: number, hi: number, lo: number, mask: number): boolean {
    const shift = Math.max(mask, 9 * (level + 1));
    const differHi = (((this.entries[at + TAG_HI] as number) ^ (hi >>> 12)) & VPN_HI_MASK) >>> 0;
    const differLo = (this.entries[at] as number) ^ ((hi << 20) | (lo >>> 12));
    if (shift >= 32) return differHi >>> (shift - 32) === 0;
    return differHi === 0 && differLo >>> shift === 0;
  }

  /** From now on undo() takes back what is entered. */
  begin(): void {
    this.noted = 0;
  }

  commit(): void {
    this.noted = -1;
  }

  /** Leaves the cache as it was at begin(). */
  undo(): void {
    const { notes, entries } = this;
    for (let note = this.noted - UNDO_WORDS; note >= 0; note -= UNDO_WORDS) {
      this.live[notes[note] as number] = notes[note + 1] as number;
      this.turn[notes[note + 2] as number] = notes[note + 3] as number;
      this.inSpaces = notes[note + 4] as number;
      const at = notes[note + 5] as number;
      for (let n = 0; n < WORDS; n++) entries[at + n] = notes[note + UNDO_HEAD + n] as number;
    }
    this.noted = -1;
  }

  private noteCounts(level: number, set: number): void {
    const { notes, noted } = this;
    notes[noted] = level;
    notes[noted + 1] = this.live[level] as number;
    notes[noted + 2] = set;
    notes[noted + 3] = this.turn[set] as number;
    notes[noted + 4] = this.inSpaces;
  }

  private noteEntry(at: number): void {
    const { notes, noted, entries } = this;
    notes[noted + 5] = at;
    for (let n = 0; n < WORDS; n++) notes[noted + UNDO_HEAD + n] = entries[at + n] as number;
    this.noted = noted + UNDO_WORDS;
  }

  /** Sets of all levels are numbered through. */
  private setOf(level: number, low: number): number {
    return level * this.sets + (low & this.setMask);
  }

  /** An empty way of a set, or the one whose turn it is. */
  private claim(level: number, set: number): number {
    const { entries } = this;
    const base = set * this.setWords;
    const end = base + this.setWords;
    for (let at = base; at < end; at += WORDS) {
      if ((entries[at + TAG_HI] as number) < 0) continue;
      this.live[level] = (this.live[level] as number) + 1;
      return at;
    }
    const way = this.turn[set] as number;
    this.turn[set] = (way + 1) & (this.ways - 1);
    const at = base + way * WORDS;
    if (entries[at + SPACE] !== 0) this.inSpaces--;
    return at;
  }
}

const hintOf = (level: number, low: number, space: number): number =>
  (level << HINTS_LG2) | (space === 0 ? 0 : HINTS_MASK + 1) | (low & HINTS_MASK);

/** Page-number bits that select the table of a level: those of the entries above it. */
const upperLo = (level: number, hi: number, lo: number): number => {
  const vpn = (hi << 20) | (lo >>> 12);
  return level >= 3 ? 0 : vpn & (-1 << (9 * (level + 1)));
};
/** The lowest bits of an address that a tag keeps. */
const lowBits = (level: number, tagLo: number, hi: number): number =>
  level === 3 ? hi >>> 16 : tagLo >>> (9 * (level + 1));
const upperHi = (level: number, hi: number): number =>
  level >= 3 ? (hi >>> 12) & VPN_HI_MASK & ~0xf : (hi >>> 12) & VPN_HI_MASK;
