import type { Trace } from '../../../trace/trace';
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
  PGTT_PASS_THROUGH,
  PGTT_SECOND,
  TABLE_ENTRY_BYTES,
  TT_DEV_TLB,
  TT_MASK,
  TT_MULTI_LEVEL,
  TT_PASS_THROUGH,
  TT_SHIFT,
} from '../structs';
import { sagaw } from './config';
import {
  CTX_DID,
  CTX_DTE,
  CTX_FLAGS,
  CTX_FPD,
  CTX_LEVELS,
  CTX_OVER_HI,
  CTX_REASON,
  CTX_ROOT_PFN,
  CTX_TYPE,
  CTX_WORDS,
} from './context-cache';
import { emitEntry } from './emit';
import type { UnitState } from './unit';

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

  constructor(private readonly unit: UnitState) {
    this.farHi = ~((1 << (unit.config.hostBits - 32)) - 1);
    this.sagaw = sagaw(unit.config);
  }

  /** 0 and the entry in `out`, or the reason of a fault. */
  read(rootPfn: number, rid: number, trace: Trace): number {
    const reason = this.find(rootPfn, rid, trace);
    this.out[CTX_REASON] = reason;
    return reason;
  }

  private find(rootPfn: number, rid: number, trace: Trace): number {
    const { unit, out } = this;
    const { memory } = unit;
    out.fill(0);
    const rootAt = unit.readable(rootPfn, (rid >>> 8) * TABLE_ENTRY_BYTES, TABLE_ENTRY_BYTES);
    if (rootAt < 0) return ROOT_ACCESS;
    const rootLo = memory.words[rootAt] as number;
    const rootHi = memory.words[rootAt + 1] as number;
    if (trace.on) emitEntry(unit, 'root', rid >>> 8, rootPfn, TABLE_ENTRY_BYTES, rootAt);
    if ((rootLo & P) === 0) return ROOT_NOT_PRESENT;
    const upper = (memory.words[rootAt + 2] as number) | (memory.words[rootAt + 3] as number);
    if ((rootLo & 0xffe) !== 0 || (rootHi & this.farHi) !== 0 || upper !== 0) return ROOT_RESERVED;

    const contextPfn = framePfn(rootHi, rootLo);
    const at = unit.readable(contextPfn, (rid & 0xff) * TABLE_ENTRY_BYTES, TABLE_ENTRY_BYTES);
    if (at < 0) return CONTEXT_ACCESS;
    if (trace.on) emitEntry(unit, 'context', rid & 0xff, contextPfn, TABLE_ENTRY_BYTES, at);
    return this.decode(at);
  }

  private decode(at: number): number {
    const { out } = this;
    const { memory, config } = this.unit;
    const lo = memory.words[at] as number;
    const hi = memory.words[at + 1] as number;
    const third = memory.words[at + 2] as number;
    const fourth = memory.words[at + 3] as number;
    // Counts even when the entry is not present.
    out[CTX_FPD] = lo & FPD;
    if ((lo & P) === 0) return CONTEXT_NOT_PRESENT;
    const tt = (lo >>> TT_SHIFT) & TT_MASK;
    const passThrough = tt === TT_PASS_THROUGH && config.passThrough;
    const deviceTlb = tt === TT_DEV_TLB && config.deviceTlb;
    // Bits 70:67 are ignored; so is the whole table pointer where it is not used.
    if ((lo & 0xff0) !== 0 || (third & 0xff00_0080) !== 0 || fourth !== 0) return CONTEXT_RESERVED;
    if (!passThrough && (hi & this.farHi) !== 0) return CONTEXT_RESERVED;
    const aw = third & AW_MASK;
    if (((this.sagaw >> aw) & 1) === 0) return CONTEXT_INVALID;
    if (tt !== TT_MULTI_LEVEL && !passThrough && !deviceTlb) return CONTEXT_INVALID;
    const levels = levelsOfAw(aw);
    // Pass-through knows the host address width alone. Spec: table 26, LGN.1.3
    const width = passThrough ? config.hostBits : Math.min(bitsOfLevels(levels), config.widthBits);
    out[CTX_DID] = (third >>> DID_SHIFT) & DID_MASK;
    out[CTX_TYPE] = passThrough ? PGTT_PASS_THROUGH : PGTT_SECOND;
    out[CTX_LEVELS] = passThrough ? 0 : levels;
    out[CTX_ROOT_PFN] = passThrough ? 0 : framePfn(hi, lo);
    out[CTX_OVER_HI] = ~((1 << (width - 32)) - 1);
    out[CTX_FLAGS] = deviceTlb ? CTX_DTE : 0;
    return 0;
  }
}

/** Frame number of the address in a pair, -1 for one beyond what memory can hold. */
export const framePfn = (hi: number, lo: number): number => (hi >>> 11 === 0 ? (hi << 20) | (lo >>> 12) : -1);
