import {
  ATS_REQUEST,
  ATS_TRANSLATED,
  EXECUTE,
  NO_PASID,
  PRIVILEGED,
  READ,
  WRITE,
  type Access,
  type IrqLine,
} from '../../port';
import {
  EVENT_IM,
  EVENT_IP,
  FECTL,
  FRCD_AT_SHIFT,
  FRCD_BYTES,
  FRCD_EXE,
  FRCD_F,
  FRCD_PASID_SHIFT,
  FRCD_PP,
  FRCD_PRIV,
  FRCD_T2,
  FRCD_T1_READ,
  FSTS,
  FSTS_FRI_SHIFT,
  FSTS_ICE,
  FSTS_IQE,
  FSTS_ITE,
  FSTS_PFO,
  FSTS_PPF,
} from '../regs';
import { isInterruptReason } from '../reasons';
import { FAULT_OFFSET, type VtdConfig } from './config';

/** A fault on its way into a record. `access`: as in translate(). */
export interface Fault {
  readonly rid: number;
  readonly reason: number;
  readonly hi: number;
  readonly lo: number;
  readonly access: Access;
  readonly pasid: number;
  readonly pageRequest: boolean;
}

const withPasid = (access: Access): number =>
  FRCD_PP | ((access & EXECUTE) === 0 ? 0 : FRCD_EXE) | ((access & PRIVILEGED) === 0 ? 0 : FRCD_PRIV);

const FRI_MASK = 0xff << FSTS_FRI_SHIFT;
const EVENTS = FSTS_PPF | FSTS_PFO | FSTS_IQE | FSTS_ICE | FSTS_ITE;

/**
 * Fault recording registers and the fault event.
 *
 * Spec: section 7.2.1 "Primary Fault Logging", section 7.3 "Fault Event", section 11.4.7 and 11.4.8
 */
export class FaultRecorder {
  /** Register that the next fault is written to. */
  private next = 0;

  constructor(
    private readonly regs: Int32Array,
    private readonly config: VtdConfig,
    private readonly irq: IrqLine,
  ) {}

  /** Whether the fault found a register. */
  record(fault: Fault): boolean {
    const { regs } = this;
    // After an overflow nothing is recorded until software clears it.
    if ((this.status & FSTS_PFO) !== 0) return false;
    const at = this.word(this.next);
    if (((regs[at + 3] as number) & FRCD_F) !== 0) {
      regs[FSTS >> 2] = this.status | FSTS_PFO;
      return false;
    }
    const first = (this.status & FSTS_PPF) === 0;
    const quiet = (this.status & EVENTS) === 0;
    this.write(at, fault);
    const index = this.next;
    this.next = (this.next + 1) % this.config.faultRecords;
    if (first) regs[FSTS >> 2] = (this.status & ~FRI_MASK) | FSTS_PPF | (index << FSTS_FRI_SHIFT);
    if (quiet) this.event();
    return true;
  }

  /** Whether record() would find a register now. */
  hasRoom(): boolean {
    return (this.status & FSTS_PFO) === 0 && ((this.regs[this.word(this.next) + 3] as number) & FRCD_F) === 0;
  }

  /** An error of the invalidation queue (FSTS_IQE, _ICE or _ITE): the same event tells it. */
  queueError(error: number): void {
    const quiet = (this.status & EVENTS) === 0;
    this.regs[FSTS >> 2] = this.status | error;
    if (quiet) this.event();
  }

  /** Software writes FSTS: everything but PPF and FRI is write-one-to-clear. */
  writeStatus(value: number): void {
    this.regs[FSTS >> 2] = this.status & ~(value & (FSTS_PFO | FSTS_IQE | FSTS_ICE | FSTS_ITE));
    this.settle();
  }

  /** Software writes the highest word of a fault record: F is write-one-to-clear. */
  writeRecord(index: number, value: number): void {
    const at = this.word(index) + 3;
    if ((value & FRCD_F) !== 0) this.regs[at] = (this.regs[at] as number) & ~FRCD_F;
    this.settle();
  }

  /** Software writes FECTL: only IM. An event that waited is sent when the mask goes. */
  writeControl(value: number): void {
    const pending = (this.regs[FECTL >> 2] as number) & EVENT_IP;
    this.regs[FECTL >> 2] = (value & EVENT_IM) | pending;
    if ((value & EVENT_IM) === 0 && pending !== 0) {
      this.regs[FECTL >> 2] = 0;
      this.irq.raise('faults');
    }
  }

  /** The index of the next record starts over when all translation is off. */
  reset(): void {
    this.next = 0;
  }

  private write(at: number, { rid, reason, hi, lo, access, pasid, pageRequest }: Fault): void {
    const { regs, config } = this;
    const atomic = (access & READ) !== 0 && (access & WRITE) !== 0 && (access & ATS_REQUEST) === 0;
    const read = atomic || (!pageRequest && (access & WRITE) === 0) || (access & ATS_REQUEST) !== 0;
    const type = (access & ATS_REQUEST) !== 0 ? 1 : (access & ATS_TRANSLATED) !== 0 ? 2 : 0;
    regs[at] = lo & ~0xfff;
    // Address bits that the unit has no levels for are reserved in the record; an interrupt's index lies there.
    const whole = isInterruptReason(reason) || config.firstStage;
    regs[at + 1] = whole ? hi : hi & ((1 << (config.widthBits - 32)) - 1);
    regs[at + 2] = rid | (atomic || pageRequest ? FRCD_T2 : 0) | (pasid === NO_PASID ? 0 : withPasid(access));
    regs[at + 3] =
      FRCD_F |
      (read ? FRCD_T1_READ : 0) |
      (type << FRCD_AT_SHIFT) |
      (pasid === NO_PASID ? 0 : pasid << FRCD_PASID_SHIFT) |
      reason;
  }

  private event(): void {
    const control = this.regs[FECTL >> 2] as number;
    if ((control & EVENT_IM) !== 0) this.regs[FECTL >> 2] = control | EVENT_IP;
    else this.irq.raise('faults');
  }

  /** PPF is the OR of all F bits; a pending event is cancelled when nothing is left to tell. */
  private settle(): void {
    let pending = false;
    for (let n = 0; n < this.config.faultRecords; n++) {
      if (((this.regs[this.word(n) + 3] as number) & FRCD_F) !== 0) pending = true;
    }
    if (!pending) this.regs[FSTS >> 2] = this.status & ~(FSTS_PPF | FRI_MASK);
    if ((this.status & EVENTS) === 0) this.regs[FECTL >> 2] = (this.regs[FECTL >> 2] as number) & ~EVENT_IP;
  }

  private get status(): number {
    return this.regs[FSTS >> 2] as number;
  }

  private word(index: number): number {
    return (FAULT_OFFSET + index * FRCD_BYTES) >> 2;
  }
}
