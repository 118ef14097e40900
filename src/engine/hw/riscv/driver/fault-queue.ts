import { QUEUE_MF, QUEUE_OF } from '../regs';
import type { DeviceLog } from './log';
import type { Ring } from './ring';

/** Records that are kept for people. */
const KEPT = 64;
const RECORD_WORDS = 4;

/**
 * The driver's end of the fault queue.
 *
 * Linux: drivers/iommu/riscv/iommu.c riscv_iommu_fltq_process(), riscv_iommu_queue_consume(), riscv_iommu_fault()
 *
 * Printing is not rate-limited: there is no clock here.
 */
export class FaultQueue {
  /** The last records, oldest first. */
  readonly records: (readonly bigint[])[] = [];
  private head = 0;
  private tail = 0;

  constructor(
    private readonly ring: Ring,
    private readonly log: DeviceLog,
  ) {}

  /** The interrupt. */
  handle(): void {
    const { io, registers, mask } = this.ring;
    io.writel(registers.ipsr, 1 << registers.id);
    for (let count = -1; count !== 0;) {
      count = this.consume();
      for (let n = 0; n < count; n++) this.take(this.head + n);
      this.head += count;
      io.writel(registers.head, this.head & mask);
    }
    const control = io.readl(registers.control);
    if ((control & (QUEUE_MF | QUEUE_OF)) === 0) return;
    io.writel(registers.control, control);
    const flag = (bit: number): number => Number((control & bit) !== 0);
    const text = `memory fault:${flag(QUEUE_MF)} overflow:${flag(QUEUE_OF)}`;
    this.log('warn', `Queue #${registers.id} error; ${text}`);
  }

  /** How many records there are that nobody has read. */
  private consume(): number {
    const { io, registers, mask } = this.ring;
    if (this.tail > this.head) return this.tail - this.head;
    const last = this.tail & mask;
    const tail = io.readl(registers.tail);
    if ((tail & ~mask) !== 0) {
      this.log('err', 'Hardware error: queue access timeout');
      return 0;
    }
    this.tail += (tail - last) & mask;
    return this.tail - this.head;
  }

  private take(index: number): void {
    const pa = this.ring.pa(index);
    const { memory } = this.ring;
    const record = Array.from({ length: RECORD_WORDS }, (_, n) => memory.readU64(pa + n * 8) ?? 0n);
    this.records.push(record);
    if (this.records.length > KEPT) this.records.shift();
    const line = faultLine(record);
    if (line !== null) this.log('warn', line);
  }
}

/** What the kernel prints of a record; null: nothing. Linux: riscv_iommu_fault() */
export function faultLine([header = 0n, , iotval = 0n, iotval2 = 0n]: readonly bigint[]): string | null {
  const cause = header & 0xfffn;
  if (cause === 0n) return null;
  const device = (header >> 40n).toString(16);
  return `Fault ${cause} devid: 0x${device} iotval: ${iotval.toString(16)} iotval2: ${iotval2.toString(16)}`;
}
