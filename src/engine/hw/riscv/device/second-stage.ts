import { hex } from '../../../../lib/u64';
import type { CacheEvent } from '../../../trace/event';
import { noteEntry } from '../../../trace/notes';
import type { Trace } from '../../../trace/trace';
import { cacheWording, FOR_NO_LEVEL, NO_STAGE } from '../../../trace/wording';
import { EXECUTE, READ, WRITE, type Access } from '../../port';
import { cap, EVENT_SECOND_STAGE_WALK } from '../regs';
import {
  PTE_A,
  PTE_D,
  PTE_N_HI,
  PTE_PBMT_HI,
  PTE_PBMT_SHIFT,
  PTE_PPN_HI,
  PTE_R,
  PTE_RESERVED_HI,
  PTE_RSW60T59B_HI,
  PTE_U,
  PTE_V,
  PTE_W,
  PTE_X,
  secondStageBits,
  TC_GADE,
  TC_SADE,
  TC_SXL,
} from '../structs';
import { bareSize } from './config';
import { READ_FAULT, READ_OK } from './memory';
import type { Service } from './service';
import type { UnitState } from './unit';
import { secondStageTag } from './walk-cache';

/** How a stage's walk came out. */
export const STAGE_OK = 0;
export const STAGE_PAGE_FAULT = 1;
export const STAGE_ACCESS_FAULT = 2;
export const STAGE_CORRUPT = 3;
/** Of the first stage: the second stage refused the address of one of its tables. */
export const STAGE_GUEST_FAULT = 4;
export type StageOutcome = 0 | 1 | 2 | 3 | 4;

/** A page-table entry's permissions cover an access. */
export const permits = (entryLo: number, need: Access): boolean =>
  ((need & READ) === 0 || (entryLo & PTE_R) !== 0) &&
  ((need & WRITE) === 0 || (entryLo & PTE_W) !== 0) &&
  ((need & EXECUTE) === 0 || (entryLo & PTE_X) !== 0);

/** What a Bare stage grants: everything, as if a leaf entry said so. */
export const BARE_ENTRY = PTE_V | PTE_R | PTE_W | PTE_X | PTE_U | PTE_A | PTE_D;

/** The PPN field of an entry. */
export const ppnOf = (hi: number, lo: number): number => (hi & PTE_PPN_HI) * 0x40_0000 + (lo >>> 10);

/** High bits that no valid entry of this unit has. */
export function reservedHi(capabilities: bigint): number {
  const rsw = cap.svrsw60t59b(capabilities) ? 0 : PTE_RSW60T59B_HI;
  return PTE_RESERVED_HI | rsw | (cap.svpbmt(capabilities) ? 0 : PTE_PBMT_HI);
}

/** V, the reserved encoding W without R, reserved bits and PBMT 3. Privileged ISA: virtual address translation, step 3. */
export const malformed = (hi: number, lo: number, reserved: number): boolean =>
  (lo & PTE_V) === 0 ||
  (lo & (PTE_R | PTE_W)) === PTE_W ||
  (hi & reserved) !== 0 ||
  (hi & PTE_PBMT_HI) === PTE_PBMT_HI;

/**
 * The second stage: guest physical to physical addresses.
 *
 * Spec: Privileged ISA, section "Guest Physical Address Translation"; this document, "Process to translate an IOVA" step 19
 * and "IOMMU updating of PTE accessed (A) and dirty (D) updates"
 *
 * Every access counts as one of a user. Addresses are frame numbers of up to 52 bits and offsets.
 */
export class SecondStage {
  /** What the last successful walk found: the frame, and the leaf entry as it was read. */
  pfn = 0;
  leafLo = 0;
  pbmt = 0;
  sizeLg2 = 12;
  level = 0;
  private readonly reserved: number;
  /** For the trace: what the walk is for. */
  forLevel = -1;

  constructor(
    private readonly unit: UnitState,
    private readonly trace: Trace,
  ) {
    this.reserved = reservedHi(unit.config.capabilities);
  }

  /** `implicit`: the address is one of a first-stage entry. `check`: the entry has to permit `need`. */
  walk(s: Service, gpfn: number, need: Access, implicit: boolean, check: boolean): StageOutcome {
    if (s.secondLevels === 0) return this.bare(gpfn);
    const { unit } = this;
    const narrow = s.secondLevels === 2;
    const entryBytes = narrow ? 4 : 8;
    const indexBits = narrow ? 10 : 9;
    const width = (s.tc & TC_SXL) !== 0 ? 34 : secondStageBits(s.secondLevels);
    if (gpfn >= 2 ** (width - 12)) return STAGE_PAGE_FAULT;
    const cached = !narrow && check && unit.walkCache.sets > 0;
    if (cached && this.byCachedTable(s, gpfn, need, implicit)) return STAGE_OK;
    let table = s.secondRoot;
    for (let level = s.secondLevels - 1; level >= 0; level--) {
      const above = Math.floor(gpfn / 2 ** (indexBits * level));
      // The topmost index has two more bits: four tables lie side by side.
      const index = level === s.secondLevels - 1 ? above : above % 2 ** indexBits;
      const pfn = table + Math.floor((index * entryBytes) / 4096);
      const offset = (index * entryBytes) % 4096;
      unit.counters.count(EVENT_SECOND_STAGE_WALK, s);
      const status = narrow
        ? unit.memory.read32(pfn, offset, s.secondBigEndian)
        : unit.memory.read(pfn, offset, 1, s.secondBigEndian);
      if (status !== READ_OK) return status === READ_FAULT ? STAGE_ACCESS_FAULT : STAGE_CORRUPT;
      const lo = unit.memory.word(0);
      const hi = narrow ? 0 : unit.memory.word(1);
      if (this.trace.on) this.emit(s, level, index, pfn * 4096 + offset, hi, lo);
      if (malformed(hi, lo, this.reserved) || (level > 0 && (hi & PTE_N_HI) !== 0)) return STAGE_PAGE_FAULT;
      if ((lo & (PTE_R | PTE_X)) !== 0) {
        const bits = indexBits * level;
        const outcome = this.leaf(s, gpfn, bits, level, hi, lo, pfn, offset, need, implicit, check);
        if (cached && level === 0 && outcome === STAGE_OK) this.remember(s, gpfn, pfn);
        return outcome;
      }
      if ((hi & PTE_PBMT_HI) !== 0 || (lo & (PTE_D | PTE_A | PTE_U)) !== 0) return STAGE_PAGE_FAULT;
      table = ppnOf(hi, lo);
    }
    return STAGE_PAGE_FAULT;
  }

  /** The last table is known: its entry decides, unless it does not let the access pass as it is. */
  private byCachedTable(s: Service, gpfn: number, need: Access, implicit: boolean): boolean {
    const { unit } = this;
    const { walkCache } = unit;
    const at = walkCache.lookUp(0, secondStageTag(s.gscid), gpfn);
    if (this.trace.on) this.emitCache(at >= 0 ? 'hit' : 'miss', s, gpfn);
    if (at < 0) return false;
    const pfn = walkCache.pfn(at);
    const index = gpfn % 512;
    unit.counters.count(EVENT_SECOND_STAGE_WALK, s);
    if (unit.memory.read(pfn, index * 8, 1, s.secondBigEndian) === READ_OK) {
      const lo = unit.memory.word(0);
      const hi = unit.memory.word(1);
      if (this.trace.on) this.emit(s, 0, index, pfn * 4096 + index * 8, hi, lo);
      const passes =
        !malformed(hi, lo, this.reserved) && permits(lo, need) && !this.mustMark(s, lo, need, implicit);
      const isPage = (lo & (PTE_R | PTE_X)) !== 0;
      if (passes && isPage && this.leaf(s, gpfn, 0, 0, hi, lo, pfn, 0, need, implicit, true) === STAGE_OK)
        return true;
    }
    walkCache.drop(at);
    return false;
  }

  /** The frame of the table that holds the leaf entry of an address; -1: there is none. */
  tableOf(s: Service, gpfn: number): number {
    const { memory } = this.unit;
    let table = s.secondRoot;
    for (let level = s.secondLevels - 1; level >= 0; level--) {
      const above = Math.floor(gpfn / 512 ** level);
      const index = level === s.secondLevels - 1 ? above : above % 512;
      const pfn = table + Math.floor(index / 512);
      if (level === 0) return pfn;
      if (memory.read(pfn, (index % 512) * 8, 1, s.secondBigEndian) !== READ_OK) return -1;
      const lo = memory.word(0);
      const hi = memory.word(1);
      if (malformed(hi, lo, this.reserved) || (lo & (PTE_R | PTE_X)) !== 0) return -1;
      table = ppnOf(hi, lo);
    }
    return -1;
  }

  private remember(s: Service, gpfn: number, table: number): void {
    const hi = Math.floor(gpfn / 0x10_0000) | 0;
    this.unit.walkCache.fill(0, secondStageTag(s.gscid), hi, (gpfn % 0x10_0000) << 12, table, false);
    if (this.trace.on) this.emitCache('fill', s, gpfn);
  }

  private leaf(
    s: Service,
    gpfn: number,
    pageBits: number,
    level: number,
    hi: number,
    lo: number,
    pfn: number,
    offset: number,
    need: Access,
    implicit: boolean,
    check: boolean,
  ): StageOutcome {
    if (check && !permits(lo, need)) return STAGE_PAGE_FAULT;
    if ((lo & PTE_U) === 0) return STAGE_PAGE_FAULT;
    const ppn = ppnOf(hi, lo);
    const pages = 2 ** pageBits;
    if (ppn % pages !== 0) return STAGE_PAGE_FAULT;
    const napot = (hi & PTE_N_HI) !== 0;
    if (napot && (lo & (0xf << 10)) !== 8 << 10) return STAGE_PAGE_FAULT;
    if (this.mustMark(s, lo, need, implicit)) {
      if ((s.tc & TC_GADE) === 0) return STAGE_PAGE_FAULT;
      if (!this.mark(s, hi, lo, pfn, offset, need, implicit)) return STAGE_ACCESS_FAULT;
    }
    const base = napot ? ppn - 8 + (gpfn % 16) : ppn + (gpfn % pages);
    this.pfn = base;
    this.leafLo = lo;
    this.pbmt = (hi & PTE_PBMT_HI) >>> PTE_PBMT_SHIFT;
    this.sizeLg2 = 12 + pageBits;
    this.level = level;
    return STAGE_OK;
  }

  /**
   * A is clear; or D is, and the entry can be written and is: by this access, or, where the first stage marks its entries,
   * perhaps when it does. The document leaves open whether D is set that early.
   */
  private mustMark(s: Service, lo: number, need: Access, implicit: boolean): boolean {
    if ((lo & PTE_A) === 0) return true;
    if ((lo & PTE_D) !== 0 || (lo & PTE_W) === 0) return false;
    return (need & WRITE) !== 0 || (implicit && (s.tc & TC_SADE) !== 0);
  }

  private mark(
    s: Service,
    hi: number,
    lo: number,
    pfn: number,
    offset: number,
    need: Access,
    implicit: boolean,
  ): boolean {
    this.unit.counters.count(EVENT_SECOND_STAGE_WALK, s);
    const dirty = ((need & WRITE) !== 0 || implicit) && (lo & PTE_W) !== 0;
    const marked = lo | PTE_A | (dirty ? PTE_D : 0);
    const narrow = s.secondLevels === 2;
    return writeEntry(this.unit, narrow, pfn, offset, hi, marked, s.secondBigEndian);
  }

  private bare(gpfn: number): StageOutcome {
    this.pfn = gpfn % 2 ** 44;
    this.leafLo = BARE_ENTRY;
    this.pbmt = 0;
    this.sizeLg2 = bareSize(this.unit.config, 2, this.unit.narrowGuest);
    this.level = -1;
    return STAGE_OK;
  }

  private emitCache(op: CacheEvent['op'], s: Service, gpfn: number): void {
    this.trace.note(ofTables, this.unit.config.unit, op, s.gscid, gpfn);
  }

  private emit(s: Service, level: number, index: number, pa: number, hi: number, lo: number): void {
    const { unit } = this.unit.config;
    const stage = s.firstLevels > 0 || this.forLevel >= 0 ? 2 : NO_STAGE;
    const forLevel = this.forLevel >= 0 ? this.forLevel : FOR_NO_LEVEL;
    noteEntry(this.trace, unit, 'table', level, index, pa, hi, lo, stage, forLevel);
  }
}

const ofTables = cacheWording(
  'paging-structure',
  (gscid, gpfn) => `GSCID ${gscid} gpa ${hex(BigInt(gpfn - (gpfn % 512)) << 12n)}`,
);

const pair = new Int32Array(2);

/** Writes an entry back with its A and D bits: one atomic access. */
export function writeEntry(
  unit: UnitState,
  narrow: boolean,
  pfn: number,
  offset: number,
  hi: number,
  lo: number,
  bigEndian: boolean,
): boolean {
  if (narrow) return unit.memory.write32(pfn, offset, lo, bigEndian);
  pair[0] = lo;
  pair[1] = hi;
  return unit.memory.write(pfn, offset, pair, bigEndian);
}
