import { emitCache } from './emit';
import { PE_DID, PE_FLAGS, PE_PWSNP } from './pasid-cache';
import { ofTables } from './tags';
import type { UnitState } from './unit';
import { WC_GPA_HI, WC_GPA_LO, WC_PERMS, WC_PFN } from './walk-cache';

/** Walks of one request before it gives up on entries that change under its hands. */
const MAX_ATTEMPTS = 16;
/** Not a reason: an entry changed between being read and being marked, and the walk starts over. */
export const RESTART = -1;

/** What the walks of one request share: the row that they go by, the caches on their way, and how entries are marked. */
export class Marker {
  /**
   * Looking only: nothing is marked, told, or taken from or put into a cache. An entry that would have to be marked counts
   * as it is.
   */
  looking = false;
  /** Level of the table that cachedTable() found. */
  cachedLevel = 0;
  private row: Int32Array = new Int32Array(0);
  private at = 0;
  private attempts = 0;

  constructor(readonly unit: UnitState) {}

  /** `row`: PE_* words at `at`. */
  start(row: Int32Array, at: number): void {
    this.row = row;
    this.at = at;
    this.attempts = 0;
  }

  word(n: number): number {
    return this.row[this.at + n] as number;
  }

  flag(bit: number): boolean {
    return (this.word(PE_FLAGS) & bit) !== 0;
  }

  get telling(): boolean {
    return this.unit.trace.on && !this.looking;
  }

  /**
   * Sets bits of an entry that was read as `hi`, `lo`, by compare and exchange: 0, a reason, or RESTART. Bits that are set
   * already need no write, and so no snooping either.
   */
  mark(
    pfn: number,
    index: number,
    hi: number,
    lo: number,
    bits: number,
    noSnoop: number,
    failed: number,
  ): number {
    if ((bits & ~lo) === 0 || this.looking) return 0;
    const { unit } = this;
    if (!this.flag(PE_PWSNP) || !unit.config.scalableCoherent) return noSnoop;
    const at = unit.writable(pfn, index * 8, 8);
    if (at < 0) return failed;
    const { words } = unit.memory;
    if (words[at] !== lo || words[at + 1] !== hi) return ++this.attempts < MAX_ATTEMPTS ? RESTART : failed;
    words[at] = lo | bits;
    return 0;
  }

  /** The lowest cached table below `top` on the way to an address, or -1. */
  cachedTable(top: number, hi: number, lo: number, space: number): number {
    const { unit } = this;
    // A walk that starts over must see every entry anew.
    if (this.looking || this.attempts > 0 || unit.walkCache.ways === 0) return -1;
    const did = this.word(PE_DID);
    for (let level = 0; level < top; level++) {
      const at = unit.walkCache.find(level, did, hi, lo, space);
      if (at < 0) continue;
      this.cachedLevel = level;
      if (unit.trace.on) emitCache(unit, ofTables, 'hit', did, space, level, hi, lo);
      return at;
    }
    return -1;
  }

  cachedPfn(at: number): number {
    return this.unit.walkCache.entries[at + WC_PFN] as number;
  }

  cachedPerms(at: number): number {
    return this.unit.walkCache.entries[at + WC_PERMS] as number;
  }

  cachedGpaHi(at: number): number {
    return this.unit.walkCache.entries[at + WC_GPA_HI] as number;
  }

  cachedGpaLo(at: number): number {
    return this.unit.walkCache.entries[at + WC_GPA_LO] as number;
  }

  keepTable(
    level: number,
    did: number,
    hi: number,
    lo: number,
    space: number,
    pfn: number,
    perms: number,
    gpaHi = 0,
    gpaLo = 0,
  ): void {
    if (this.looking) return;
    const { walkCache } = this.unit;
    const at = walkCache.enter(level, did, hi, lo, space);
    if (at < 0) return;
    walkCache.entries[at + WC_PFN] = pfn;
    walkCache.entries[at + WC_PERMS] = perms;
    walkCache.entries[at + WC_GPA_HI] = gpaHi;
    walkCache.entries[at + WC_GPA_LO] = gpaLo;
  }
}
