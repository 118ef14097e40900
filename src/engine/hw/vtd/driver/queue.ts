import { invariant } from '../../../../lib/invariant';
import { done } from '../../../../lib/result';
import { hex, hiOfAddress, join } from '../../../../lib/u64';
import { err, ok, type Failure, type Result } from '../../../kernel/errno';
import { queue as queueUse, structure } from '../../../memory/frame-use';
import type { PhysicalMemory } from '../../../memory/physical-memory';
import { descriptorName } from '../describe';
import { FSTS, FSTS_ICE, FSTS_IQE, FSTS_ITE, IQA, IQA_DW, IQER, IQH, IQT, QIE } from '../regs';
import { DESC_BYTES, DESC_WAIT, WAIT_PD, WAIT_SW, WIDE_DESC_BYTES } from '../structs';
import type { KernelLog } from './log';
import type { RegisterIo } from './register-io';

/** Descriptors in the queue, and how many a batch collects. Linux: QI_LENGTH, QI_MAX_BATCHED_DESC_COUNT */
const QI_LENGTH = 256;
const MAX_BATCH = 16;

/** States of a descriptor, as the wait descriptor writes them. */
const QI_FREE = 0;
export const QI_IN_USE = 1;
export const QI_DONE = 2;
const QI_ABORT = 3;

/** Submissions of one batch. The kernel has no limit: it waits for a device that does not answer until it is taken out. */
const MAX_ATTEMPTS = 3;

/** Whether a requester is still there to answer a device-TLB invalidation. Linux: device_rbtree_find() */
export type IsPresent = (rid: number) => boolean;

/**
 * The driver's end of the invalidation queue.
 *
 * Linux: drivers/iommu/intel/dmar.c dmar_enable_qi(), qi_submit_sync(), qi_check_fault()
 */
export class QueuedInvalidation {
  private head = 0;
  private batched = 0;
  private readonly batch = new Int32Array(MAX_BATCH * 4);
  isPresent: IsPresent = () => true;

  private constructor(
    private readonly memory: PhysicalMemory,
    private readonly io: RegisterIo,
    private readonly log: KernelLog,
    private readonly queuePa: number,
    private readonly statusPa: number,
    private readonly descBytes: number,
  ) {}

  /** `wide`: a unit that has scalable mode takes descriptors of 32 bytes, used or not. Linux: qi_shift() */
  static enable(
    memory: PhysicalMemory,
    io: RegisterIo,
    log: KernelLog,
    wide: boolean,
  ): Result<QueuedInvalidation> {
    const frames = wide ? 2 : 1;
    const queue = memory.allocateFrames(frames, { align: frames, use: queueUse('invalidation queue') });
    if (!queue.ok) return queue;
    const status = memory.allocateFrames(1, { use: structure('status of waits') });
    if (!status.ok) {
      memory.freeFrames(queue.value, frames);
      return status;
    }
    const bytes = wide ? WIDE_DESC_BYTES : DESC_BYTES;
    const qi = new QueuedInvalidation(memory, io, log, queue.value * 4096, status.value * 4096, bytes);
    io.writel(IQT, 0);
    // The low bits are the size, log2 of pages.
    io.writeq(IQA, BigInt(qi.queuePa) | (wide ? BigInt(IQA_DW) | 1n : 0n));
    invariant(io.level(QIE, true), 'the unit does not enable its invalidation queue');
    return ok(qi);
  }

  /** Adds a descriptor, low word first, to the batch that the next flush() submits. */
  add(w0: number, w1: number, w2: number, w3: number): void {
    const at = this.batched * 4;
    this.batch[at] = w0;
    this.batch[at + 1] = w1;
    this.batch[at + 2] = w2;
    this.batch[at + 3] = w3;
    if (++this.batched === MAX_BATCH) this.flush();
  }

  /**
   * Submits the batch with a wait descriptor behind it, and waits until the unit has written its status; with `drain` page
   * requests are drained first. A batch that a silent device has aborted is submitted again.
   *
   * The unit works within the write to IQT, so waiting is looking once, and the queue is empty before each submission.
   */
  flush(drain = false): Result<undefined> {
    const count = this.batched;
    if (count === 0) return done;
    this.batched = 0;
    const first = this.head;
    for (let n = 0; n < count; n++) {
      const w = (k: number): number => this.batch[n * 4 + k] as number;
      this.write((first + n) % QI_LENGTH, w(0), w(1), w(2), w(3));
    }
    let result = this.submit(count, drain);
    for (let attempt = 1; !result.ok && result.errno === 'EAGAIN'; attempt++) {
      if (attempt === MAX_ATTEMPTS) return this.giveUp();
      const again = this.head;
      for (let n = 0; n < count; n++) this.repeat((first + n) % QI_LENGTH, (again + n) % QI_LENGTH);
      result = this.submit(count, drain);
    }
    return result;
  }

  private giveUp(): Failure {
    this.log('err', 'Device-TLB invalidation given up: the device does not answer');
    return err('ETIMEDOUT', 'a device does not answer the invalidation of its TLB', {
      rule: 'qi_check_fault',
    });
  }

  /** The descriptors stand from `head` on. */
  private submit(count: number, drain: boolean): Result<undefined> {
    const index = this.head;
    const wait = (index + count) % QI_LENGTH;
    const type = DESC_WAIT | WAIT_SW | (drain ? WAIT_PD : 0);
    this.write(wait, type, QI_DONE, (this.statusPa + wait * 4) | 0, hiOfAddress(this.statusPa));
    this.head = (wait + 1) % QI_LENGTH;
    this.io.writel(IQT, this.head * this.descBytes);
    const result = this.await(index, wait);
    for (let n = 0; n <= count; n++) this.setStatus((index + n) % QI_LENGTH, QI_FREE);
    return result;
  }

  /** Each fault that is cleared lets the unit go on. */
  private await(index: number, wait: number): Result<undefined> {
    for (let looks = 0; looks <= QI_LENGTH; looks++) {
      if (this.status(wait) === QI_DONE) return done;
      const fault = this.checkFault(index, wait);
      if (fault) return fault;
    }
    invariant(false, 'the invalidation queue stands still');
  }

  /** Null: nothing to say yet. Linux: qi_check_fault() */
  private checkFault(index: number, wait: number): Failure | null {
    const { io } = this;
    const fault = io.readl(FSTS);
    if ((fault & (FSTS_IQE | FSTS_ITE | FSTS_ICE)) !== 0) this.dumpFault(fault);
    if ((fault & FSTS_IQE) !== 0) return this.replaceRefused(index, wait);
    const timedOut = (fault & FSTS_ITE) === 0 ? null : this.abortPending(wait);
    if (timedOut) return timedOut;
    if ((fault & FSTS_ICE) !== 0) {
      io.writel(FSTS, FSTS_ICE);
      this.log('info', 'Invalidation Completion Error (ICE) cleared');
    }
    return null;
  }

  /**
   * A descriptor that the unit refused is overwritten with the wait, so that the queue goes on.
   *
   * The kernel does so only for the first of a batch, and spins for ever over any other: here they are treated alike.
   */
  private replaceRefused(index: number, wait: number): Failure {
    const head = this.readHead();
    if (head !== index)
      this.log('err', 'a descriptor behind the first of a batch was refused: the kernel would hang here');
    for (let at = 0; at < this.descBytes; at += 4) {
      this.memory.store32(this.slot(head) + at, this.memory.load32(this.slot(wait) + at) ?? 0);
    }
    this.io.writel(FSTS, FSTS_IQE);
    this.log('info', 'Invalidation Queue Error (IQE) cleared');
    return err('EINVAL', 'the unit refused an invalidation descriptor', { rule: 'qi_check_fault' });
  }

  /** A device did not answer in time: everything before the head is given up. */
  private abortPending(wait: number): Failure | null {
    const { io } = this;
    const tail = (io.readl(IQT) / this.descBytes + QI_LENGTH - 1) % QI_LENGTH;
    let at = (this.readHead() + QI_LENGTH - 1) % QI_LENGTH;
    const rid = Number((io.readq(IQER) >> 32n) & 0xffffn);
    io.writel(FSTS, FSTS_ITE);
    this.log('info', 'Invalidation Time-out Error (ITE) cleared');
    do {
      if (this.status(at) === QI_IN_USE) this.setStatus(at, QI_ABORT);
      at = (at + QI_LENGTH - 1) % QI_LENGTH;
    } while (at !== tail);
    const rule = 'qi_check_fault';
    if (rid !== 0 && !this.isPresent(rid)) return err('ETIMEDOUT', 'the device is gone', { rule });
    return this.status(wait) === QI_ABORT ? err('EAGAIN', 'a device did not answer in time', { rule }) : null;
  }

  /** Linux: qi_dump_fault() */
  private dumpFault(fault: number): void {
    const head = this.readHead();
    const iqer = this.io.readq(IQER);
    const tell = (bit: number, what: string): void => {
      if ((fault & bit) !== 0) this.log('err', `VT-d detected Invalidation ${what}`);
    };
    tell(FSTS_IQE, `Queue Error: Reason ${(iqer & 0xfn).toString(16)}`);
    tell(FSTS_ITE, `Time-out Error: SID ${((iqer >> 32n) & 0xffffn).toString(16)}`);
    tell(FSTS_ICE, `Completion Error: SID ${((iqer >> 48n) & 0xffffn).toString(16)}`);
    this.dump('QI HEAD', head);
    this.dump('QI PRIOR', (head + QI_LENGTH - 1) % QI_LENGTH);
  }

  private dump(what: string, index: number): void {
    const word = (n: number): number => this.memory.load32(this.slot(index) + n * 4) ?? 0;
    const qw0 = hex(join(word(1), word(0)));
    this.log(
      'err',
      `${what}: ${descriptorName(word(0) & 0xf)} qw0 = ${qw0}, qw1 = ${hex(join(word(3), word(2)))}`,
    );
  }

  private readHead(): number {
    return this.io.readl(IQH) / this.descBytes;
  }

  private write(index: number, w0: number, w1: number, w2: number, w3: number): void {
    const pa = this.slot(index);
    const at = this.memory.frameToWrite(Math.floor(pa / 4096)) + (pa % 4096) / 4;
    const { words } = this.memory;
    words[at] = w0;
    words[at + 1] = w1;
    words[at + 2] = w2;
    words[at + 3] = w3;
    if (this.descBytes === WIDE_DESC_BYTES) words.fill(0, at + 4, at + 8);
    this.setStatus(index, QI_IN_USE);
  }

  /** A done descriptor stands in the queue until it comes round again. */
  private repeat(from: number, to: number): void {
    const word = (n: number): number => this.memory.load32(this.slot(from) + n * 4) ?? 0;
    this.write(to, word(0), word(1), word(2), word(3));
  }

  private status(index: number): number {
    return this.memory.load32(this.statusPa + index * 4) ?? 0;
  }

  private setStatus(index: number, status: number): void {
    this.memory.store32(this.statusPa + index * 4, status);
  }

  private slot(index: number): number {
    return this.queuePa + index * this.descBytes;
  }
}
