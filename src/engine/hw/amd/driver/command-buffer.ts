import { done } from '../../../../lib/result';
import { join } from '../../../../lib/u64';
import { err, type Result } from '../../../kernel/errno';
import type { PhysicalMemory } from '../../../memory/physical-memory';
import { CMD_BASE, CMD_HEAD, CMD_TAIL } from '../regs';
import { COMMAND_BYTES } from '../structs';
import { completionWait, type Command } from './commands';
import { CONTROL_CMDBUF_EN } from './control';
import type { KernelLog } from './log';
import type { RegisterIo } from './register-io';

/** Linux: CMD_BUFFER_SIZE, MMIO_CMD_SIZE_512 */
export const CMD_BUFFER_FRAMES = 2;
const CMD_BUFFER_BYTES = 8192;
const LENGTH_512 = 9n << 56n;

/**
 * The driver's end of the command buffer.
 *
 * Linux: drivers/iommu/amd/iommu.c __iommu_queue_command_sync(), iommu_completion_wait(); init.c iommu_enable_command_buffer()
 *
 * The unit works within the write of the tail, so waiting is looking once more.
 */
export class CommandBuffer {
  private head = 0;
  private tail = 0;
  /** The last value that a COMPLETION_WAIT was to write. Linux: amd_iommu::cmd_sem_val */
  private semaphore = 0n;
  private needSync = false;

  constructor(
    private readonly memory: PhysicalMemory,
    private readonly io: RegisterIo,
    private readonly log: KernelLog,
    /** `0000:00:00.2` */
    private readonly name: string,
    readonly bufferPa: number,
    readonly semaphorePa: number,
  ) {}

  /** Linux: iommu_enable_command_buffer(), amd_iommu_reset_cmd_buffer() */
  enable(): void {
    this.io.writeq(CMD_BASE, BigInt(this.bufferPa) | LENGTH_512);
    this.io.disable(CONTROL_CMDBUF_EN);
    this.io.writel(CMD_HEAD, 0);
    this.io.writel(CMD_TAIL, 0);
    this.head = 0;
    this.tail = 0;
    this.io.enable(CONTROL_CMDBUF_EN);
  }

  /** EIO: the unit fetches none. `sync`: somebody has to wait for it. Linux: __iommu_queue_command_sync() */
  queue(command: Command, sync = true): Result<undefined> {
    const next = (this.tail + COMMAND_BYTES) % CMD_BUFFER_BYTES;
    if (this.left(next) <= 0x20) this.head = this.io.readl(CMD_HEAD);
    if (this.left(next) <= 0x20) {
      this.log('err', 'Command buffer timeout');
      return err('EIO', 'the command buffer is full, and the unit fetches nothing from it', {
        rule: '__iommu_queue_command_sync',
      });
    }
    this.copy(command, next);
    this.needSync = sync;
    return done;
  }

  /** Until all that was queued is done. EIO: it never is. Linux: iommu_completion_wait(), wait_on_sem() */
  completionWait(): Result<undefined> {
    if (!this.needSync) return done;
    const data = ++this.semaphore;
    const queued = this.queue(completionWait(this.semaphorePa, data), false);
    if (!queued.ok) return queued;
    if (BigInt.asIntN(64, this.semaphoreValue() - data) >= 0n) return done;
    this.log('err', `IOMMU ${this.name}: Completion-Wait loop timed out`);
    return err('EIO', 'the unit does not answer a COMPLETION_WAIT', { rule: 'wait_on_sem' });
  }

  /** The words of a command in the buffer, wherever they lie. Linux: dump_command() */
  dump(pa: number): readonly number[] {
    return [0, 4, 8, 12].map((offset) => this.memory.load32(pa + offset) ?? -1);
  }

  private left(next: number): number {
    return (this.head - next + CMD_BUFFER_BYTES) % CMD_BUFFER_BYTES;
  }

  /** Linux: copy_cmd_to_buffer() */
  private copy(command: Command, next: number): void {
    const at = this.bufferPa + this.tail;
    for (const [n, word] of command.entries()) this.memory.store32(at + n * 4, word);
    this.tail = next;
    this.io.writel(CMD_TAIL, next);
  }

  private semaphoreValue(): bigint {
    const { memory, semaphorePa } = this;
    return join(memory.load32(semaphorePa + 4) ?? 0, memory.load32(semaphorePa) ?? 0);
  }
}
