import type { Trace } from '../../../trace/trace';
import { cacheWording } from '../../../trace/wording';
import { DDT_ACCESS_FAULT, DDT_CORRUPT, DDT_MISCONFIGURED, DDT_NOT_VALID } from '../reasons';
import { cap, DDTP, DDTP_1LVL, DDTP_MODE_MASK, EVENT_DDT_WALK } from '../regs';
import {
  ATP_MODE_SHIFT,
  ATP_RESERVED_HI,
  DC_BASE_BYTES,
  DC_EXT_BYTES,
  DDI_BITS_BASE,
  DDI_BITS_EXT,
  DIR_RESERVED_HI,
  DIR_RESERVED_LO,
  DIR_V,
  MODE_BARE,
  MSI_FLAT,
  MSI_OFF,
  PD17,
  PD20,
  PD8,
  TA_MCID_SHIFT,
  TA_RCID_SHIFT,
  TA_RESERVED_HI,
  TA_RESERVED_LO,
  TC_DPE,
  TC_EN_ATS,
  TC_EN_PRI,
  TC_GADE,
  TC_PDTV,
  TC_PRPR,
  TC_RESERVED_LO,
  TC_SADE,
  TC_SBE,
  TC_SXL,
  TC_T2GPA,
  TC_V,
} from '../structs';
import { READ_FAULT, READ_OK, type ReadStatus } from './memory';
import { firstStageMode, nearPfn, secondStageMode, type Service } from './service';
import type { UnitState } from './unit';

/**
 * Locates device contexts.
 *
 * Spec: section "Process to locate the Device-context", section "Device-context configuration checks"
 */
export class DeviceDirectory {
  /** The cause that the last read() ended with, 0 for none. */
  cause = 0;
  words: Int32Array;
  at = 0;
  /** Of a context: 32, or 64 in the extended format. */
  readonly bytes: number;
  readonly extended: boolean;
  /** log2 of the 32-bit words of a context. */
  readonly wordsLg2: number;
  private readonly bits: readonly number[];
  /** Of each level's index in a device_id. */
  readonly shifts = new Int32Array(3);
  readonly masks = new Int32Array(3);
  private readonly reservedTc: number;
  /** Bits of ta's high word that have to be clear: reserved ones, and ids wider than the unit's. */
  readonly reservedTa: number;
  /** A tc that broke no rule, so that the next one like it need not be looked at; and the modes that it allows. */
  goodTc = 0;
  firstModes = 0;
  private secondModes = 0;
  /** Level of the root; negative: there is none. And its frame for quick walks, -1 where they cannot go there. */
  top = -1;
  root = -1;

  constructor(
    private readonly unit: UnitState,
    private readonly trace: Trace,
  ) {
    const { capabilities } = unit.config;
    this.extended = cap.msiFlat(capabilities);
    this.bits = this.extended ? DDI_BITS_EXT : DDI_BITS_BASE;
    this.bytes = this.extended ? DC_EXT_BYTES : DC_BASE_BYTES;
    this.wordsLg2 = this.extended ? 4 : 3;
    this.words = unit.memory.words;
    let shift = 0;
    this.bits.forEach((width, level) => {
      this.shifts[level] = shift;
      this.masks[level] = (1 << width) - 1;
      shift += width;
    });
    this.reservedTc = TC_RESERVED_LO | this.unsupportedTc(capabilities);
    const ids = cap.qosid(capabilities) ? unit.config.qosMask : 0;
    const unused = ((~ids & 0xfff) << TA_RCID_SHIFT) | ((~(ids >>> 16) & 0xfff) << TA_MCID_SHIFT);
    this.reservedTa = TA_RESERVED_HI | unused;
    this.configure();
  }

  /** After a write to fctl or ddtp: they decide what contexts may say, and where they are. */
  configure(): void {
    const { config, narrowGuest, bigEndian } = this.unit;
    this.goodTc = 0;
    this.firstModes = 0;
    this.top = this.levels - 1;
    const near = nearPfn((this.unit.reg(DDTP + 4) & 0x3f_ffff) >>> 10, this.unit.regPpn(DDTP) | 0);
    this.root = bigEndian ? -1 : near;
    this.secondModes = allowed((mode) => secondStageMode(config.capabilities, mode, narrowGuest));
  }

  /** Whether there is a directory, with levels enough for a device_id. */
  reaches(did: number): boolean {
    if (this.top < 0) return false;
    return this.top >= 2 || did >>> (this.shifts[this.top + 1] as number) === 0;
  }

  /** Index of a device's context in the cache, read from memory if need be; -1 and `cause` where there is none. */
  locate(did: number, ids: Service): number {
    const { contexts } = this.unit;
    const cached = contexts.findDevice(did);
    if (this.trace.on && contexts.ddtSets > 0) this.emitCache(cached >= 0 ? 'hit' : 'miss', did);
    if (cached >= 0) return cached;
    this.cause = this.read(did, ids);
    if (this.cause !== 0) return -1;
    if (this.trace.on && contexts.ddtSets > 0) this.emitCache('fill', did);
    return contexts.fillDevice(did, this.words, this.at, this.extended);
  }

  /** Reads a context from memory: `words` and `at` tell where it is. 0, or the cause of a fault. */
  read(did: number, ids: Service): number {
    const { unit, masks, shifts } = this;
    const { memory } = unit;
    const bigEndian = unit.bigEndian;
    let table = unit.regPpn(DDTP);
    for (let level = this.levels - 1; level > 0; level--) {
      const index = (did >>> (shifts[level] as number)) & (masks[level] as number);
      unit.counters.count(EVENT_DDT_WALK, ids);
      const status = memory.read(table, index * 8, 1, bigEndian);
      if (status !== READ_OK) return refused(status);
      const lo = memory.word(0);
      const hi = memory.word(1);
      if (this.trace.on) this.emit('ddt', index, table * 4096 + index * 8, 1);
      if ((lo & DIR_V) === 0) return DDT_NOT_VALID;
      if (((lo & DIR_RESERVED_LO) | (hi & DIR_RESERVED_HI)) !== 0) return DDT_MISCONFIGURED;
      table = (hi & 0x3f_ffff) * 0x40_0000 + (lo >>> 10);
    }
    const { bytes } = this;
    const index = did & (masks[0] as number);
    unit.counters.count(EVENT_DDT_WALK, ids);
    const status = memory.read(table, index * bytes, bytes >> 3, bigEndian);
    if (status !== READ_OK) return refused(status);
    this.words = memory.words;
    this.at = memory.at;
    if (this.trace.on) this.emit('dc', index, table * 4096 + index * bytes, bytes >> 3);
    if (((this.words[this.at] as number) & TC_V) === 0) return DDT_NOT_VALID;
    return this.isMisconfigured(this.words, this.at) ? DDT_MISCONFIGURED : 0;
  }

  /** Devices with a valid context in memory, at most so many. */
  list(most: number): readonly number[] {
    const found: number[] = [];
    if (this.levels > 0) this.collect(this.unit.regPpn(DDTP), this.levels - 1, 0, found, most);
    return found;
  }

  private collect(table: number, level: number, above: number, found: number[], most: number): void {
    const { memory, bigEndian } = this.unit;
    for (let index = 0; index <= (this.masks[level] as number) && found.length < most; index++) {
      const bytes = level === 0 ? this.bytes : 8;
      if (memory.read(table, index * bytes, 1, bigEndian) !== READ_OK) return;
      if ((memory.word(0) & DIR_V) === 0) continue;
      const did = above | (index << (this.shifts[level] as number));
      if (level === 0) found.push(did);
      else {
        const next = (memory.word(1) & 0x3f_ffff) * 0x40_0000 + (memory.word(0) >>> 10);
        this.collect(next, level - 1, did, found, most);
      }
    }
  }

  private get levels(): number {
    return (this.unit.reg(DDTP) & DDTP_MODE_MASK) - DDTP_1LVL + 1;
  }

  /** Bits of tc that stand for what the unit lacks. */
  private unsupportedTc(capabilities: bigint): number {
    const ats = cap.ats(capabilities) ? 0 : TC_EN_ATS | TC_EN_PRI | TC_PRPR;
    const t2gpa = cap.t2gpa(capabilities) ? 0 : TC_T2GPA;
    return ats | t2gpa | (cap.amoHwad(capabilities) ? 0 : TC_SADE | TC_GADE);
  }

  /** Spec: section "Device-context configuration checks". The context is the words from `at` on. */
  private isMisconfigured(w: Int32Array, at: number): boolean {
    const tc = w[at] as number;
    if (tc !== this.goodTc && !this.acceptTc(tc)) return true;
    const second = w[at + 3] as number;
    const first = w[at + 7] as number;
    const reserved =
      (w[at + 1] as number) |
      ((w[at + 4] as number) & TA_RESERVED_LO) |
      ((w[at + 5] as number) & this.reservedTa) |
      (first & ATP_RESERVED_HI);
    const modes =
      (this.firstModes >>> (first >>> ATP_MODE_SHIFT)) & (this.secondModes >>> (second >>> ATP_MODE_SHIFT));
    if (reserved !== 0 || (modes & 1) === 0) return true;
    const bare = second >>> ATP_MODE_SHIFT === MODE_BARE;
    // A root of four pages lies on a boundary of as many.
    if (bare ? (tc & TC_T2GPA) !== 0 : ((w[at + 2] as number) & 3) !== 0) return true;
    return this.extended && this.msiWrong(w, at, bare);
  }

  private msiWrong(w: Int32Array, at: number, bare: boolean): boolean {
    const msiptp = w[at + 9] as number;
    const wide = ((w[at + 11] as number) | (w[at + 13] as number)) >>> 20;
    if (((msiptp & ATP_RESERVED_HI) | wide | (w[at + 14] as number) | (w[at + 15] as number)) !== 0)
      return true;
    const mode = msiptp >>> ATP_MODE_SHIFT;
    return mode !== MSI_OFF && (bare || mode !== MSI_FLAT);
  }

  /** Whether a tc breaks no rule; the next context with the same one is spared the question. */
  private acceptTc(tc: number): boolean {
    if (this.tcWrong(tc)) return false;
    this.goodTc = tc;
    this.firstModes = this.modesOf(tc);
    return true;
  }

  /** The rules for tc by itself, as fctl is now. */
  private tcWrong(tc: number): boolean {
    const { config } = this.unit;
    if ((tc & this.reservedTc) !== 0) return true;
    if ((tc & TC_EN_ATS) === 0 && (tc & (TC_T2GPA | TC_EN_PRI)) !== 0) return true;
    if ((tc & TC_EN_PRI) === 0 && (tc & TC_PRPR) !== 0) return true;
    if ((tc & TC_PDTV) === 0 && (tc & TC_DPE) !== 0) return true;
    const sameEndian = ((tc & TC_SBE) !== 0) === this.unit.bigEndian;
    if (!sameEndian && (!cap.end(config.capabilities) || !config.beWritable)) return true;
    const narrow = (tc & TC_SXL) !== 0;
    return this.unit.narrowGuest ? !narrow : narrow && !config.gxlWritable;
  }

  /** What DC.fsc.MODE may be under a tc, one bit each. */
  private modesOf(tc: number): number {
    const { capabilities } = this.unit.config;
    const narrow = (tc & TC_SXL) !== 0;
    return (tc & TC_PDTV) !== 0
      ? allowed((mode) => processDirectoryMode(capabilities, mode))
      : allowed((mode) => firstStageMode(capabilities, mode, narrow));
  }

  private emit(structure: string, index: number, pa: number, doublewords: number): void {
    const { config, memory } = this.unit;
    const { words, at } = memory;
    this.trace.noteStructure(config.unit, structure, index, pa, words, at, 2 * doublewords);
  }

  emitCache(op: 'hit' | 'miss' | 'fill', did: number): void {
    this.trace.note(ofDdt, this.unit.config.unit, op, did);
  }
}

const ofDdt = cacheWording('ddt', (did) => `device_id ${did.toString(16)}`);

const refused = (status: ReadStatus): number => (status === READ_FAULT ? DDT_ACCESS_FAULT : DDT_CORRUPT);

const processDirectoryMode = (capabilities: bigint, mode: number): boolean =>
  mode === MODE_BARE ||
  (mode === PD8 && cap.pd8(capabilities)) ||
  (mode === PD17 && cap.pd17(capabilities)) ||
  (mode === PD20 && cap.pd20(capabilities));

/** Modes as a set of bits. */
const allowed = (test: (mode: number) => boolean): number =>
  Array.from({ length: 16 }, (_, mode) => (test(mode) ? 1 << mode : 0)).reduce((all, bit) => all | bit, 0);
