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
  /** Reserved low bits of leaves by level: PS itself where the unit has no pages of that size. */
  private readonly leafReservedLo = new Int32Array(MAX_LEVELS);
  private readonly reservedHi: number;
  /** The last table of each level: its frame number, and where memory keeps it. Frames with words of their own never move. */
  private readonly last = new Int32Array(MAX_LEVELS * 2).fill(-2);

  constructor(
    private readonly memory: MemoryPort,
    private readonly config: VtdConfig,
  ) {
    this.reservedHi = SS_TM | (OA_HI_MASK & ~((1 << (config.hostBits - 32)) - 1));
    for (let level = 0; level < MAX_LEVELS; level++) {
      const misaligned = level === 0 || level > 2 ? 0 : ((1 << (9 * level)) - 1) << 12;
      const supported = level === 0 || ((config.superpages & 3) >> (level - 1)) % 2 === 1;
      this.leafReservedLo[level] = misaligned | (supported ? 0 : SS_PS) | (config.snoopControl ? 0 : SS_SNP);
    }
  }

  /** 0 and the leaf in `out`, or the reason of a fault. */
  walk(rootPfn: number, levels: number, hi: number, lo: number, need: Access, trace: Trace): number {
    const { words } = this.memory;
    const { last, reservedHi } = this;
    let pfn = rootPfn;
    let perms = 3;
    for (let level = levels - 1; ; level--) {
      const base = pfn === last[level * 2] ? (last[level * 2 + 1] as number) : this.tableBase(level, pfn);
      // The first table is the context entry's fault. Spec: table 26, LCT.4.3 against LSS.1
      if (base < 0) return level === levels - 1 ? CONTEXT_INVALID : TABLE_ACCESS;
      const index = indexAt(level, hi, lo);
      const entryLo = words[base + index * 2] as number;
      const entryHi = words[base + index * 2 + 1] as number;
      if (trace.on) this.emitRead(trace, level, index, pfn, entryHi, entryLo);
      if ((entryLo & 3) === 0) return need === WRITE ? NO_WRITE : NO_READ;
      perms &= entryLo;
      if (level === 0 || (entryLo & SS_PS) !== 0) return this.leaf(level, entryHi, entryLo, lo, perms, need);
      if (((entryLo & SS_SNP) | (entryHi & reservedHi)) !== 0) return TABLE_RESERVED;
      pfn = (entryHi & FAR_HI_MASK) === 0 ? ((entryHi & 0x7ff) << 20) | (entryLo >>> 12) : -1;
    }
  }

  /** Judges what level 0 or PS says is a leaf. */
  private leaf(
    level: number,
    entryHi: number,
    entryLo: number,
    lo: number,
    perms: number,
    need: Access,
  ): number {
    const reservedLo = this.leafReservedLo[level] as number;
    if (((entryLo & reservedLo) | (entryHi & this.reservedHi)) !== 0) return TABLE_RESERVED;
    if ((perms & need) === 0) return need === WRITE ? NO_WRITE : NO_READ;
    const { out } = this;
    const offset = (1 << (12 + 9 * level)) - 1;
    const paLo = (entryLo & ~offset) | (lo & offset);
    const paHi = entryHi & OA_HI_MASK;
    out[LEAF_PA_LO] = paLo;
    out[LEAF_PA_HI] = paHi;
    out[LEAF_LEVEL] = level;
    out[LEAF_PERMS] = perms;
    return paHi === 0 && paLo >>> 20 === INTERRUPT_RANGE ? INTERRUPT_OUTPUT : 0;
  }

  /** What an entry is to this unit: 0 absent, 1 a table, 2 a leaf, 3 one with reserved bits set. */
  classify(level: number, hi: number, lo: number): 0 | 1 | 2 | 3 {
    if ((lo & 3) === 0) return 0;
    const leaf = level === 0 || (lo & SS_PS) !== 0;
    const reservedLo = leaf ? (this.leafReservedLo[level] as number) : SS_SNP;
    if (((lo & reservedLo) | (hi & this.reservedHi)) !== 0) return 3;
    return leaf ? 2 : 1;
  }

  private tableBase(level: number, pfn: number): number {
    const base = this.memory.frameBase(pfn);
    if (base > 0) {
      this.last[level * 2] = pfn;
      this.last[level * 2 + 1] = base;
    }
    return base;
  }

  private emitRead(trace: Trace, level: number, index: number, pfn: number, hi: number, lo: number): void {
    const pa = pfn * 4096 + index * 8;
    trace.emit({ kind: 'read', unit: this.config.unit, structure: 'table', level, index, pa, words: [join(hi, lo)] });
  }
}

/** The table index of an address at a level. */
const indexAt = (level: number, hi: number, lo: number): number => {
  if (level === 0) return (lo >>> 12) & 0x1ff;
  if (level === 1) return (lo >>> 21) & 0x1ff;
  if (level === 2) return ((lo >>> 30) | (hi << 2)) & 0x1ff;
  return (hi >>> (9 * level - 20)) & 0x1ff;
};
