import type { Trace } from '../../../trace/trace';
import type { RegisterBus } from '../../port';
import { REGISTERS } from '../regs';

/** Register accesses of the driver, each of them a trace event. */
export class RegisterIo {
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

  private tell(op: 'read' | 'write', offset: number, value: bigint): void {
    const name = REGISTERS.find((each) => each.offset === offset)?.name ?? `+0x${offset.toString(16)}`;
    this.trace.emit({ kind: 'register', unit: this.unit, op, name, offset, value });
  }
}
