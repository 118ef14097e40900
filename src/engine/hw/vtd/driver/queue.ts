import { invariant } from '../../../../lib/invariant';
import { done } from '../../../../lib/result';
import { hex, hiOfAddress, join } from '../../../../lib/u64';
import { err, ok, type Result } from '../../../kernel/errno';
import type { PhysicalMemory } from '../../../memory/physical-memory';
import { descriptorName } from '../describe';
import { FSTS, FSTS_IQE, IQA, IQER, IQH, IQT, QIE } from '../regs';
import { DESC_BYTES, DESC_WAIT, WAIT_SW } from '../structs';
import type { KernelLog } from './log';
import type { RegisterIo } from './register-io';

/** Descriptors in the queue, and how many a batch collects. Linux: QI_LENGTH, QI_MAX_BATCHED_DESC_COUNT */
const QI_LENGTH = 256;
const MAX_BATCH = 16;

/** States of a descriptor, as the wait descriptor writes them. */
const QI_FREE = 0;
const QI_IN_USE = 1;
const QI_DONE = 2;

/**
 * The driver's end of the invalidation queue.
 *
 * Linux: drivers/iommu/intel/dmar.c dmar_enable_qi(), qi_submit_sync(), qi_check_fault()
 */
export class QueuedInvalidation {
  private head = 0;
  private batched = 0;
  private readonly batch = new Int32Array(MAX_BATCH * 4);

  private constructor(
    private readonly memory: PhysicalMemory,
    private readonly io: RegisterIo,
    private readonly log: KernelLog,
    private readonly queuePa: number,
    private readonly statusPa: number,
  ) {}

  /** Linux: dmar_enable_qi(), __dmar_enable_qi() */
  static enable(memory: PhysicalMemory, io: RegisterIo, log: KernelLog): Result<QueuedInvalidation> {
    const queue = memory.allocateFrames(1);
    if (!queue.ok) return queue;
    const status = memory.allocateFrames(1);
    if (!status.ok) {
      memory.freeFrames(queue.value, 1);
      return status;
    }
    const qi = new QueuedInvalidation(memory, io, log, queue.value * 4096, status.value * 4096);
    io.writel(IQT, 0);
    io.writeq(IQA, BigInt(qi.queuePa));
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
   * Submits the batch with a wait descriptor behind it, and waits until the unit has written its status.
   *
   * The unit works within the write to IQT, so waiting is looking once, and the queue is empty before each submission.
   */
  flush(): Result<undefined> {
    const count = this.batched;
    if (count === 0) return done;
    this.batched = 0;
    const index = this.head;
    const wait = (index + count) % QI_LENGTH;
    for (let n = 0; n < count; n++) {
      const w = (k: number): number => this.batch[n * 4 + k] as number;
      this.write((index + n) % QI_LENGTH, w(0), w(1), w(2), w(3));
    }
    this.write(
      wait,
      DESC_WAIT | WAIT_SW,
      QI_DONE,
      (this.statusPa + wait * 4) | 0,
      hiOfAddress(this.statusPa),
    );
    this.head = (wait + 1) % QI_LENGTH;
    this.io.writel(IQT, this.head * DESC_BYTES);
    const result = this.status(wait) === QI_DONE ? done : this.checkFault(index, wait);
    for (let n = 0; n <= count; n++)
      this.memory.store32(this.statusPa + ((index + n) % QI_LENGTH) * 4, QI_FREE);
    return result;
  }

  /** A descriptor that the unit refused is overwritten with the wait, so that the queue goes on. Linux: qi_check_fault() */
  private checkFault(index: number, wait: number): Result<undefined> {
    const fault = this.io.readl(FSTS);
    invariant((fault & FSTS_IQE) !== 0, 'the invalidation queue stands still without an error');
    const head = this.io.readl(IQH) / DESC_BYTES;
    const iqei = this.io.readq(IQER) & 0xfn;
    this.log('err', `VT-d detected Invalidation Queue Error: Reason ${iqei.toString(16)}`);
    this.dump('QI HEAD', head);
    this.dump('QI PRIOR', (head + QI_LENGTH - 1) % QI_LENGTH);
    invariant(head === index, 'a descriptor behind the first of a batch was refused');
    for (let k = 0; k < 4; k++) {
      this.memory.store32(this.slot(head) + k * 4, this.memory.load32(this.slot(wait) + k * 4) ?? 0);
    }
    this.io.writel(FSTS, FSTS_IQE);
    this.log('info', 'Invalidation Queue Error (IQE) cleared');
    return err('EINVAL', 'the unit refused an invalidation descriptor', { rule: 'qi_check_fault' });
  }

  private dump(what: string, index: number): void {
    const word = (n: number): number => this.memory.load32(this.slot(index) + n * 4) ?? 0;
    const qw0 = hex(join(word(1), word(0)));
    this.log(
      'err',
      `${what}: ${descriptorName(word(0) & 0xf)} qw0 = ${qw0}, qw1 = ${hex(join(word(3), word(2)))}`,
    );
  }

  private write(index: number, w0: number, w1: number, w2: number, w3: number): void {
    const at = this.memory.frameToWrite(this.queuePa / 4096) + (index * DESC_BYTES) / 4;
    const { words } = this.memory;
    words[at] = w0;
    words[at + 1] = w1;
    words[at + 2] = w2;
    words[at + 3] = w3;
    this.memory.store32(this.statusPa + index * 4, QI_IN_USE);
  }

  private status(index: number): number {
    return this.memory.load32(this.statusPa + index * 4) ?? 0;
  }

  private slot(index: number): number {
    return this.queuePa + index * DESC_BYTES;
  }
}
