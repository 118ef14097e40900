import { hiOf, loOf } from '../../../../lib/u64';
import type { Trace } from '../../../trace/trace';
import { cacheWording } from '../../../trace/wording';
import { READ } from '../../port';
import { PDT_ACCESS_FAULT, PDT_CORRUPT, PDT_MISCONFIGURED, PDT_NOT_VALID } from '../reasons';
import { EVENT_PDT_WALK } from '../regs';
import {
  ATP_MODE_SHIFT,
  ATP_PPN_HI,
  ATP_RESERVED_HI,
  DIR_RESERVED_HI,
  DIR_RESERVED_LO,
  DIR_V,
  PC_BYTES,
  PC_TA_RESERVED_LO,
  PDI_BITS,
  TC_SXL,
} from '../structs';
import { READ_FAULT, READ_OK, type ReadStatus } from './memory';
import { STAGE_ACCESS_FAULT, STAGE_OK, STAGE_PAGE_FAULT, type SecondStage } from './second-stage';
import { firstStageMode, type Service } from './service';
import type { UnitState } from './unit';

/** Instead of a cause: the second stage refused an address of the directory; the record names the kind of access. */
export const PDT_GUEST_FAULT = -1;

/**
 * Locates process contexts.
 *
 * Spec: section "Process to locate the Process-context", section "Process-context configuration checks"
 */
export class ProcessDirectory {
  /** The cause that the last locate() ended with. */
  cause = 0;
  /** After PDT_GUEST_FAULT: iotval2. */
  faultHi = 0;
  faultLo = 0;
  readonly pc = new Int32Array(4);

  constructor(
    private readonly unit: UnitState,
    private readonly second: SecondStage,
    private readonly trace: Trace,
  ) {}

  /** Index of a process's context in the cache, read from memory if need be; -1 and `cause` where there is none. */
  locate(s: Service, pid: number, fscHi: number, fscLo: number): number {
    const { contexts } = this.unit;
    const cached = contexts.findProcess(s.did, pid);
    if (this.trace.on && contexts.pdtSets > 0) this.emitCache(cached >= 0 ? 'hit' : 'miss', s.did, pid);
    if (cached >= 0) return cached;
    this.cause = this.read(s, pid, fscHi, fscLo);
    if (this.cause !== 0) return -1;
    if (this.trace.on && contexts.pdtSets > 0) this.emitCache('fill', s.did, pid);
    return contexts.fillProcess(s.did, pid, this.pc);
  }

  /** Reads a context from memory into `pc`; 0, the cause of a fault, or PDT_GUEST_FAULT. */
  read(s: Service, pid: number, fscHi: number, fscLo: number): number {
    const { unit, second, pc } = this;
    let table = (fscHi & ATP_PPN_HI) * 0x1_0000_0000 + (fscLo >>> 0);
    const levels = fscHi >>> ATP_MODE_SHIFT;
    const below = [0, PDI_BITS[0], PDI_BITS[0] + PDI_BITS[1]];
    for (let level = levels - 1; level >= 0; level--) {
      const index = (pid >>> (below[level] ?? 0)) & ((1 << (PDI_BITS[level] ?? 0)) - 1);
      const offset = level === 0 ? index * PC_BYTES : index * 8;
      const outcome = second.walk(s, table, READ, false, true);
      if (outcome === STAGE_PAGE_FAULT) return this.guestFault(table, offset);
      if (outcome !== STAGE_OK) return outcome === STAGE_ACCESS_FAULT ? PDT_ACCESS_FAULT : PDT_CORRUPT;
      unit.counters.count(EVENT_PDT_WALK, s);
      const status = unit.memory.read(second.pfn, offset, level === 0 ? 2 : 1, s.firstBigEndian);
      if (status !== READ_OK) return refused(status);
      if (this.trace.on) this.emit(level, index, second.pfn * 4096 + offset);
      const lo = unit.memory.word(0);
      const hi = unit.memory.word(1);
      if ((lo & DIR_V) === 0) return PDT_NOT_VALID;
      if (level === 0) {
        for (let n = 0; n < 4; n++) pc[n] = unit.memory.word(n);
        return this.isMisconfigured((s.tc & TC_SXL) !== 0) ? PDT_MISCONFIGURED : 0;
      }
      if (((lo & DIR_RESERVED_LO) | (hi & DIR_RESERVED_HI)) !== 0) return PDT_MISCONFIGURED;
      table = (hi & 0x3f_ffff) * 0x40_0000 + (lo >>> 10);
    }
    return PDT_NOT_VALID;
  }

  private isMisconfigured(narrow: boolean): boolean {
    const { pc } = this;
    if ((((pc[0] as number) & PC_TA_RESERVED_LO) | (pc[1] as number)) !== 0) return true;
    if (((pc[3] as number) & ATP_RESERVED_HI) !== 0) return true;
    return !firstStageMode(this.unit.config.capabilities, (pc[3] as number) >>> ATP_MODE_SHIFT, narrow);
  }

  private guestFault(table: number, offset: number): number {
    const gpa = BigInt(table) * 4096n + BigInt(offset & ~3);
    this.faultHi = hiOf(gpa);
    this.faultLo = loOf(gpa) | 1;
    return PDT_GUEST_FAULT;
  }

  private emit(level: number, index: number, pa: number): void {
    const { config, memory } = this.unit;
    const { words, at } = memory;
    const structure = level === 0 ? 'pc' : 'pdt';
    this.trace.noteStructure(config.unit, structure, index, pa, words, at, level === 0 ? 4 : 2);
  }

  private emitCache(op: 'hit' | 'miss' | 'fill', did: number, pid: number): void {
    this.trace.note(ofPdt, this.unit.config.unit, op, did, pid);
  }
}

const ofPdt = cacheWording(
  'pdt',
  (did, pid) => `device_id ${did.toString(16)} process_id ${pid.toString(16)}`,
);

const refused = (status: ReadStatus): number => (status === READ_FAULT ? PDT_ACCESS_FAULT : PDT_CORRUPT);
