import { CQ_CMD_ILL, CQ_CMD_TO, CQ_FENCE_W_IP, QUEUE_MF } from '../regs';
import { fence, type Command } from './commands';
import type { DeviceLog } from './log';
import type { Ring } from './ring';

/**
 * The driver's end of the command queue.
 *
 * Linux: drivers/iommu/riscv/iommu.c riscv_iommu_queue_send(), riscv_iommu_queue_wait(), riscv_iommu_cmd_sync(),
 * riscv_iommu_cmdq_process()
 *
 * The unit works within the write to the tail, so waiting is looking once.
 */
export class CommandQueue {
  /** Unbounded: the index is their low bits. */
  private prod = 0;
  private head = 0;
  private handling = false;

  constructor(
    private readonly ring: Ring,
    private readonly log: DeviceLog,
  ) {}

  /** The number of the entry. */
  send([w0, w1, w2, w3]: Command): number {
    const { io, registers, memory, mask } = this.ring;
    const index = this.prod;
    if (index - this.head >= mask) this.head = this.consumed();
    if (index - this.head >= mask) {
      this.log('err', 'Hardware error: command enqueue failed');
      return index;
    }
    const pa = this.ring.pa(index);
    memory.store64(pa, w1, w0);
    memory.store64(pa + 8, w3, w2);
    this.prod++;
    io.writel(registers.tail, this.prod & mask);
    return index;
  }

  /** Sends a fence and waits until it is done; an error of the queue ends the wait in silence. */
  sync(): void {
    const index = this.send(fence);
    if (this.consumed() > index) return;
    const errors = this.ring.io.readl(this.ring.registers.control) & (QUEUE_MF | CQ_CMD_TO | CQ_CMD_ILL);
    if (errors === 0) this.log('err', 'Hardware error: command execution timeout');
  }

  /** The interrupt: errors are cleared and told, and nothing is mended. */
  handle(): void {
    if (this.handling) return;
    this.handling = true;
    const { io, registers } = this.ring;
    const control = io.readl(registers.control);
    if ((control & (QUEUE_MF | CQ_CMD_TO | CQ_CMD_ILL | CQ_FENCE_W_IP)) !== 0) {
      io.writel(registers.control, control);
      const flag = (bit: number): number => Number((control & bit) !== 0);
      const text = `fault:${flag(QUEUE_MF)} timeout:${flag(CQ_CMD_TO)} illegal:${flag(CQ_CMD_ILL)}`;
      this.log('warn', `Queue #${registers.id} error; ${text} fence_w_ip:${flag(CQ_FENCE_W_IP)}`);
    }
    io.writel(registers.ipsr, 1 << registers.id);
    this.handling = false;
  }

  /** Linux: riscv_iommu_queue_cons() */
  private consumed(): number {
    const { io, registers, mask } = this.ring;
    return this.head + ((io.readl(registers.head) - (this.head & mask)) & mask);
  }
}
