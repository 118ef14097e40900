import { join } from '../../../../lib/u64';
import type { Trace } from '../../../trace/trace';
import type { MemoryPort } from '../../port';
import {
  CONTEXT_ACCESS,
  CONTEXT_INVALID,
  CONTEXT_NOT_PRESENT,
  CONTEXT_RESERVED,
  ROOT_ACCESS,
  ROOT_NOT_PRESENT,
  ROOT_RESERVED,
} from '../reasons';
import {
  AW_MASK,
  bitsOfLevels,
  DID_MASK,
  DID_SHIFT,
  FPD,
  levelsOfAw,
  P,
  TABLE_ENTRY_BYTES,
  TT_MASK,
  TT_MULTI_LEVEL,
  TT_PASS_THROUGH,
  TT_SHIFT,
} from '../structs';
import type { VtdConfig } from './config';
import { CTX_DID, CTX_FPD, CTX_LEVELS, CTX_OVER_HI, CTX_ROOT_PFN, CTX_WORDS } from './context-cache';

/**
 * Root table → context table → context entry, in legacy mode.
 *
 * Spec: section 3.4.2 "Legacy Mode Address Translation", section 9.1 "Root Entry", section 9.3 "Context Entry"
 */
export class ContextReader {
  /** The last entry read, decoded into CTX_* words. CTX_FPD is right even when it was refused. */
  readonly out = new Int32Array(CTX_WORDS);
  private readonly farHi: number;
  private readonly sagaw: number;

  constructor(
    private readonly memory: MemoryPort,
    private readonly config: VtdConfig,
  ) {
    this.farHi = ~((1 << (config.hostBits - 32)) - 1);
    this.sagaw = { 39: 0b0010, 48: 0b0110, 57: 0b1110 }[config.widthBits];
  }

  /** 0 and the entry in `out`, or the reason of a fault. */
  read(rootPfn: number, rid: number, trace: Trace): number {
    const { memory, out } = this;
    out[CTX_FPD] = 0;
    const rootAt = this.entryAt(rootPfn, rid >>> 8);
    if (rootAt < 0) return ROOT_ACCESS;
    const rootLo = memory.words[rootAt] as number;
    const rootHi = memory.words[rootAt + 1] as number;
    if (trace.on) this.emitRead(trace, 'root', rid >>> 8, rootPfn, rootAt);
    if ((rootLo & P) === 0) return ROOT_NOT_PRESENT;
    const upper = (memory.words[rootAt + 2] as number) | (memory.words[rootAt + 3] as number);
    if ((rootLo & 0xffe) !== 0 || (rootHi & this.farHi) !== 0 || upper !== 0) return ROOT_RESERVED;

    const contextPfn = framePfn(rootHi, rootLo);
    const at = this.entryAt(contextPfn, rid & 0xff);
    if (at < 0) return CONTEXT_ACCESS;
    if (trace.on) this.emitRead(trace, 'context', rid & 0xff, contextPfn, at);
    return this.decode(at);
  }

  private decode(at: number): number {
    const { memory, out, config } = this;
    const lo = memory.words[at] as number;
    const hi = memory.words[at + 1] as number;
    const third = memory.words[at + 2] as number;
    const fourth = memory.words[at + 3] as number;
    // Counts even when the entry is not present.
    out[CTX_FPD] = lo & FPD;
    if ((lo & P) === 0) return CONTEXT_NOT_PRESENT;
    const tt = (lo >>> TT_SHIFT) & TT_MASK;
    const passThrough = tt === TT_PASS_THROUGH && config.passThrough;
    // Bits 70:67 are ignored; so is the whole table pointer where it is not used.
    if ((lo & 0xff0) !== 0 || (third & 0xff00_0080) !== 0 || fourth !== 0) return CONTEXT_RESERVED;
    if (!passThrough && (hi & this.farHi) !== 0) return CONTEXT_RESERVED;
    const aw = third & AW_MASK;
    if (((this.sagaw >> aw) & 1) === 0 || (tt !== TT_MULTI_LEVEL && !passThrough)) return CONTEXT_INVALID;
    const levels = levelsOfAw(aw);
    // Pass-through knows the host address width alone. Spec: table 26, LGN.1.3
    const width = passThrough ? config.hostBits : Math.min(bitsOfLevels(levels), config.widthBits);
    out[CTX_DID] = (third >>> DID_SHIFT) & DID_MASK;
    out[CTX_LEVELS] = passThrough ? 0 : levels;
    out[CTX_ROOT_PFN] = passThrough ? 0 : framePfn(hi, lo);
    out[CTX_OVER_HI] = ~((1 << (width - 32)) - 1);
    return 0;
  }

  /** Word index of an entry, -1 where no memory is. */
  private entryAt(pfn: number, index: number): number {
    const base = this.memory.frameBase(pfn);
    return base < 0 ? -1 : base + (index * TABLE_ENTRY_BYTES) / 4;
  }

  private emitRead(
    trace: Trace,
    structure: 'root' | 'context',
    index: number,
    pfn: number,
    at: number,
  ): void {
    const w = (n: number): number => this.memory.words[at + n] as number;
    trace.emit({
      kind: 'read',
      unit: this.config.unit,
      structure,
      level: -1,
      index,
      pa: pfn * 4096 + index * TABLE_ENTRY_BYTES,
      words: [join(w(1), w(0)), join(w(3), w(2))],
    });
  }
}

/** Frame number of the address in a pair, -1 for one beyond what memory can hold. */
export const framePfn = (hi: number, lo: number): number => (hi >>> 11 === 0 ? (hi << 20) | (lo >>> 12) : -1);
