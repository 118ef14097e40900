import { EXECUTE, LEAF_LEVEL, LEAF_PERMS, PA_HI, PA_LO, READ, WRITE, type Access } from '../../port';
import { FS_D, FS_PS, FS_RW, FS_US, INTERRUPT_RANGE } from '../structs';
import { KEPT_PERMS, PRIVILEGED_SHIFT } from './iotlb';
import {
  BOTH,
  BOTTOM_MASK,
  FAR_HI,
  FIRST_BOTTOM,
  FIRST_NEEDS,
  OA_HI_MASK,
  OF_FIRST,
  OF_SECOND,
  OF_TABLES,
  PAGE_MASK,
  PATH_HI,
  PATH_LO,
  PATH_PERMS,
  PATH_PFN,
  QuickDescent,
  SECOND_BOTTOM,
} from './quick-descent';
import { FIRST_ONLY, NESTED, SECOND_ONLY, type Service } from './service';
import { FS_ALL, FS_X, type FirstStageRules } from './table-walks';
import type { UnitState } from './unit';
import { indexAt, type SecondStageRules } from './walk';
import { WC_PERMS, WC_PFN } from './walk-cache';

/**
 * The walk of a plain request, where nothing stands in its way: to read or write as a user, and no accessed or dirty bit
 * to set. Whatever else it meets, it gives up, and TableWalks says what it is.
 *
 * It finds what TableWalks finds, and leaves the same in the paging-structure cache, which the tests hold it to. All of it
 * is integers: a miss costs little more than its loads.
 */
export class QuickWalk extends QuickDescent {
  /** Of a nested walk: the last table that held the entry for a first-stage table, and the part of addresses it is for; -1: none. */
  private lastTable = -1;
  private lastHi = 0;
  private lastLo = 0;
  /** Bits that a leaf may not have, by level. */
  private readonly firstReservedLo: Int32Array;
  private readonly secondReservedLo: Int32Array;

  constructor(
    unit: UnitState,
    first: FirstStageRules,
    second: SecondStageRules,
    /** Where the answer goes. */
    private readonly out: Int32Array,
  ) {
    super(unit, first, second);
    this.firstReservedLo = first.leafReservedLo;
    this.secondReservedLo = second.leafReservedLo;
  }

  /** Whether it found the way; then the answer is in `out`, for the IOTLB to keep. */
  walk(s: Service, hi: number, lo: number, need: Access): boolean {
    switch (s.kind) {
      case FIRST_ONLY:
        return this.firstOnly(s, hi, lo, need);
      case SECOND_ONLY:
        return this.secondOnly(s, hi, lo, need);
      case NESTED:
        return this.caching ? this.nestedOrNothing(s, hi, lo, need) : this.nested(s, hi, lo, need);
      default:
        return false;
    }
  }

  private firstOnly(s: Service, hi: number, lo: number, need: Access): boolean {
    const at = this.first(s, hi, lo);
    if (at < 0) return false;
    const { words } = this.memory;
    const { level, perms } = this;
    const entryLo = words[at] as number;
    const entryHi = words[at + 1] as number;
    if (!this.passesFirst(level, entryHi, entryLo, perms, need)) return false;
    const offset = (1 << (12 + 9 * level)) - 1;
    const paLo = (entryLo & ~offset & PAGE_MASK) | (lo & offset);
    const paHi = entryHi & OA_HI_MASK;
    if (paHi === 0 && paLo >>> 20 === INTERRUPT_RANGE) return false;
    if (this.caching && this.from > level) this.keepFirst(s, level, hi, lo);
    this.answer(paHi, paLo, level, BOTH, perms, (entryLo & FS_D) === 0, s.freely);
    return true;
  }

  private secondOnly(s: Service, hi: number, lo: number, need: Access): boolean {
    const at = this.second(s, OF_SECOND, hi, lo);
    if (at < 0) return false;
    const { words } = this.memory;
    const { level, perms, out } = this;
    const entryLo = words[at] as number;
    const entryHi = words[at + 1] as number;
    if (!this.passesSecond(s, level, entryHi, entryLo, perms, need)) return false;
    const offset = (1 << (12 + 9 * level)) - 1;
    const paLo = (entryLo & ~offset) | (lo & offset);
    const paHi = entryHi & OA_HI_MASK;
    if (paHi === 0 && paLo >>> 20 === INTERRUPT_RANGE) return false;
    if (this.caching && this.from > level) this.keepSecond(s, level, hi, lo);
    out[PA_LO] = paLo;
    out[PA_HI] = paHi;
    out[LEAF_LEVEL] = level;
    out[LEAF_PERMS] = perms;
    out[KEPT_PERMS] = (entryLo & s.secondD) === s.secondD ? perms : perms & ~WRITE;
    return true;
  }

  /** The tables of a nested walk are cached as it goes: one that gives up takes that back. */
  private nestedOrNothing(s: Service, hi: number, lo: number, need: Access): boolean {
    const { walkCache } = this;
    walkCache.begin();
    const found = this.nested(s, hi, lo, need);
    if (found) walkCache.commit();
    else walkCache.undo();
    return found;
  }

  private nested(s: Service, hi: number, lo: number, need: Access): boolean {
    const { words } = this.memory;
    const firstAt = this.firstOfGuest(s, hi, lo);
    if (firstAt < 0) return false;
    const { level: firstLevel, perms: firstPerms, from } = this;
    const firstLo = words[firstAt] as number;
    const firstHi = words[firstAt + 1] as number;
    if (!this.passesFirst(firstLevel, firstHi, firstLo, firstPerms, need)) return false;
    const inFirst = (1 << (12 + 9 * firstLevel)) - 1;
    const gpaLo = (firstLo & ~inFirst & PAGE_MASK) | (lo & inFirst);
    const gpaHi = firstHi & OA_HI_MASK;
    if ((gpaHi & s.guestOver) !== 0) return false;
    const at = this.second(s, OF_SECOND, gpaHi, gpaLo);
    if (at < 0) return false;
    const { level, perms } = this;
    const entryLo = words[at] as number;
    const entryHi = words[at + 1] as number;
    if (!this.passesSecond(s, level, entryHi, entryLo, perms, need)) return false;
    const offset = (1 << (12 + 9 * level)) - 1;
    const paLo = (entryLo & ~offset) | (gpaLo & offset);
    const paHi = entryHi & OA_HI_MASK;
    if (paHi === 0 && paLo >>> 20 === INTERRUPT_RANGE) return false;
    if (this.caching && this.from > level) this.keepSecond(s, level, gpaHi, gpaLo);
    this.from = from;
    if (this.caching && from > firstLevel) this.keepFirst(s, firstLevel, hi, lo);
    const clean = (firstLo & FS_D) === 0 || (entryLo & s.secondD) !== s.secondD;
    this.answer(paHi, paLo, firstLevel < level ? firstLevel : level, perms, firstPerms, clean, s.freely);
    return true;
  }

  /** Of a first-stage page: `limit`: what the second stage allows; `clean`: writing must set a dirty bit first. */
  private answer(
    paHi: number,
    paLo: number,
    level: number,
    limit: number,
    perms: number,
    clean: boolean,
    freely: number,
  ): void {
    const { out } = this;
    const execute = (perms & FS_X) === 0 ? 0 : EXECUTE;
    const users = ((READ | (perms & FS_RW)) & limit) | execute;
    const supervisors = ((READ | (perms & FS_RW) | freely) & limit) | execute;
    const kept = users | (supervisors << PRIVILEGED_SHIFT);
    out[PA_LO] = paLo;
    out[PA_HI] = paHi;
    out[LEAF_LEVEL] = level;
    out[LEAF_PERMS] = users;
    out[KEPT_PERMS] = clean ? kept & ~(WRITE | (WRITE << PRIVILEGED_SHIFT)) : kept;
  }

  /** The same where the tables lie in guest-physical memory. */
  private firstOfGuest(s: Service, hi: number, lo: number): number {
    const { walkCache, near, firstPath, caching } = this;
    const { words } = this.memory;
    let level = s.firstLevels - 1;
    let tableHi = s.firstHi;
    let tableLo = s.firstLo;
    let perms = FS_ALL;
    let pfn = -1;
    this.lastTable = -1;
    if (caching) {
      const known = this.lowest(level, s, hi, lo, s.space);
      if (known >= 0) {
        level = this.from;
        pfn = walkCache.entries[known + WC_PFN] as number;
        perms = walkCache.entries[known + WC_PERMS] as number;
      }
    }
    const from = level;
    for (;;) {
      const index = indexAt(level, hi, lo);
      if (pfn < 0) {
        pfn = this.hostFrame(s, tableHi, tableLo | (index << 3));
        if (caching) {
          const place = level << 2;
          firstPath[place + PATH_PFN] = pfn;
          firstPath[place + PATH_PERMS] = perms;
          firstPath[place + PATH_HI] = tableHi;
          firstPath[place + PATH_LO] = tableLo;
        }
      }
      const slot = level > 0 ? OF_FIRST + (level << 1) : FIRST_BOTTOM + ((pfn & BOTTOM_MASK) << 1);
      const base = near[slot] === pfn ? (near[slot + 1] as number) : this.meet(pfn, slot);
      if (base < 0) return -1;
      const at = base + (index << 1);
      const entryLo = words[at] as number;
      const entryHi = words[at + 1] as number;
      perms &= (entryLo & (FS_RW | FS_US)) | ((~entryHi >>> 28) & FS_X);
      if (level === 0 || (entryLo & FS_PS) !== 0) {
        this.from = from;
        this.level = level;
        this.perms = perms;
        return at;
      }
      if ((entryHi & this.firstReservedHi) !== 0 || (entryLo & FIRST_NEEDS) !== FIRST_NEEDS) return -1;
      tableHi = entryHi & OA_HI_MASK;
      tableLo = entryLo & PAGE_MASK;
      if ((tableHi & s.guestOver) !== 0) return -1;
      pfn = -1;
      level--;
    }
  }

  /** The frame of a first-stage table; -1: given up. `lo`: that of the entry which is to be read. */
  private hostFrame(s: Service, hi: number, lo: number): number {
    // First-stage tables lie near each other: nothing has changed since the one before was looked up.
    const part = lo >>> 21;
    const same = this.lastTable >= 0 && part === this.lastLo && hi === this.lastHi;
    const at = same ? this.again(lo) : this.second(s, OF_TABLES, hi, lo);
    if (at < 0) return -1;
    const { words } = this.memory;
    const { level } = this;
    this.lastTable = level === 0 ? this.table : -1;
    this.lastHi = hi;
    this.lastLo = part;
    const entryLo = words[at] as number;
    const entryHi = words[at + 1] as number;
    // With accessed and dirty bits on, reading a first-stage table needs permission to write it too.
    const need = s.secondA === 0 ? READ : BOTH;
    if ((this.perms & need) !== need || (entryLo & s.secondA) !== s.secondA) return -1;
    if (((entryLo & (this.secondReservedLo[level] as number)) | (entryHi & this.secondReservedHi)) !== 0) {
      return -1;
    }
    if ((entryHi & FAR_HI) !== 0) return -1;
    if (this.caching && this.from > level) this.keepSecond(s, level, hi, lo);
    const offset = (1 << (12 + 9 * level)) - 1;
    return ((entryHi & 0x7ff) << 20) | (((entryLo & ~offset) | (lo & offset)) >>> 12);
  }

  /** second(), where it ends in the same table as last time. */
  private again(lo: number): number {
    const { near } = this;
    const pfn = this.lastTable;
    const slot = SECOND_BOTTOM + ((pfn & BOTTOM_MASK) << 1);
    const base = near[slot] === pfn ? (near[slot + 1] as number) : this.meet(pfn, slot);
    if (base < 0) return -1;
    const at = base + (((lo >>> 12) & 0x1ff) << 1);
    this.from = 0;
    this.level = 0;
    this.table = pfn;
    this.perms = this.above & (this.memory.words[at] as number);
    return at;
  }

  /** Whether an entry is one of a page, and lets a user pass without more ado. */
  private passesFirst(level: number, hi: number, lo: number, perms: number, need: Access): boolean {
    const wanted = FIRST_NEEDS | ((need & WRITE) !== 0 ? FS_D : 0);
    if ((lo & wanted) !== wanted || (perms & FS_US) === 0) return false;
    if ((need & WRITE & ~perms) !== 0) return false;
    return ((lo & (this.firstReservedLo[level] as number)) | (hi & this.firstReservedHi)) === 0;
  }

  private passesSecond(
    s: Service,
    level: number,
    hi: number,
    lo: number,
    perms: number,
    need: Access,
  ): boolean {
    const wanted = s.secondA | ((need & WRITE) !== 0 ? s.secondD : 0);
    if ((perms & need) !== need || (lo & wanted) !== wanted) return false;
    return ((lo & (this.secondReservedLo[level] as number)) | (hi & this.secondReservedHi)) === 0;
  }
}
