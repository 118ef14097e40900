import { findFrame } from '../../../memory/frame-store';
import type { MemoryPort } from '../../port';
import * as s from '../structs';
import { spanOf } from './descent';
import type { Stage } from './sources';
import { KIND_MASK } from './tlb';
import type { SmmuState } from './unit';
import type { WalkCache } from './walk-cache';

/** Of a table descriptor's high word: limits on what it grants, and bits of an address that is too far as a frame number. */
export const STOPS = s.PXN_TABLE | s.XN_TABLE | s.AP_TABLE_NO_EL0 | s.AP_TABLE_RO | 0xf800;
export const TABLE = s.DESC_VALID | s.DESC_TABLE;

/**
 * Places in `near`: for each kind of walk one for the last table of each level, which walks mostly share; then those of
 * bottom tables, of which there are many, by the low bits of their frame number.
 */
export const BOTTOM = 8;
const BOTTOMS = 512;
export const BOTTOM_MASK = BOTTOMS - 1;
const PLACES = BOTTOM + 2 * BOTTOMS;
export const OF_ONE = 0;
export const OF_TWO = PLACES;
export const OF_TABLES = 2 * PLACES;

/**
 * The way down through tables of one stage in plain integers: a Descent where nothing stands in its way. It changes nothing
 * but what it keeps for itself; what the walk cache is to learn of it waits for remember().
 */
export abstract class QuickDescent {
  /** Of the last descend(): the level of its leaf and log2 of what that covers, and the level that it began with. */
  protected level = 0;
  protected shift = 0;
  protected from = 0;
  protected readonly memory: MemoryPort;
  protected readonly caching: boolean;
  /** Where memory keeps the words of frames met lately: pairs of frame number and index. Words never move. */
  protected readonly near = new Int32Array(3 * PLACES).fill(-1);
  /** By level: the frames of the tables that it came by. */
  private readonly path = new Int32Array(4);
  private readonly pointer = new Int32Array(3);
  private readonly walkCache: WalkCache;

  constructor(state: SmmuState) {
    this.memory = state.reader.memory;
    this.walkCache = state.walkCache;
    this.caching = state.walkCache.shape.sets > 0;
  }

  /** From the root or a cached pointer down to what is no table: where in memory's words it is; -1: given up. */
  protected descend(stage: Stage, kind: number, hi: number, lo: number): number {
    if (this.caching && stage.small) {
      const index = this.atBottom(stage, kind, hi, lo);
      if (index >= 0) return index;
    }
    const { near, path } = this;
    const memory = this.memory.words;
    const { granule } = stage;
    const stride = granule - 3;
    const stops = stage.farHi | STOPS;
    let { root: table, level, shift, mask } = stage;
    if (this.caching) {
      table = this.fromCache(stage, hi, lo);
      if (table < 0) return -1;
      if (this.from > level) {
        level = this.from;
        shift = granule + (3 - level) * stride;
        mask = (1 << stride) - 1;
      }
    }
    for (;;) {
      const entry = (shift < 32 ? (lo >>> shift) | (hi << (32 - shift)) : hi >>> shift) & mask;
      const pfn = table + (entry >>> 9);
      const slot = kind + (level < 3 ? level << 1 : BOTTOM + ((pfn & BOTTOM_MASK) << 1));
      const base = near[slot] === pfn ? (near[slot + 1] as number) : this.meet(pfn, slot);
      if (base < 0) return -1;
      const index = base + ((entry & 0x1ff) << 1);
      const descLo = memory[index] as number;
      if (level === 3 || (descLo & TABLE) !== TABLE) {
        this.level = level;
        this.shift = shift;
        return index;
      }
      const descHi = memory[index + 1] as number;
      if ((descHi & stops) !== 0) return -1;
      table = ((descHi & 0x7ff) << 20) | ((descLo & ~((1 << granule) - 1)) >>> 12);
      level++;
      shift -= stride;
      mask = (1 << stride) - 1;
      path[level] = table;
    }
  }

  /**
   * descend() without a walk cache, by a granule of 4 KiB from level 0 or 1 down, the commonest: without the loop a miss
   * costs a sixth less.
   */
  protected descendSmall(stage: Stage, kind: number, hi: number, lo: number): number {
    const { near } = this;
    const memory = this.memory.words;
    const stops = stage.farHi | STOPS;
    const top = stage.mask;
    let pfn = stage.root;
    let entry = (lo >>> 30) | (hi << 2);
    let slot: number;
    let base: number;
    let index: number;
    let descLo: number;
    let descHi: number;
    if (stage.level === 0) {
      base = near[kind] === pfn ? (near[kind + 1] as number) : this.meet(pfn, kind);
      if (base < 0) return -1;
      index = base + (((hi >>> 7) & top) << 1);
      descLo = memory[index] as number;
      this.level = 0;
      this.shift = 39;
      if ((descLo & TABLE) !== TABLE) return index;
      descHi = memory[index + 1] as number;
      if ((descHi & stops) !== 0) return -1;
      pfn = ((descHi & 0x7ff) << 20) | (descLo >>> 12);
    } else {
      // The root may be of several frames.
      pfn += (entry & top) >>> 9;
    }
    entry &= 0x1ff;
    slot = kind + 2;
    base = near[slot] === pfn ? (near[slot + 1] as number) : this.meet(pfn, slot);
    if (base < 0) return -1;
    index = base + (entry << 1);
    descLo = memory[index] as number;
    this.level = 1;
    this.shift = 30;
    if ((descLo & TABLE) !== TABLE) return index;
    descHi = memory[index + 1] as number;
    if ((descHi & stops) !== 0) return -1;
    pfn = ((descHi & 0x7ff) << 20) | (descLo >>> 12);
    slot = kind + 4;
    base = near[slot] === pfn ? (near[slot + 1] as number) : this.meet(pfn, slot);
    if (base < 0) return -1;
    index = base + (((lo >>> 21) & 0x1ff) << 1);
    descLo = memory[index] as number;
    this.level = 2;
    this.shift = 21;
    if ((descLo & TABLE) !== TABLE) return index;
    descHi = memory[index + 1] as number;
    if ((descHi & stops) !== 0) return -1;
    pfn = ((descHi & 0x7ff) << 20) | (descLo >>> 12);
    slot = kind + BOTTOM + ((pfn & BOTTOM_MASK) << 1);
    base = near[slot] === pfn ? (near[slot + 1] as number) : this.meet(pfn, slot);
    if (base < 0) return -1;
    this.level = 3;
    this.shift = 12;
    return base + (((lo >>> 12) & 0x1ff) << 1);
  }

  /** descend() where the bottom table is cached, and where it was last; -1: it has to be looked for. */
  private atBottom(stage: Stage, kind: number, hi: number, lo: number): number {
    const { near } = this;
    const pfn = this.lastBottom(stage, hi, lo);
    const slot = kind + BOTTOM + ((pfn & BOTTOM_MASK) << 1);
    const base = near[slot] === pfn ? (near[slot + 1] as number) : this.meet(pfn, slot);
    if (base < 0) return -1;
    this.level = 3;
    this.shift = 12;
    this.from = 3;
    return base + (((lo >>> 12) & 0x1ff) << 1);
  }

  /** The frame of the bottom table of 4 KiB pages, where it is cached, and where it was last; else -2. */
  protected lastBottom(stage: Stage, hi: number, lo: number): number {
    const { walkCache } = this;
    const at = walkCache.findLast(hi, lo, stage.ctx, stage.kind & KIND_MASK);
    if (at < 0) return -2;
    const tableHi = walkCache.tableHi(at);
    if (tableHi >>> 11 !== 0 || walkCache.limits(at) !== 0) return -2;
    return (tableHi << 20) | (walkCache.tableLo(at) >>> 12);
  }

  /** The frame of the deepest cached table on the way, and its level in `from`; else the root. -1: given up. */
  protected fromCache(stage: Stage, hi: number, lo: number): number {
    const { walkCache } = this;
    const { granule, ctx, level: start } = stage;
    const kind = stage.kind & KIND_MASK;
    for (let level = 3; level > start; level--) {
      const at = walkCache.find(hi, lo, ctx, kind, level, spanOf(granule, level));
      if (at < 0) continue;
      const tableHi = walkCache.tableHi(at);
      if (tableHi >>> 11 !== 0 || walkCache.limits(at) !== 0) return -1;
      this.from = level;
      return (tableHi << 20) | (walkCache.tableLo(at) >>> 12);
    }
    this.from = start;
    return stage.root;
  }

  /** Caches the pointers that the last descend() came by, uppermost first. */
  protected remember(stage: Stage, hi: number, lo: number): void {
    const { walkCache, path, pointer } = this;
    const { granule, kind, ctx } = stage;
    for (let level = this.from + 1; level <= this.level; level++) {
      const table = path[level] as number;
      pointer[0] = table >>> 20;
      pointer[1] = table << 12;
      pointer[2] = 0;
      walkCache.fill(hi, lo, ctx, kind, level, spanOf(granule, level), pointer);
    }
  }

  /** A frame that was not met lately: where memory keeps its words, -1 for nowhere. */
  protected meet(pfn: number, slot: number): number {
    if (pfn < 0) return -1;
    const base = findFrame(this.memory.frames, this.memory.frameMask, pfn);
    if (base < 0) return -1;
    this.near[slot] = pfn;
    this.near[slot + 1] = base;
    return base;
  }
}
