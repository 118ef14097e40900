import { findFrame } from '../../../memory/frame-store';
import { LEAF_LEVEL, LEAF_PERMS, PA_HI, PA_LO, WRITE, type Access, type MemoryPort } from '../../port';
import {
  PTE_A,
  PTE_D,
  PTE_G,
  PTE_N_HI,
  PTE_PBMT_HI,
  PTE_PPN_HI,
  PTE_R,
  PTE_U,
  PTE_V,
  PTE_W,
  PTE_X,
  TC_SADE,
} from '../structs';
import { TLB_GLOBAL, type Iotlb } from './iotlb';
import { cachedPermissions, grantsOf } from './permissions';
import { reservedHi } from './second-stage';
import { MAX_NEAR_PFN, type Service } from './service';
import type { UnitState } from './unit';
import { secondStageTag, WALK_PFN, WALK_PFN_HI, type WalkCache } from './walk-cache';

/** What tells a table from a page. */
const POINTER_MASK = PTE_V | PTE_R | PTE_W | PTE_X | PTE_U | PTE_A | PTE_D;
/** High bits of a table's frame number that do not fit a small integer. */
const FAR_HI = 0x3f_fe00;
/** What the second stage's entry for a first-stage table has to have: it is read. */
const TABLE_NEEDS = PTE_V | PTE_R | PTE_U | PTE_A;

/** By the bits asked for: what the low word of a page's entry has to have. R, W and X are one place above those bits. */
const WANTED = Int32Array.from({ length: 8 }, (_, access) => {
  const dirty = (access & WRITE) !== 0 ? PTE_D : 0;
  return PTE_V | PTE_U | PTE_A | (access << 1) | dirty;
});
/** By level: bits of a page's frame number that have to be clear; pages larger than 1 GiB are left to the document's walk. */
const MISALIGNED = Int32Array.of(0, 0x7_fc00, 0xfff_fc00, -1, -1);
/** By the low byte of an entry: what a cached translation lets pass, with a first stage and without. */
const byEntry = (of: (entryLo: number) => number): Int32Array =>
  Int32Array.from({ length: 256 }, (_, entryLo) => of(entryLo));
const PERMS = byEntry((entryLo) => cachedPermissions(entryLo, entryLo, false));
const PERMS_BARE = byEntry((entryLo) => cachedPermissions(entryLo, entryLo, true));

/**
 * Places in `near`: for each kind of walk one for the last table of each level, which walks mostly share. Bottom tables, of
 * which there are many, have places by the low bits of their frame number.
 */
const OF_FIRST_STAGE = 0;
const LOWER = OF_FIRST_STAGE + 2;
const UPPER = OF_FIRST_STAGE + 4;
const OF_SECOND_STAGE = 16;
const OF_TABLES = 32;
const BOTTOM = 48;
const BOTTOMS = 1024;
const BOTTOM_MASK = BOTTOMS - 1;
/**
 * Words of `path` for a level: a head, and three for each second-stage entry: where it is, low and high word. The head: the
 * table's guest physical address, the second stage's root, its levels and whether the first stage marks; the frame found.
 */
const PATH_HEAD = 5;
const PATH_WORDS = PATH_HEAD + 3 * 5;

/**
 * The walk of a plain request, where nothing stands in its way: little-endian 64-bit entries, pages a user may access, and
 * no A or D bit to set. Whatever else it meets, it gives up, and the walk of the document says what it is.
 *
 * It finds what the walk of the document finds, which the tests hold it to. All of it is integers: a miss costs little more
 * than its loads.
 */
export class QuickWalk {
  /** Level of the entry that the last descend() ended at. */
  private level = 0;
  /**
   * Where memory keeps the words of frames met lately, so that a walk need not ask: pairs of frame number and index. Words
   * never move.
   */
  private readonly near = new Int32Array(BOTTOM + 2 * BOTTOMS).fill(-1);
  /** By first-stage level: a table's guest physical address, how it was translated, its frame, and the entries on the way. */
  private readonly path = new Int32Array(5 * PATH_WORDS).fill(-1);
  private readonly memory: MemoryPort;
  private readonly iotlb: Iotlb;
  private readonly walkCache: WalkCache;
  private readonly caching: boolean;
  /** High bits that a table's entry does not have here, and a page's. */
  private readonly pointerStops: number;
  private readonly leafStops: number;
  /** Last frame that is both reachable and a small integer. */
  private readonly lastPfn: number;

  constructor(
    unit: UnitState,
    /** Where the answer goes. */
    private readonly out: Int32Array,
  ) {
    this.memory = unit.memory.port;
    this.iotlb = unit.iotlb;
    this.walkCache = unit.walkCache;
    this.caching = unit.walkCache.sets > 0;
    this.leafStops = reservedHi(unit.config.capabilities) | PTE_PBMT_HI;
    this.pointerStops = this.leafStops | PTE_N_HI;
    this.lastPfn = Math.min(unit.memory.frameLimit - 1, MAX_NEAR_PFN);
  }

  /** The first stage alone. Whether it found the way; then the answer is in `out`, and cached. */
  single(s: Service, hi: number, lo: number, access: Access): boolean {
    if (!inFirstStage(s.firstLevels, hi)) return false;
    const { walkCache } = this;
    const cached = this.caching ? walkCache.find(s.spaceA, s.spaceB, hi, lo) : -1;
    const at =
      cached >= 0
        ? this.lastEntry(cached, lo)
        : s.firstLevels === 3
          ? this.descendThree(s.firstNear, hi, lo)
          : this.descend(OF_FIRST_STAGE, s.firstNear, s.firstLevels, hi, lo);
    if (at < 0) return false;
    const { words } = this.memory;
    const level = this.level;
    const entryLo = words[at] as number;
    const entryHi = words[at + 1] as number;
    if (!this.passes(level, entryHi, entryLo, access)) return false;
    if (this.caching && cached < 0 && level === 0)
      walkCache.fill(s.spaceA, s.spaceB, hi, lo, this.table, false);
    const leafLo = entryHi < 0 ? napot(entryLo, lo) : entryLo;
    const { out } = this;
    const offset = (1 << (12 + 9 * level)) - 1;
    const paLo = ((leafLo << 2) & ~offset) | (lo & offset);
    const paHi = ((entryHi & PTE_PPN_HI) << 2) | (entryLo >>> 30);
    out[PA_LO] = paLo;
    out[PA_HI] = paHi;
    out[LEAF_LEVEL] = level;
    out[LEAF_PERMS] = grantsOf(entryLo);
    const global = (entryLo & PTE_G) !== 0 || (cached >= 0 && walkCache.global(cached)) ? TLB_GLOBAL : 0;
    const sizeLg2 = 12 + 9 * level;
    const covered = sizeLg2 > s.mostLg2 ? s.mostLg2 : sizeLg2;
    this.iotlb.fill(s, hi, lo, covered, paHi, paLo, global, PERMS[entryLo & 0xff] as number);
    return true;
  }

  /** The second stage alone. */
  guestOnly(s: Service, hi: number, lo: number, access: Access): boolean {
    if (hi >>> s.guestShift !== 0) return false;
    const at = this.caching
      ? this.secondEntry(s, hi, lo)
      : this.descend(OF_SECOND_STAGE, wideRoot(s, hi), s.secondLevels, hi, lo);
    if (at < 0) return false;
    const { words } = this.memory;
    const { level, out } = this;
    const entryLo = words[at] as number;
    const entryHi = words[at + 1] as number;
    if (!this.passes(level, entryHi, entryLo, access)) return false;
    if (this.caching && !this.known && level === 0)
      this.walkCache.fill(0, secondStageTag(s.gscid), hi, lo, this.table, false);
    const leafLo = entryHi < 0 ? napot(entryLo, lo) : entryLo;
    const offset = (1 << (12 + 9 * level)) - 1;
    const paLo = ((leafLo << 2) & ~offset) | (lo & offset);
    const paHi = ((entryHi & PTE_PPN_HI) << 2) | (entryLo >>> 30);
    out[PA_LO] = paLo;
    out[PA_HI] = paHi;
    out[LEAF_LEVEL] = level;
    out[LEAF_PERMS] = grantsOf(entryLo);
    const sizeLg2 = 12 + 9 * level;
    const covered = sizeLg2 > s.mostLg2 ? s.mostLg2 : sizeLg2;
    this.iotlb.fill(s, hi, lo, covered, paHi, paLo, 0, PERMS_BARE[entryLo & 0xff] as number);
    return true;
  }

  /** One over the other. */
  nested(s: Service, hi: number, lo: number, access: Access): boolean {
    if (!inFirstStage(s.firstLevels, hi)) return false;
    if (!this.caching) return this.both(s, hi, lo, access);
    this.walkCache.begin();
    if (this.both(s, hi, lo, access)) return true;
    // The document's walk is to find the cache as this one did.
    this.walkCache.undo();
    return false;
  }

  private both(s: Service, hi: number, lo: number, access: Access): boolean {
    const { walkCache } = this;
    const { words } = this.memory;
    const cached = this.caching ? walkCache.find(s.spaceA, s.spaceB, hi, lo) : -1;
    // Told now: what is filled from here on may take the place of this entry.
    const tablesGlobal = cached >= 0 && walkCache.global(cached);
    let at = cached >= 0 ? this.lastEntry(cached, lo) : this.descendNested(s, hi, lo);
    if (at < 0) return false;
    const firstLevel = this.level;
    const firstLo = words[at] as number;
    const firstHi = words[at + 1] as number;
    if (!this.passes(firstLevel, firstHi, firstLo, access)) return false;
    const { table } = this;
    const offset = (1 << (12 + 9 * firstLevel)) - 1;
    const gpaLo = (((firstHi < 0 ? napot(firstLo, lo) : firstLo) << 2) & ~offset) | (lo & offset);
    const gpaHi = ((firstHi & PTE_PPN_HI) << 2) | (firstLo >>> 30);
    if (gpaHi >>> s.guestShift !== 0) return false;
    at = this.caching
      ? this.secondEntry(s, gpaHi, gpaLo)
      : this.descend(OF_SECOND_STAGE, wideRoot(s, gpaHi), s.secondLevels, gpaHi, gpaLo);
    if (at < 0) return false;
    const secondLevel = this.level;
    const secondLo = words[at] as number;
    const secondHi = words[at + 1] as number;
    if (!this.passes(secondLevel, secondHi, secondLo, access)) return false;
    if (this.caching) {
      this.rememberSecond(s, gpaHi, gpaLo);
      if (cached < 0 && firstLevel === 0) walkCache.fill(s.spaceA, s.spaceB, hi, lo, table, false);
    }
    const { out } = this;
    // Where the page lies is told by the second stage's own level; what is cached of it is the smaller of the two.
    const level = firstLevel < secondLevel ? firstLevel : secondLevel;
    const both = firstLo & secondLo;
    const leafLo = secondHi < 0 ? napot(secondLo, gpaLo) : secondLo;
    const inPage = (1 << (12 + 9 * secondLevel)) - 1;
    const paLo = ((leafLo << 2) & ~inPage) | (gpaLo & inPage);
    const paHi = ((secondHi & PTE_PPN_HI) << 2) | (secondLo >>> 30);
    out[PA_LO] = paLo;
    out[PA_HI] = paHi;
    out[LEAF_LEVEL] = firstLevel;
    out[LEAF_PERMS] = grantsOf(both);
    const global = (firstLo & PTE_G) !== 0 || tablesGlobal ? TLB_GLOBAL : 0;
    this.iotlb.fill(s, hi, lo, 12 + 9 * level, paHi, paLo, global, PERMS[both & 0xff] as number);
    return true;
  }

  /** The second stage's entry for a guest physical address, by a cached table or from the top; -1: given up. */
  private secondEntry(s: Service, hi: number, lo: number): number {
    const cached = this.walkCache.find(0, secondStageTag(s.gscid), hi, lo);
    this.known = cached >= 0;
    if (cached >= 0) return this.lastEntry(cached, lo);
    return this.descend(OF_SECOND_STAGE, wideRoot(s, hi), s.secondLevels, hi, lo);
  }

  /** After secondEntry() came to something good; the nested walk may give up yet. */
  private rememberSecond(s: Service, hi: number, lo: number): void {
    if (this.known || this.level !== 0) return;
    this.walkCache.fillForNow(0, secondStageTag(s.gscid), hi, lo, this.table);
  }

  /** From a root down to what is no table: where in memory's words it is; -1: given up. */
  private descend(kind: number, root: number, levels: number, hi: number, lo: number): number {
    const { words } = this.memory;
    const { near } = this;
    const stops = this.pointerStops | FAR_HI;
    let pfn = root;
    for (let level = levels - 1; level >= 0; level--) {
      const slot =
        level > 0 || kind === OF_TABLES ? kind + (level << 1) : BOTTOM + ((pfn & BOTTOM_MASK) << 1);
      const base = near[slot] === pfn ? (near[slot + 1] as number) : this.meet(pfn, slot);
      if (base < 0) return -1;
      const at = base + (indexAt(level, hi, lo) << 1);
      const entryLo = words[at] as number;
      if ((entryLo & POINTER_MASK) !== PTE_V) {
        this.level = level;
        this.table = pfn;
        return at;
      }
      const entryHi = words[at + 1] as number;
      // Tables of global mappings are rare: they are left to the document's walk.
      if ((entryHi & stops) !== 0 || (entryLo & PTE_G) !== 0) return -1;
      pfn = ((entryHi & 0x1ff) << 22) | (entryLo >>> 10);
    }
    return -1;
  }

  /** descend() of a first stage of three levels, the commonest: without the loop a miss costs a tenth less. */
  private descendThree(root: number, hi: number, lo: number): number {
    const { words } = this.memory;
    const { near } = this;
    const stops = this.pointerStops | FAR_HI;
    let base = near[UPPER] === root ? (near[UPPER + 1] as number) : this.meet(root, UPPER);
    if (base < 0) return -1;
    let at = base + ((((lo >>> 30) | (hi << 2)) & 0x1ff) << 1);
    let entryLo = words[at] as number;
    let pfn = root;
    this.level = 2;
    if ((entryLo & POINTER_MASK) === PTE_V) {
      let entryHi = words[at + 1] as number;
      if ((entryHi & stops) !== 0 || (entryLo & PTE_G) !== 0) return -1;
      pfn = ((entryHi & 0x1ff) << 22) | (entryLo >>> 10);
      base = near[LOWER] === pfn ? (near[LOWER + 1] as number) : this.meet(pfn, LOWER);
      if (base < 0) return -1;
      at = base + (((lo >>> 21) & 0x1ff) << 1);
      entryLo = words[at] as number;
      this.level = 1;
      if ((entryLo & POINTER_MASK) === PTE_V) {
        entryHi = words[at + 1] as number;
        if ((entryHi & stops) !== 0 || (entryLo & PTE_G) !== 0) return -1;
        pfn = ((entryHi & 0x1ff) << 22) | (entryLo >>> 10);
        this.level = 0;
        const slot = BOTTOM + ((pfn & BOTTOM_MASK) << 1);
        base = near[slot] === pfn ? (near[slot + 1] as number) : this.meet(pfn, slot);
        if (base < 0) return -1;
        at = base + (((lo >>> 12) & 0x1ff) << 1);
      }
    }
    this.table = pfn;
    return at;
  }

  /** The same for a first stage whose tables lie in guest physical memory. */
  private descendNested(s: Service, hi: number, lo: number): number {
    const { near, pointerStops } = this;
    const { words } = this.memory;
    let tableHi = (s.firstPpnHi << 12) | (s.firstPpnLo >>> 20);
    let tableLo = s.firstPpnLo << 12;
    for (let level = s.firstLevels - 1; level >= 0; level--) {
      // Upper tables are mostly those of the last walk.
      const pfn =
        level > 0 && !this.caching
          ? this.sameFrame(s, level, tableHi, tableLo)
          : this.hostFrame(s, tableHi, tableLo);
      const slot = level > 0 ? OF_FIRST_STAGE + (level << 1) : BOTTOM + ((pfn & BOTTOM_MASK) << 1);
      const base = near[slot] === pfn ? (near[slot + 1] as number) : this.meet(pfn, slot);
      if (base < 0) return -1;
      const at = base + (indexAt(level, hi, lo) << 1);
      const entryLo = words[at] as number;
      if ((entryLo & POINTER_MASK) !== PTE_V) {
        this.level = level;
        this.table = pfn;
        return at;
      }
      const entryHi = words[at + 1] as number;
      if ((entryHi & pointerStops) !== 0 || (entryLo & PTE_G) !== 0) return -1;
      tableLo = (entryLo << 2) & ~0xfff;
      tableHi = ((entryHi & PTE_PPN_HI) << 2) | (entryLo >>> 30);
    }
    return -1;
  }

  /** Where a first-stage table lies in memory: its frame; -2: too far, or its entry has to be marked first. */
  private hostFrame(s: Service, hi: number, lo: number): number {
    if (hi >>> s.guestShift !== 0) return -2;
    const at = this.caching
      ? this.secondEntry(s, hi, lo)
      : this.descend(OF_TABLES, wideRoot(s, hi), s.secondLevels, hi, lo);
    if (at < 0) return -2;
    const { level } = this;
    const entryLo = this.memory.words[at] as number;
    const entryHi = this.memory.words[at + 1] as number;
    if ((entryLo & TABLE_NEEDS) !== TABLE_NEEDS || (entryHi & (this.leafStops | FAR_HI)) !== 0) return -2;
    // Where the first stage marks its entries, the tables are marked dirty early.
    if ((entryLo & (PTE_D | PTE_W)) === PTE_W && (s.tc & TC_SADE) !== 0) return -2;
    if (this.caching) this.rememberSecond(s, hi, lo);
    const frame = ((entryHi & 0x1ff) << 22) | (entryLo >>> 10);
    if (level === 0) {
      if (entryHi >= 0) return frame;
      return (entryLo & 0x3c00) === 0x2000 ? (frame & ~0xf) | ((lo >>> 12) & 0xf) : -2;
    }
    if (entryHi < 0 || (entryLo & (MISALIGNED[level] as number)) !== 0) return -2;
    return frame | ((lo >>> 12) & ((1 << (9 * level)) - 1));
  }

  /**
   * hostFrame() of the table of a level, which is mostly the same as last time: then it is enough that every second-stage
   * entry on the way still says what it said. Nothing is taken from it that memory does not hold now.
   */
  private sameFrame(s: Service, level: number, hi: number, lo: number): number {
    const { path } = this;
    const { words } = this.memory;
    const from = level * PATH_WORDS;
    const same =
      path[from] === hi &&
      path[from + 1] === lo &&
      path[from + 2] === s.secondNear &&
      path[from + 3] === ((s.tc & TC_SADE) | s.secondLevels);
    const end = from + PATH_HEAD + 3 * s.secondLevels;
    for (let step = from + PATH_HEAD; same; step += 3) {
      if (step === end || path[step] === -1) return path[from + 4] as number;
      const at = path[step] as number;
      if (words[at] !== path[step + 1] || words[at + 1] !== path[step + 2]) break;
    }
    return this.recordFrame(s, from, hi, lo);
  }

  /** Takes down the way that hostFrame() goes. */
  private recordFrame(s: Service, from: number, hi: number, lo: number): number {
    const { path } = this;
    const { words } = this.memory;
    const frame = this.hostFrame(s, hi, lo);
    path[from] = -1;
    if (frame < 0) return frame;
    const last = this.level;
    path[from + 1] = lo;
    path[from + 2] = s.secondNear;
    path[from + 3] = (s.tc & TC_SADE) | s.secondLevels;
    path[from + 4] = frame;
    let step = from + PATH_HEAD;
    let pfn = wideRoot(s, hi);
    for (let level = s.secondLevels - 1; level >= last; level--) {
      const base = this.meet(pfn, OF_TABLES + (level << 1));
      if (base < 0) return frame;
      const at = base + (indexAt(level, hi, lo) << 1);
      path[step] = at;
      path[step + 1] = words[at] as number;
      path[step + 2] = words[at + 1] as number;
      pfn = (((words[at + 1] as number) & 0x1ff) << 22) | ((words[at] as number) >>> 10);
      step += 3;
    }
    if (step < from + PATH_WORDS) path[step] = -1;
    path[from] = hi;
    return frame;
  }

  /** Where the entry of a page is, in a table that is cached; -1: given up. */
  private lastEntry(cached: number, lo: number): number {
    const { walkCache, near } = this;
    const pfn = walkCache.entries[cached + WALK_PFN] as number;
    if (walkCache.entries[cached + WALK_PFN_HI] !== 0) return -1;
    const slot = BOTTOM + ((pfn & BOTTOM_MASK) << 1);
    const base = near[slot] === pfn ? (near[slot + 1] as number) : this.meet(pfn, slot);
    if (base < 0) return -1;
    this.level = 0;
    return base + (((lo >>> 12) & 0x1ff) << 1);
  }

  /** A frame that was not met lately: where memory keeps its words, -1 for nowhere. */
  private meet(pfn: number, slot: number): number {
    if (pfn < 0 || pfn > this.lastPfn) return -1;
    const base = findFrame(this.memory.frames, this.memory.frameMask, pfn);
    if (base < 0) return -1;
    this.near[slot] = pfn;
    this.near[slot + 1] = base;
    return base;
  }

  /** Whether an entry is one of a page, and lets an access pass without more ado. */
  private passes(level: number, entryHi: number, entryLo: number, access: Access): boolean {
    const wanted = WANTED[access] as number;
    if ((entryLo & wanted) !== wanted || (entryLo & (PTE_R | PTE_W)) === PTE_W) return false;
    if ((entryHi & this.leafStops) !== 0 || (entryLo & (MISALIGNED[level] as number)) !== 0) return false;
    // Svnapot: 64 KiB, told by the low bits of the frame number.
    return entryHi >= 0 || (level === 0 && (entryLo & 0x3c00) === 0x2000);
  }

  /** Whether the last secondEntry() came by a cached table. */
  private known = false;
  /** The frame of the table that the last descend() ended in. */
  private table = 0;
}

/** Of a 64 KiB page: the entry as if it were that of the 4 KiB of an address. */
const napot = (entryLo: number, lo: number): number => (entryLo & ~0x3c00) | ((lo >>> 2) & 0x3c00);

/** Bits above the address are copies of its highest. */
const inFirstStage = (levels: number, hi: number): boolean => {
  const above = hi >> (9 * levels - 21);
  return above === 0 || above === -1;
};

/** The one of the four pages of the topmost second-stage table that the two bits above the index choose. */
const wideRoot = (s: Service, hi: number): number =>
  s.secondNear < 0 ? -1 : s.secondNear + ((hi >>> (9 * s.secondLevels - 20)) & 3);

/** The table index of an address at a level. Masked branch by branch: engines then stay with integers. */
const indexAt = (level: number, hi: number, lo: number): number => {
  if (level < 2) return (lo >>> (12 + 9 * level)) & 0x1ff;
  return level === 2 ? ((lo >>> 30) | (hi << 2)) & 0x1ff : (hi >>> (9 * level - 20)) & 0x1ff;
};
