import { addressOf, join } from '../../../../lib/u64';
import type { Trace } from '../../../trace/trace';
import { C_BAD_STE, C_BAD_STREAMID, F_STE_FETCH } from '../reasons';
import * as r from '../regs';
import * as s from '../structs';
import { granuleSupported, hypSupported, type SmmuConfig } from './config';
import type { MemoryReader } from './memory-reader';
import {
  aboveHi,
  exceeds,
  putTable,
  rootOutOfRange,
  stage2SizeValid,
  startLevelFits,
  startLevelOf,
  TT_BIG_ENDIAN,
  TT_LPA,
  TT_WORDS,
} from './translation-table';

/** Words of a decoded entry; the first two are the cache's tags. */
export const STE_MODE = 2;
export const STE_FLAGS = 3;
export const STE_EATS = 4;
/** PRIVCFG in 1:0, INSTCFG in 3:2; 0 where neither overrides. */
export const STE_OVERRIDES = 5;
export const STE_S1DSS = 6;
export const STE_S1FMT = 7;
export const STE_S1CDMAX = 8;
export const STE_CTXPTR_HI = 9;
export const STE_CTXPTR_LO = 10;
/** KIND_* of stage 1 translations. */
export const STE_REGIME = 11;
export const STE_VMID = 12;
export const STE_TT = 13;
export const STE_WORDS = STE_TT + TT_WORDS;

export const MODE_ABORT = 0;
export const MODE_BYPASS = 1;
export const MODE_S1 = 2;
export const MODE_S2 = 3;
export const MODE_NESTED = 4;

/** What a missing SubstreamID came to, where that is no context descriptor. */
export const STAGE1_BYPASS = -0x1000;

/** Bits of STE_FLAGS. */
export const FLAG_MEV = 1 << 0;
export const FLAG_S2R = 1 << 1;
export const FLAG_S2S = 1 << 2;
export const FLAG_S1STALLD = 1 << 3;
export const FLAG_S2PTW = 1 << 4;
export const FLAG_S2AFFD = 1 << 5;
export const FLAG_S2HA = 1 << 6;
export const FLAG_S2HD = 1 << 7;
export const FLAG_S2FWB = 1 << 8;
export const FLAG_PPAR = 1 << 9;

/** Registers that a look-up reads. */
export interface StreamTableRegisters {
  reg(offset: number): number;
}

/** EL2, by CR2.E2H. */
const REGIME_EL2 = 1;

const ENTRY_WORDS = s.STE_BYTES / 4;

/**
 * Stream table → stream table entry.
 *
 * Spec: section 3.3.2 "StreamIDs to Context Descriptors", section 5.1 "Level 1 Stream Table Descriptor", section 5.2 "STE",
 * section 5.2.2 "Validity of STE"
 */
export class SteReader {
  /** The last entry read, decoded. */
  readonly out = new Int32Array(STE_WORDS);
  /** Where the last fetch went: what F_STE_FETCH tells. */
  readonly fetch = new Int32Array(2);
  private readonly raw = new Int32Array(ENTRY_WORDS);

  constructor(
    private readonly reader: MemoryReader,
    private readonly config: SmmuConfig,
    private readonly registers: StreamTableRegisters,
  ) {}

  /** 0 and the entry in `out`, or the event. */
  read(sid: number, trace: Trace): number {
    const found = this.locate(sid, trace);
    if (found !== 0) return found;
    const [hi, lo] = [this.fetch[0] as number, this.fetch[1] as number];
    if (!this.reader.load(hi, lo, this.raw, ENTRY_WORDS)) return F_STE_FETCH;
    if (trace.on) this.tell(trace, 'ste', sid, hi, lo, ENTRY_WORDS);
    return this.decode() ? 0 : C_BAD_STE;
  }

  /** Puts the entry's address into `fetch`. */
  private locate(sid: number, trace: Trace): number {
    const { config, registers, fetch } = this;
    const cfg = registers.reg(r.STRTAB_BASE_CFG);
    const log2size = Math.min(cfg & r.STRTAB_LOG2SIZE_MASK, config.sidsize);
    if (sid >= 2 ** log2size) return C_BAD_STREAMID;
    const baseHi = registers.reg(r.STRTAB_BASE + 4) & 0xff_ffff & ~aboveHi(config.oas);
    const baseLo = registers.reg(r.STRTAB_BASE) & ~0x3f;
    const twoLevel = config.stLevel && ((cfg >>> r.STRTAB_FMT_SHIFT) & 3) === r.STRTAB_FMT_2LVL;
    if (!twoLevel) {
      setAddress(fetch, baseHi, baseLo & ~(2 ** Math.min(log2size + 6, 31) - 1), sid * s.STE_BYTES);
      return 0;
    }
    const split = splitOf(cfg);
    const l1Bytes = Math.max(6, log2size - split + 3);
    setAddress(fetch, baseHi, baseLo & ~(2 ** l1Bytes - 1), (sid >>> split) * s.L1_BYTES);
    const [hi, lo] = [fetch[0] as number, fetch[1] as number];
    if (!this.reader.load(hi, lo, this.raw, 2)) return F_STE_FETCH;
    if (trace.on) this.tell(trace, 'l1-std', sid >>> split, hi, lo, 2);
    return this.second(sid & (2 ** split - 1), split);
  }

  private second(index: number, split: number): number {
    const lo = this.raw[0] as number;
    const hi = (this.raw[1] as number) & 0xff_ffff;
    const span = lo & s.L1STD_SPAN_MASK;
    if (span === 0 || span > s.L1STD_MAX_SPAN || span > split + 1 || index >= 2 ** (span - 1))
      return C_BAD_STREAMID;
    setAddress(this.fetch, hi, lo & ~(2 ** (span + 5) - 1), index * s.STE_BYTES);
    return exceeds(hi, 0, this.config.oas) ? F_STE_FETCH : 0;
  }

  private decode(): boolean {
    const { out, raw, config } = this;
    const word = (n: number): number => raw[n] as number;
    out.fill(0);
    if ((word(0) & s.STE_V) === 0) return false;
    const mode = (word(0) >>> s.STE_CONFIG_SHIFT) & s.CONFIG_MASK;
    if ((mode & s.CONFIG_PASS) === 0) return true; // MODE_ABORT
    const s1 = (mode & s.CONFIG_S1) !== 0;
    const s2 = (mode & s.CONFIG_S2) !== 0;
    if ((s1 && !config.s1p) || (s2 && !config.s2p)) return false;
    out[STE_MODE] = s1 ? (s2 ? MODE_NESTED : MODE_S1) : s2 ? MODE_S2 : MODE_BYPASS;
    out[STE_FLAGS] = flagsOf(word(2), word(5), s2);
    if (config.attrPermsOvr) {
      const overrides =
        ((word(3) >>> s.STE_PRIVCFG_SHIFT) & 3) | (((word(3) >>> s.STE_INSTCFG_SHIFT) & 3) << 2);
      out[STE_OVERRIDES] = overrides;
    }
    return this.decodeAts(word(2), word(5), s1, s2) && this.decodeTags(s1, s2) && this.stages(s1, s2);
  }

  /** Spec: STE.EATS */
  private decodeAts(word2: number, word5: number, s1: boolean, s2: boolean): boolean {
    const { config, out } = this;
    if (!config.ats || (!s1 && !s2)) return true;
    const eats = (word2 >>> s.STE_EATS_SHIFT) & 3;
    const stalls = (word5 & s.S2S) !== 0;
    if (eats === s.EATS_SPLIT && (!s1 || !s2 || stalls || config.ns1ats)) return false;
    if (eats === s.EATS_FULL && s2 && stalls) return false;
    // 3: checks against a device permission table, which this unit has not got: as 0.
    out[STE_EATS] = eats === 3 ? s.EATS_NONE : eats;
    return true;
  }

  /** What tags translations: STE.STRW and STE.S2VMID. */
  private decodeTags(s1: boolean, s2: boolean): boolean {
    const { config, out, raw, registers } = this;
    const strw = ((raw[2] as number) >>> s.STE_STRW_SHIFT) & 3;
    if (s1 && !s2 && hypSupported(config)) {
      if ((strw & 1) !== 0) return false;
      const e2h = (registers.reg(r.CR2) & r.CR2_E2H) !== 0;
      if (strw === s.STRW_NS_EL2) out[STE_REGIME] = REGIME_EL2 + (e2h ? 1 : 0);
    }
    if (!config.s2p || out[STE_REGIME] !== 0 || (!s1 && !s2)) return true;
    const vmid = (raw[4] as number) & s.STE_S2VMID_MASK;
    out[STE_VMID] = vmid;
    return config.vmid16 || vmid < 256;
  }

  private stages(s1: boolean, s2: boolean): boolean {
    return (!s1 || this.stage1()) && (!s2 || this.stage2());
  }

  private stage1(): boolean {
    const { config, out, raw } = this;
    const word = (n: number): number => raw[n] as number;
    if ((word(2) & s.STE_S1STALLD) !== 0 && config.stallModel !== r.STALL_CONFIGURABLE) return false;
    const cdMax = config.ssidsize === 0 ? 0 : word(1) >>> s.STE_S1CDMAX_SHIFT;
    if (cdMax > config.ssidsize) return false;
    const format = (word(0) >>> s.STE_S1FMT_SHIFT) & 3;
    const twoLevel = format === s.S1FMT_4K_L2 || format === s.S1FMT_64K_L2;
    if (cdMax > 0 && twoLevel && !config.cd2l) return false;
    out[STE_S1CDMAX] = cdMax;
    out[STE_S1FMT] = cdMax > 0 && twoLevel ? format : s.S1FMT_LINEAR;
    out[STE_S1DSS] = word(2) & s.S1DSS_MASK;
    out[STE_CTXPTR_HI] = word(1) & 0xff_ffff;
    out[STE_CTXPTR_LO] = word(0) & ~0x3f;
    // An IPA, where there is a stage 2, and else a PA: as many bits either way, for IAS = OAS without AArch32 tables.
    return !exceeds(word(1) & 0xff_ffff, word(0), config.oas);
  }

  private stage2(): boolean {
    const { config, raw } = this;
    const vtcr = raw[5] as number;
    const stalls = (vtcr & s.S2S) !== 0;
    if (stalls ? config.stallModel === r.STALL_NONE : config.stallModel === r.STALL_FORCED) return false;
    // AArch32 tables are not supported.
    if ((vtcr & s.S2AA64) === 0) return false;
    if ((vtcr & s.S2HA) !== 0 && config.httu < r.HTTU_ACCESS) return false;
    if ((vtcr & s.S2HD) !== 0 && config.httu < r.HTTU_ACCESS_DIRTY) return false;
    const granuleLg2 = s.TG0_GRANULE[(vtcr >>> s.S2TG_SHIFT) & 3] ?? 0;
    if (!granuleSupported(config, granuleLg2)) return false;
    const t0sz = vtcr & s.S2T0SZ_MASK;
    const inputBits = 64 - t0sz;
    const startLevel = startLevelOf(config, (vtcr >>> s.S2SL0_SHIFT) & 3, granuleLg2);
    if (!stage2SizeValid(config, t0sz, granuleLg2)) return false;
    if (startLevel < 0 || !startLevelFits(inputBits, startLevel, granuleLg2)) return false;
    const bigEndian = (vtcr & s.S2ENDI) !== 0;
    if (!endianSupported(config, bigEndian)) return false;
    const outputBits = Math.min(r.ADDRESS_BITS[(vtcr >>> s.S2PS_SHIFT) & 7] ?? 52, config.oas);
    const [rootHi, rootLo] = [(raw[7] as number) & 0xf_ffff, (raw[6] as number) & ~0xf];
    if (rootOutOfRange(rootHi, rootLo, granuleLg2, outputBits)) return false;
    const lpa = granuleLg2 === 16 && config.oas === 52 ? TT_LPA : 0;
    const flags = lpa | (bigEndian ? TT_BIG_ENDIAN : 0);
    putTable(this.out, STE_TT, { granuleLg2, inputBits, outputBits, rootHi, rootLo, flags, startLevel });
    return true;
  }

  private tell(
    trace: Trace,
    structure: 'l1-std' | 'ste',
    index: number,
    hi: number,
    lo: number,
    count: number,
  ): void {
    const pa = addressOf(hi, lo);
    trace.noteStructure(this.config.unit, structure, index, pa, this.raw, 0, count);
  }
}

/** 64-bit words of a structure in 32-bit ones. */
export const wordsOf = (raw: Int32Array, count: number): readonly bigint[] =>
  Array.from({ length: count / 2 }, (_, n) => join(raw[2 * n + 1] as number, raw[2 * n] as number));

/** Spec: IDR0.TTENDIAN */
export const endianSupported = (config: SmmuConfig, big: boolean): boolean =>
  config.ttendian === r.TTENDIAN_MIXED || (config.ttendian === r.TTENDIAN_BE) === big;

/** Of level 2 tables: reserved values behave as 6. */
function splitOf(cfg: number): number {
  const split = (cfg >>> r.STRTAB_SPLIT_SHIFT) & r.STRTAB_SPLIT_MASK;
  return split === 8 || split === 10 ? split : 6;
}

/** base + offset, of a base aligned to at least what offset can be, or below 4 GiB more. */
function setAddress(out: Int32Array, hi: number, lo: number, offset: number): void {
  const sum = (lo >>> 0) + offset;
  out[0] = sum >= 2 ** 32 ? hi + 1 : hi;
  out[1] = sum | 0;
}

function flagsOf(word2: number, word5: number, s2: boolean): number {
  const on = (set: boolean, flag: number): number => (set ? flag : 0);
  const first =
    on((word2 & s.STE_MEV) !== 0, FLAG_MEV) |
    on((word2 & s.STE_S1STALLD) !== 0, FLAG_S1STALLD) |
    on((word2 & s.STE_PPAR) !== 0, FLAG_PPAR);
  if (!s2) return first;
  return (
    first |
    on((word2 & s.STE_S2FWB) !== 0, FLAG_S2FWB) |
    on((word5 & s.S2R) !== 0, FLAG_S2R) |
    on((word5 & s.S2S) !== 0, FLAG_S2S) |
    on((word5 & s.S2PTW) !== 0, FLAG_S2PTW) |
    on((word5 & s.S2AFFD) !== 0, FLAG_S2AFFD) |
    on((word5 & s.S2HA) !== 0, FLAG_S2HA) |
    // Dirty state alone is reserved: as neither.
    on((word5 & (s.S2HD | s.S2HA)) === (s.S2HD | s.S2HA), FLAG_S2HD)
  );
}
