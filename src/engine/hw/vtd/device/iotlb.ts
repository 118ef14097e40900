import { invariant } from '../../../../lib/invariant';
import { LEAF_LEVEL, PA_HI, PA_LO } from '../../port';
import { INTERRUPT_RANGE } from '../structs';
import { cacheShapeProblem, type CacheShape } from './config';

/** Words of an entry. */
const TAG_LO = 0;
export const TLB_TAG = 1;
export const TLB_SPACE = 2;
/** Address, and what it allows in the low 12 bits. */
export const TLB_DATA_LO = 3;
export const TLB_DATA_HI = 4;
const WORDS = 5;
/** Words before the entries of a set: how many of them are valid, and the way that goes next when all are. */
const FILLED = 0;
const TURN = 1;
const HEADER = 4;

/** TLB_TAG: valid 31, size class 30:29 (4 KiB, 2 MiB, 1 GiB), domain id 28:13, page number 44:32 in 12:0. */
const VALID = 1 << 31;
const CLASS_SHIFT = 29;
const DID_SHIFT = 13;
export const TLB_VPN_HI = 0x1fff;
/**
 * TLB_SPACE: see PE_SPACE, in 21:0. Above it the address bits that TLB_TAG has no room for, and of pages of 4 KiB
 * whether they lie in the interrupt range: requests for those are looked at twice.
 */
export const TLB_UPPER = 0x7f << 25;
const OF_INTERRUPTS = 1 << 24;
const SPACE_MASK = 0x3f_ffff;
const CLASSES = 3;
/** Places for hints, minus one. */
export const HINT_MASK = 0x1ff;

/** Slot of a walk's result, behind those of DmaTranslator: what its IOTLB entry allows. */
export const KEPT_PERMS = 8;
/**
 * What an entry allows: READ, WRITE and EXECUTE; of a first-stage entry the same for privileged requests further up. WRITE
 * is left out while writing must set a dirty bit first.
 */
export const PRIVILEGED_SHIFT = 4;
/** Nothing is mapped there: a unit in caching mode may keep that. The reason lies where the address would. */
export const NEGATIVE = 0x80;

/** TLB_TAG of the 4 KiB pages of a domain, without the address. */
export const translationTag = (did: number): number => VALID | (did << DID_SHIFT);

const ofInterrupts = (hi: number, lo: number): number =>
  hi === 0 && lo >>> 20 === INTERRUPT_RANGE ? OF_INTERRUPTS : 0;

export interface CachedTranslation {
  readonly set: number;
  readonly way: number;
  readonly did: number;
  readonly iovaHi: number;
  readonly iovaLo: number;
  readonly paHi: number;
  readonly paLo: number;
  readonly sizeLg2: number;
  /** See PRIVILEGED_SHIFT. */
  readonly perms: number;
  /** 0: by the second stage alone. See PE_SPACE. */
  readonly space: number;
}

/**
 * Cached translations, tagged with domain id, page number and page size; those that went through a first stage with the
 * PASID too (`space`, see PE_SPACE).
 *
 * Spec: section 6.2.4 "IOTLB"
 *
 * Sets are chosen by the low bits of the page number of the entry's own size, so each size is looked up apart. The
 * document leaves replacement open: an empty way first, then the ways in turn.
 */
export class Iotlb {
  readonly sets: number;
  readonly ways: number;
  readonly entries: Int32Array;
  private readonly setMask: number;
  private readonly wayMask: number;
  private readonly setWords: number;
  /** Valid entries by size class: sizes nobody uses need no look-up. */
  private readonly live = new Int32Array(4);
  /** Valid entries that went through a first stage. */
  private inSpaces = 0;
  /** Where a 4 KiB page was found last, by the low bits of its number: looked at first; the entry's own tags decide. */
  readonly hints = new Int32Array(HINT_MASK + 1);

  constructor(shape: CacheShape) {
    invariant(cacheShapeProblem(shape) === null, 'IOTLB: sets and ways');
    this.sets = shape.sets;
    this.ways = shape.sets === 0 ? 0 : shape.ways;
    this.setMask = Math.max(shape.sets - 1, 0);
    this.wayMask = this.ways - 1;
    this.setWords = HEADER + this.ways * WORDS;
    // At least one set, with nothing in it: the first look needs no question whether there is any.
    this.entries = new Int32Array(Math.max(shape.sets, 1) * this.setWords);
  }

  /** Index of the entry that translates an address in a domain, or -1: pages of 4 KiB first. */
  find(did: number, hi: number, lo: number, space = 0): number {
    const { entries, live } = this;
    const vpn = (hi << 20) | (lo >>> 12);
    const tag = translationTag(did) | ((hi >>> 12) & TLB_VPN_HI);
    const word = space | (hi & TLB_UPPER) | ofInterrupts(hi, lo);
    const set = (vpn & this.setMask) * this.setWords;
    const end = set + this.setWords;
    for (let at = set + HEADER; at < end; at += WORDS) {
      if (entries[at] !== vpn || entries[at + TLB_TAG] !== tag || entries[at + TLB_SPACE] !== word) continue;
      this.hints[vpn & HINT_MASK] = at;
      return at;
    }
    if (((live[1] as number) | (live[2] as number)) === 0) return -1;
    return this.findLarger(vpn, tag, space | (hi & TLB_UPPER));
  }

  private findLarger(vpn: number, tag: number, word: number): number {
    for (let level = 1; level < CLASSES; level++) {
      if (this.live[level] === 0) continue;
      const pages = 9 * level;
      const set = (vpn >>> pages) & this.setMask;
      const at = this.probe(set, vpn & (-1 << pages), tag | (level << CLASS_SHIFT), word);
      if (at >= 0) return at;
    }
    return -1;
  }

  perms(at: number): number {
    return (this.entries[at + TLB_DATA_LO] as number) & 0xfff;
  }

  level(at: number): number {
    return this.classAt(at);
  }

  paLo(at: number, lo: number): number {
    const offset = 0xfff | (((1 << (9 * this.classAt(at))) - 1) << 12);
    return ((this.entries[at + TLB_DATA_LO] as number) & ~offset) | (lo & offset);
  }

  paHi(at: number): number {
    return this.entries[at + TLB_DATA_HI] as number;
  }

  /** Enters what a walk found. */
  fill(did: number, hi: number, lo: number, leaf: Int32Array, space = 0): void {
    if (this.ways === 0) return;
    const { entries, live } = this;
    const level = leaf[LEAF_LEVEL] as number;
    const pages = 9 * level;
    const vpn = ((hi << 20) | (lo >>> 12)) >>> pages;
    const set = (vpn & this.setMask) * this.setWords;
    const at = entries[set + FILLED] === this.ways ? this.evict(set) : this.claim(set);
    const old = entries[at + TLB_TAG] as number;
    // Mostly one takes the place of another of its size.
    if (old >= 0 || ((old >>> CLASS_SHIFT) & 3) !== level) {
      if (old < 0) live[(old >>> CLASS_SHIFT) & 3] = (live[(old >>> CLASS_SHIFT) & 3] as number) - 1;
      live[level] = (live[level] as number) + 1;
    }
    if (old < 0 && this.spaceAt(at) !== 0) this.inSpaces--;
    entries[at] = vpn << pages;
    entries[at + TLB_TAG] = VALID | (level << CLASS_SHIFT) | (did << DID_SHIFT) | ((hi >>> 12) & TLB_VPN_HI);
    entries[at + TLB_SPACE] = space | (hi & TLB_UPPER) | (level === 0 ? ofInterrupts(hi, lo) : 0);
    entries[at + TLB_DATA_LO] = ((leaf[PA_LO] as number) & ~0xfff) | (leaf[KEPT_PERMS] as number);
    entries[at + TLB_DATA_HI] = leaf[PA_HI] as number;
    if (space !== 0) this.inSpaces++;
  }

  /** Throws out an entry that allows too little, before what a new walk found takes its place. */
  discard(at: number): void {
    this.drop(at);
  }

  /** What a fill of this address would throw out, for the trace; null for nothing. */
  victim(hi: number, lo: number, level: number): CachedTranslation | null {
    if (this.ways === 0) return null;
    const set = ((((hi << 20) | (lo >>> 12)) >>> (9 * level)) & this.setMask) * this.setWords;
    if (this.entries[set + FILLED] !== this.ways) return null;
    return this.describe(set + HEADER + (this.entries[set + TURN] as number) * WORDS);
  }

  /** Drops everything; returns how many entries there were. */
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

  /** What P_IOTLB drops of a PASID: second-stage entries know no PASID, so all of the domain's may be meant. */
  invalidatePasid(did: number, pasid: number): number {
    return this.dropWhere((at) => this.didAt(at) === did && (this.spaceAt(at) === 0 || this.isOf(at, pasid)));
  }

  /** First-stage and nested entries of a PASID that overlap 2^mask pages from an address on. */
  invalidatePasidPages(did: number, pasid: number, hi: number, lo: number, mask: number): number {
    const vpnLo = (hi << 20) | (lo >>> 12);
    const vpnHi = (hi >>> 12) & TLB_VPN_HI;
    return this.dropWhere(
      (at) =>
        this.didAt(at) === did &&
        this.isOf(at, pasid) &&
        this.agrees(at, vpnHi, vpnLo, Math.max(mask, 9 * this.classAt(at))),
    );
  }

  /** First-stage and nested entries of a domain: which of them a guest-physical address stands behind is unknown. */
  invalidateSpaces(did: number): number {
    if (this.inSpaces === 0) return 0;
    return this.dropWhere((at) => this.didAt(at) === did && this.spaceAt(at) !== 0);
  }

  /** Drops what overlaps 2^mask pages of a domain's second stage from an address on. */
  invalidatePages(did: number, hi: number, lo: number, mask: number): number {
    const vpnLo = (hi << 20) | (lo >>> 12);
    const vpnHi = (hi >>> 12) & TLB_VPN_HI;
    let dropped = 0;
    for (let level = 0; level < CLASSES; level++) {
      if (this.live[level] === 0) continue;
      // Two aligned power-of-two ranges overlap when they agree above the larger of them.
      const shift = Math.max(mask, 9 * level);
      const first = shift < 32 ? (vpnLo >>> shift) << (shift - 9 * level) : 0;
      const count = Math.min(this.sets, 2 ** (shift - 9 * level));
      for (let n = 0; n < count; n++) {
        const set = ((first + n) & this.setMask) * this.setWords;
        for (let at = set + HEADER; at < set + this.setWords; at += WORDS) {
          if (this.didAt(at) !== did || this.classAt(at) !== level || this.spaceAt(at) !== 0) continue;
          if (this.agrees(at, vpnHi, vpnLo, shift)) dropped += this.drop(at);
        }
      }
    }
    return dropped;
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

  describe(at: number): CachedTranslation | null {
    const tagHi = this.entries[at + TLB_TAG] as number;
    if (tagHi >= 0) return null;
    const tagLo = this.entries[at + TAG_LO] as number;
    return {
      set: Math.floor(at / this.setWords),
      way: ((at % this.setWords) - HEADER) / WORDS,
      did: this.didAt(at),
      iovaHi: ((tagHi & TLB_VPN_HI) << 12) | (tagLo >>> 20),
      iovaLo: tagLo << 12,
      paHi: this.paHi(at),
      paLo: this.paLo(at, 0),
      sizeLg2: 12 + 9 * this.classAt(at),
      perms: this.perms(at),
      space: this.spaceAt(at),
    };
  }

  private eachEntry(visit: (at: number) => void): void {
    for (let set = 0; set < this.entries.length; set += this.setWords) {
      for (let at = set + HEADER; at < set + this.setWords; at += WORDS) visit(at);
    }
  }

  /** Whether an entry's page number has the same bits from `shift` on. */
  private agrees(at: number, vpnHi: number, vpnLo: number, shift: number): boolean {
    const hi = ((this.entries[at + TLB_TAG] as number) & TLB_VPN_HI) ^ vpnHi;
    if (shift >= 32) return hi >>> (shift - 32) === 0;
    return hi === 0 && ((this.entries[at + TAG_LO] as number) ^ vpnLo) >>> shift === 0;
  }

  private dropWhere(matches: (at: number) => boolean): number {
    let dropped = 0;
    this.eachEntry((at) => {
      if (matches(at)) dropped += this.drop(at);
    });
    return dropped;
  }

  private probe(set: number, tagLo: number, tagHi: number, spaceWord: number): number {
    const { entries } = this;
    const base = set * this.setWords;
    const end = base + this.setWords;
    for (let at = base + HEADER; at < end; at += WORDS) {
      if (entries[at] === tagLo && entries[at + 1] === tagHi && entries[at + TLB_SPACE] === spaceWord)
        return at;
    }
    return -1;
  }

  private classAt(at: number): number {
    return ((this.entries[at + TLB_TAG] as number) >>> CLASS_SHIFT) & 3;
  }

  /** Domain id of an entry, -1 of an invalid one. */
  private didAt(at: number): number {
    const tag = this.entries[at + TLB_TAG] as number;
    return tag < 0 ? (tag >>> DID_SHIFT) & 0xffff : -1;
  }

  private spaceAt(at: number): number {
    return (this.entries[at + TLB_SPACE] as number) & SPACE_MASK;
  }

  private isOf(at: number, pasid: number): boolean {
    const space = this.spaceAt(at);
    return space !== 0 && space >>> 2 === pasid;
  }

  private drop(at: number): number {
    if ((this.entries[at + TLB_TAG] as number) >= 0) return 0;
    const set = at - (at % this.setWords);
    this.entries[set + FILLED] = (this.entries[set + FILLED] as number) - 1;
    const level = this.classAt(at);
    this.live[level] = (this.live[level] as number) - 1;
    this.entries[at + TLB_TAG] = 0;
    if (this.spaceAt(at) !== 0) this.inSpaces--;
    return 1;
  }

  /** Takes an empty way of a set. */
  private claim(set: number): number {
    const { entries } = this;
    let at = set + HEADER;
    while ((entries[at + TLB_TAG] as number) < 0) at += WORDS;
    entries[set + FILLED] = (entries[set + FILLED] as number) + 1;
    return at;
  }

  /** Takes the way whose turn it is in a full set. */
  private evict(set: number): number {
    const { entries } = this;
    const way = entries[set + TURN] as number;
    entries[set + TURN] = (way + 1) & this.wayMask;
    return set + HEADER + way * WORDS;
  }
}
