import { hex, join } from '../../../../lib/u64';
import { tellQueueEntry } from '../../common/queue-event';
import {
  EVENT_IM,
  EVENT_IP,
  FSTS,
  FSTS_ICE,
  FSTS_IQE,
  FSTS_ITE,
  GSTS,
  ICS,
  ICS_IWC,
  IECTL,
  IQA,
  IQA_DW,
  IQER,
  IQH,
  IQT,
  QIE,
  TTM_ABORT,
  TTM_LEGACY,
  TTM_SCALABLE,
} from '../regs';
import {
  DESC_BYTES,
  DESC_WAIT,
  IQEI_FETCH,
  IQEI_INVALID_TAIL,
  IQEI_MODE,
  IQEI_TAIL_ALIGNMENT,
  IQEI_TYPE,
  IQEI_WIDTH,
  WAIT_IF,
  WAIT_SW,
  WIDE_DESC_BYTES,
} from '../structs';
import { descriptorName } from '../describe';
import { framePfn } from './context';
import { Descriptors, type Outcome } from './descriptors';
import type { UnitState } from './unit';

const QS_MASK = 7;
/** Bits of IQT that may be set. */
const TAIL_MASK = 0x7fff0;
/** A descriptor that no time-out waits for. */
const NOBODY = -1;

/**
 * The invalidation queue: fetches from head to tail, one descriptor after the other, and stops at the first bad one.
 *
 * Spec: section 6.5.2 "Queued Invalidation Interface"
 *
 * All of it happens within the write to IQT: every descriptor is complete before the next is fetched, so FN has nothing
 * to order. A device that does not answer an invalidation of its TLB is noticed by the next wait descriptor, or when the
 * queue has run empty: that is when the time-out passes. The wait is fetched and never completes.
 */
export class InvalidationQueue {
  /** Descriptors executed since reset. */
  done = 0;
  /** Told of each command when it is done. */
  onDone: ((name: string) => void) | null = null;
  private readonly words = new Int32Array(8);
  private readonly descriptors: Descriptors;
  /** The first device that owes an answer, or NOBODY. */
  private silent = NOBODY;

  constructor(private readonly unit: UnitState) {
    this.descriptors = new Descriptors(unit, this.words, (rid) => {
      if (this.silent === NOBODY) this.silent = rid;
    });
  }

  process(): void {
    const { unit } = this;
    if ((unit.reg(GSTS) & QIE) === 0) return;
    while ((unit.reg(FSTS) & (FSTS_IQE | FSTS_ITE)) === 0) {
      const wrong = this.misprogrammed();
      if (wrong !== 0) return this.fail(wrong, PROBLEMS[wrong] ?? '');
      const head = unit.reg(IQH);
      if (head === unit.reg(IQT)) {
        if (this.silent !== NOBODY) this.timeOut();
        return;
      }
      if (!this.step(head)) return;
    }
  }

  get sizeBytes(): number {
    return 4096 << (this.unit.reg(IQA) & QS_MASK);
  }

  get descriptorBytes(): number {
    return (this.unit.reg(IQA) & IQA_DW) === 0 ? DESC_BYTES : WIDE_DESC_BYTES;
  }

  /** A completion came that belongs to no invalidation. Spec: section 4.3 "Handling of Device-TLB Invalidations" */
  unexpectedCompletion(rid: number): void {
    const { unit } = this;
    if ((unit.reg(FSTS) & FSTS_ICE) === 0) {
      unit.setReg(IQER + 4, (unit.reg(IQER + 4) & 0xffff) | (rid << 16));
    }
    unit.faults.queueError(FSTS_ICE);
  }

  /** One descriptor; whether the queue goes on. */
  private step(head: number): boolean {
    const { unit } = this;
    if (!this.fetch(head)) {
      this.fail(IQEI_FETCH, 'the invalidation queue is no memory');
      return false;
    }
    const wait = ((this.words[0] as number) & 0xf) === DESC_WAIT;
    const outcome = this.execute(wait);
    if (unit.trace.on) this.tell(outcome);
    if (typeof outcome === 'number') {
      this.fail(outcome, `invalid descriptor at queue offset ${hex(head)}`);
      return false;
    }
    this.done++;
    unit.setReg(IQH, (head + this.descriptorBytes) % this.sizeBytes);
    if (this.onDone !== null) this.onDone(descriptorName((this.words[0] as number) & 0xf));
    if (!wait || this.silent === NOBODY) return true;
    this.timeOut();
    return false;
  }

  private execute(wait: boolean): Outcome {
    const { unit } = this;
    const outcome = this.descriptors.execute();
    if (!wait || typeof outcome === 'number') return outcome;
    if (this.silent !== NOBODY) return 'aborted: a device did not answer';
    const lo = this.words[0] as number;
    let effect = 'all before it is done';
    if ((lo & WAIT_SW) !== 0) {
      const status = this.words[2] as number;
      const pfn = framePfn(this.words[3] as number, status);
      const at = unit.writable(pfn, status & 0xfff, 4);
      if (at < 0) return IQEI_FETCH;
      unit.memory.words[at] = this.words[1] as number;
      const pa = pfn * 4096 + (status & 0xfff);
      // Told in words only where somebody listens: every flush ends here.
      if (unit.trace.on) effect = `${hex((this.words[1] as number) >>> 0)} written to ${hex(pa)}`;
    }
    if ((lo & WAIT_IF) !== 0) this.completionEvent();
    return effect;
  }

  /** What is wrong with the queue's registers: 0 or an IQEI code. */
  private misprogrammed(): number {
    const { unit } = this;
    const { scalable, abortDma } = unit.config;
    const wide = (unit.reg(IQA) & IQA_DW) !== 0;
    const mode = unit.rootMode;
    const known =
      mode === TTM_LEGACY || (mode === TTM_SCALABLE && scalable) || (mode === TTM_ABORT && abortDma);
    if (!known) return IQEI_MODE;
    if (wide ? !scalable && !abortDma : mode !== TTM_LEGACY) return IQEI_WIDTH;
    const tail = unit.reg(IQT);
    if ((tail & ~TAIL_MASK) !== 0 || unit.reg(IQT + 4) !== 0 || tail >= this.sizeBytes)
      return IQEI_INVALID_TAIL;
    return wide && (tail & 0x10) !== 0 ? IQEI_TAIL_ALIGNMENT : 0;
  }

  private fetch(offset: number): boolean {
    const { unit, words } = this;
    const first = framePfn(unit.reg(IQA + 4), unit.reg(IQA));
    const bytes = this.descriptorBytes;
    const at = unit.readable(first < 0 ? -1 : first + (offset >> 12), offset & 0xfff, bytes);
    if (at < 0) return false;
    const { words: memory } = unit.memory;
    for (let n = 0; n < words.length; n++) words[n] = n * 4 < bytes ? (memory[at + n] as number) : 0;
    if (unit.trace.on) {
      const entry = { index: offset / bytes, pa: first * 4096 + offset };
      tellQueueEntry(unit.trace, unit.config.unit, 'command', entry, words, bytes / 4);
    }
    return true;
  }

  private timeOut(): void {
    const { unit } = this;
    unit.setReg(IQER + 4, (unit.reg(IQER + 4) & ~0xffff) | this.silent);
    unit.guestError(`a device did not answer the invalidation of its TLB: ${hex(this.silent)}`);
    this.silent = NOBODY;
    unit.faults.queueError(FSTS_ITE);
  }

  /** Spec: section 6.5.2.9 "Hardware Generation of Invalidation Completion Events" */
  private completionEvent(): void {
    const { unit } = this;
    if ((unit.reg(ICS) & ICS_IWC) !== 0) return;
    unit.setReg(ICS, ICS_IWC);
    if ((unit.reg(IECTL) & EVENT_IM) !== 0) unit.setReg(IECTL, unit.reg(IECTL) | EVENT_IP);
    else unit.irq.raise('commands');
  }

  private fail(iqei: number, text: string): void {
    const { unit } = this;
    unit.setReg(IQER, iqei);
    unit.guestError(text);
    unit.faults.queueError(FSTS_IQE);
  }

  private tell(outcome: Outcome): void {
    const { trace, config } = this.unit;
    const word = (n: number): number => this.words[n] as number;
    const all = [0, 2, 4, 6].map((n) => join(word(n + 1), word(n)));
    trace.emit({
      kind: 'command',
      unit: config.unit,
      name: descriptorName(word(0) & 0xf),
      words: all.slice(0, this.descriptorBytes / 8),
      effect: typeof outcome === 'number' ? `refused: invalidation queue error ${outcome}` : outcome,
    });
  }
}

const PROBLEMS: Readonly<Record<number, string>> = {
  [IQEI_INVALID_TAIL]: 'the queue tail lies outside the queue',
  [IQEI_TYPE]: 'the descriptor has a type that the unit lacks',
  [IQEI_WIDTH]: 'IQA.DW does not fit the translation table mode, or the unit has no 256-bit descriptors',
  [IQEI_TAIL_ALIGNMENT]: 'the queue tail lies in the middle of a 256-bit descriptor',
  [IQEI_MODE]: 'the root table has a translation table mode that the unit lacks',
};
