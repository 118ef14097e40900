import { invariant } from '../../../../lib/invariant';
import { cacheShapeProblem, type CacheShape } from '../../common/cache-shape';

/** Words of an entry. */
export const TAG_LO = 0;
/** Valid 31, log2 of the size 25:20, page number 51:32 in 19:0. */
export const TAG_HI = 1;
/** VMID 31:16, ASID 15:0. */
const CTX = 2;
export const TLB_CTX = CTX;
/** What kind of translation, and its properties: KIND_*, GLOBAL, LEVEL, GRANULE. */
const KIND = 3;
export const TLB_KIND = KIND;
export const DATA_LO = 4;
export const DATA_HI = 5;
const PERMS = 6;
export const TLB_PERMS = PERMS;
const WORDS = 8;
/** Words before the entries of a set: how many of them are valid, and the way that goes next when all are. */
const FILLED = 0;
const TURN = 1;
const HEADER = 2;

const VALID = 1 << 31;
const SIZE_SHIFT = 20;
const SIZE_MASK = 0x3f;
const VPN_HI_MASK = 0xf_ffff;
/** TAG_HI of a page of 4 KiB, but for its page number. */
export const SMALL = VALID | (12 << SIZE_SHIFT);
/** Places where the entry of a page of 4 KiB may be found at first sight; a power of two. */
const HINTS = 1024;
export const HINT_MASK = HINTS - 1;

/** Translation regimes, and translations of IPAs by stage 2 alone. */
export const KIND_EL1 = 0;
export const KIND_EL2 = 1;
export const KIND_EL2_E2H = 2;
export const KIND_S2 = 3;
export const KIND_MASK = 3;
/** The translation went through both stages. */
export const COMBINED = 1 << 2;
export const GLOBAL = 1 << 3;
/** Architectural level of the leaf, and its granule as commands number it (1 to 3). */
export const LEVEL_SHIFT = 4;
export const GRANULE_SHIFT = 8;

/** Permissions: READ, WRITE and EXECUTE of unprivileged accesses, and of privileged ones 3 bits up. */
export const PRIV_SHIFT = 3;
export const ALL_PERMS = 0x3f;
/** Of a stage-2 translation: the memory is a device. */
export const DEVICE_MEMORY = 1 << 6;

/** Slots of a leaf that a walk found. */
export const L_SIZE = 0;
export const L_PA_HI = 1;
export const L_PA_LO = 2;
export const L_PERMS = 3;
/** GLOBAL, level and granule. */
export const L_KIND = 4;
export const LEAF_WORDS = 5;

export interface CachedTranslation {
  readonly set: number;
  readonly way: number;
  readonly hi: number;
  readonly lo: number;
  readonly paHi: number;
  readonly paLo: number;
  readonly sizeLg2: number;
  readonly vmid: number;
  readonly asid: number;
  readonly kind: number;
  readonly combined: boolean;
  readonly global: boolean;
  /** Architectural: 3 holds only leaves. */
  readonly level: number;
  readonly perms: number;
}

/**
 * Cached translations, tagged with VMID, ASID, translation regime, page number and size.
 *
 * Spec: section 3.17 "TLB tagging, VMIDs, ASIDs and participation in broadcast TLB maintenance"
 *
 * One structure for all: of VAs (by stage 1, or by both stages), and of IPAs by stage 2 alone. Sets are chosen by the low
 * bits of the page number of the entry's own size, so each size is looked up apart. Replacement: an empty way first, then
 * the ways in turn.
 */
export class Tlb {
  readonly entries: Int32Array;
  /** Index in `entries` by the low bits of a page number: where to look first. The entry's tags decide. */
  readonly hints = new Int32Array(HINTS).fill(HEADER);
  private readonly setMask: number;
  private readonly wayMask: number;
  private readonly setWords: number;
  private readonly end: number;
  /** Valid entries by log2 of their size; and the sizes that there are, smallest first. */
  private readonly live = new Int32Array(64);
  private readonly sizes = new Int32Array(16);
  private sizeCount = 0;
  /** How many of the sizes are larger than 4 KiB. */
  private larger = 0;
  /** Two entries of different sizes may cover one address. Only kept where that matters. */
  private mayConflict = false;

  constructor(
    readonly shape: CacheShape,
    /** A second match is an error. Spec: IDR3.BBML = 0 */
    private readonly strict: boolean,
  ) {
    invariant(cacheShapeProblem(shape) === null, 'IOTLB: sets and ways');
    this.setMask = Math.max(0, shape.sets - 1);
    this.wayMask = shape.ways - 1;
    this.setWords = HEADER + shape.ways * WORDS;
    this.end = shape.sets * this.setWords;
    // At least one set, which then stays invalid: the first look needs no question whether there is any.
    this.entries = new Int32Array(Math.max(this.end, this.setWords));
  }

  /** Index of the entry that translates an address, or -1: pages of 4 KiB first. `kind`: one of KIND_*. */
  find(hi: number, lo: number, ctx: number, kind: number): number {
    const { entries } = this;
    const vpn = (hi << 20) | (lo >>> 12);
    const tagHi = SMALL | (hi >>> 12);
    const set = (vpn & this.setMask) * this.setWords;
    const end = set + this.setWords;
    for (let at = set + HEADER; at < end; at += WORDS) {
      if (entries[at] !== vpn || entries[at + TAG_HI] !== tagHi) continue;
      if (!this.matches(at, ctx, kind)) continue;
      this.hints[vpn & HINT_MASK] = at;
      return at;
    }
    return this.larger === 0 ? -1 : this.findLarger(vpn, (hi >>> 12) | VALID, ctx, kind);
  }

  /** Whether entries of different sizes match: what a unit without BBML may report as a conflict. */
  conflicts(hi: number, lo: number, ctx: number, kind: number): boolean {
    if (!this.mayConflict) return false;
    const vpnLo = (hi << 20) | (lo >>> 12);
    const vpnHi = (hi >>> 12) | VALID;
    let found = 0;
    for (let n = 0; n < this.sizeCount; n++) {
      const size = this.sizes[n] as number;
      if (this.probe(vpnLo, vpnHi | (size << SIZE_SHIFT), size - 12, ctx, kind) >= 0) found++;
    }
    return found > 1;
  }

  perms(at: number): number {
    return this.entries[at + PERMS] as number;
  }

  paLo(at: number, lo: number): number {
    const size = this.sizeLg2(at);
    // 4 GiB and more: nothing of the low word is the entry's.
    if (size >= 32) return lo;
    const offset = (1 << size) - 1;
    return ((this.entries[at + DATA_LO] as number) & ~offset) | (lo & offset);
  }

  paHi(at: number, hi: number): number {
    const size = this.sizeLg2(at);
    if (size <= 32) return this.entries[at + DATA_HI] as number;
    const offset = (1 << (size - 32)) - 1;
    return ((this.entries[at + DATA_HI] as number) & ~offset) | (hi & offset);
  }

  sizeLg2(at: number): number {
    return ((this.entries[at + TAG_HI] as number) >>> SIZE_SHIFT) & SIZE_MASK;
  }

  /** The leaf's level as Linux counts: 0 holds only leaves. */
  level(at: number): number {
    return 3 - (((this.entries[at + KIND] as number) >>> LEVEL_SHIFT) & 3);
  }

  isGlobal(at: number): boolean {
    return ((this.entries[at + KIND] as number) & GLOBAL) !== 0;
  }

  /** Enters what a walk found; `leaf` as the walk left it. `kind`: KIND_* with COMBINED. */
  fill(hi: number, lo: number, ctx: number, kind: number, leaf: Int32Array): void {
    const size = leaf[L_SIZE] as number;
    const perms = leaf[L_PERMS] as number;
    this.enter(
      hi,
      lo,
      ctx,
      kind | (leaf[L_KIND] as number),
      size,
      leaf[L_PA_HI] as number,
      leaf[L_PA_LO] as number,
      perms,
    );
  }

  /** The same in numbers; `kind` with that of the leaf. */
  enter(
    hi: number,
    lo: number,
    ctx: number,
    kind: number,
    size: number,
    paHi: number,
    paLo: number,
    perms: number,
  ): void {
    if (this.end === 0) return;
    const { entries } = this;
    const pages = size - 12;
    const vpnLo = (hi << 20) | (lo >>> 12);
    const at = this.place((setIndex(vpnLo, hi >>> 12, pages) & this.setMask) * this.setWords);
    const old = entries[at + TAG_HI] as number;
    if (old >= 0) this.count(size, 1);
    else if (((old >>> SIZE_SHIFT) & SIZE_MASK) !== size) {
      this.count((old >>> SIZE_SHIFT) & SIZE_MASK, -1);
      this.count(size, 1);
    }
    entries[at + TAG_LO] = vpnLo & ~((1 << pages) - 1);
    entries[at + TAG_HI] = VALID | (size << SIZE_SHIFT) | (hi >>> 12);
    entries[at + CTX] = ctx;
    entries[at + KIND] = kind;
    entries[at + DATA_LO] = paLo & ~0xfff;
    entries[at + DATA_HI] = paHi;
    entries[at + PERMS] = perms;
    if (this.strict && this.sizeCount > 1) this.noteConflict(at);
  }

  /** What a fill of this address would throw out, for the trace; null for nothing. */
  victim(hi: number, lo: number, sizeLg2: number): CachedTranslation | null {
    if (this.end === 0) return null;
    const set = (setIndex((hi << 20) | (lo >>> 12), hi >>> 12, sizeLg2 - 12) & this.setMask) * this.setWords;
    if (this.entries[set + FILLED] !== this.shape.ways) return null;
    return this.describe(set + HEADER + (this.entries[set + TURN] as number) * WORDS);
  }

  /** Takes one entry out: what it grants is not enough. */
  drop(at: number): void {
    const { entries } = this;
    const set = at - (at % this.setWords);
    this.count(this.sizeLg2(at), -1);
    entries[at + TAG_HI] = 0;
    entries[set + FILLED] = (entries[set + FILLED] as number) - 1;
  }

  /** Drops what a command names; how many entries that were. */
  invalidate(scope: TlbScope): number {
    let dropped = 0;
    this.eachEntry((at) => {
      if (!this.inScope(at, scope)) return;
      this.drop(at);
      dropped++;
    });
    return dropped;
  }

  /** All valid entries, for people. */
  list(): readonly CachedTranslation[] {
    const found: CachedTranslation[] = [];
    this.eachEntry((at) => found.push(this.describe(at)));
    return found;
  }

  private inScope(at: number, scope: TlbScope): boolean {
    const { entries } = this;
    const kind = entries[at + KIND] as number;
    if ((scope.kinds & (1 << (kind & KIND_MASK))) === 0) return false;
    const ctx = entries[at + CTX] as number;
    if (scope.vmid >= 0 && ctx >>> 16 !== scope.vmid) return false;
    if (scope.asid >= 0) {
      const global = (kind & GLOBAL) !== 0;
      if (global ? !scope.globals : (ctx & 0xffff) !== scope.asid) return false;
    }
    if (scope.granule !== 0 && ((kind >>> GRANULE_SHIFT) & 3) !== scope.granule) return false;
    if (scope.level !== 0 && ((kind >>> LEVEL_SHIFT) & 3) !== scope.level) return false;
    if (scope.firstVpn < 0) return true;
    const first = vpnNumber(entries[at + TAG_HI] as number, entries[at + TAG_LO] as number);
    return first <= scope.lastVpn && first + 2 ** (this.sizeLg2(at) - 12) > scope.firstVpn;
  }

  private describe(at: number): CachedTranslation {
    const word = (n: number): number => this.entries[at + n] as number;
    const vpnHi = word(TAG_HI) & VPN_HI_MASK;
    return {
      set: Math.floor(at / this.setWords),
      way: ((at % this.setWords) - HEADER) / WORDS,
      hi: (vpnHi << 12) | (word(TAG_LO) >>> 20),
      lo: word(TAG_LO) << 12,
      paHi: word(DATA_HI),
      paLo: word(DATA_LO),
      sizeLg2: this.sizeLg2(at),
      vmid: word(CTX) >>> 16,
      asid: word(CTX) & 0xffff,
      kind: word(KIND) & KIND_MASK,
      combined: (word(KIND) & COMBINED) !== 0,
      global: this.isGlobal(at),
      level: (word(KIND) >>> LEVEL_SHIFT) & 3,
      perms: word(PERMS),
    };
  }

  private probe(vpnLo: number, tagHi: number, pages: number, ctx: number, kind: number): number {
    const { entries } = this;
    const base = (setIndex(vpnLo, tagHi & VPN_HI_MASK, pages) & this.setMask) * this.setWords;
    const end = base + this.setWords;
    const tagLo = vpnLo & ~((1 << pages) - 1);
    for (let at = base + HEADER; at < end; at += WORDS) {
      if (entries[at] !== tagLo || entries[at + TAG_HI] !== tagHi) continue;
      if (this.matches(at, ctx, kind)) return at;
    }
    return -1;
  }

  private findLarger(vpn: number, vpnHi: number, ctx: number, kind: number): number {
    for (let n = 0; n < this.sizeCount; n++) {
      const size = this.sizes[n] as number;
      if (size === 12) continue;
      const at = this.probe(vpn, vpnHi | (size << SIZE_SHIFT), size - 12, ctx, kind);
      if (at >= 0) return at;
    }
    return -1;
  }

  /** Whether an entry's other tags are those of an address space. */
  private matches(at: number, ctx: number, kind: number): boolean {
    const entryKind = this.entries[at + KIND] as number;
    if ((entryKind & KIND_MASK) !== kind) return false;
    const differs = (this.entries[at + CTX] as number) ^ ctx;
    return differs === 0 || ((entryKind & GLOBAL) !== 0 && differs >>> 16 === 0);
  }

  /** An empty way of a set, or the one whose turn it is. */
  private place(set: number): number {
    const { entries } = this;
    if (entries[set + FILLED] === this.shape.ways) {
      const way = entries[set + TURN] as number;
      entries[set + TURN] = (way + 1) & this.wayMask;
      return set + HEADER + way * WORDS;
    }
    entries[set + FILLED] = (entries[set + FILLED] as number) + 1;
    let at = set + HEADER;
    while ((entries[at + TAG_HI] as number) < 0) at += WORDS;
    return at;
  }

  private count(sizeLg2: number, change: 1 | -1): void {
    const { live, sizes } = this;
    const now = (live[sizeLg2] as number) + change;
    live[sizeLg2] = now;
    if (now > 1 || (now === 1 && change < 0)) return;
    this.sizeCount = 0;
    for (let size = 12; size < 64; size++) if ((live[size] as number) > 0) sizes[this.sizeCount++] = size;
    this.larger = this.sizeCount - ((live[12] as number) > 0 ? 1 : 0);
    if (this.sizeCount < 2) this.mayConflict = false;
  }

  private noteConflict(at: number): void {
    const { entries } = this;
    const [ctx, kind] = [entries[at + CTX] as number, (entries[at + KIND] as number) & KIND_MASK];
    const first = vpnNumber(entries[at + TAG_HI] as number, entries[at + TAG_LO] as number);
    const last = first + 2 ** (this.sizeLg2(at) - 12) - 1;
    const scope = {
      ...ANY,
      kinds: 1 << kind,
      vmid: ctx >>> 16,
      asid: ctx & 0xffff,
      firstVpn: first,
      lastVpn: last,
    };
    this.eachEntry((other) => {
      if (other !== at && this.inScope(other, scope)) this.mayConflict = true;
    });
  }

  private eachEntry(visit: (at: number) => void): void {
    for (let set = 0; set < this.end; set += this.setWords) {
      for (let at = set + HEADER; at < set + this.setWords; at += WORDS) {
        if ((this.entries[at + TAG_HI] as number) < 0) visit(at);
      }
    }
  }
}

/** What an invalidation names. */
export interface TlbScope {
  /** A bit for each KIND_*. */
  readonly kinds: number;
  /** -1: any. */
  readonly vmid: number;
  /** -1: any, global entries too. */
  readonly asid: number;
  /** Global entries too, whatever their ASID. */
  readonly globals: boolean;
  /** Page numbers, both inclusive; first -1: all addresses. */
  readonly firstVpn: number;
  readonly lastVpn: number;
  /** Of entries with this granule (1 to 3) and this leaf level; 0: any. */
  readonly granule: number;
  readonly level: number;
}

export const ANY: TlbScope = {
  kinds: 0xf,
  vmid: -1,
  asid: -1,
  globals: true,
  firstVpn: -1,
  lastVpn: -1,
  granule: 0,
  level: 0,
};

/** The page number of an entry of 2^pages pages, in units of its own size: its low 32 bits. */
const setIndex = (vpnLo: number, vpnHi: number, pages: number): number =>
  pages === 0 ? vpnLo : (vpnLo >>> pages) | (vpnHi << (32 - pages));

const vpnNumber = (tagHi: number, tagLo: number): number => (tagHi & VPN_HI_MASK) * 2 ** 32 + (tagLo >>> 0);
