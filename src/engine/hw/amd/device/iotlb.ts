import { invariant } from '../../../../lib/invariant';
import { PA_HI, PA_LO } from '../../port';
import { cacheShapeProblem, type CacheShape } from './config';
import { LEAF_SIZE } from './host-walk';

/** Words of an entry. */
export const TAG_LO = 0;
export const TAG_HI = 1;
export const TAG_ID = 2;
export const DATA_LO = 3;
export const DATA_HI = 4;
const WORDS = 5;
/** Words before the entries of a set: how many of them are valid, and the way that goes next when all are. */
const FILLED = 0;
const TURN = 1;
const HEADER = 2;

/** TAG_HI: valid 31, PASID 19:15 in 30:26, size class in 25:20 (0 is 4 KiB), page number 51:32 in 19:0. */
const VALID = 1 << 31;
const CLASS_SHIFT = 20;
const CLASS_MASK = 0x3f;
const VPN_HI_MASK = 0xf_ffff;
const CLASSES = 41;
/** Places where the entry of a page of 4 KiB may be found at first sight; a power of two. */
const HINTS = 1024;
export const HINT_MASK = HINTS - 1;

/**
 * TAG_ID: domain id 31:16, GN 15, PASID 14:0. What a request is looked up with: this word, and the PASID's upper bits
 * where TAG_HI has them.
 */
export const ID_GN = 1 << 15;
export const tagId = (domain: number, pasid: number): number =>
  pasid < 0 ? domain << 16 : (domain << 16) | ID_GN | (pasid & 0x7fff);
export const tagHigh = (pasid: number): number => VALID | (pasid < 0 ? 0 : (pasid >>> 15) << 26);

/** DATA_LO, below the address: what may be done without a walk (as port.ts numbers it), and what the tables say. */
export const READY_MASK = 0xf;
/** Requests in user mode, too. */
export const READY_USER = 8;
export const GRANT_SHIFT = 4;
export const GRANT_MASK = 0xf;
/** The host's tables had a part in it. */
export const NESTED = 1 << 8;
/** Nothing is mapped here: only where absent entries are cached. */
export const ABSENT = 1 << 9;
/** U of the host's entry, and G of the guest's. */
export const UNTRANSLATED_ONLY = 1 << 10;
export const GLOBAL = 1 << 11;

export interface CachedTranslation {
  readonly set: number;
  readonly way: number;
  readonly domain: number;
  /** -1: of a request without one. */
  readonly pasid: number;
  readonly iovaHi: number;
  readonly iovaLo: number;
  readonly paHi: number;
  readonly paLo: number;
  readonly sizeLg2: number;
  /** The low twelve bits of DATA_LO. */
  readonly flags: number;
}

/**
 * Cached translations, tagged with domain id, PASID, page number and page size.
 *
 * Spec: section 2.4.3 "INVALIDATE_IOMMU_PAGES"; the document leaves the organisation open.
 *
 * Sets are chosen by the low bits of the page number of the entry's own size, so each size in use is looked up apart.
 */
export class Iotlb {
  readonly sets: number;
  readonly ways: number;
  readonly entries: Int32Array;
  /** Index in `entries` by the low bits of a page number: where to look first. The entry's tags decide. */
  readonly hints = new Int32Array(HINTS);
  private readonly setMask: number;
  private readonly wayMask: number;
  private readonly setWords: number;
  /** Valid entries by size class, and the classes above 4 KiB that have any, smallest first. */
  private readonly live = new Int32Array(CLASSES);
  private readonly classes = new Int32Array(CLASSES);
  private largeClasses = 0;

  constructor(shape: CacheShape) {
    invariant(cacheShapeProblem(shape) === null, 'IOTLB: sets and ways');
    this.sets = shape.sets;
    this.ways = shape.ways;
    this.setMask = Math.max(shape.sets - 1, 0);
    this.wayMask = shape.ways - 1;
    this.setWords = HEADER + shape.ways * WORDS;
    // At least one entry, which then stays invalid: the first look needs no question whether there is any.
    this.entries = new Int32Array(Math.max(shape.sets * this.setWords, HEADER + WORDS));
    this.hints.fill(HEADER);
  }

  /** Index of the entry that translates an address, or -1. `high` from tagHigh(). */
  find(id: number, high: number, hi: number, lo: number): number {
    const { entries } = this;
    const vpn = (hi << 20) | (lo >>> 12);
    const tag = high | (hi >>> 12);
    const first = (vpn & this.setMask) * this.setWords + HEADER;
    const end = first + this.ways * WORDS;
    for (let at = first; at < end; at += WORDS) {
      if (entries[at] !== vpn || entries[at + TAG_HI] !== tag || entries[at + TAG_ID] !== id) continue;
      this.hints[vpn & HINT_MASK] = at;
      return at;
    }
    return this.largeClasses === 0 ? -1 : this.findLarge(id, high, hi, lo);
  }

  private findLarge(id: number, high: number, hi: number, lo: number): number {
    for (let n = 0; n < this.largeClasses; n++) {
      const at = this.probe(this.classes[n] as number, id, high, hi, lo);
      if (at >= 0) return at;
    }
    return -1;
  }

  flags(at: number): number {
    return (this.entries[at + DATA_LO] as number) & 0xfff;
  }

  paLo(at: number, lo: number): number {
    const shift = 12 + (((this.entries[at + TAG_HI] as number) >>> CLASS_SHIFT) & CLASS_MASK);
    const offset = shift < 32 ? (1 << shift) - 1 : -1;
    return ((this.entries[at + DATA_LO] as number) & ~0xfff & ~offset) | (lo & offset);
  }

  paHi(at: number, hi: number): number {
    const shift = 12 + (((this.entries[at + TAG_HI] as number) >>> CLASS_SHIFT) & CLASS_MASK);
    const data = this.entries[at + DATA_HI] as number;
    if (shift <= 32) return data;
    const offset = (1 << (shift - 32)) - 1;
    return (data & ~offset) | (hi & offset);
  }

  sizeLg2(at: number): number {
    return 12 + this.classAt(at);
  }

  /**
   * Enters what a walk found (PA_LO, PA_HI and LEAF_SIZE of `leaf`). `known`: what find() said of the address just now;
   * an older entry of the same tags goes.
   */
  fill(
    id: number,
    high: number,
    hi: number,
    lo: number,
    leaf: Int32Array,
    flags: number,
    known: number,
  ): void {
    const size = leaf[LEAF_SIZE] as number;
    const old = known < 0 || this.sets === 0 ? -1 : this.probe(size - 12, id, high, hi, lo);
    const paHi = leaf[PA_HI] as number;
    const paLo = leaf[PA_LO] as number;
    if (old < 0) return this.enter(id, high, hi, lo, paHi, paLo, size, flags);
    this.entries[old + DATA_LO] = (paLo & ~0xfff) | flags;
    this.entries[old + DATA_HI] = paHi;
    if (size === 12) this.hints[(lo >>> 12) & HINT_MASK] = old;
  }

  /** Enters 2^size bytes of which find() knew nothing. */
  enter(
    id: number,
    high: number,
    hi: number,
    lo: number,
    paHi: number,
    paLo: number,
    size: number,
    flags: number,
  ): void {
    if (this.sets === 0) return;
    const { entries } = this;
    const shift = size - 12;
    let vpnLo = (hi << 20) | (lo >>> 12);
    let vpnHi = hi >>> 12;
    let set = vpnLo & this.setMask;
    if (shift !== 0) {
      vpnLo = alignedLo(vpnLo, shift);
      vpnHi = alignedHi(vpnHi, shift);
      set = this.setOf(shift, hi, lo);
    }
    const at = this.slotFor(set * this.setWords, shift);
    entries[at + TAG_LO] = vpnLo;
    entries[at + TAG_HI] = high | (shift << CLASS_SHIFT) | vpnHi;
    entries[at + TAG_ID] = id;
    entries[at + DATA_LO] = (paLo & ~0xfff) | flags;
    entries[at + DATA_HI] = paHi;
    if (shift === 0) this.hints[vpnLo & HINT_MASK] = at;
  }

  /** What a fill of this address would throw out, for the trace; null for nothing. */
  victim(id: number, high: number, hi: number, lo: number, size: number): CachedTranslation | null {
    if (this.sets === 0 || this.probe(size - 12, id, high, hi, lo) >= 0) return null;
    const set = this.setOf(size - 12, hi, lo) * this.setWords;
    if (this.entries[set + FILLED] !== this.ways) return null;
    return this.describe(set + HEADER + (this.entries[set + TURN] as number) * WORDS);
  }

  /** Drops everything; returns how many entries there were. */
  invalidateAll(): number {
    const dropped = this.live.reduce((sum, n) => sum + n, 0);
    this.entries.fill(0);
    this.live.fill(0);
    this.largeClasses = 0;
    return dropped;
  }

  /** Drops what `matches` says among the valid entries; how many that were. */
  dropWhere(matches: (at: number) => boolean): number {
    let dropped = 0;
    this.eachEntry((at) => {
      if ((this.entries[at + TAG_HI] as number) >= 0 || !matches(at)) return;
      this.drop(at);
      dropped++;
    });
    if (dropped > 0) this.countClasses();
    return dropped;
  }

  /** Whether an entry is of this domain, and of this PASID where one is given. */
  belongs(at: number, domain: number, pasid: number): boolean {
    const id = this.entries[at + TAG_ID] as number;
    if (id >>> 16 !== domain) return false;
    return pasid === this.pasidAt(at);
  }

  isNestedOf(at: number, domain: number): boolean {
    const id = this.entries[at + TAG_ID] as number;
    return id >>> 16 === domain && ((this.entries[at + DATA_LO] as number) & NESTED) !== 0;
  }

  /** Whether an entry overlaps 2^sizeLg2 bytes from an address on. */
  overlaps(at: number, hi: number, lo: number, sizeLg2: number): boolean {
    // Two aligned power-of-two ranges overlap when they agree above the larger of them.
    const shift = Math.max(sizeLg2 - 12, this.classAt(at));
    const vpnHi = ((this.entries[at + TAG_HI] as number) & VPN_HI_MASK) ^ (hi >>> 12);
    if (shift >= 52) return true;
    if (shift >= 32) return vpnHi >>> (shift - 32) === 0;
    return (
      vpnHi === 0 && ((this.entries[at + TAG_LO] as number) ^ ((hi << 20) | (lo >>> 12))) >>> shift === 0
    );
  }

  /** All valid entries, for people. */
  list(): readonly CachedTranslation[] {
    const found: CachedTranslation[] = [];
    this.eachEntry((at) => {
      const entry = this.describe(at);
      if (entry !== null) found.push(entry);
    });
    return found;
  }

  get used(): number {
    return this.live.reduce((sum, n) => sum + n, 0);
  }

  private describe(at: number): CachedTranslation | null {
    const tagHi = this.entries[at + TAG_HI] as number;
    if (tagHi >= 0) return null;
    const tagLo = this.entries[at + TAG_LO] as number;
    return {
      set: Math.floor(at / this.setWords),
      way: ((at % this.setWords) - HEADER) / WORDS,
      domain: (this.entries[at + TAG_ID] as number) >>> 16,
      pasid: this.pasidAt(at),
      iovaHi: ((tagHi & VPN_HI_MASK) << 12) | (tagLo >>> 20),
      iovaLo: tagLo << 12,
      paHi: this.paHi(at, 0),
      paLo: this.paLo(at, 0),
      sizeLg2: this.sizeLg2(at),
      flags: this.flags(at),
    };
  }

  private pasidAt(at: number): number {
    const id = this.entries[at + TAG_ID] as number;
    if ((id & ID_GN) === 0) return -1;
    return (id & 0x7fff) | ((((this.entries[at + TAG_HI] as number) >>> 26) & 0x1f) << 15);
  }

  private eachEntry(visit: (at: number) => void): void {
    for (let set = 0; set < this.sets * this.setWords; set += this.setWords) {
      for (let at = set + HEADER; at < set + this.setWords; at += WORDS) visit(at);
    }
  }

  private probe(shift: number, id: number, high: number, hi: number, lo: number): number {
    const { entries } = this;
    const vpnLo = (hi << 20) | (lo >>> 12);
    const tagLo = shift === 0 ? vpnLo : alignedLo(vpnLo, shift);
    const tagHi = high | (shift << CLASS_SHIFT) | (shift < 32 ? hi >>> 12 : alignedHi(hi >>> 12, shift));
    const base = (shift === 0 ? vpnLo & this.setMask : this.setOf(shift, hi, lo)) * this.setWords;
    const end = base + this.setWords;
    for (let at = base + HEADER; at < end; at += WORDS) {
      if (entries[at] === tagLo && entries[at + TAG_HI] === tagHi && entries[at + TAG_ID] === id) return at;
    }
    return -1;
  }

  private setOf(shift: number, hi: number, lo: number): number {
    const vpnLo = (hi << 20) | (lo >>> 12);
    if (shift >= 32) return (hi >>> (shift - 20)) & this.setMask;
    return (shift === 0 ? vpnLo : (vpnLo >>> shift) | ((hi >>> 12) << (32 - shift))) & this.setMask;
  }

  private classAt(at: number): number {
    return ((this.entries[at + TAG_HI] as number) >>> CLASS_SHIFT) & CLASS_MASK;
  }

  private drop(at: number): void {
    const set = at - (at % this.setWords);
    this.entries[set + FILLED] = (this.entries[set + FILLED] as number) - 1;
    const shift = this.classAt(at);
    this.live[shift] = (this.live[shift] as number) - 1;
    this.entries[at + TAG_HI] = 0;
  }

  private countClasses(): void {
    this.largeClasses = 0;
    for (let n = 1; n < CLASSES; n++) {
      if ((this.live[n] as number) > 0) this.classes[this.largeClasses++] = n;
    }
  }

  /** The way of a full set whose turn it is, or an empty one: for an entry of a size class. */
  private slotFor(set: number, shift: number): number {
    const { entries } = this;
    if (entries[set + FILLED] !== this.ways) return this.emptySlot(set, shift);
    const way = entries[set + TURN] as number;
    entries[set + TURN] = (way + 1) & this.wayMask;
    const at = set + HEADER + way * WORDS;
    const old = this.classAt(at);
    if (old !== shift) {
      this.count(old, -1);
      this.count(shift, 1);
    }
    return at;
  }

  private emptySlot(set: number, shift: number): number {
    const { entries } = this;
    let at = set + HEADER;
    while ((entries[at + TAG_HI] as number) < 0) at += WORDS;
    entries[set + FILLED] = (entries[set + FILLED] as number) + 1;
    this.count(shift, 1);
    return at;
  }

  /** One entry of a size class more, or less. */
  private count(shift: number, by: 1 | -1): void {
    const count = (this.live[shift] as number) + by;
    this.live[shift] = count;
    if (count === (by + 1) >> 1) this.countClasses();
  }
}

const alignedLo = (vpnLo: number, shift: number): number => (shift >= 32 ? 0 : (vpnLo >>> shift) << shift);
const alignedHi = (vpnHi: number, shift: number): number =>
  shift <= 32 ? vpnHi : (vpnHi >>> (shift - 32)) << (shift - 32);
