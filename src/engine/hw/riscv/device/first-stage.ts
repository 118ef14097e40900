import { hex } from '../../../../lib/u64';
import type { CacheEvent } from '../../../trace/event';
import { noteEntry } from '../../../trace/notes';
import type { Trace } from '../../../trace/trace';
import { cacheWording, NO_STAGE } from '../../../trace/wording';
import { EXECUTE, READ, WRITE, type Access } from '../../port';
import { EVENT_FIRST_STAGE_WALK } from '../regs';
import {
  firstStageBits,
  PTE_A,
  PTE_D,
  PTE_G,
  PTE_N_HI,
  PTE_PBMT_HI,
  PTE_PBMT_SHIFT,
  PTE_R,
  PTE_U,
  PTE_W,
  PTE_X,
  TC_SADE,
  TC_SXL,
} from '../structs';
import { bareSize } from './config';
import { READ_FAULT, READ_OK } from './memory';
import {
  BARE_ENTRY,
  malformed,
  permits,
  ppnOf,
  reservedHi,
  STAGE_ACCESS_FAULT,
  STAGE_CORRUPT,
  STAGE_GUEST_FAULT,
  STAGE_OK,
  STAGE_PAGE_FAULT,
  writeEntry,
  type SecondStage,
  type StageOutcome,
} from './second-stage';
import type { Service } from './service';
import type { UnitState } from './unit';

/** An entry of a first-stage table: where it lies, what it says, and what the second stage says about its place. */
interface Entry {
  pfn: number;
  offset: number;
  hi: number;
  lo: number;
  /** Of the second stage's leaf entry: whether the table can be written. */
  writable: boolean;
}

/**
 * The first stage: IOVAs to guest physical addresses, or to physical ones where the second stage is Bare.
 *
 * Spec: Privileged ISA, section "Virtual Address Translation Process"; this document, "Process to translate an IOVA" step 17
 */
export class FirstStage {
  /** What the last successful walk found: the frame, the leaf entry as it was read, G of any entry on the way. */
  gpfn = 0;
  leafLo = 0;
  pbmt = 0;
  global = false;
  sizeLg2 = 12;
  level = 0;
  /** The frame of the last table, and G of the entries that led there; -1 where the walk cache has no use for it. */
  lastTable = -1;
  tablesGlobal = false;
  /** After STAGE_GUEST_FAULT: the frame of the table, and bits 1:0 of iotval2. */
  faultFrame = 0;
  faultBits = 0;
  private readonly reserved: number;
  private readonly entry: Entry = { pfn: 0, offset: 0, hi: 0, lo: 0, writable: false };

  constructor(
    private readonly unit: UnitState,
    private readonly second: SecondStage,
    private readonly trace: Trace,
  ) {
    this.reserved = reservedHi(unit.config.capabilities);
  }

  /** `check`: the entry has to permit `need`. `supervisor`: the request is privileged. */
  walk(s: Service, vpn: number, need: Access, supervisor: boolean, check: boolean): StageOutcome {
    this.lastTable = -1;
    if (s.firstLevels === 0) return this.bare(s, vpn);
    const narrow = s.firstLevels === 2;
    const indexBits = narrow ? 10 : 9;
    if (!this.inRange(s, vpn)) return STAGE_PAGE_FAULT;
    const cached = !narrow && check && this.unit.walkCache.sets > 0;
    if (cached && this.byCachedTable(s, vpn, need, supervisor)) return STAGE_OK;
    let table = s.firstRoot;
    let global = false;
    for (let level = s.firstLevels - 1; level >= 0; level--) {
      const index = Math.floor(vpn / 2 ** (indexBits * level)) % 2 ** indexBits;
      const outcome = this.fetch(s, table, index, level, narrow);
      if (outcome !== STAGE_OK) return outcome;
      const { hi, lo } = this.entry;
      if (malformed(hi, lo, this.reserved) || (level > 0 && (hi & PTE_N_HI) !== 0)) return STAGE_PAGE_FAULT;
      if ((lo & (PTE_R | PTE_X)) !== 0) {
        this.global = global || (lo & PTE_G) !== 0;
        this.level = level;
        this.tablesGlobal = global;
        if (level === 0 && cached) this.lastTable = this.entry.pfn;
        return this.leaf(s, vpn, indexBits * level, table, need, supervisor, check);
      }
      if ((hi & PTE_PBMT_HI) !== 0 || (lo & (PTE_D | PTE_A | PTE_U)) !== 0) return STAGE_PAGE_FAULT;
      if ((lo & PTE_G) !== 0) global = true;
      table = ppnOf(hi, lo);
    }
    return STAGE_PAGE_FAULT;
  }

  /** The last table is known: its entry decides, unless it does not let the access pass as it is. */
  private byCachedTable(s: Service, vpn: number, need: Access, supervisor: boolean): boolean {
    const { unit, entry } = this;
    const { walkCache } = unit;
    const at = walkCache.lookUp(s.spaceA, s.spaceB, vpn);
    if (this.trace.on) this.emitCache(at >= 0 ? 'hit' : 'miss', s, vpn);
    if (at < 0) return false;
    entry.pfn = walkCache.pfn(at);
    entry.offset = (vpn % 512) * 8;
    unit.counters.count(EVENT_FIRST_STAGE_WALK, s);
    if (unit.memory.read(entry.pfn, entry.offset, 1, s.firstBigEndian) === READ_OK) {
      entry.lo = unit.memory.word(0);
      entry.hi = unit.memory.word(1);
      const { hi, lo } = entry;
      if (this.trace.on) this.emit(s, 0, vpn % 512);
      const passes =
        !malformed(hi, lo, this.reserved) && isLeaf(lo) && permits(lo, need) && !mustMark(lo, need);
      if (passes && this.leaf(s, vpn, 0, 0, need, supervisor, true) === STAGE_OK) {
        this.global = walkCache.global(at) || (lo & PTE_G) !== 0;
        this.level = 0;
        return true;
      }
    }
    walkCache.drop(at);
    return false;
  }

  /** The frame of the table that holds the leaf entry of an address; -1: there is none. */
  tableOf(s: Service, vpn: number): number {
    let table = s.firstRoot;
    for (let level = s.firstLevels - 1; level >= 0; level--) {
      const index = Math.floor(vpn / 512 ** level) % 512;
      if (this.fetch(s, table, index, level, false) !== STAGE_OK) return -1;
      if (level === 0) return this.entry.pfn;
      const { hi, lo } = this.entry;
      if (malformed(hi, lo, this.reserved) || isLeaf(lo)) return -1;
      table = ppnOf(hi, lo);
    }
    return -1;
  }

  /** After the whole translation went well. */
  remember(s: Service, vpn: number): void {
    if (this.lastTable < 0) return;
    const hi = Math.floor(vpn / 0x10_0000) | 0;
    this.unit.walkCache.fill(
      s.spaceA,
      s.spaceB,
      hi,
      (vpn % 0x10_0000) << 12,
      this.lastTable,
      this.tablesGlobal,
    );
    if (this.trace.on) this.emitCache('fill', s, vpn);
  }

  /** Bits above the address are copies of its highest, or zero where SXL = 1. */
  private inRange(s: Service, vpn: number): boolean {
    if ((s.tc & TC_SXL) !== 0) return vpn < 2 ** 20;
    const half = 2 ** (firstStageBits(s.firstLevels) - 13);
    return vpn < half || vpn >= 2 ** 52 - half;
  }

  /** Reads an entry into `entry`: its address goes through the second stage first. */
  private fetch(s: Service, table: number, index: number, level: number, narrow: boolean): StageOutcome {
    const { unit, second, entry } = this;
    const offset = narrow ? index * 4 : index * 8;
    second.forLevel = s.secondLevels > 0 ? level : -1;
    const outcome = second.walk(s, table, READ, true, true);
    second.forLevel = -1;
    if (outcome === STAGE_PAGE_FAULT) return this.guestFault(table, 1);
    if (outcome !== STAGE_OK) return outcome;
    if (second.pfn < unit.memory.frameLimit) unit.counters.count(EVENT_FIRST_STAGE_WALK, s);
    const status = narrow
      ? unit.memory.read32(second.pfn, offset, s.firstBigEndian)
      : unit.memory.read(second.pfn, offset, 1, s.firstBigEndian);
    if (status !== READ_OK) return status === READ_FAULT ? STAGE_ACCESS_FAULT : STAGE_CORRUPT;
    entry.pfn = second.pfn;
    entry.offset = offset;
    entry.lo = unit.memory.word(0);
    entry.hi = narrow ? 0 : unit.memory.word(1);
    entry.writable = (second.leafLo & PTE_W) !== 0;
    if (this.trace.on) this.emit(s, level, index);
    return STAGE_OK;
  }

  private leaf(
    s: Service,
    vpn: number,
    pageBits: number,
    table: number,
    need: Access,
    supervisor: boolean,
    check: boolean,
  ): StageOutcome {
    const { hi, lo } = this.entry;
    if (check && !permits(lo, need)) return STAGE_PAGE_FAULT;
    if (!admits(lo, need, supervisor, s.sum)) return STAGE_PAGE_FAULT;
    const ppn = ppnOf(hi, lo);
    const pages = 2 ** pageBits;
    if (ppn % pages !== 0) return STAGE_PAGE_FAULT;
    const napot = (hi & PTE_N_HI) !== 0;
    if (napot && (lo & (0xf << 10)) !== 8 << 10) return STAGE_PAGE_FAULT;
    if (mustMark(lo, need)) {
      if ((s.tc & TC_SADE) === 0) return STAGE_PAGE_FAULT;
      // Setting A or D is a write, which the second stage has to permit.
      if (!this.entry.writable) return this.guestFault(table, 3);
      if (!this.mark(s, need)) return STAGE_ACCESS_FAULT;
    }
    this.gpfn = napot ? ppn - 8 + (vpn % 16) : ppn + (vpn % pages);
    this.leafLo = lo;
    this.pbmt = (hi & PTE_PBMT_HI) >>> PTE_PBMT_SHIFT;
    this.sizeLg2 = 12 + pageBits;
    return STAGE_OK;
  }

  private mark(s: Service, need: Access): boolean {
    const { unit, entry } = this;
    unit.counters.count(EVENT_FIRST_STAGE_WALK, s);
    const dirty = (need & WRITE) !== 0 && (entry.lo & PTE_W) !== 0;
    const lo = entry.lo | PTE_A | (dirty ? PTE_D : 0);
    return writeEntry(unit, s.firstLevels === 2, entry.pfn, entry.offset, entry.hi, lo, s.firstBigEndian);
  }

  private guestFault(table: number, bits: number): StageOutcome {
    this.faultFrame = table;
    this.faultBits = bits;
    return STAGE_GUEST_FAULT;
  }

  private bare(s: Service, vpn: number): StageOutcome {
    this.gpfn = vpn;
    this.leafLo = BARE_ENTRY | PTE_G;
    this.pbmt = 0;
    this.global = true;
    this.sizeLg2 = bareSize(this.unit.config, 1, (s.tc & TC_SXL) !== 0);
    this.level = -1;
    return STAGE_OK;
  }

  private emitCache(op: CacheEvent['op'], s: Service, vpn: number): void {
    const { unit } = this.unit.config;
    this.trace.note(ofTables, unit, op, s.gscid, s.pscid, vpn);
  }

  private emit(s: Service, level: number, index: number): void {
    const { entry, unit } = this;
    const pa = entry.pfn * 4096 + entry.offset;
    const stage = s.secondLevels > 0 ? 1 : NO_STAGE;
    noteEntry(this.trace, unit.config.unit, 'table', level, index, pa, entry.hi, entry.lo, stage);
  }
}

const ofTables = cacheWording('paging-structure', (gscid, pscid, vpn) => {
  const guest = gscid < 0 ? '' : `GSCID ${gscid} `;
  return `${guest}PSCID ${pscid} iova ${hex(BigInt(vpn - (vpn % 512)) << 12n)}`;
});

/** U, SUM, and no execution of user pages by supervisors. */
export const admits = (lo: number, need: Access, supervisor: boolean, sum: boolean): boolean => {
  const user = (lo & PTE_U) !== 0;
  if (!supervisor) return user;
  return !user || ((need & EXECUTE) === 0 && sum);
};

/** A is clear, or D is and the entry is written through. */
export const mustMark = (lo: number, need: Access): boolean =>
  (lo & PTE_A) === 0 || ((lo & PTE_D) === 0 && (need & WRITE) !== 0 && (lo & PTE_W) !== 0);

/** Whether an entry leads to a page. */
export const isLeaf = (lo: number): boolean => (lo & (PTE_R | PTE_X)) !== 0;
