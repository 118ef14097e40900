import { PA_HI, PA_LO, READ, WRITE } from '../../port';
import type { Trace } from '../../../trace/trace';
import * as r from '../regs';
import {
  DATA_HI,
  DATA_LO,
  HINT_MASK,
  TLB_CTX,
  TLB_KIND,
  TLB_PERMS,
  TAG_HI,
  TAG_LO,
  KIND_MASK,
  SMALL,
} from './tlb';
import type { SmmuState } from './unit';

/** Slots. StreamID, -1 for none; indices of its cached entries, and what the second's tag must be. */
const RID = 0;
const STE_AT = 1;
const CD_AT = 2;
const CD_TAG = 3;
const CTX = 4;
const KIND = 5;
/** Bits that no address of the stream has in its upper word. */
const OVER_HI = 6;
const SLOTS = 7;

/**
 * The beaten track: the stream that was served last reads or writes a page of 4 KiB again. It is what the way through the
 * caches would come to, and nothing else: their tags decide.
 */
export class LastServed {
  private readonly slots = new Int32Array(SLOTS);
  private readonly regs: Int32Array;
  private readonly ste: Int32Array;
  private readonly cd: Int32Array;
  private readonly tlb: Int32Array;
  private readonly hints: Int32Array;
  private readonly trace: Trace;

  constructor(unit: SmmuState) {
    this.regs = unit.regs;
    this.ste = unit.steCache.entries;
    this.cd = unit.cdCache.entries;
    this.tlb = unit.tlb.entries;
    this.hints = unit.tlb.hints;
    this.trace = unit.trace;
    this.forget();
  }

  /** Whether a request without a SubstreamID and privilege is served so: its address is in `result`. */
  serves(rid: number, hi: number, lo: number, access: number, result: Int32Array): boolean {
    const { slots, tlb } = this;
    if (rid !== slots[RID] || access > (READ | WRITE) || (hi & (slots[OVER_HI] as number)) !== 0)
      return false;
    const vpn = (hi << 20) | (lo >>> 12);
    const at = this.hints[vpn & HINT_MASK] as number;
    if (
      tlb[at + TAG_LO] !== vpn ||
      tlb[at + TAG_HI] !== (SMALL | (hi >>> 12)) ||
      tlb[at + TLB_CTX] !== slots[CTX] ||
      ((tlb[at + TLB_KIND] as number) & KIND_MASK) !== slots[KIND] ||
      ((tlb[at + TLB_PERMS] as number) & access) !== access ||
      this.ste[slots[STE_AT] as number] !== rid + 1 ||
      this.cd[slots[CD_AT] as number] !== slots[CD_TAG] ||
      ((this.regs[r.CR0 >> 2] as number) & r.CR0_SMMUEN) === 0 ||
      this.trace.on
    )
      return false;
    result[PA_LO] = (tlb[at + DATA_LO] as number) | (lo & 0xfff);
    result[PA_HI] = tlb[at + DATA_HI] as number;
    return true;
  }

  /**
   * A stream without overrides was served, by these entries; `cdAt`: -1 where it has no stage 1. `overHi`: as TT_OVER_HI; all
   * of the low word counts.
   */
  learn(rid: number, steAt: number, cdAt: number, ctx: number, kind: number, overHi: number): void {
    const { slots } = this;
    slots[RID] = rid;
    slots[STE_AT] = steAt;
    slots[CD_AT] = Math.max(cdAt, 0);
    slots[CD_TAG] = cdAt < 0 ? (this.cd[0] as number) : rid + 1;
    slots[CTX] = ctx;
    slots[KIND] = kind & KIND_MASK;
    slots[OVER_HI] = overHi;
  }

  /** A cached entry is another from now on. */
  forget(): void {
    this.slots[RID] = -1;
  }
}
