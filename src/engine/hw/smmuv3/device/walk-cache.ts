import { invariant } from '../../../../lib/invariant';
import { cacheShapeProblem, type CacheShape } from '../../common/cache-shape';
import { GRANULE_SHIFT, KIND_MASK, type TlbScope } from './tlb';

/** Words of an entry. */
const TAG_LO = 0;
/** Valid 31, the table's level 21:20, page number 51:32 in 19:0. */
const TAG_HI = 1;
const CTX = 2;
/** KIND_* with the granule, and log2 of what the table translates. */
const KIND = 3;
/** Where the next table is: an address of the output of the walk's own stage; its low bits are free. */
const TABLE_LO = 4;
const TABLE_HI = 5;
/** Hierarchical permissions so far: bits of a descriptor's high word. */
const LIMITS = 6;
const WORDS = 8;
const HEADER = 1;

const VALID = 1 << 31;
const TABLE_LEVEL_SHIFT = 20;
const VPN_HI_MASK = 0xf_ffff;
const SPAN_SHIFT = 12;
const SPAN_MASK = 0x3f << SPAN_SHIFT;
/** Of pointers to tables of pages of 4 KiB: their level, and log2 of what one translates. */
const BOTTOM_LEVEL = 3;
const BOTTOM_SPAN = 21;
/** Places for hints of each KIND_*, by the low bits of a tag. */
const HINTS_LG2 = 8;
const HINT_MASK = (1 << HINTS_LG2) - 1;

export interface CachedPointer {
  readonly set: number;
  readonly way: number;
  readonly hi: number;
  readonly lo: number;
  /** log2 of the bytes that the table translates. */
  readonly sizeLg2: number;
  readonly vmid: number;
  readonly asid: number;
  readonly kind: number;
  /** Level of the table pointed at, architectural. */
  readonly level: number;
  readonly tableHi: number;
  readonly tableLo: number;
  readonly limits: number;
}

/**
 * Cached table descriptors: where the table is that translates a part of an address space.
 *
 * Spec: section 16.2 "Caching"; Arm Architecture Reference Manual, "Translation table walk caches"
 *
 * Of a nested walk too, where they hold IPAs: each use translates them anew.
 */
export class WalkCache {
  private readonly entries: Int32Array;
  private readonly setMask: number;
  private readonly wayMask: number;
  private readonly setWords: number;
  private readonly end: number;
  /** Valid entries by level: levels without any need no look-up. */
  private readonly live = new Int32Array(4);
  /** Where the pointers to bottom tables were found last: looked at first; the entry's own tags decide. */
  private readonly hints = new Int32Array((KIND_MASK + 1) << HINTS_LG2).fill(HEADER);

  constructor(readonly shape: CacheShape) {
    invariant(cacheShapeProblem(shape) === null, 'walk cache: sets and ways');
    this.setMask = shape.sets - 1;
    this.wayMask = shape.ways - 1;
    this.setWords = HEADER + shape.ways * WORDS;
    this.end = shape.sets * this.setWords;
    this.entries = new Int32Array(Math.max(this.end, WORDS));
  }

  /** Index of the pointer to the table of a level, or -1. `span`: log2 of the bytes that such a table translates. */
  find(hi: number, lo: number, ctx: number, kind: number, level: number, span: number): number {
    if (this.live[level] === 0) return -1;
    const { entries } = this;
    const tagLo = lowTag(hi, lo, span);
    const tagHi = VALID | (level << TABLE_LEVEL_SHIFT) | highTag(hi, span);
    const base = (hash(tagLo, tagHi, span) & this.setMask) * this.setWords;
    for (let at = base + HEADER; at < base + this.setWords; at += WORDS) {
      if (
        entries[at] === tagLo &&
        entries[at + TAG_HI] === tagHi &&
        entries[at + CTX] === ctx &&
        ((entries[at + KIND] as number) & KIND_MASK) === kind
      ) {
        if (span === BOTTOM_SPAN) this.hints[hintOf(tagLo, kind)] = at;
        return at;
      }
    }
    return -1;
  }

  /** What find() would say of a bottom table of 4 KiB pages, where that was found last; else -1. */
  findLast(hi: number, lo: number, ctx: number, kind: number): number {
    const { entries } = this;
    const tagLo = ((hi << 20) | (lo >>> 12)) & ~0x1ff;
    const at = this.hints[hintOf(tagLo, kind)] as number;
    return entries[at] === tagLo &&
      entries[at + TAG_HI] === (VALID | (BOTTOM_LEVEL << TABLE_LEVEL_SHIFT) | (hi >>> 12)) &&
      entries[at + CTX] === ctx &&
      ((entries[at + KIND] as number) & (KIND_MASK | SPAN_MASK)) === (kind | (BOTTOM_SPAN << SPAN_SHIFT))
      ? at
      : -1;
  }

  tableLo(at: number): number {
    return this.entries[at + TABLE_LO] as number;
  }

  tableHi(at: number): number {
    return this.entries[at + TABLE_HI] as number;
  }

  limits(at: number): number {
    return this.entries[at + LIMITS] as number;
  }

  /** Enters a pointer; `kind` with the granule. `pointer`: the table's high and low word and the limits. */
  fill(
    hi: number,
    lo: number,
    ctx: number,
    kind: number,
    level: number,
    span: number,
    pointer: Int32Array,
  ): void {
    if (this.end === 0) return;
    const { entries } = this;
    const tagLo = lowTag(hi, lo, span);
    const tagHi = VALID | (level << TABLE_LEVEL_SHIFT) | highTag(hi, span);
    const at = this.place((hash(tagLo, tagHi, span) & this.setMask) * this.setWords);
    // From now on this may be the one that is found.
    this.hints[hintOf(tagLo, kind & KIND_MASK)] = HEADER;
    entries[at + TAG_LO] = tagLo;
    entries[at + TAG_HI] = tagHi;
    entries[at + CTX] = ctx;
    entries[at + KIND] = kind | (span << SPAN_SHIFT);
    entries[at + TABLE_HI] = pointer[0] as number;
    entries[at + TABLE_LO] = pointer[1] as number;
    entries[at + LIMITS] = pointer[2] as number;
    this.live[level] = (this.live[level] as number) + 1;
  }

  /** Drops what a command names, by its address, tags and granule; `level` of leaves does not matter here. */
  invalidate(scope: TlbScope): number {
    let dropped = 0;
    this.eachEntry((at) => {
      if (!this.inScope(at, scope)) return;
      this.live[this.levelAt(at)] = (this.live[this.levelAt(at)] as number) - 1;
      this.entries[at + TAG_HI] = 0;
      dropped++;
    });
    return dropped;
  }

  list(): readonly CachedPointer[] {
    const found: CachedPointer[] = [];
    this.eachEntry((at) => {
      const word = (n: number): number => this.entries[at + n] as number;
      const vpnHi = word(TAG_HI) & VPN_HI_MASK;
      found.push({
        set: Math.floor(at / this.setWords),
        way: ((at % this.setWords) - HEADER) / WORDS,
        hi: (vpnHi << 12) | (word(TAG_LO) >>> 20),
        lo: word(TAG_LO) << 12,
        sizeLg2: this.spanAt(at),
        vmid: word(CTX) >>> 16,
        asid: word(CTX) & 0xffff,
        kind: word(KIND) & KIND_MASK,
        level: this.levelAt(at),
        tableHi: word(TABLE_HI),
        tableLo: word(TABLE_LO),
        limits: word(LIMITS),
      });
    });
    return found;
  }

  private inScope(at: number, scope: TlbScope): boolean {
    const kind = this.entries[at + KIND] as number;
    const ctx = this.entries[at + CTX] as number;
    if ((scope.kinds & (1 << (kind & KIND_MASK))) === 0) return false;
    if (scope.vmid >= 0 && ctx >>> 16 !== scope.vmid) return false;
    if (scope.asid >= 0 && (ctx & 0xffff) !== scope.asid) return false;
    if (scope.granule !== 0 && ((kind >>> GRANULE_SHIFT) & 3) !== scope.granule) return false;
    // A table of level n is pointed at by a descriptor of level n - 1, which lies above the leaf.
    if (scope.level !== 0 && this.levelAt(at) > scope.level) return false;
    if (scope.firstVpn < 0) return true;
    const tagHi = this.entries[at + TAG_HI] as number;
    const first = (tagHi & VPN_HI_MASK) * 2 ** 32 + ((this.entries[at + TAG_LO] as number) >>> 0);
    return first <= scope.lastVpn && first + 2 ** (this.spanAt(at) - 12) > scope.firstVpn;
  }

  private levelAt(at: number): number {
    return ((this.entries[at + TAG_HI] as number) >>> TABLE_LEVEL_SHIFT) & 3;
  }

  private spanAt(at: number): number {
    return ((this.entries[at + KIND] as number) >>> SPAN_SHIFT) & 0x3f;
  }

  private place(set: number): number {
    const { entries, live } = this;
    for (let at = set + HEADER; at < set + this.setWords; at += WORDS) {
      if ((entries[at + TAG_HI] as number) >= 0) return at;
    }
    const way = entries[set] as number;
    entries[set] = (way + 1) & this.wayMask;
    const at = set + HEADER + way * WORDS;
    const level = this.levelAt(at);
    live[level] = (live[level] as number) - 1;
    return at;
  }

  private eachEntry(visit: (at: number) => void): void {
    for (let set = 0; set < this.end; set += this.setWords) {
      for (let at = set + HEADER; at < set + this.setWords; at += WORDS) {
        if ((this.entries[at + TAG_HI] as number) < 0) visit(at);
      }
    }
  }
}

/** The page number of what a table translates: low and high word. */
const lowTag = (hi: number, lo: number, span: number): number =>
  span >= 44 ? 0 : ((hi << 20) | (lo >>> 12)) & ~((1 << (span - 12)) - 1);
const highTag = (hi: number, span: number): number =>
  span > 44 ? (hi >>> 12) & ~((1 << (span - 44)) - 1) : hi >>> 12;
/** Neighbouring tables into neighbouring sets. */
const hash = (tagLo: number, tagHi: number, span: number): number =>
  (span < 44 ? tagLo >>> (span - 12) : tagHi) ^ (tagHi >>> TABLE_LEVEL_SHIFT);
const hintOf = (tagLo: number, kind: number): number => (kind << HINTS_LG2) | ((tagLo >>> 9) & HINT_MASK);
