import { join } from '../../../../lib/u64';
import {
  ATS_REQUEST,
  COMPLETER_ABORT,
  COMPLETION,
  EXECUTE,
  FAULTED,
  NO_PASID,
  PA_LO,
  PRIVILEGED,
  REASON,
  SILENT_SUCCESS,
  STALLED,
  WRITE,
  type Access,
  type TranslateStatus,
} from '../../port';
import * as e from '../reasons';
import * as r from '../regs';
import * as s from '../structs';
import { CD_FLAGS, FLAG_A, FLAG_R, FLAG_S } from './cd-layout';
import { FAULT_CLASS, FAULT_HI, FAULT_LO, FAULT_S2, FAULT_TTRNW } from './descent';
import type { EventQueue } from './events';
import type { Stalls } from './stalls';
import { FLAG_MEV, FLAG_S2R, FLAG_S2S, STE_FLAGS, wordsOf } from './ste';
import type { SmmuState } from './unit';

/** Slots of a transaction in flight. */
export const Q_SID = 0;
export const Q_PASID = 1;
export const Q_HI = 2;
export const Q_LO = 3;
export const Q_ACCESS = 4;
/** Index of its stream table entry in the cache, -1 before there is one; and of its context descriptor. */
export const Q_STE = 5;
export const Q_CD = 6;
export const Q_WORDS = 7;

/**
 * What becomes of a transaction that is refused: its event, and how it is completed.
 *
 * Spec: section 3.12 "Fault models, recording and reporting", section 5.5 "Fault configuration (A, R, S bits)", 7.3
 */
export class Faults {
  constructor(
    private readonly unit: SmmuState,
    private readonly events: EventQueue,
    private readonly stalls: Stalls,
    private readonly result: Int32Array,
  ) {}

  /** Terminates without a word. */
  silent(q: Int32Array, reason: number, completion = COMPLETER_ABORT): TranslateStatus {
    if (this.unit.trace.on) this.tell(q, reason, false);
    return this.complete(reason, completion);
  }

  /** A configuration error, or an external abort: always terminated with an abort. */
  configuration(
    q: Int32Array,
    reason: number,
    fault: Int32Array,
    completion = COMPLETER_ABORT,
  ): TranslateStatus {
    const unknown = reason === e.C_BAD_STREAMID && (this.unit.reg(r.CR2) & r.CR2_RECINVSID) === 0;
    return unknown ? this.silent(q, reason, completion) : this.always(q, reason, fault, completion);
  }

  /** As configuration(), whatever CR2.RECINVSID says. */
  always(q: Int32Array, reason: number, fault: Int32Array, completion = COMPLETER_ABORT): TranslateStatus {
    this.encode(q, reason, fault);
    this.record(q, reason);
    return this.complete(reason, completion);
  }

  /** One of the four translation faults. */
  translation(q: Int32Array, reason: number, fault: Int32Array): TranslateStatus {
    const { unit } = this;
    const stage2 = fault[FAULT_S2] !== 0;
    const ste = unit.steCache.entries[(q[Q_STE] as number) + STE_FLAGS] as number;
    const at = q[Q_CD] as number;
    // Where stage 1 was bypassed there is no context descriptor: an abort, and a record.
    const cd = at < 0 ? FLAG_A | FLAG_R : (unit.cdCache.entries[at + CD_FLAGS] as number);
    if ((stage2 ? ste & FLAG_S2S : cd & FLAG_S) !== 0) return this.stall(q, reason, fault);
    const completion = stage2 || (cd & FLAG_A) !== 0 ? COMPLETER_ABORT : SILENT_SUCCESS;
    if ((stage2 ? ste & FLAG_S2R : cd & FLAG_R) === 0) return this.silent(q, reason, completion);
    this.encode(q, reason, fault);
    this.record(q, reason);
    return this.complete(reason, completion);
  }

  private stall(q: Int32Array, reason: number, fault: Int32Array): TranslateStatus {
    const { events, stalls, unit } = this;
    this.encode(q, reason, fault);
    const stag = stalls.hold(q[Q_SID] as number, q[Q_PASID] as number);
    events.record[2] = s.EVT_STALL | stag;
    if (unit.trace.on) this.tell(q, reason, events.hasRoom);
    this.complete(reason, STALLED);
    this.result[PA_LO] = stag;
    stalls.report();
    return FAULTED;
  }

  private record(q: Int32Array, reason: number): void {
    const { unit, events } = this;
    const at = q[Q_STE] as number;
    const merges = at >= 0 && ((unit.steCache.entries[at + STE_FLAGS] as number) & FLAG_MEV) !== 0;
    // The queue interrupts at once: tell the fault before what the handler prints.
    if (unit.trace.on) this.tell(q, reason, events.hasRoom);
    events.push(merges);
  }

  /** Spec: the figures of section 7.3. Fields that a record has not got stay zero. */
  private encode(q: Int32Array, reason: number, fault: Int32Array): void {
    const { record } = this.events;
    const pasid = q[Q_PASID] as number;
    const access = q[Q_ACCESS] as Access;
    record.fill(0);
    // Who reports F_STREAM_DISABLED and F_TRANSL_FORBIDDEN leaves the SubstreamID out.
    const named = reason !== e.F_STREAM_DISABLED && reason !== e.F_TRANSL_FORBIDDEN;
    const valid = reason === e.C_BAD_SUBSTREAMID ? 0 : s.EVT_SSV;
    record[0] = reason | (named && pasid !== NO_PASID ? valid | (pasid << s.EVT_SSID_SHIFT) : 0);
    record[1] = q[Q_SID] as number;
    if (reason === e.F_STE_FETCH || reason === e.F_CD_FETCH) return this.putSecond(fault, ~7);
    if (!tellsAddress(reason)) return;
    const write = (access & WRITE) !== 0;
    record[3] =
      ((access & PRIVILEGED) !== 0 ? s.EVT_PNU : 0) |
      ((access & EXECUTE) !== 0 && !write ? s.EVT_IND : 0) |
      (write ? 0 : s.EVT_RNW);
    if (reason === e.F_TRANSL_FORBIDDEN) record[3] = (record[3] as number) & s.EVT_RNW;
    record[4] = q[Q_LO] as number;
    record[5] = q[Q_HI] as number;
    if (reason < e.F_WALK_EABT) return;
    const cls = fault[FAULT_CLASS] as number;
    const ttrnw =
      reason === e.F_PERMISSION && cls === s.CLASS_TT && fault[FAULT_TTRNW] !== 0 ? s.EVT_TTRNW : 0;
    record[3] =
      (record[3] as number) | (fault[FAULT_S2] !== 0 ? s.EVT_S2 : 0) | (cls << s.EVT_CLASS_SHIFT) | ttrnw;
    this.putSecond(fault, reason === e.F_WALK_EABT ? ~7 : ~0xfff);
  }

  /** The IPA, or where a fetch went. */
  private putSecond(fault: Int32Array, mask: number): void {
    const { record } = this.events;
    record[6] = (fault[FAULT_LO] as number) & mask;
    record[7] = fault[FAULT_HI] as number;
  }

  private complete(reason: number, completion: number): TranslateStatus {
    this.result[REASON] = reason;
    this.result[COMPLETION] = completion;
    return FAULTED;
  }

  private tell(q: Int32Array, reason: number, recorded: boolean): void {
    const { config, trace } = this.unit;
    const { record } = this.events;
    const pasid = q[Q_PASID] as number;
    const access = q[Q_ACCESS] as Access;
    // A request that asks for a translation has not accessed anything yet: read is what it always asks for.
    const write = (access & WRITE) !== 0 && (access & ATS_REQUEST) === 0;
    trace.emit({
      kind: 'fault',
      unit: config.unit,
      device: this.unit.nameOf(q[Q_SID] as number),
      access: write ? 'write' : 'read',
      ...(pasid === NO_PASID ? {} : { pasid }),
      iova: join(q[Q_HI] as number, q[Q_LO] as number),
      reason,
      name: e.reasonName(reason),
      recorded,
      ...(recorded ? { words: wordsOf(record, record.length) } : {}),
    });
  }
}

const tellsAddress = (reason: number): boolean =>
  reason === e.F_UUT ||
  reason === e.F_BAD_ATS_TREQ ||
  reason === e.F_TRANSL_FORBIDDEN ||
  (reason >= e.F_WALK_EABT && reason <= e.F_TLB_CONFLICT);
