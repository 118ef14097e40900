import { findFrame } from '../../../memory/frame-store';
import { noteEntry } from '../../../trace/notes';
import type { Trace } from '../../../trace/trace';
import { NO_STAGE } from '../../../trace/wording';
import {
  EXECUTE,
  LEAF_LEVEL,
  LEAF_PERMS,
  PA_HI,
  PA_LO,
  READ,
  RESULT_WORDS,
  WRITE,
  type MemoryPort,
} from '../../port';
import { CONTROL, GA_UPDATE_DIS_HI, GD_UPDATE_DIS_HI } from '../regs';
import { V2_A, V2_D, V2_G, V2_NX, V2_P, V2_PS, V2_RW, V2_US } from '../structs';
import type { AmdConfig } from './config';
import {
  CTX_HOST_HAD,
  CTX_HOST_ID,
  CTX_HOST_LEVELS,
  CTX_HIGH,
  CTX_HOST_ROOT,
  CTX_ID,
  CTX_LEVELS,
  CTX_ROOT_HI,
  CTX_ROOT_LO,
  HOST_DENIES,
} from './gcr3';
import {
  BEYOND_WIDTH,
  FOR_RESULT,
  HARDWARE,
  indexAt,
  LEAF_HI,
  LEAF_SIZE,
  NOT_PRESENT,
  PDE_PERMS,
  PDE_PFN,
  pdeTag,
  RESERVED_BIT,
  type HostWalk,
} from './host-walk';
import { READY_USER } from './iotlb';
import { accessProblem, framePfn } from './memory';
import type { TagCache } from './tag-cache';

const OA_HI_MASK = 0xf_ffff;
const MAX_LEVELS = 5;
/** Where the bottom tables begin in `near`, and how many there are, minus one. */
const UPPER = 2 * (MAX_LEVELS + 1);
const NEAR_MASK = 0xff;
/** Words of a step in `path`: level, frame, index in memory (-1: a frame that was never written). */
const STEP = 3;
/** Of `out`, past the host's slots: whether the page is of all processes, and what the host permits of it. */
export const LEAF_GLOBAL = RESULT_WORDS + 2;

/**
 * The walk of guest tables ("v2"): those of processors, each of whose addresses may be one of the host's.
 *
 * Spec: section 2.2.6.4 "Guest Page Tables", 2.2.7 "Nested Page Tables"; AMD64 Architecture Programmer's Manual, volume 2,
 * chapter 5
 *
 * LEAF_PERMS of the result: READ, WRITE, EXECUTE, and READY_USER where user mode may use the page. What the host's tables
 * permit has its part in them.
 */
export class GuestWalk {
  readonly out = new Int32Array(RESULT_WORDS + 3);
  failedPa = 0;
  problem = 0;
  private readonly path = new Int32Array(MAX_LEVELS * STEP);
  private steps = 0;
  /** Bits that all entries read have. */
  private common = 0;
  /** As the host's walk has it: where memory keeps the words of frames met lately. */
  private readonly near = new Int32Array(UPPER + 2 * (NEAR_MASK + 1)).fill(-2);
  /** Host pages that hold the tables read: whether hardware may write their accessed bits. */
  private hostPerms = 3;
  private readonly caching: boolean;
  /** NX, where the unit knows it. */
  private readonly noExecute: number;
  /** Bits 51:32 beyond the physical addresses of the unit. */
  private readonly reservedHigh: number;

  constructor(
    private readonly memory: MemoryPort,
    private readonly regs: Int32Array,
    private readonly config: AmdConfig,
    readonly host: HostWalk,
    private readonly pdes: TagCache,
    private readonly trace: Trace,
  ) {
    this.caching = pdes.shape.sets > 0;
    this.noExecute = config.noExecute ? V2_NX : 0;
    this.reservedHigh = OA_HI_MASK & ~((1 << (config.hostBits - 32)) - 1);
  }

  /** 0 and the leaf in `out`, or why there is none. `ctx`: a process's context, from index `c` on. */
  search(ctx: Int32Array, c: number, hi: number, lo: number): number {
    const { memory, path, pdes, near, caching, noExecute, reservedHigh } = this;
    const { words, frames, frameMask, hazards } = memory;
    const levels = ctx[c + CTX_LEVELS] as number;
    const nested = (ctx[c + CTX_HOST_LEVELS] as number) > 0;
    const tracing = this.trace.on;
    this.steps = 0;
    this.hostPerms = 3;
    // Addresses are canonical: all bits above the highest that is translated are copies of it.
    const top = levels === 5 ? hi >> 24 : hi >> 15;
    if (top !== 0 && top !== -1) return this.end(BEYOND_WIDTH, levels, 0, 0);
    let tableHi = ctx[c + CTX_ROOT_HI] as number;
    let tableLo = ctx[c + CTX_ROOT_LO] as number;
    let pfn = framePfn(tableHi, tableLo);
    let perms = READ | WRITE | EXECUTE | READY_USER;
    let common = -1;
    let level = levels;
    let step = 0;
    let placed = !nested;
    let kept = !caching;
    if (caching) {
      const at = pdes.find(
        guestPdeFirst(hi, ctx[c + CTX_HIGH] as number),
        ctx[c + CTX_ID] as number,
        pdeTag(hi, lo),
      );
      if (at >= 0) {
        level = 1;
        pfn = pdes.entries[at + PDE_PFN] as number;
        const known = pdes.entries[at + PDE_PERMS] as number;
        perms = known & 0xf;
        this.hostPerms = (known >> HOST_PERMS_SHIFT) & 3;
        placed = true;
        kept = true;
      }
    }
    for (;;) {
      if (!placed) {
        const outcome = this.throughHost(ctx, c, tableHi, tableLo, level - 1);
        if (outcome !== 0) return this.end(outcome, level, step, common);
        pfn = framePfn(this.host.out[PA_HI] as number, this.host.out[PA_LO] as number);
      }
      if (level === 1 && !kept && pfn >= 0) this.keep(ctx, c, hi, lo, pfn, perms);
      const slot = level > 1 ? level << 1 : UPPER + ((pfn & NEAR_MASK) << 1);
      let base = near[slot + 1] as number;
      if (near[slot] !== pfn) {
        base = pfn < 0 ? -1 : findFrame(frames, frameMask, pfn);
        if (base < 0) {
          if (this.refuses(pfn, level, hi, lo)) return this.end(HARDWARE, level, step, common);
          // A table that was never written: all of it is absent.
          base = 0;
        } else {
          near[slot] = pfn;
          near[slot + 1] = base;
        }
      }
      if (hazards !== null && this.refuses(pfn, level, hi, lo))
        return this.end(HARDWARE, level, step, common);
      const at = base + indexAt(level, hi, lo) * 2;
      const entryLo = words[at] as number;
      const entryHi = words[at + 1] as number;
      path[step] = level;
      path[step + 1] = pfn;
      path[step + 2] = at;
      step += STEP;
      common &= entryLo;
      if (tracing) this.emit(level, indexAt(level, hi, lo), pfn, entryHi, entryLo, nested);
      if ((entryLo & V2_P) === 0) return this.end(NOT_PRESENT, level, step, common);
      perms &=
        READ | (entryLo & V2_RW) | ((entryLo & V2_US) << 1) | ((entryHi & noExecute) !== 0 ? 0 : EXECUTE);
      if (level === 1 || (level <= 3 && (entryLo & V2_PS) !== 0)) {
        this.end(0, level, step, common);
        return this.leaf(ctx, c, level, entryHi, entryLo, lo, perms);
      }
      // Only levels 2 and 3 have pages: elsewhere the bit is reserved.
      if (((entryLo & V2_PS) | (entryHi & reservedHigh)) !== 0)
        return this.end(RESERVED_BIT, level, step, common);
      tableHi = entryHi & OA_HI_MASK;
      tableLo = entryLo & ~0xfff;
      pfn = (entryHi & 0xf_f800) === 0 ? ((entryHi & 0x7ff) << 20) | (entryLo >>> 12) : -1;
      placed = !nested;
      level--;
    }
  }

  /**
   * Sets the accessed bits of the walk that just ended, and the dirty bit of its leaf for a write. False when the host, or
   * memory, does not let it. Spec: section 2.2.6.4; control register, fields GAUpdateDis and GDUpdateDis
   */
  mark(dirty: boolean): number {
    const { path, memory, steps } = this;
    const high = this.regs[(CONTROL + 4) >> 2] as number;
    const accessed = (high & GA_UPDATE_DIS_HI) === 0 ? V2_A : 0;
    const written = dirty && (high & GD_UPDATE_DIS_HI) === 0 ? V2_D : 0;
    if ((this.common & accessed) === accessed && (written === 0 || this.isDirty)) return 0;
    for (let step = 0; step < steps; step += STEP) {
      const at = path[step + 2] as number;
      const bits = accessed | (step === steps - STEP ? written : 0);
      const word = memory.words[at] as number;
      if ((word & bits) === bits) continue;
      if ((this.hostPerms & WRITE) === 0) return HOST_DENIES;
      if (memory.hazards !== null) {
        const pfn = path[step + 1] as number;
        const offset = (at * 4) % 4096;
        this.problem = accessProblem(memory, pfn, offset, 8, true);
        this.failedPa = pfn * 4096 + offset;
        if (this.problem !== 0) return HARDWARE;
      }
      memory.frameToWrite(path[step + 1] as number);
      memory.words[at] = word | bits;
    }
    return 0;
  }

  /** As the host's walk: the lowest-level table that the last walk came to, and what the way there permits. */
  bottom(): { readonly pfn: number; readonly perms: number } | null {
    let perms = READ | WRITE | EXECUTE | READY_USER;
    for (let step = 0; step < this.steps; step += STEP) {
      if (this.path[step] === 1) return { pfn: this.path[step + 1] as number, perms };
      const at = this.path[step + 2] as number;
      const [lo, hi] = [this.memory.words[at] as number, this.memory.words[at + 1] as number];
      perms &= READ | (lo & V2_RW) | ((lo & V2_US) << 1) | ((hi & this.noExecute) !== 0 ? 0 : EXECUTE);
    }
    return null;
  }

  /** Whether the leaf that was found has its dirty bit, or never gets one. */
  get isDirty(): boolean {
    if (((this.regs[(CONTROL + 4) >> 2] as number) & GD_UPDATE_DIS_HI) !== 0) return true;
    return ((this.memory.words[this.path[this.steps - 1] as number] as number) & V2_D) !== 0;
  }

  /** What an entry is: 0 absent, 1 a table, 2 a leaf, 3 malformed. Levels from 1. */
  classify(level: number, hi: number, lo: number): 0 | 1 | 2 | 3 {
    if ((lo & V2_P) === 0) return 0;
    if (level === 1 || (level <= 3 && (lo & V2_PS) !== 0)) return this.malformedLeaf(level, hi, lo) ? 3 : 2;
    return (lo & V2_PS) !== 0 || (hi & this.reservedHigh) !== 0 ? 3 : 1;
  }

  private leaf(
    ctx: Int32Array,
    c: number,
    level: number,
    entryHi: number,
    entryLo: number,
    lo: number,
    perms: number,
  ): number {
    const { out, host } = this;
    if (this.malformedLeaf(level, entryHi, entryLo)) return RESERVED_BIT;
    let size = 12 + 9 * (level - 1);
    const offset = (1 << size) - 1;
    let paLo = (entryLo & ~0xfff & ~offset) | (lo & offset);
    let paHi = entryHi & OA_HI_MASK;
    let allowed = perms;
    out[LEAF_HI] = 0;
    if ((ctx[c + CTX_HOST_LEVELS] as number) > 0) {
      const outcome = this.throughHost(ctx, c, paHi, paLo, FOR_RESULT);
      if (outcome !== 0) return outcome;
      paLo = host.out[PA_LO] as number;
      paHi = host.out[PA_HI] as number;
      out[LEAF_HI] = host.out[LEAF_HI] as number;
      size = Math.min(size, host.out[LEAF_SIZE] as number);
      // What may be read may be executed.
      const granted = host.out[LEAF_PERMS] as number;
      allowed &= granted | READY_USER | ((granted & READ) !== 0 ? EXECUTE : 0);
    }
    out[PA_LO] = paLo;
    out[PA_HI] = paHi;
    out[LEAF_PERMS] = allowed;
    out[LEAF_SIZE] = size;
    out[LEAF_GLOBAL] = entryLo & V2_G;
    return 0;
  }

  /** Bits of a page's address below its size; the PAT bit is the lowest of them. */
  private malformedLeaf(level: number, hi: number, lo: number): boolean {
    const below = level === 1 ? 0 : ((1 << (12 + 9 * (level - 1))) - 1) & ~0x1fff;
    return (lo & below) !== 0 || (hi & this.reservedHigh) !== 0;
  }

  /** Whether memory does not answer for an entry: what it was, and where, is told beside. */
  private refuses(pfn: number, level: number, hi: number, lo: number): boolean {
    const offset = indexAt(level, hi, lo) * 8;
    this.problem = accessProblem(this.memory, pfn, offset, 8, false);
    this.failedPa = Math.max(pfn, 0) * 4096 + offset;
    return this.problem !== 0;
  }

  private throughHost(ctx: Int32Array, c: number, hi: number, lo: number, forLevel: number): number {
    const { host } = this;
    const had = ctx[c + CTX_HOST_HAD] as number;
    const root = ctx[c + CTX_HOST_ROOT] as number;
    const outcome = host.search(
      root,
      ctx[c + CTX_HOST_LEVELS] as number,
      ctx[c + CTX_HOST_ID] as number,
      hi,
      lo,
      forLevel,
    );
    if (outcome !== 0) {
      this.problem = host.problem;
      this.failedPa = host.failedPa;
      return outcome;
    }
    const granted = host.out[LEAF_PERMS] as number;
    if (forLevel !== FOR_RESULT) {
      this.hostPerms &= granted;
      if (had !== 0 && !host.mark(false)) {
        this.problem = host.problem;
        this.failedPa = host.failedPa;
        return HARDWARE;
      }
      if ((granted & READ) === 0) return HOST_DENIES;
    }
    return 0;
  }

  private keep(ctx: Int32Array, c: number, hi: number, lo: number, pfn: number, perms: number): void {
    const { pdes } = this;
    const first = guestPdeFirst(hi, ctx[c + CTX_HIGH] as number);
    const kept = pdes.claim(first, ctx[c + CTX_ID] as number, pdeTag(hi, lo));
    const nested = (ctx[c + CTX_HOST_LEVELS] as number) > 0 ? PDE_NESTED : 0;
    pdes.entries[kept + PDE_PFN] = pfn;
    pdes.entries[kept + PDE_PERMS] = perms | (this.hostPerms << HOST_PERMS_SHIFT) | nested;
  }

  private end(outcome: number, level: number, step: number, common: number): number {
    this.out[LEAF_LEVEL] = level - 1;
    this.steps = step;
    this.common = common;
    return outcome;
  }

  private emit(level: number, index: number, pfn: number, hi: number, lo: number, nested: boolean): void {
    const pa = pfn * 4096 + index * 8;
    const stage = nested ? 1 : NO_STAGE;
    noteEntry(this.trace, this.config.unit, 'table', level - 1, index, pa, hi, lo, stage);
  }
}

/** PDE_PERMS of a guest's table: the host's tables led there. */
export const PDE_NESTED = 1 << 8;
/** And whether they let it be written. */
export const HOST_PERMS_SHIFT = 4;

/** As pdeFirst(), with the PASID's upper bits. */
export const guestPdeFirst = (hi: number, high: number): number =>
  1 | ((hi >>> 21) << 1) | (((high >>> 26) & 0x1f) << 12);
