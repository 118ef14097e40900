import { tellQueueEntry } from '../../common/queue-event';
import type { IrqSource } from '../../port';
import {
  CONTROL,
  EVT_BASE,
  EVT_HEAD,
  EVT_INT_EN,
  EVT_LOG_EN,
  EVT_TAIL,
  IOMMU_EN,
  LOG_LEN_MASK,
  LOG_LEN_SHIFT_HI,
  PPR_BASE,
  PPR_HEAD,
  PPR_INT_EN,
  PPR_LOG_EN,
  PPR_TAIL,
  STATUS,
  STATUS_EVT_INT,
  STATUS_EVT_OVERFLOW,
  STATUS_EVT_RUN,
  STATUS_PPR_INT,
  STATUS_PPR_OVERFLOW,
  STATUS_PPR_RUN,
} from '../regs';
import { EVENT_BYTES } from '../structs';
import { writeWords } from './memory';
import type { UnitState } from './state';

/** Where one of the two logs has its registers and bits. */
export interface LogPlace {
  readonly base: number;
  readonly head: number;
  readonly tail: number;
  readonly enable: number;
  readonly interruptEnable: number;
  readonly run: number;
  readonly overflow: number;
  readonly interrupt: number;
  readonly source: IrqSource;
  readonly holds: 'event' | 'page-request';
}

export const EVENT_LOG: LogPlace = {
  base: EVT_BASE,
  head: EVT_HEAD,
  tail: EVT_TAIL,
  enable: EVT_LOG_EN,
  interruptEnable: EVT_INT_EN,
  run: STATUS_EVT_RUN,
  overflow: STATUS_EVT_OVERFLOW,
  interrupt: STATUS_EVT_INT,
  source: 'faults',
  holds: 'event',
};

export const PPR_LOG: LogPlace = {
  base: PPR_BASE,
  head: PPR_HEAD,
  tail: PPR_TAIL,
  enable: PPR_LOG_EN,
  interruptEnable: PPR_INT_EN,
  run: STATUS_PPR_RUN,
  overflow: STATUS_PPR_OVERFLOW,
  interrupt: STATUS_PPR_INT,
  source: 'page-requests',
  holds: 'page-request',
};

const POINTER_MASK = 0x7_fff0;
/** Buffers have 2^8 entries at least: smaller lengths are reserved. */
const MIN_LEN_LG2 = 8;

/** Bytes of a ring; 0 for a reserved length. Spec: section 3.4.1, field Length */
export function ringBytes(state: UnitState, base: number): number {
  const lg2 = (state.reg(base + 4) >>> LOG_LEN_SHIFT_HI) & LOG_LEN_MASK;
  return lg2 < MIN_LEN_LG2 ? 0 : EVENT_BYTES << lg2;
}

export const ringBase = (state: UnitState, base: number): number =>
  (state.reg(base + 4) & 0xf_ffff) * 0x1_0000_0000 + ((state.reg(base) & ~0xfff) >>> 0);

/**
 * The event log or the peripheral page request log: a ring that the unit writes and software reads.
 *
 * Spec: section 2.5.1 "Event Log Restart Procedure", 2.6.1 "PPR Log Overflow"
 *
 * One slot stays empty. A full log overflows, and stops until software has turned it off and on again.
 */
export class Log {
  constructor(
    private readonly state: UnitState,
    private readonly place: LogPlace,
  ) {}

  get running(): boolean {
    return (this.state.reg(STATUS) & this.place.run) !== 0;
  }

  /** Whether an entry would be written now. */
  get hasRoom(): boolean {
    const { state, place } = this;
    if (!this.running || (state.reg(STATUS) & place.overflow) !== 0) return false;
    const bytes = ringBytes(state, place.base);
    return (this.pointer(place.tail) + EVENT_BYTES) % bytes !== this.pointer(place.head);
  }

  /** Whether the entry was written. */
  append(entry: Int32Array): boolean {
    const { state, place } = this;
    if (!this.running || (state.reg(STATUS) & place.overflow) !== 0) return false;
    if (!this.hasRoom) {
      state.setReg(STATUS, state.reg(STATUS) & ~place.run);
      this.signal(place.overflow);
      return false;
    }
    const tail = this.pointer(place.tail);
    const pa = ringBase(state, place.base) + tail;
    const problem = writeWords(state.memory, pa, entry);
    if (problem !== 0) {
      state.guestError('a log entry is lost: the log is no memory');
      return false;
    }
    if (state.trace.on)
      tellQueueEntry(state.trace, state.config.unit, place.holds, { index: tail / EVENT_BYTES, pa }, entry);
    state.setReg(place.tail, (tail + EVENT_BYTES) % ringBytes(state, place.base));
    this.signal(place.interrupt);
    return true;
  }

  /** Software wrote CONTROL: the log starts and stops with its enable bits. */
  settle(before: number): void {
    const { state, place } = this;
    const both = IOMMU_EN | place.enable;
    const was = (before & both) === both;
    const is = (state.reg(CONTROL) & both) === both;
    if (is && !was) {
      if (ringBytes(state, place.base) === 0) state.guestError('a log was turned on with a reserved length');
      else state.setReg(STATUS, state.reg(STATUS) | place.run);
    }
    if (!is) state.setReg(STATUS, state.reg(STATUS) & ~place.run);
    // An interrupt that waited for its enable bit.
    const pending = (state.reg(STATUS) & (place.interrupt | place.overflow)) !== 0;
    const armed =
      (state.reg(CONTROL) & place.interruptEnable) !== 0 && (before & place.interruptEnable) === 0;
    if (pending && armed) state.raise(place.source);
  }

  /** Sets a status bit; the unit interrupts when it was clear. */
  private signal(bit: number): void {
    const { state, place } = this;
    const before = state.reg(STATUS);
    state.setReg(STATUS, before | bit);
    if ((before & bit) === 0 && state.control(place.interruptEnable)) state.raise(place.source);
  }

  private pointer(register: number): number {
    return (this.state.reg(register) & POINTER_MASK) % ringBytes(this.state, this.place.base);
  }
}
