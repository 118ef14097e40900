import { invariant } from '../../../../lib/invariant';
import type { Trace } from '../../../trace/trace';
import type { RegisterBus } from '../../port';
import { GCMD, GSTS, REGISTERS, WBF } from '../regs';

/** Register accesses of the driver, each of them a trace event. */
export class RegisterIo {
  /** GCMD's level bits as they are now: the register cannot be read back. Linux: iommu->gcmd */
  private gcmd = 0;

  constructor(
    private readonly bus: RegisterBus,
    private readonly unit: string,
    private readonly trace: Trace,
  ) {}

  readl(offset: number): number {
    const value = this.bus.read32(offset);
    if (this.trace.on) this.tell('read', offset, BigInt(value >>> 0));
    return value;
  }

  writel(offset: number, value: number): void {
    if (this.trace.on) this.tell('write', offset, BigInt(value >>> 0));
    this.bus.write32(offset, value);
  }

  readq(offset: number): bigint {
    const value = this.bus.read64(offset);
    if (this.trace.on) this.tell('read', offset, value);
    return value;
  }

  writeq(offset: number, value: bigint): void {
    if (this.trace.on) this.tell('write', offset, value);
    this.bus.write64(offset, value);
  }

  /** Fires a one-shot command; whether its status bit came. */
  command(bit: number): boolean {
    this.writel(GCMD, this.gcmd | bit);
    return (this.readl(GSTS) & bit) !== 0;
  }

  /** Turns a level bit on or off; whether the status followed. */
  level(bit: number, on: boolean): boolean {
    this.gcmd = on ? this.gcmd | bit : this.gcmd & ~bit;
    this.writel(GCMD, this.gcmd);
    return ((this.readl(GSTS) & bit) !== 0) === on;
  }

  /** What the unit still holds back is in memory after this. Linux: iommu_flush_write_buffer() */
  flushWriteBuffer(): void {
    this.writel(GCMD, this.gcmd | WBF);
    invariant((this.readl(GSTS) & WBF) === 0, 'the write buffer is never flushed');
  }

  isOn(bit: number): boolean {
    return (this.gcmd & bit) !== 0;
  }

  private tell(op: 'read' | 'write', offset: number, value: bigint): void {
    const at = REGISTERS.find((r) => r.offset === offset);
    const name = at?.name ?? (offset >= 0x400 && offset < 0x500 ? 'FRCD' : `+0x${offset.toString(16)}`);
    this.trace.emit({ kind: 'register', unit: this.unit, op, name, offset, value });
  }
}
