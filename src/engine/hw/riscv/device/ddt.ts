import { join } from '../../../../lib/u64';
import { findFrame } from '../../../memory/frame-store';
import type { Trace } from '../../../trace/trace';
import { DDT_ACCESS_FAULT, DDT_CORRUPT, DDT_MISCONFIGURED, DDT_NOT_VALID } from '../reasons';
import { cap, DDTP, DDTP_1LVL, DDTP_MODE_MASK, EVENT_DDT_WALK } from '../regs';
import {
  ATP_MODE_SHIFT,
  ATP_RESERVED_HI,
  DC_BASE_BYTES,
  DC_EXT_BYTES,
  DC_FSC,
  DC_IOHGATP,
  DC_MSI_ADDR_MASK,
  DC_MSI_ADDR_PATTERN,
  DC_MSIPTP,
  DC_TA,
  DC_TC,
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

const LEAVES = 8;
const LEAF_MASK = 0xff;

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
  private readonly bits: readonly number[];
  /** Of each level's index in a device_id. */
  private readonly shifts = new Int32Array(3);
  private readonly masks = new Int32Array(3);
  private readonly reservedTc: number;
  /** Bits of ta's high word that have to be clear: reserved ones, and ids wider than the unit's. */
  private readonly reservedTa: number;
  /** A tc that broke no rule, so that the next one like it need not be looked at; and the modes that it allows. */
  private goodTc = 0;
  private firstModes = 0;
  private secondModes = 0;
  /** For readPlain(): whether it may, the root's frame, and where memory keeps tables met lately: of each level, then leaves. */
  private plain = true;
  private root = -1;
  private readonly near = new Int32Array(LEAVES + 2 * (LEAF_MASK + 1)).fill(-1);

  constructor(
    private readonly unit: UnitState,
    private readonly trace: Trace,
  ) {
    const { capabilities } = unit.config;
    this.extended = cap.msiFlat(capabilities);
    this.bits = this.extended ? DDI_BITS_EXT : DDI_BITS_BASE;
    this.bytes = this.extended ? DC_EXT_BYTES : DC_BASE_BYTES;
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
    this.plain = !bigEndian;
    this.root = nearPfn((this.unit.reg(DDTP + 4) & 0x3f_ffff) >>> 10, this.unit.regPpn(DDTP) | 0);
    this.secondModes = allowed((mode) => secondStageMode(config.capabilities, mode, narrowGuest));
  }

  /** Whether the directory has levels enough for a device_id. */
  reaches(did: number): boolean {
    const { levels } = this;
    return levels >= 3 || did >>> (this.shifts[levels] as number) === 0;
  }

  /**
   * As read(), but past hazards and counters, and giving up over everything that is not as it should be: read() says what it
   * is. Whether there is a context.
   */
  readPlain(did: number): boolean {
    const { near, masks, shifts } = this;
    const { words } = this.unit.memory.port;
    if (!this.plain) return false;
    let pfn = this.root;
    for (let level = this.levels - 1; level > 0; level--) {
      const base = near[level << 1] === pfn ? (near[(level << 1) + 1] as number) : this.meet(pfn, level << 1);
      if (base < 0) return false;
      const at = base + (((did >>> (shifts[level] as number)) & (masks[level] as number)) << 1);
      const lo = words[at] as number;
      const hi = words[at + 1] as number;
      if ((lo & (DIR_V | DIR_RESERVED_LO)) !== DIR_V || hi >>> 9 !== 0) return false;
      pfn = (hi << 22) | (lo >>> 10);
    }
    const slot = LEAVES + ((pfn & LEAF_MASK) << 1);
    const base = near[slot] === pfn ? (near[slot + 1] as number) : this.meet(pfn, slot);
    if (base < 0) return false;
    this.words = words;
    this.at = base + (((did & (masks[0] as number)) * this.bytes) >> 2);
    return ((words[this.at] as number) & TC_V) !== 0 && !this.isMisconfigured();
  }

  /** Where memory keeps the words of a frame that was not met lately; -1: nowhere, or too far. */
  private meet(pfn: number, slot: number): number {
    const { port, frameLimit } = this.unit.memory;
    if (pfn < 0 || pfn >= frameLimit) return -1;
    const base = findFrame(port.frames, port.frameMask, pfn);
    if (base < 0) return -1;
    this.near[slot] = pfn;
    this.near[slot + 1] = base;
    return base;
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
    if ((this.word(DC_TC) & TC_V) === 0) return DDT_NOT_VALID;
    return this.isMisconfigured() ? DDT_MISCONFIGURED : 0;
  }

  /** A 32-bit word of the context that read() found. */
  word(n: number): number {
    return this.words[this.at + n] as number;
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

  private isMisconfigured(): boolean {
    const tc = this.word(DC_TC * 2);
    if (tc !== this.goodTc) {
      if (this.tcWrong(tc)) return true;
      this.goodTc = tc;
      this.firstModes = this.modesOf(tc);
    }
    const second = this.word(DC_IOHGATP * 2 + 1);
    const first = this.word(DC_FSC * 2 + 1);
    const reserved =
      this.word(DC_TC * 2 + 1) |
      (this.word(DC_TA * 2) & TA_RESERVED_LO) |
      (this.word(DC_TA * 2 + 1) & this.reservedTa) |
      (first & ATP_RESERVED_HI);
    if (reserved !== 0) return true;
    const modes =
      (this.firstModes >>> (first >>> ATP_MODE_SHIFT)) &
      1 &
      (this.secondModes >>> (second >>> ATP_MODE_SHIFT));
    if (modes === 0) return true;
    const bare = second >>> ATP_MODE_SHIFT === MODE_BARE;
    // A root of four pages lies on a boundary of as many.
    if (bare ? (tc & TC_T2GPA) !== 0 : (this.word(DC_IOHGATP * 2) & 3) !== 0) return true;
    return this.extended && this.msiWrong(bare);
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

  private msiWrong(bare: boolean): boolean {
    const msiptp = this.word(DC_MSIPTP * 2 + 1);
    const wide = this.word(DC_MSI_ADDR_MASK * 2 + 1) | this.word(DC_MSI_ADDR_PATTERN * 2 + 1);
    if (((msiptp & ATP_RESERVED_HI) | (wide >>> 20) | this.word(14) | this.word(15)) !== 0) return true;
    const mode = msiptp >>> ATP_MODE_SHIFT;
    if (mode !== MSI_OFF && mode !== MSI_FLAT) return true;
    return bare && mode !== MSI_OFF;
  }

  private emit(structure: string, index: number, pa: number, doublewords: number): void {
    const { memory } = this.unit;
    this.trace.emit({
      kind: 'read',
      unit: this.unit.config.unit,
      structure,
      level: -1,
      index,
      pa,
      words: Array.from({ length: doublewords }, (_, n) => join(memory.word(2 * n + 1), memory.word(2 * n))),
    });
  }

  private emitCache(op: 'hit' | 'miss' | 'fill', did: number): void {
    const tag = `device_id ${did.toString(16)}`;
    this.trace.emit({ kind: 'cache', unit: this.unit.config.unit, cache: 'ddt', op, tag });
  }
}

const refused = (status: ReadStatus): number => (status === READ_FAULT ? DDT_ACCESS_FAULT : DDT_CORRUPT);

const processDirectoryMode = (capabilities: bigint, mode: number): boolean =>
  mode === MODE_BARE ||
  (mode === PD8 && cap.pd8(capabilities)) ||
  (mode === PD17 && cap.pd17(capabilities)) ||
  (mode === PD20 && cap.pd20(capabilities));

/** Modes as a set of bits. */
const allowed = (test: (mode: number) => boolean): number =>
  Array.from({ length: 16 }, (_, mode) => (test(mode) ? 1 << mode : 0)).reduce((all, bit) => all | bit, 0);
