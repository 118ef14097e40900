import { join } from '../../../../lib/u64';
import type { Trace } from '../../../trace/trace';
import {
  DDT_ACCESS_FAULT,
  DDT_CORRUPT,
  DDT_MISCONFIGURED,
  DDT_NOT_VALID,
} from '../reasons';
import { cap, DDTP, DDTP_1LVL, DDTP_MODE_MASK, EVENT_DDT_WALK, FCTL, FCTL_BE } from '../regs';
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
import { firstStageMode, secondStageMode, type Service } from './service';
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
  private readonly extended: boolean;
  private readonly bits: readonly number[];
  /** Of each level's index in a device_id. */
  private readonly shifts = new Int32Array(3);
  private readonly masks = new Int32Array(3);
  private readonly reservedTc: number;

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
  }

  /** Whether the directory has levels enough for a device_id. */
  reaches(did: number): boolean {
    const { levels } = this;
    return levels >= 3 || did >>> (this.shifts[levels] as number) === 0;
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
    return contexts.fillDevice(did, this.words, this.at, this.bytes >> 2);
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
    const { unit } = this;
    const tc = this.word(0);
    if (((tc & this.reservedTc) | this.word(1)) !== 0) return true;
    if ((tc & TC_EN_ATS) === 0 && (tc & (TC_T2GPA | TC_EN_PRI)) !== 0) return true;
    if ((tc & TC_EN_PRI) === 0 && (tc & TC_PRPR) !== 0) return true;
    if ((tc & TC_PDTV) === 0 && (tc & TC_DPE) !== 0) return true;
    return this.endianOrWidthWrong(tc, unit.reg(FCTL)) || this.attributesWrong() || this.tablesWrong(tc);
  }

  /** The rules for SBE and SXL. */
  private endianOrWidthWrong(tc: number, fctl: number): boolean {
    const { config } = this.unit;
    const sameEndian = ((tc & TC_SBE) !== 0) === ((fctl & FCTL_BE) !== 0);
    if (!sameEndian && (!cap.end(config.capabilities) || !config.beWritable)) return true;
    const narrow = (tc & TC_SXL) !== 0;
    return this.unit.narrowGuest ? !narrow : narrow && !config.gxlWritable;
  }

  private attributesWrong(): boolean {
    const { config } = this.unit;
    const lo = this.word(DC_TA * 2);
    const hi = this.word(DC_TA * 2 + 1);
    if (((lo & TA_RESERVED_LO) | (hi & TA_RESERVED_HI)) !== 0) return true;
    const mask = cap.qosid(config.capabilities) ? config.qosMask : 0;
    const rcid = (hi >>> TA_RCID_SHIFT) & 0xfff;
    const mcid = hi >>> TA_MCID_SHIFT;
    return ((rcid & ~mask & 0xfff) | (mcid & ~(mask >>> 16) & 0xfff)) !== 0;
  }

  private tablesWrong(tc: number): boolean {
    const { unit } = this;
    const { capabilities } = unit.config;
    const fscMode = this.word(DC_FSC * 2 + 1) >>> ATP_MODE_SHIFT;
    if ((this.word(DC_FSC * 2 + 1) & ATP_RESERVED_HI) !== 0) return true;
    if ((tc & TC_PDTV) !== 0) {
      if (!processDirectoryMode(capabilities, fscMode)) return true;
    } else if (!firstStageMode(capabilities, fscMode, (tc & TC_SXL) !== 0)) return true;
    const secondMode = this.word(DC_IOHGATP * 2 + 1) >>> ATP_MODE_SHIFT;
    if (!secondStageMode(capabilities, secondMode, unit.narrowGuest)) return true;
    if (secondMode === MODE_BARE) {
      if ((tc & TC_T2GPA) !== 0) return true;
    } else if ((this.word(DC_IOHGATP * 2) & 3) !== 0) return true;
    return this.extended && this.msiWrong(secondMode);
  }

  private msiWrong(secondMode: number): boolean {
    const msiptp = this.word(DC_MSIPTP * 2 + 1);
    const wide = this.word(DC_MSI_ADDR_MASK * 2 + 1) | this.word(DC_MSI_ADDR_PATTERN * 2 + 1);
    if (((msiptp & ATP_RESERVED_HI) | (wide >>> 20) | this.word(14) | this.word(15)) !== 0) return true;
    const mode = msiptp >>> ATP_MODE_SHIFT;
    if (mode !== MSI_OFF && mode !== MSI_FLAT) return true;
    return secondMode === MODE_BARE && mode !== MSI_OFF;
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
