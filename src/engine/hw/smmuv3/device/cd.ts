import { addressOf } from '../../../../lib/u64';
import type { Trace } from '../../../trace/trace';
import { READ } from '../../port';
import { C_BAD_CD, C_BAD_SUBSTREAMID, F_CD_FETCH } from '../reasons';
import * as r from '../regs';
import * as s from '../structs';
import * as flag from './cd-layout';
import { CD_CTX, CD_FLAGS, CD_KIND, CD_TT0, CD_TT1, CD_WORDS } from './cd-layout';
import { granuleSupported, type SmmuConfig } from './config';
import { FOR_CD } from './descent';
import type { MemoryReader } from './memory-reader';
import {
  endianSupported,
  FLAG_S1STALLD,
  MODE_NESTED,
  STE_CTXPTR_HI,
  STE_CTXPTR_LO,
  STE_FLAGS,
  STE_MODE,
  STE_REGIME,
  STE_S1CDMAX,
  STE_S1FMT,
  STE_VMID,
} from './ste';
import { COMBINED, KIND_EL2, L_PA_HI, L_PA_LO } from './tlb';
import {
  exceeds,
  putTable,
  rootOutOfRange,
  stage1SizeValid,
  TT_BIG_ENDIAN,
  TT_FLAGS,
  TT_HAD,
  TT_LPA,
  TT_OFF,
  TT_TBI,
} from './translation-table';
import type { Walker } from './walk';

const ENTRY_WORDS = s.CD_BYTES / 4;

/**
 * Table of context descriptors → context descriptor.
 *
 * Spec: section 5.3 "Level 1 Context Descriptor", section 5.4 "CD", section 5.4.2 "Validity of CD"
 */
export class CdReader {
  /** The last descriptor read, decoded. */
  readonly out = new Int32Array(CD_WORDS);
  /** Where the last fetch went: what F_CD_FETCH tells. */
  readonly fetch = new Int32Array(2);
  private readonly raw = new Int32Array(ENTRY_WORDS);

  constructor(
    private readonly reader: MemoryReader,
    private readonly config: SmmuConfig,
  ) {}

  /** 0 and the descriptor in `out`, or the event. `walker` serves the stream table entry, for its stage 2. */
  read(walker: Walker, ste: Int32Array, at: number, ssid: number, trace: Trace): number {
    const located = this.locate(walker, ste, at, ssid, trace);
    if (located !== 0) return located;
    const loaded = this.load(walker, ste, at, ENTRY_WORDS);
    if (loaded !== 0) return loaded;
    if (trace.on) this.tell(trace, 'cd', ssid, ENTRY_WORDS);
    return this.decode(ste, at) ? 0 : C_BAD_CD;
  }

  /** Puts the descriptor's address, PA or IPA, into `fetch`. */
  private locate(walker: Walker, ste: Int32Array, at: number, ssid: number, trace: Trace): number {
    const { fetch } = this;
    const cdMax = ste[at + STE_S1CDMAX] as number;
    const format = ste[at + STE_S1FMT] as number;
    const hi = ste[at + STE_CTXPTR_HI] as number;
    const lo = ste[at + STE_CTXPTR_LO] as number;
    if (cdMax === 0 || format === s.S1FMT_LINEAR) {
      add(fetch, hi, lo & ~(2 ** (cdMax + 6) - 1), ssid * s.CD_BYTES);
      return 0;
    }
    const split = format === s.S1FMT_4K_L2 ? 6 : 10;
    const l1Bits = Math.max(6, cdMax - split + 3);
    add(fetch, hi, lo & ~(2 ** l1Bits - 1), (ssid >>> split) * s.L1_BYTES);
    const loaded = this.load(walker, ste, at, 2);
    if (loaded !== 0) return loaded;
    if (trace.on) this.tell(trace, 'l1-cd', ssid >>> split, 2);
    const first = this.raw[0] as number;
    const nextHi = (this.raw[1] as number) & 0xff_ffff;
    if ((first & s.L1CD_V) === 0 || exceeds(nextHi, 0, this.config.oas)) return C_BAD_SUBSTREAMID;
    add(fetch, nextHi, first & ~0xfff, (ssid & (2 ** split - 1)) * s.CD_BYTES);
    return 0;
  }

  /** Reads what `fetch` points at, through stage 2 where there is one. */
  private load(walker: Walker, ste: Int32Array, at: number, count: number): number {
    const { fetch, raw } = this;
    if (ste[at + STE_MODE] === MODE_NESTED) {
      const reason = walker.internal(fetch[0] as number, fetch[1] as number, READ, s.CLASS_CD, FOR_CD);
      if (reason !== 0) return reason;
      fetch[0] = walker.second[L_PA_HI] as number;
      fetch[1] = walker.second[L_PA_LO] as number;
    }
    return this.reader.load(fetch[0] as number, fetch[1] as number, raw, count) ? 0 : F_CD_FETCH;
  }

  /** False: the descriptor is not valid, or ILLEGAL. */
  private decode(ste: Int32Array, at: number): boolean {
    const { config, out, raw } = this;
    out.fill(0);
    const first = raw[0] as number;
    const second = raw[1] as number;
    const regime = ste[at + STE_REGIME] as number;
    const el2 = regime === KIND_EL2;
    if ((first & s.CD_V) === 0) return false;
    if (!this.faultModelValid(ste, at, second)) return false;
    // AArch32 tables are not supported.
    if ((second & s.CD_AA64) === 0) return false;
    if ((second & s.CD_HA) !== 0 && config.httu < r.HTTU_ACCESS) return false;
    if ((second & s.CD_HD) !== 0 && config.httu < r.HTTU_ACCESS_DIRTY) return false;
    const asid = el2 ? 0 : second >>> s.CD_ASID_SHIFT;
    if (!config.asid16 && asid > 255) return false;
    const off0 = !el2 && (first & s.CD_EPD0) !== 0;
    const off1 = el2 || (first & s.CD_EPD1) !== 0;
    if ((!off0 || !off1) && !endianSupported(config, (first & s.CD_ENDI) !== 0)) return false;
    out[CD_FLAGS] = flagsOf(second, el2);
    out[CD_CTX] = ((ste[at + STE_VMID] as number) << 16) | asid;
    out[CD_KIND] = regime | (ste[at + STE_MODE] === MODE_NESTED ? COMBINED : 0);
    return this.table(0, off0) && this.table(1, off1);
  }

  /** Spec: section 5.5 "Fault configuration (A, R, S bits)" */
  private faultModelValid(ste: Int32Array, at: number, second: number): boolean {
    const { config } = this;
    const stalls = (second & s.CD_S) !== 0;
    if (stalls && ((ste[at + STE_FLAGS] as number) & FLAG_S1STALLD) !== 0) return false;
    if (config.termModel && (second & s.CD_A) === 0) return false;
    return stalls ? config.stallModel !== r.STALL_NONE : config.stallModel !== r.STALL_FORCED;
  }

  /** TTB0 or TTB1. What a disabled one holds does not matter. */
  private table(which: 0 | 1, off: boolean): boolean {
    const { config, out, raw } = this;
    const at = which === 0 ? CD_TT0 : CD_TT1;
    if (off) {
      out[at + TT_FLAGS] = TT_OFF;
      return true;
    }
    const control = (raw[0] as number) >>> (which * s.CD_TT1_SHIFT);
    const second = raw[1] as number;
    const granuleLg2 = (which === 0 ? s.TG0_GRANULE : s.TG1_GRANULE)[(control >>> s.CD_TG_SHIFT) & 3] ?? 0;
    const txsz = control & s.CD_TSZ_MASK;
    if (!granuleSupported(config, granuleLg2) || !stage1SizeValid(config, txsz, granuleLg2)) return false;
    const outputBits = Math.min(r.ADDRESS_BITS[second & s.CD_IPS_MASK] ?? 52, config.oas);
    const baseLo = raw[2 + 2 * which] as number;
    const rootHi = (raw[3 + 2 * which] as number) & 0xf_ffff;
    const rootLo = baseLo & ~0xf;
    if (rootOutOfRange(rootHi, rootLo, granuleLg2, outputBits)) return false;
    const flags =
      ((second & (which === 0 ? s.CD_TBI0 : s.CD_TBI1)) !== 0 ? TT_TBI : 0) |
      (config.had && (baseLo & s.CD_HAD) !== 0 ? TT_HAD : 0) |
      (granuleLg2 === 16 && config.oas === 52 ? TT_LPA : 0) |
      (((raw[0] as number) & s.CD_ENDI) !== 0 ? TT_BIG_ENDIAN : 0);
    putTable(out, at, { granuleLg2, inputBits: 64 - txsz, outputBits, rootHi, rootLo, flags });
    return true;
  }

  private tell(trace: Trace, structure: 'l1-cd' | 'cd', index: number, count: number): void {
    const pa = addressOf(this.fetch[0] as number, this.fetch[1] as number);
    trace.noteStructure(this.config.unit, structure, index, pa, this.raw, 0, count);
  }
}

function flagsOf(second: number, el2: boolean): number {
  const on = (bit: number, set: number): number => ((second & bit) !== 0 ? set : 0);
  const both = s.CD_HA | s.CD_HD;
  return (
    on(s.CD_A, flag.FLAG_A) |
    on(s.CD_R, flag.FLAG_R) |
    on(s.CD_S, flag.FLAG_S) |
    on(s.CD_HA, flag.FLAG_HA) |
    // Dirty state alone is reserved: as neither.
    ((second & both) === both ? flag.FLAG_HD : 0) |
    on(s.CD_AFFD, flag.FLAG_AFFD) |
    on(s.CD_WXN, flag.FLAG_WXN) |
    (el2 ? flag.FLAG_EL2 : on(s.CD_PAN, flag.FLAG_PAN))
  );
}

/** base + offset, where base is aligned to at least what it counts in. */
function add(out: Int32Array, hi: number, lo: number, offset: number): void {
  const sum = (lo >>> 0) + offset;
  out[0] = sum >= 2 ** 32 ? hi + 1 : hi;
  out[1] = sum | 0;
}
