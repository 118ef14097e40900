import { hex, join } from '../../../../lib/u64';
import {
  EVENT_IM,
  EVENT_IP,
  FSTS,
  FSTS_IQE,
  FSTS_ITE,
  GSTS,
  ICS,
  ICS_IWC,
  IECTL,
  IQA,
  IQER,
  IQH,
  IQT,
  QIE,
} from '../regs';
import {
  DESC_BYTES,
  DESC_CONTEXT,
  DESC_DID_SHIFT,
  DESC_GRANULARITY_SHIFT,
  DESC_IEC,
  DESC_IOTLB,
  DESC_WAIT,
  DID_MASK,
  IOTLB_AM_MASK,
  IQEI_FETCH,
  IQEI_INVALID_TAIL,
  IQEI_RESERVED,
  IQEI_TYPE,
  IQEI_WIDTH,
  WAIT_IF,
  WAIT_SW,
} from '../structs';
import { descriptorName } from '../describe';
import { framePfn } from './context';
import { invalidateContext, invalidateIotlb } from './invalidate';
import type { UnitState } from './unit';

const DW = 1 << 11;
const QS_MASK = 7;
/** Bits of IQT that may be set. */
const TAIL_MASK = 0x7fff0;
const WAIT_PD = 1 << 7;

/** What a descriptor did, or the IQEI code of what is wrong with it. */
type Outcome = string | number;

/**
 * The invalidation queue: fetches from head to tail, one descriptor after the other, and stops at the first bad one.
 *
 * Spec: section 6.5.2 "Queued Invalidation Interface"
 *
 * All of it happens within the write to IQT: every descriptor is complete before the next is fetched, so FN has nothing
 * to order. Only the 128-bit format exists, as in every unit without scalable mode.
 */
export class InvalidationQueue {
  private readonly words = new Int32Array(4);
  /** Descriptors executed since reset. */
  done = 0;

  constructor(private readonly unit: UnitState) {}

  process(): void {
    const { unit } = this;
    if ((unit.reg(GSTS) & QIE) === 0) return;
    const bytes = this.sizeBytes;
    while ((unit.reg(FSTS) & (FSTS_IQE | FSTS_ITE)) === 0) {
      const head = unit.reg(IQH);
      const tail = unit.reg(IQT);
      if ((unit.reg(IQA) & DW) !== 0) return this.fail(IQEI_WIDTH, 'IQA.DW asks for 256-bit descriptors');
      if ((tail & ~TAIL_MASK) !== 0 || unit.reg(IQT + 4) !== 0 || tail >= bytes) {
        return this.fail(IQEI_INVALID_TAIL, `the queue tail ${hex(tail >>> 0)} lies outside the queue`);
      }
      if (head === tail) return;
      if (!this.fetch(head)) return this.fail(IQEI_FETCH, 'the invalidation queue is no memory');
      const outcome = this.execute();
      this.trace(outcome);
      if (typeof outcome === 'number')
        return this.fail(outcome, `invalid descriptor at queue offset ${hex(head)}`);
      this.done++;
      unit.setReg(IQH, (head + DESC_BYTES) % bytes);
    }
  }

  get sizeBytes(): number {
    return 4096 << (this.unit.reg(IQA) & QS_MASK);
  }

  private fetch(offset: number): boolean {
    const { memory } = this.unit;
    const first = framePfn(this.unit.reg(IQA + 4), this.unit.reg(IQA));
    const base = first < 0 ? -1 : memory.frameBase(first + (offset >> 12));
    if (base < 0) return false;
    for (let n = 0; n < 4; n++) this.words[n] = memory.words[base + ((offset & 0xfff) >> 2) + n] as number;
    return true;
  }

  private execute(): Outcome {
    const lo = this.words[0] as number;
    switch ((lo & 0xf) | ((lo >>> 5) & 0x70)) {
      case DESC_CONTEXT:
        return this.context(lo);
      case DESC_IOTLB:
        return this.iotlb(lo);
      case DESC_IEC:
        return this.interruptEntries(lo);
      case DESC_WAIT:
        return this.wait(lo);
      default:
        // Device-TLB and PASID descriptors too: this unit has neither.
        return IQEI_TYPE;
    }
  }

  /** Spec: section 6.5.2.1 */
  private context(lo: number): Outcome {
    const second = this.words[1] as number;
    const reserved = (lo & 0xf1c0) | (second & 0xfffc_0000) | this.upper();
    const granularity = (lo >>> DESC_GRANULARITY_SHIFT) & 3;
    if (reserved !== 0 || granularity === 0) return IQEI_RESERVED;
    const did = (lo >>> DESC_DID_SHIFT) & DID_MASK;
    return invalidateContext(this.unit, granularity, did, second & 0xffff, (second >>> 16) & 3);
  }

  /** Spec: section 6.5.2.3. Drains have nothing to wait for: no request is under way. IH spares paging-structure caches only. */
  private iotlb(lo: number): Outcome {
    const third = this.words[2] as number;
    const mask = third & IOTLB_AM_MASK;
    const granularity = (lo >>> DESC_GRANULARITY_SHIFT) & 3;
    if ((lo & 0xf100) !== 0 || this.words[1] !== 0 || (third & 0xf80) !== 0 || granularity === 0)
      return IQEI_RESERVED;
    if (granularity === 3 && mask > this.unit.config.maxAddressMask) return IQEI_RESERVED;
    const did = (lo >>> DESC_DID_SHIFT) & DID_MASK;
    return invalidateIotlb(this.unit, granularity, did, this.words[3] as number, third & ~0xfff, mask);
  }

  /** Spec: section 6.5.2.7. Entries are read anew for each message: there is no cache to empty. */
  private interruptEntries(lo: number): Outcome {
    if (!this.unit.config.interruptRemapping) return IQEI_TYPE;
    if ((lo & 0x07ff_f1e0) !== 0 || (((this.words[1] as number) >>> 16) | this.upper()) !== 0)
      return IQEI_RESERVED;
    return 'no interrupt entries are cached';
  }

  /** Spec: section 6.5.2.8 */
  private wait(lo: number): Outcome {
    const status = this.words[2] as number;
    if ((lo & 0xffff_f100) !== 0 || (lo & WAIT_PD) !== 0 || (status & 3) !== 0) return IQEI_RESERVED;
    let effect = 'all before it is done';
    if ((lo & WAIT_SW) !== 0) {
      const pfn = framePfn(this.words[3] as number, status);
      const pa = pfn * 4096 + (status & 0xfff);
      if (pfn < 0 || !this.unit.memory.store32(pa, this.words[1] as number)) return IQEI_FETCH;
      effect = `${hex((this.words[1] as number) >>> 0)} written to ${hex(pa)}`;
    }
    if ((lo & WAIT_IF) !== 0) this.completionEvent();
    return effect;
  }

  /** Spec: section 6.5.2.9 "Invalidation Completion Event" — no interrupt line is wired to it: it stays pending. */
  private completionEvent(): void {
    const { unit } = this;
    if ((unit.reg(ICS) & ICS_IWC) !== 0) return;
    unit.setReg(ICS, ICS_IWC);
    if ((unit.reg(IECTL) & EVENT_IM) !== 0) unit.setReg(IECTL, unit.reg(IECTL) | EVENT_IP);
    else unit.unimplemented('the invalidation completion interrupt is not delivered');
  }

  private upper(): number {
    return (this.words[2] as number) | (this.words[3] as number);
  }

  private fail(iqei: number, text: string): void {
    this.unit.setReg(IQER, iqei);
    this.unit.setReg(IQER + 4, 0);
    this.unit.guestError(text);
    this.unit.faults.queueError();
  }

  private trace(outcome: Outcome): void {
    const { trace, config } = this.unit;
    if (!trace.on) return;
    const word = (n: number): number => this.words[n] as number;
    trace.emit({
      kind: 'command',
      unit: config.unit,
      name: descriptorName(word(0) & 0xf),
      words: [join(word(1), word(0)), join(word(3), word(2))],
      effect: typeof outcome === 'number' ? `refused: invalidation queue error ${outcome}` : outcome,
    });
  }
}
