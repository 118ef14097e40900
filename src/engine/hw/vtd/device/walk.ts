import { join } from '../../../../lib/u64';
import type { Trace } from '../../../trace/trace';
import { WRITE, type Access, type MemoryPort } from '../../port';
import { CONTEXT_INVALID, INTERRUPT_OUTPUT, NO_READ, NO_WRITE, TABLE_ACCESS, TABLE_RESERVED } from '../reasons';
import { INTERRUPT_RANGE, SS_PS, SS_SNP, SS_TM } from '../structs';
import type { VtdConfig } from './config';

/** Slots of `SecondStageWalk.out`. */
export const LEAF_PA_LO = 0;
export const LEAF_PA_HI = 1;
export const LEAF_LEVEL = 2;
export const LEAF_PERMS = 3;

const OA_HI_MASK = 0xf_ffff;
/** High-word bits of an entry whose target frame number would not fit 31 bits: no memory lies there. */
const FAR_HI_MASK = 0xf_f800;
const MAX_LEVELS = 5;

/**
 * The second-stage walk.
 *
 * Spec: section 3.7 "Second-Stage Translation", section 9.8 "Second-Stage Paging Entries"
 *
 * An entry with R = W = 0 is absent, whatever else it holds; then reserved bits; permissions add up over the levels and
 * are judged at the leaf.
 */
export class SecondStageWalk {
  readonly out = new Int32Array(4);
  /** Reserved bits of entries that point at a table, and of leaves, by level. */
  private readonly tableReservedLo = new Int32Array(MAX_LEVELS);
  private readonly leafReservedLo = new Int32Array(MAX_LEVELS);
  private readonly reservedHi: number;
  /** Levels at which PS makes a leaf, as bits. */
  private readonly leafLevels: number;

  constructor(
    private readonly memory: MemoryPort,
    private readonly config: VtdConfig,
  ) {
    this.reservedHi = SS_TM | (OA_HI_MASK & ~((1 << (config.hostBits - 32)) - 1));
    this.leafLevels = 1 | ((config.superpages & 3) << 1);
    for (let level = 0; level < MAX_LEVELS; level++) {
      const leaf = (this.leafLevels >> level) & 1;
      this.tableReservedLo[level] = SS_SNP | (leaf === 1 ? 0 : SS_PS);
      const misaligned = ((1 << (9 * Math.min(level, 2))) - 1) << 12;
      this.leafReservedLo[level] = misaligned | (config.snoopControl ? 0 : SS_SNP);
    }
  }

  /** 0 and the leaf in `out`, or the reason of a fault. */
  walk(rootPfn: number, levels: number, hi: number, lo: number, need: Access, trace: Trace): number {
    const { memory, out } = this;
    let pfn = rootPfn;
    let perms = 3;
    for (let level = levels - 1; ; level--) {
      const base = memory.frameBase(pfn);
      // The first table is the context entry's fault. Spec: table 26, LCT.4.3 against LSS.1
      if (base < 0) return level === levels - 1 ? CONTEXT_INVALID : TABLE_ACCESS;
      const shift = 12 + 9 * level;
      const index = (shift < 32 ? (lo >>> shift) | (hi << (32 - shift)) : hi >>> (shift - 32)) & 0x1ff;
      const entryLo = memory.words[base + index * 2] as number;
      const entryHi = memory.words[base + index * 2 + 1] as number;
      if (trace.on) this.emitRead(trace, level, index, pfn, entryHi, entryLo);
      if ((entryLo & 3) === 0) return need === WRITE ? NO_WRITE : NO_READ;
      const leaf = this.isLeaf(level, entryLo);
      if (this.isReserved(level, leaf, entryHi, entryLo)) return TABLE_RESERVED;
      perms &= entryLo;
      if (!leaf) {
        pfn = (entryHi & FAR_HI_MASK) === 0 ? ((entryHi & 0x7ff) << 20) | (entryLo >>> 12) : -1;
        continue;
      }
      if ((perms & need) === 0) return need === WRITE ? NO_WRITE : NO_READ;
      const offset = (1 << shift) - 1;
      out[LEAF_PA_LO] = (entryLo & ~offset) | (lo & offset);
      out[LEAF_PA_HI] = entryHi & OA_HI_MASK;
      out[LEAF_LEVEL] = level;
      out[LEAF_PERMS] = perms;
      const interrupt = out[LEAF_PA_HI] === 0 && (out[LEAF_PA_LO] as number) >>> 20 === INTERRUPT_RANGE;
      return interrupt ? INTERRUPT_OUTPUT : 0;
    }
  }

  /** What an entry is to this unit: 0 absent, 1 a table, 2 a leaf, 3 one with reserved bits set. */
  classify(level: number, hi: number, lo: number): 0 | 1 | 2 | 3 {
    if ((lo & 3) === 0) return 0;
    const leaf = this.isLeaf(level, lo);
    if (this.isReserved(level, leaf, hi, lo)) return 3;
    return leaf ? 2 : 1;
  }

  private isLeaf(level: number, lo: number): boolean {
    return level === 0 || ((lo & SS_PS) !== 0 && ((this.leafLevels >> level) & 1) !== 0);
  }

  private isReserved(level: number, leaf: boolean, hi: number, lo: number): boolean {
    const reservedLo = (leaf ? this.leafReservedLo[level] : this.tableReservedLo[level]) as number;
    return ((lo & reservedLo) | (hi & this.reservedHi)) !== 0;
  }

  private emitRead(trace: Trace, level: number, index: number, pfn: number, hi: number, lo: number): void {
    const pa = pfn * 4096 + index * 8;
    trace.emit({ kind: 'read', unit: this.config.unit, structure: 'table', level, index, pa, words: [join(hi, lo)] });
  }
}
