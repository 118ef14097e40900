import type { CacheShape } from '../../common/cache-shape';

/** Words of an entry. */
export const TLB_VPN = 0;
export const TLB_TAG_A = 1;
export const TLB_TAG_B = 2;
export const TLB_PA_LO = 3;
export const TLB_PA_HI = 4;
export const TLB_PERMS = 5;
/** The device whose request filled it. */
const FILLED_BY = 6;
export const TLB_SHIFT = 3;
const WORDS = 1 << TLB_SHIFT;
/** Ways that a look-up compares in one go. */
const AT_ONCE = 4;

/** TAG_A: page number 51:32, PSCID 11:0 above it. */
const PSCID_A_SHIFT = 20;
/** TAG_B: PSCID 19:12, GSCID above it, size class, whether each of the two counts, valid. */
const GSCID_SHIFT = 8;
const CLASS_SHIFT = 24;
const PSCV = 1 << 26;
const GV = 1 << 27;
const VALID = 1 << 31;
const CLASS_ONE = 1 << CLASS_SHIFT;
const CLASSES = 3;

/** Low bits of PA_LO. */
export const TLB_PBMT = 3;
export const TLB_GLOBAL = 1 << 2;
export const TLB_MSI = 1 << 3;
/** log2 of the bytes that the tables map at once there: the entry may cover less. */
const SIZE_SHIFT = 4;

/** Places where the entry of a page may be found at first sight; a power of two. */
const HINTS = 1024;
export const HINT_MASK = HINTS - 1;

/** The tags of an address space; -1: no stage there. */
export const tagA = (pscid: number): number => (pscid < 0 ? 0 : (pscid & 0xfff) << PSCID_A_SHIFT);
export const tagB = (gscid: number, pscid: number): number =>
  VALID | (gscid < 0 ? 0 : GV | (gscid << GSCID_SHIFT)) | (pscid < 0 ? 0 : PSCV | (pscid >>> 12));

/** tagB() of a process of the host. */
export const tagOfHost = (pscid: number): number => VALID | PSCV | (pscid >>> 12);

/** Whom a translation is for, and the tags of their address space. */
export interface Requester {
  readonly did: number;
  readonly spaceA: number;
  readonly spaceB: number;
}

export interface CachedTranslation {
  readonly set: number;
  readonly way: number;
  /** -1: of no guest, or no process. */
  readonly gscid: number;
  readonly pscid: number;
  readonly iovaHi: number;
  readonly iovaLo: number;
  readonly paHi: number;
  readonly paLo: number;
  readonly sizeLg2: number;
  /** The device whose request filled it. */
  readonly did: number;
  /** PERMS_* groups of READ, WRITE and EXECUTE. */
  readonly perms: number;
  readonly pbmt: number;
  readonly global: boolean;
  readonly msi: boolean;
}

/** Which entries an invalidation is about. -1 for an id that does not matter, or that the space does not have. */
export interface Selection {
  /** -1: of the host, where there is no second stage. */
  readonly gscid: number;
  /** -1: of every process, global mappings too. */
  readonly pscid: number;
  /** Null: every address. */
  readonly range: PageRange | null;
}

/** 2^lg2 pages from a page number on, which is aligned to that. */
export interface PageRange {
  readonly vpnHi: number;
  readonly vpnLo: number;
  readonly lg2: number;
}

/**
 * Cached translations, from an IOVA straight to a physical address, tagged with GSCID and PSCID.
 *
 * Spec: section "Caching in-memory data structures"
 *
 * Pages of 4 KiB, 2 MiB and 1 GiB; what is larger is cached in pieces, what lies between as the smaller. Sets are chosen by
 * the low bits of the page number of the entry's own size. An empty way goes first, then the ways in turn.
 */
export class Iotlb {
  readonly sets: number;
  readonly ways: number;
  readonly entries: Int32Array;
  /** Index in `entries` by the low bits of a page number: where to look first. The entry's tags decide. */
  readonly hints = new Int32Array(HINTS);
  private readonly setMask: number;
  private readonly wayMask: number;
  private readonly turn: Int32Array;
  /** Invalid entries: where there are none, a fill need not look for an empty way. */
  private holes: number;
  /** Valid entries of large pages: where there are none they need no look-up. */
  private large = 0;
  private readonly setShift: number;
  private readonly setWords: number;

  constructor(shape: CacheShape) {
    this.sets = shape.sets;
    this.ways = shape.sets === 0 ? 0 : shape.ways;
    this.setMask = Math.max(0, shape.sets - 1);
    this.setWords = this.ways << TLB_SHIFT;
    this.setShift = 31 - Math.clz32(Math.max(1, this.setWords));
    this.wayMask = shape.ways - 1;
    // Behind the last are entries that stay invalid: no look-up needs to ask whether there is any, or so many in a set.
    this.entries = new Int32Array((this.sets * this.ways + AT_ONCE) << TLB_SHIFT);
    this.turn = new Int32Array(this.sets);
    this.holes = this.sets * this.ways;
  }

  /** Index of the entry that translates an address in a space, or -1. */
  find(spaceA: number, spaceB: number, hi: number, lo: number): number {
    const { entries } = this;
    const vpn = (hi << 20) | (lo >>> 12);
    const set = vpn & this.setMask;
    const end = (set + 1) << this.setShift;
    // Four ways at a time, mostly to find that it is none of them. Beyond the set is nothing that probe() would take.
    for (let at = set << this.setShift; at < end; at += AT_ONCE * WORDS) {
      if (
        entries[at] === vpn ||
        entries[at + WORDS] === vpn ||
        entries[at + 2 * WORDS] === vpn ||
        entries[at + 3 * WORDS] === vpn
      ) {
        const found = this.probe(set, vpn, (hi >>> 12) | spaceA, spaceB);
        if (found < 0) break;
        this.hints[vpn & HINT_MASK] = found;
        return found;
      }
    }
    return this.large === 0 ? -1 : this.findLarge((hi >>> 12) | spaceA, spaceB, vpn);
  }

  private findLarge(a: number, spaceB: number, vpn: number): number {
    const at = this.probe((vpn >>> 9) & this.setMask, vpn & ~0x1ff, a, spaceB | CLASS_ONE);
    return at >= 0
      ? at
      : this.probe((vpn >>> 18) & this.setMask, vpn & ~0x3ffff, a, spaceB | (2 * CLASS_ONE));
  }

  perms(at: number): number {
    return this.entries[at + TLB_PERMS] as number;
  }

  paLo(at: number, lo: number): number {
    const offset = (1 << (12 + 9 * this.classAt(at))) - 1;
    return ((this.entries[at + TLB_PA_LO] as number) & ~offset) | (lo & offset);
  }

  paHi(at: number): number {
    return this.entries[at + TLB_PA_HI] as number;
  }

  flags(at: number): number {
    return (this.entries[at + TLB_PA_LO] as number) & 0xfff;
  }

  sizeLg2(at: number): number {
    return this.flags(at) >>> SIZE_SHIFT;
  }

  /**
   * Enters a translation: 2^sizeLg2 bytes from `paHi:paLo` on, of which the low bits do not count. `flags`: TLB_PBMT,
   * TLB_GLOBAL, TLB_MSI.
   */
  fill(
    s: Requester,
    hi: number,
    lo: number,
    sizeLg2: number,
    paHi: number,
    paLo: number,
    flags: number,
    perms: number,
  ): void {
    if (this.sets === 0) return;
    const { entries } = this;
    const size = sizeLg2 < 21 ? 0 : sizeLg2 < 30 ? 1 : 2;
    const pages = 9 * size;
    const vpn = (hi << 20) | (lo >>> 12);
    const set = (vpn >>> pages) & this.setMask;
    const at = (this.holes | this.large | size) === 0 ? this.next(set) : this.claim(set, size);
    entries[at] = (vpn >>> pages) << pages;
    entries[at + TLB_TAG_A] = (hi >>> 12) | s.spaceA;
    entries[at + TLB_TAG_B] = s.spaceB | (size << CLASS_SHIFT);
    entries[at + TLB_PA_LO] = (paLo & ~((1 << (12 + pages)) - 1)) | (sizeLg2 << SIZE_SHIFT) | flags;
    entries[at + TLB_PA_HI] = paHi;
    entries[at + TLB_PERMS] = perms;
    entries[at + FILLED_BY] = s.did;
  }

  /** What a fill of this address would throw out, for the trace; null for nothing. */
  victim(hi: number, lo: number, sizeLg2: number): CachedTranslation | null {
    if (this.sets === 0) return null;
    const pages = sizeLg2 < 21 ? 0 : sizeLg2 < 30 ? 9 : 18;
    const set = (((hi << 20) | (lo >>> 12)) >>> pages) & this.setMask;
    if (this.holes > 0 && this.emptyWay(set) >= 0) return null;
    return this.describe((set * this.ways + (this.turn[set] as number)) << TLB_SHIFT);
  }

  drop(at: number): void {
    if ((this.entries[at + TLB_TAG_B] as number) >= 0) return;
    this.holes++;
    if (this.classAt(at) > 0) this.large--;
    this.entries[at + TLB_TAG_B] = 0;
  }

  /** IOTINVAL.VMA: returns how many entries it dropped. */
  invalidateFirstStage(which: Selection): number {
    return this.dropWhere(which.range, (at) => {
      const b = this.entries[at + TLB_TAG_B] as number;
      if (!this.inGuest(b, which.gscid)) return false;
      if (which.pscid >= 0 && !this.ofProcess(at, b, which.pscid)) return false;
      return which.range === null || this.overlaps(at, which.range);
    });
  }

  /**
   * IOTINVAL.GVMA. Of a guest's entries with a first stage nobody knows the guest physical address: they go whatever the
   * range is. `gscid`: -1 for every guest.
   */
  invalidateSecondStage(gscid: number, range: PageRange | null): number {
    return this.dropWhere(null, (at) => {
      const b = this.entries[at + TLB_TAG_B] as number;
      if ((b & GV) === 0 || (gscid >= 0 && !this.inGuest(b, gscid))) return false;
      return range === null || (b & PSCV) !== 0 || this.overlaps(at, range);
    });
  }

  invalidateAll(): void {
    this.entries.fill(0);
    this.large = 0;
    this.holes = this.sets * this.ways;
  }

  /** All valid entries, for people. */
  list(): readonly CachedTranslation[] {
    const found: CachedTranslation[] = [];
    for (let at = 0; at < this.entries.length; at += WORDS) {
      const entry = this.describe(at);
      if (entry !== null) found.push(entry);
    }
    return found;
  }

  get used(): number {
    return this.sets * this.ways - this.holes;
  }

  private describe(at: number): CachedTranslation | null {
    const b = this.entries[at + TLB_TAG_B] as number;
    if (b >= 0) return null;
    const vpn = this.entries[at] as number;
    const a = this.entries[at + TLB_TAG_A] as number;
    const flags = this.flags(at);
    const index = at >> TLB_SHIFT;
    return {
      set: Math.floor(index / this.ways),
      way: index % this.ways,
      gscid: (b & GV) === 0 ? -1 : (b >>> GSCID_SHIFT) & 0xffff,
      pscid: (b & PSCV) === 0 ? -1 : ((b & 0xff) << 12) | (a >>> PSCID_A_SHIFT),
      iovaHi: (a << 12) | (vpn >>> 20),
      iovaLo: vpn << 12,
      paHi: this.paHi(at),
      paLo: this.paLo(at, 0),
      sizeLg2: 12 + 9 * this.classAt(at),
      did: this.entries[at + FILLED_BY] as number,
      perms: this.perms(at),
      pbmt: flags & TLB_PBMT,
      global: (flags & TLB_GLOBAL) !== 0,
      msi: (flags & TLB_MSI) !== 0,
    };
  }

  private inGuest(b: number, gscid: number): boolean {
    if (gscid < 0) return (b & GV) === 0;
    return (b & GV) !== 0 && ((b >>> GSCID_SHIFT) & 0xffff) === gscid;
  }

  /** Whether an entry belongs to a process, and is not of a global mapping. */
  private ofProcess(at: number, b: number, pscid: number): boolean {
    const mine = ((b & 0xff) << 12) | ((this.entries[at + TLB_TAG_A] as number) >>> PSCID_A_SHIFT);
    return (b & PSCV) !== 0 && mine === pscid && (this.flags(at) & TLB_GLOBAL) === 0;
  }

  /** Two aligned power-of-two ranges overlap when they agree above the larger of them. */
  private overlaps(at: number, range: PageRange): boolean {
    const shift = Math.max(range.lg2, 9 * this.classAt(at));
    const hi = ((this.entries[at + TLB_TAG_A] as number) & 0xf_ffff) ^ range.vpnHi;
    if (shift >= 32) return hi >>> (shift - 32) === 0;
    return hi === 0 && ((this.entries[at] as number) ^ range.vpnLo) >>> shift === 0;
  }

  /** One page lies in one set of each size; for more, every entry is looked at. */
  private dropWhere(range: PageRange | null, matches: (at: number) => boolean): number {
    let dropped = 0;
    const visit = (first: number, count: number): void => {
      for (let n = first; n < first + count; n++) {
        const at = n << TLB_SHIFT;
        if ((this.entries[at + TLB_TAG_B] as number) >= 0 || !matches(at)) continue;
        this.drop(at);
        dropped++;
      }
    };
    if (range === null || range.lg2 > 0) visit(0, this.sets * this.ways);
    else {
      for (let size = 0; size < CLASSES; size++) {
        if (size > 0 && this.large === 0) continue;
        visit(((range.vpnLo >>> (9 * size)) & this.setMask) * this.ways, this.ways);
      }
    }
    return dropped;
  }

  private probe(set: number, vpn: number, a: number, b: number): number {
    const { entries } = this;
    const first = (set * this.ways) << TLB_SHIFT;
    const end = first + (this.ways << TLB_SHIFT);
    for (let at = first; at < end; at += WORDS) {
      if (entries[at] === vpn && entries[at + TLB_TAG_A] === a && entries[at + TLB_TAG_B] === b) return at;
    }
    return -1;
  }

  private classAt(at: number): number {
    return ((this.entries[at + TLB_TAG_B] as number) >>> CLASS_SHIFT) & 3;
  }

  /** The way of a full set whose turn it is. */
  private next(set: number): number {
    const { turn } = this;
    const way = turn[set] as number;
    turn[set] = (way + 1) & this.wayMask;
    return (set << this.setShift) + (way << TLB_SHIFT);
  }

  /** An empty way of a set, where it has one; and the counts of what is there. */
  private claim(set: number, size: number): number {
    if (size > 0) this.large++;
    const empty = this.holes === 0 ? -1 : this.emptyWay(set);
    if (empty >= 0) {
      this.holes--;
      return empty;
    }
    const at = this.next(set);
    if (this.classAt(at) > 0) this.large--;
    return at;
  }

  private emptyWay(set: number): number {
    const first = set << this.setShift;
    for (let at = first; at < first + this.setWords; at += WORDS) {
      if ((this.entries[at + TLB_TAG_B] as number) >= 0) return at;
    }
    return -1;
  }
}
