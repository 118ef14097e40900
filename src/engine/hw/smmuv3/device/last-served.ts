import type { Trace } from '../../../trace/trace';
import { EXECUTE, PA_HI, PA_LO, READ, WRITE } from '../../port';
import { Source } from './sources';
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

/**
 * The beaten track: the source that was served last asks for a page of 4 KiB again. It is what the way through the caches
 * would come to: the TLB's tags decide, and whatever touches configuration has the source forgotten.
 */
export class LastServed {
  /** Nobody's at first. */
  source = new Source();
  private readonly entries: Int32Array;
  private readonly hints: Int32Array;

  constructor(
    tlb: Tlb,
    private readonly trace: Trace,
  ) {
    this.entries = tlb.entries;
    this.hints = tlb.hints;
  }

  /** Whether an unprivileged request is served so: its address is in `result`. */
  serves(sid: number, hi: number, lo: number, access: number, ssid: number, result: Int32Array): boolean {
    const { entries, source } = this;
    if (
      sid !== source.sid ||
      ssid !== source.ssid ||
      access > (READ | WRITE | EXECUTE) ||
      (hi & source.overHi) !== 0
    )
      return false;
    const vpn = (hi << 20) | (lo >>> 12);
    const at = this.hints[vpn & HINT_MASK] as number;
    if (
      entries[at + TAG_LO] !== vpn ||
      entries[at + TAG_HI] !== (SMALL | (hi >>> 12)) ||
      entries[at + TLB_CTX] !== source.ctx ||
      ((entries[at + TLB_KIND] as number) & KIND_MASK) !== source.kind ||
      ((entries[at + TLB_PERMS] as number) & access) !== access ||
      this.trace.on
    )
      return false;
    result[PA_LO] = (entries[at + DATA_LO] as number) | (lo & 0xfff);
    result[PA_HI] = entries[at + DATA_HI] as number;
    return true;
  }
}
