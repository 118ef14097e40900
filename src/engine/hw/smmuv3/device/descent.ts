import { addressOf, hex, join } from '../../../../lib/u64';
import { MEMORY_OK } from '../../../memory/hazards';
import { noteEntry } from '../../../trace/notes';
import { silent, type Trace } from '../../../trace/trace';
import { cacheWording, FOR_NO_LEVEL, NO_STAGE } from '../../../trace/wording';
import { F_ADDR_SIZE, F_TRANSLATION, F_WALK_EABT } from '../reasons';
import * as s from '../structs';
import type { SmmuConfig } from './config';
import { framePfn, type MemoryReader } from './memory-reader';
import { GRANULE_SHIFT, KIND_S2, L_KIND, L_PA_HI, L_PA_LO, L_SIZE, LEVEL_SHIFT, type Tlb } from './tlb';
import {
  TT_BIG_ENDIAN,
  TT_FAR_HI,
  TT_FLAGS,
  TT_GRANULE,
  TT_HAD,
  TT_LEVEL,
  TT_LPA,
  TT_MASK,
  TT_ROOT_HI,
  TT_ROOT_LO,
  TT_SHIFT,
} from './translation-table';
import type { WalkCache } from './walk-cache';

/** Slots of Descent.fault: what an event tells beside its number. */
export const FAULT_S2 = 0;
export const FAULT_CLASS = 1;
/** The IPA, or for an external abort where the fetch went. */
export const FAULT_HI = 2;
export const FAULT_LO = 3;
/** Whether a table was read (1) or written (0) when stage 2 refused it. */
export const FAULT_TTRNW = 4;

/** Slots of a walk of one stage: what tags its cached pointers. */
export const D_CTX = 0;
export const D_KIND = 1;
/** Its tables lie in IPA space. */
export const D_NESTED = 2;
/** The descriptor that it ended at, what that translates, and the limits of the tables above. */
export const D_HI = 3;
export const D_LO = 4;
export const D_SHIFT = 5;
export const D_LEVEL = 6;
export const D_LIMITS = 7;
/** Where the descriptor lies: its address as the table above has it, and the index in memory's words. */
export const D_AT_HI = 8;
export const D_AT_LO = 9;
export const D_INDEX = 10;
export const D_SWAP = 11;
/** Of stage 2: the level (0: leaves alone) of the table whose address it translates, FOR_CD or FOR_OUTPUT. */
export const D_FOR_LEVEL = 12;
export const D_WORDS = 13;

export const FOR_CD = -1;
export const FOR_OUTPUT = -2;

const LIMIT_BITS = s.PXN_TABLE | s.XN_TABLE | s.AP_TABLE_NO_EL0 | s.AP_TABLE_RO;

/** What a walk for people does without. */
export interface WalkCaches {
  /** Stage 2 of what the walk itself reads. */
  readonly stage2: Tlb;
  readonly walk: WalkCache;
  readonly trace: Trace;
}

/**
 * The way down through translation tables of one stage, VMSAv8-64: from the root, or from a cached pointer, to the
 * descriptor that is a leaf.
 *
 * Spec: Arm Architecture Reference Manual (DDI 0487), AArch64.S1Walk(), AArch64.S2Walk()
 */
export abstract class Descent {
  /** What the last refusal was about. */
  readonly fault = new Int32Array(5);
  protected readonly one = new Int32Array(D_WORDS);
  protected readonly two = new Int32Array(D_WORDS);
  protected readonly stage2Cache: Tlb | null;
  /** Nobody is to notice it: no flag in a table changes. */
  protected readonly secret: boolean;
  protected readonly trace: Trace;
  /** Two stages meet: their reads say which one's they are. */
  protected meets = false;
  /** Of a walk for people: where the tables of each level lay. */
  readonly path1 = new Int32Array(8);
  readonly path2 = new Int32Array(8);
  private readonly walkCache: WalkCache | null;
  private readonly pointer = new Int32Array(3);
  /** Where the last descriptor was read from, for the trace. */
  private readonly from = new Int32Array(2);

  constructor(
    protected readonly reader: MemoryReader,
    protected readonly config: SmmuConfig,
    caches: WalkCaches | null,
  ) {
    this.stage2Cache = caches?.stage2 ?? null;
    this.secret = caches === null;
    this.walkCache = caches !== null && caches.walk.shape.sets > 0 ? caches.walk : null;
    this.trace = caches?.trace ?? silent;
  }

  /** Index in memory's words of a descriptor of a stage-1 table in IPA space, or minus the event. */
  protected abstract fetchNested(hi: number, lo: number, level: number): number;

  /** 0 and the leaf descriptor in `d`, or the event. `t` at `tt`: TT_* words. */
  protected descend(d: Int32Array, t: Int32Array, tt: number, hi: number, lo: number): number {
    const granule = t[tt + TT_GRANULE] as number;
    const flags = t[tt + TT_FLAGS] as number;
    const farHi = t[tt + TT_FAR_HI] as number;
    const stride = granule - 3;
    const { words } = this.reader.memory;
    const { walkCache } = this;
    const nested = d[D_NESTED] !== 0;
    const traced = this.trace.on;
    let level = t[tt + TT_LEVEL] as number;
    let shift = t[tt + TT_SHIFT] as number;
    let mask = t[tt + TT_MASK] as number;
    let tableHi = t[tt + TT_ROOT_HI] as number;
    let tableLo = t[tt + TT_ROOT_LO] as number;
    let limits = 0;
    const cached = walkCache === null ? 0 : this.cachedLevel(d, granule, level, hi, lo);
    if (cached > 0) {
      tableHi = this.pointer[0] as number;
      tableLo = this.pointer[1] as number;
      limits = this.pointer[2] as number;
      level = cached;
      shift = granule + (3 - level) * stride;
      mask = (1 << stride) - 1;
    }
    for (;;) {
      const index = (shift < 32 ? (lo >>> shift) | (hi << (32 - shift)) : hi >>> shift) & mask;
      const entryLo = tableLo | (index << 3);
      const at = nested ? this.fetchNested(tableHi, entryLo, level) : this.fetch(d, tableHi, entryLo);
      if (at < 0) return -at;
      let descLo = words[at] as number;
      let descHi = words[at + 1] as number;
      if ((flags & TT_BIG_ENDIAN) !== 0) {
        const first = descLo;
        descLo = swap(descHi);
        descHi = swap(first);
      }
      if (traced) this.tellRead(d, granule, index, level, descHi, descLo);
      if ((descLo & s.DESC_VALID) === 0) return this.refuse(d, F_TRANSLATION, hi, lo);
      if (level === 3 || (descLo & s.DESC_TABLE) === 0) {
        if (!mayEnd(level, granule, flags, descLo)) return this.refuse(d, F_TRANSLATION, hi, lo);
        d[D_HI] = descHi;
        d[D_LO] = descLo;
        d[D_SHIFT] = shift;
        d[D_LEVEL] = level;
        d[D_LIMITS] = limits;
        d[D_AT_HI] = tableHi;
        d[D_AT_LO] = entryLo;
        d[D_INDEX] = at;
        d[D_SWAP] = flags & TT_BIG_ENDIAN;
        return 0;
      }
      tableHi = outputHi(flags, descHi, descLo);
      if ((tableHi & farHi) !== 0) return this.refuse(d, F_ADDR_SIZE, hi, lo);
      if ((flags & TT_HAD) === 0) limits |= descHi & LIMIT_BITS;
      tableLo = descLo & ~((1 << granule) - 1);
      level++;
      shift -= stride;
      mask = (1 << stride) - 1;
      if (walkCache !== null) this.remember(d, granule, level, hi, lo, tableHi, tableLo, limits);
      else if (this.secret) this.notePath(d, level, tableHi, tableLo);
    }
  }

  /** Index of a descriptor in memory's words, or minus the event. */
  protected fetch(d: Int32Array, hi: number, lo: number): number {
    const { reader } = this;
    const pfn = framePfn(hi, lo);
    const { hazards } = reader.memory;
    if (this.trace.on) {
      this.from[0] = hi;
      this.from[1] = lo;
    }
    if (pfn >= 0 && (hazards === null || hazards.at(pfn, lo & 0xfff, 8, false) === MEMORY_OK)) {
      const base = reader.base(pfn);
      if (base >= 0) return base + ((lo & 0xfff) >> 2);
    }
    return -this.externalAbort(d, hi, lo);
  }

  /** Where a leaf leads and how much it covers, into `out`; false when that is out of range. */
  protected place(
    d: Int32Array,
    t: Int32Array,
    tt: number,
    hi: number,
    lo: number,
    out: Int32Array,
  ): boolean {
    const descHi = d[D_HI] as number;
    const descLo = d[D_LO] as number;
    const shift = d[D_SHIFT] as number;
    const level = d[D_LEVEL] as number;
    const granule = t[tt + TT_GRANULE] as number;
    const baseHi = outputHi(t[tt + TT_FLAGS] as number, descHi, descLo);
    if ((baseHi & (t[tt + TT_FAR_HI] as number)) !== 0) return false;
    const offsetLo = shift >= 32 ? -1 : (1 << shift) - 1;
    const offsetHi = shift > 32 ? (1 << (shift - 32)) - 1 : 0;
    const paLo = (descLo & ~offsetLo) | (lo & offsetLo);
    const paHi = (baseHi & ~offsetHi) | (hi & offsetHi);
    const run = (descHi & s.DESC_CONTIGUOUS) === 0 ? 0 : contiguousLg2(granule, level);
    out[L_SIZE] = run > 0 && agrees(shift, run, hi ^ paHi, lo ^ paLo) ? shift + run : shift;
    out[L_PA_HI] = paHi;
    out[L_PA_LO] = paLo;
    out[L_KIND] = (level << LEVEL_SHIFT) | (granuleCode(granule) << GRANULE_SHIFT);
    return true;
  }

  /** Writes a descriptor back whose low word has changed: hardware keeps access flags and dirty state. */
  protected write(d: Int32Array, hi: number, lo: number, next: number): number {
    const { memory } = this.reader;
    const { hazards } = memory;
    if (hazards !== null && hazards.at(framePfn(hi, lo), lo & 0xfff, 8, true) !== MEMORY_OK)
      return this.externalAbort(d, hi, lo);
    const at = d[D_INDEX] as number;
    memory.frameToWrite(framePfn(hi, lo));
    if (d[D_SWAP] !== 0) memory.words[at + 1] = swap(next);
    else memory.words[at] = next;
    return 0;
  }

  /** A stage-1 event. */
  refuse1(reason: number): number {
    return this.refusal(reason, 0, s.CLASS_IN, 0, 0);
  }

  /** Where a fetch of a structure went, as `fault`. */
  fetchFault(hi: number, lo: number): Int32Array {
    this.refusal(0, 0, s.CLASS_CD, hi, lo);
    return this.fault;
  }

  protected refuse2(reason: number, cls: number, hi: number, lo: number): number {
    return this.refusal(reason, 1, cls, hi, lo);
  }

  private refuse(d: Int32Array, reason: number, hi: number, lo: number): number {
    // The class of a stage 2 was set when it began.
    return d === this.two
      ? this.refuse2(reason, this.fault[FAULT_CLASS] as number, hi, lo)
      : this.refuse1(reason);
  }

  private externalAbort(d: Int32Array, hi: number, lo: number): number {
    const stage2 = d === this.two;
    const cls = stage2 ? (this.fault[FAULT_CLASS] as number) : s.CLASS_TT;
    return this.refusal(F_WALK_EABT, stage2 ? 1 : 0, cls, hi, lo);
  }

  private refusal(reason: number, stage2: 0 | 1, cls: number, hi: number, lo: number): number {
    const { fault } = this;
    fault[FAULT_S2] = stage2;
    fault[FAULT_CLASS] = cls;
    fault[FAULT_HI] = hi;
    fault[FAULT_LO] = lo;
    return reason;
  }

  /** The deepest level whose table is cached, and where that is in `pointer`; 0 for none. */
  private cachedLevel(d: Int32Array, granule: number, start: number, hi: number, lo: number): number {
    const { walkCache, pointer } = this;
    if (walkCache === null) return 0;
    const ctx = d[D_CTX] as number;
    const kind = d[D_KIND] as number;
    for (let level = 3; level > start; level--) {
      const at = walkCache.find(hi, lo, ctx, kind, level, spanOf(granule, level));
      if (at < 0) continue;
      pointer[0] = walkCache.tableHi(at);
      pointer[1] = walkCache.tableLo(at);
      pointer[2] = walkCache.limits(at);
      if (this.trace.on) this.tellPointer('hit', d, level, hi, lo);
      return level;
    }
    return 0;
  }

  private notePath(d: Int32Array, level: number, hi: number, lo: number): void {
    const path = d === this.two ? this.path2 : this.path1;
    path[2 * level] = hi;
    path[2 * level + 1] = lo;
  }

  private remember(
    d: Int32Array,
    granule: number,
    level: number,
    hi: number,
    lo: number,
    tableHi: number,
    tableLo: number,
    limits: number,
  ): void {
    const { walkCache, pointer } = this;
    pointer[0] = tableHi;
    pointer[1] = tableLo;
    pointer[2] = limits;
    const kind = (d[D_KIND] as number) | (granuleCode(granule) << GRANULE_SHIFT);
    walkCache?.fill(hi, lo, d[D_CTX] as number, kind, level, spanOf(granule, level), pointer);
    if (this.trace.on) this.tellPointer('fill', d, level, hi, lo);
  }

  /** The descriptor as the walk understands it: turned round where tables are big endian. */
  private tellRead(
    d: Int32Array,
    granule: number,
    index: number,
    level: number,
    hi: number,
    lo: number,
  ): void {
    const two = d === this.two;
    const forLevel = d[D_FOR_LEVEL] as number;
    const stage = !this.meets ? NO_STAGE : two ? 2 : 1;
    const inner = stage === 2 && forLevel !== FOR_OUTPUT ? forLevel : FOR_NO_LEVEL;
    const { unit } = this.config;
    const pa = addressOf(this.from[0] as number, this.from[1] as number);
    noteEntry(this.trace, unit, 'table', 3 - level, index, pa, hi, lo, stage, inner, granule);
  }

  private tellPointer(op: 'hit' | 'fill', d: Int32Array, level: number, hi: number, lo: number): void {
    const [kind, ctx] = [d[D_KIND] as number, d[D_CTX] as number];
    this.trace.note(ofTables, this.config.unit, op, kind, ctx, hi, lo, level);
  }
}

/** `vmid 1 asid 2 va` or `vmid 1 ipa`: what a cached translation is found by, before its address. */
const tagsOf = (kind: number, ctx: number): string =>
  kind === KIND_S2 ? `vmid ${ctx >>> 16} ipa` : `vmid ${ctx >>> 16} asid ${ctx & 0xffff} va`;

/** With the address of the page. */
const pageTag = (kind: number, ctx: number, hi: number, lo: number): string =>
  `${tagsOf(kind, ctx)} ${hex(join(hi, lo & ~0xfff))}`;

/** What happens to the caches, for the trace. */
export const ofIotlb = cacheWording('iotlb', pageTag);
export const ofSecondStage = cacheWording('stage2', pageTag);
const ofTables = cacheWording(
  'walk',
  (kind, ctx, hi, lo, level) => `${pageTag(kind, ctx, hi, lo)} level ${level}`,
);

/** log2 of the bytes that a table of a level translates. */
export const spanOf = (granule: number, level: number): number => granule + (4 - level) * (granule - 3);

/** As commands number granules: 1 is 4 KiB, 2 is 16 KiB, 3 is 64 KiB. */
export const granuleCode = (granule: number): number => (granule - 10) >> 1;

/** High word of the address in a descriptor. */
const outputHi = (flags: number, hi: number, lo: number): number =>
  (hi & 0xffff) | ((flags & TT_LPA) !== 0 ? (lo & 0xf000) << 4 : 0);

/** Whether a descriptor without a next table is a leaf: a page, or a block of a size that there is. */
function mayEnd(level: number, granule: number, flags: number, lo: number): boolean {
  if (level === 3) return (lo & s.DESC_TABLE) !== 0;
  return level === 2 || (level === 1 && (granule === 12 || (flags & TT_LPA) !== 0));
}

/** log2 of how many neighbours a contiguous entry stands with. */
function contiguousLg2(granule: number, level: number): number {
  if (granule === 12) return 4;
  if (granule === 14) return level === 3 ? 7 : 5;
  return level === 1 ? 0 : 5;
}

/** Whether input and output have the same bits from `shift` on, `run` of them; `hi` and `lo`: where they differ. */
function agrees(shift: number, run: number, hi: number, lo: number): boolean {
  for (let bit = shift; bit < shift + run; bit++) {
    if ((((bit < 32 ? lo : hi) >>> (bit & 31)) & 1) !== 0) return false;
  }
  return true;
}

const swap = (n: number): number => (n << 24) | ((n & 0xff00) << 8) | ((n >>> 8) & 0xff00) | (n >>> 24);
