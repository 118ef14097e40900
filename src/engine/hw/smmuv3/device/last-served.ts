import type { Trace } from '../../../trace/trace';
import { PA_HI, PA_LO, READ, WRITE } from '../../port';
import {
  DATA_HI,
  DATA_LO,
  HINT_MASK,
  KIND_MASK,
  SMALL,
  TAG_HI,
  TAG_LO,
  TLB_CTX,
  TLB_KIND,
  TLB_PERMS,
  type Tlb,
} from './tlb';

/** Slots. StreamID, -1 for none. */
const RID = 0;
const CTX = 1;
const KIND = 2;
/** Bits that no address of the stream has in its upper word. */
const OVER_HI = 3;
const SLOTS = 4;

/**
 * The beaten track: the stream that was served last reads or writes a page of 4 KiB again. It is what the way through the
 * caches would come to: the TLB's tags decide, and whatever touches configuration has it forgotten.
 */
export class LastServed {
  private readonly slots = new Int32Array(SLOTS).fill(-1);
  private readonly entries: Int32Array;
  private readonly hints: Int32Array;

  constructor(
    tlb: Tlb,
    private readonly trace: Trace,
  ) {
    this.entries = tlb.entries;
    this.hints = tlb.hints;
  }

  /** Whether a request without a SubstreamID and privilege is served so: its address is in `result`. */
  serves(rid: number, hi: number, lo: number, access: number, result: Int32Array): boolean {
    const { slots, entries } = this;
    if (rid !== slots[RID] || access > (READ | WRITE) || (hi & (slots[OVER_HI] as number)) !== 0)
      return false;
    const vpn = (hi << 20) | (lo >>> 12);
    const at = this.hints[vpn & HINT_MASK] as number;
    if (
      entries[at + TAG_LO] !== vpn ||
      entries[at + TAG_HI] !== (SMALL | (hi >>> 12)) ||
      entries[at + TLB_CTX] !== slots[CTX] ||
      ((entries[at + TLB_KIND] as number) & KIND_MASK) !== slots[KIND] ||
      ((entries[at + TLB_PERMS] as number) & access) !== access ||
      this.trace.on
    )
      return false;
    result[PA_LO] = (entries[at + DATA_LO] as number) | (lo & 0xfff);
    result[PA_HI] = entries[at + DATA_HI] as number;
    return true;
  }

  /** A stream without overrides was served. `overHi`: as TT_OVER_HI; all of the low word counts. */
  learn(rid: number, ctx: number, kind: number, overHi: number): void {
    const { slots } = this;
    slots[RID] = rid;
    slots[CTX] = ctx;
    slots[KIND] = kind & KIND_MASK;
    slots[OVER_HI] = overHi;
  }

  forget(): void {
    this.slots[RID] = -1;
  }
}
