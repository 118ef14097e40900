import type { CacheShape } from '../../common/cache-shape';
import type { PageRange } from './iotlb';

/** Words of an entry: the tags of the IOTLB, with what level of table it is about in the size class. */
const PREFIX = 0;
const TAG_A = 1;
const TAG_B = 2;
export const WALK_PFN = 3;
export const WALK_PFN_HI = 4;
/** Whether an entry on the way was global. */
export const WALK_GLOBAL = 5;
const WORDS_USED = 6;
const SHIFT = 3;
const WORDS = 1 << SHIFT;

/** A note for undo(): index, set, whose turn it was in the set, and the words that stood there. */
const NOTE_WORDS = 3 + WORDS_USED;
/** Of a nested walk: a second-stage table for each first-stage table, and one for the page. */
const MOST_NOTES = 6;

/** In the place of the size class: of a second-stage table. */
const SECOND_STAGE = 1 << 24;
const GV = 1 << 27;
const PSCV = 1 << 26;
const GSCID_SHIFT = 8;
const PSCID_A_SHIFT = 20;
/** Address bits below the range of a last table. */
const RANGE_PAGES = 9;

export interface CachedTable {
  readonly set: number;
  readonly way: number;
  readonly stage: 1 | 2;
  readonly gscid: number;
  readonly pscid: number;
  /** First address whose leaf entries the table holds. */
  readonly addressHi: number;
  readonly addressLo: number;
  readonly pfn: number;
  readonly global: boolean;
}

/**
 * Where the last table of a walk lies: non-leaf entries, cached by what they lead to.
 *
 * Spec: section "IOMMU Page-Table cache invalidation commands": an address-specific IOTINVAL spares non-leaf entries unless
 * NL says otherwise.
 *
 * One entry covers 2 MiB of an address space, of a first-stage table (by IOVA) or of a second-stage one (by guest physical
 * address). A first-stage table's frame is known after its own address went through the second stage.
 */
export class WalkCache {
  readonly sets: number;
  readonly ways: number;
  readonly entries: Int32Array;
  private readonly setMask: number;
  private readonly turn: Int32Array;
  private readonly notes = new Int32Array(MOST_NOTES * NOTE_WORDS);
  private noted = 0;

  constructor(shape: CacheShape) {
    this.sets = shape.sets;
    this.ways = shape.sets === 0 ? 0 : shape.ways;
    this.setMask = shape.sets - 1;
    this.entries = new Int32Array(Math.max(1, this.sets * this.ways) << SHIFT);
    this.turn = new Int32Array(this.sets);
  }

  /** As find(), by page number. */
  lookUp(spaceA: number, spaceB: number, vpn: number): number {
    return this.find(spaceA, spaceB, Math.floor(vpn / 0x10_0000) | 0, (vpn % 0x10_0000) << 12);
  }

  /** Index of the table that holds the leaf entry of an address, or -1. */
  find(spaceA: number, spaceB: number, hi: number, lo: number): number {
    if (this.sets === 0) return -1;
    const { entries } = this;
    const prefix = (hi << 11) | (lo >>> 21);
    const a = (hi >>> 21) | spaceA;
    const first = ((prefix & this.setMask) * this.ways) << SHIFT;
    const end = first + (this.ways << SHIFT);
    for (let at = first; at < end; at += WORDS) {
      if (entries[at] === prefix && entries[at + TAG_A] === a && entries[at + TAG_B] === spaceB) return at;
    }
    return -1;
  }

  fill(spaceA: number, spaceB: number, hi: number, lo: number, pfn: number, global: boolean): void {
    if (this.sets === 0) return;
    const found = this.find(spaceA, spaceB, hi, lo);
    const at = found >= 0 ? found : this.claim(((hi << 11) | (lo >>> 21)) & this.setMask);
    this.enter(at, spaceA, spaceB, hi, lo, pfn, global);
  }

  /** From here on fillForNow() can be undone. */
  begin(): void {
    this.noted = 0;
  }

  /**
   * As fill() of what is not in the cache, by a walk that may give up yet: what it overwrites is noted down. At most
   * MOST_NOTES times since begin().
   */
  fillForNow(spaceA: number, spaceB: number, hi: number, lo: number, pfn: number): void {
    const { entries, notes } = this;
    const set = ((hi << 11) | (lo >>> 21)) & this.setMask;
    const turn = this.turn[set] as number;
    const at = this.claim(set);
    const note = this.noted * NOTE_WORDS;
    notes[note] = at;
    notes[note + 1] = set;
    notes[note + 2] = turn;
    for (let n = 0; n < WORDS_USED; n++) notes[note + 3 + n] = entries[at + n] as number;
    this.noted++;
    this.enter(at, spaceA, spaceB, hi, lo, pfn, false);
  }

  /** Takes back every fillForNow() since begin(), the last one first. */
  undo(): void {
    const { entries, notes } = this;
    while (this.noted > 0) {
      const note = --this.noted * NOTE_WORDS;
      const at = notes[note] as number;
      this.turn[notes[note + 1] as number] = notes[note + 2] as number;
      for (let n = 0; n < WORDS_USED; n++) entries[at + n] = notes[note + 3 + n] as number;
    }
  }

  pfn(at: number): number {
    const { entries } = this;
    return (entries[at + WALK_PFN_HI] as number) * 0x1_0000_0000 + ((entries[at + WALK_PFN] as number) >>> 0);
  }

  global(at: number): boolean {
    return this.entries[at + WALK_GLOBAL] === 1;
  }

  drop(at: number): void {
    this.entries[at + TAG_B] = 0;
  }

  /** Of tables of the first stage: as Iotlb.invalidateFirstStage(). */
  invalidateFirstStage(gscid: number, pscid: number, range: PageRange | null): number {
    return this.dropWhere((at) => {
      const b = this.entries[at + TAG_B] as number;
      if ((b & SECOND_STAGE) !== 0) return false;
      if (gscid < 0 ? (b & GV) !== 0 : (b & GV) === 0 || ((b >>> GSCID_SHIFT) & 0xffff) !== gscid)
        return false;
      if (pscid >= 0 && (this.pscidAt(at) !== pscid || this.entries[at + WALK_GLOBAL] === 1)) return false;
      return range === null || this.overlaps(at, range);
    });
  }

  /** Tables of the second stage, and what was found through it. `gscid`: -1 for every guest. */
  invalidateSecondStage(gscid: number, range: PageRange | null): number {
    return this.dropWhere((at) => {
      const b = this.entries[at + TAG_B] as number;
      if ((b & GV) === 0 || (gscid >= 0 && ((b >>> GSCID_SHIFT) & 0xffff) !== gscid)) return false;
      return range === null || (b & SECOND_STAGE) === 0 || this.overlaps(at, range);
    });
  }

  /** First-stage tables of a guest alone: where their second-stage leaf entries changed, they may lie elsewhere. */
  invalidateNested(gscid: number): number {
    return this.dropWhere((at) => {
      const b = this.entries[at + TAG_B] as number;
      return (b & SECOND_STAGE) === 0 && (b & GV) !== 0 && ((b >>> GSCID_SHIFT) & 0xffff) === gscid;
    });
  }

  invalidateAll(): void {
    this.entries.fill(0);
  }

  list(): readonly CachedTable[] {
    const found: CachedTable[] = [];
    for (let at = 0; at < this.sets * this.ways * WORDS; at += WORDS) {
      const b = this.entries[at + TAG_B] as number;
      if (b >= 0) continue;
      const prefix = this.entries[at] as number;
      const a = this.entries[at + TAG_A] as number;
      found.push({
        set: Math.floor((at >> SHIFT) / this.ways),
        way: (at >> SHIFT) % this.ways,
        stage: (b & SECOND_STAGE) !== 0 ? 2 : 1,
        gscid: (b & GV) === 0 ? -1 : (b >>> GSCID_SHIFT) & 0xffff,
        pscid: (b & PSCV) === 0 ? -1 : this.pscidAt(at),
        addressHi: (a << 21) | (prefix >>> 11),
        addressLo: prefix << 21,
        pfn: this.pfn(at),
        global: this.entries[at + WALK_GLOBAL] === 1,
      });
    }
    return found;
  }

  get used(): number {
    let used = 0;
    for (let at = TAG_B; at < this.entries.length; at += WORDS) if ((this.entries[at] as number) < 0) used++;
    return used;
  }

  private pscidAt(at: number): number {
    const b = this.entries[at + TAG_B] as number;
    return ((b & 0xff) << 12) | ((this.entries[at + TAG_A] as number) >>> PSCID_A_SHIFT);
  }

  private overlaps(at: number, range: PageRange): boolean {
    const mine =
      ((this.entries[at + TAG_A] as number) & 0x7ff) * 0x1_0000_0000 + ((this.entries[at] as number) >>> 0);
    const page = range.vpnHi * 0x1_0000_0000 + (range.vpnLo >>> 0);
    const shift = Math.max(0, range.lg2 - RANGE_PAGES);
    return Math.floor(mine / 2 ** shift) === Math.floor(page / 2 ** (shift + RANGE_PAGES));
  }

  private dropWhere(matches: (at: number) => boolean): number {
    let dropped = 0;
    for (let at = 0; at < this.sets * this.ways * WORDS; at += WORDS) {
      if ((this.entries[at + TAG_B] as number) >= 0 || !matches(at)) continue;
      this.drop(at);
      dropped++;
    }
    return dropped;
  }

  private enter(
    at: number,
    spaceA: number,
    spaceB: number,
    hi: number,
    lo: number,
    pfn: number,
    global: boolean,
  ): void {
    const { entries } = this;
    entries[at + PREFIX] = (hi << 11) | (lo >>> 21);
    entries[at + TAG_A] = (hi >>> 21) | spaceA;
    entries[at + TAG_B] = spaceB;
    entries[at + WALK_PFN] = pfn | 0;
    entries[at + WALK_PFN_HI] = Math.floor(pfn / 0x1_0000_0000);
    entries[at + WALK_GLOBAL] = global ? 1 : 0;
  }

  private claim(set: number): number {
    const { entries } = this;
    for (let way = 0; way < this.ways; way++) {
      const at = (set * this.ways + way) << SHIFT;
      if ((entries[at + TAG_B] as number) >= 0) return at;
    }
    const way = this.turn[set] as number;
    this.turn[set] = (way + 1) % this.ways;
    return (set * this.ways + way) << SHIFT;
  }
}

/** The tag of a guest's second-stage tables. */
export const secondStageTag = (gscid: number): number =>
  (1 << 31) | GV | SECOND_STAGE | (gscid << GSCID_SHIFT);
