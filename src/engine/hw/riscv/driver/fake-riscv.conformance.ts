import type { PhysicalMemory } from '../../../memory/physical-memory';
import type { RegisterBus } from '../../port';

/**
 * Registers that acknowledge and a command queue that is read and remembered: enough for a driver, and no hardware. The
 * offsets are its own, from Linux's iommu-bits.h.
 */
const NAMES: ReadonlyMap<number, string> = new Map([
  [0x08, 'FCTL'],
  [0x10, 'DDTP'],
  [0x18, 'CQB'],
  [0x24, 'CQT'],
  [0x28, 'FQB'],
  [0x30, 'FQH'],
  [0x48, 'CQCSR'],
  [0x4c, 'FQCSR'],
  [0x54, 'IPSR'],
  [0x2f8, 'ICVEC'],
]);
const SV39 = 1n << 9n;
const SV48 = 1n << 10n;
const IGS_BOTH = 2n << 28n;

export interface FakeRiscvOptions {
  readonly capabilities: bigint;
  /** Highest ddtp.iommu_mode that it takes. */
  readonly maxMode: bigint;
  /** log2 of the entries of its queues, less one. */
  readonly log2szLimit: bigint;
  readonly ddtp: bigint;
}

export const PLAIN: FakeRiscvOptions = {
  capabilities: 0x10n | SV39 | SV48 | IGS_BOTH,
  maxMode: 4n,
  log2szLimit: 31n,
  ddtp: 0n,
};

export class FakeRiscv implements RegisterBus {
  readonly registers = new Map<number, bigint>();
  /** `NAME=hex`, in order; the doorbell of the command queue is left out. */
  writes: string[] = [];
  commands: (readonly [bigint, bigint])[] = [];
  stuck = false;
  onCommand: () => void = () => undefined;
  private readonly options: FakeRiscvOptions;

  constructor(
    private readonly memory: PhysicalMemory,
    options: Partial<FakeRiscvOptions> = {},
  ) {
    this.options = { ...PLAIN, ...options };
    this.registers.set(0x00, this.options.capabilities);
    this.registers.set(0x10, this.options.ddtp);
  }

  read32(offset: number): number {
    return Number(BigInt.asIntN(32, this.read64(offset)));
  }

  write32(offset: number, value: number): void {
    this.write64(offset, BigInt(value >>> 0));
  }

  read64(offset: number): bigint {
    return this.registers.get(offset) ?? 0n;
  }

  write64(offset: number, value: bigint): void {
    if (offset !== 0x24 || this.read64(0x48) === 0n) {
      this.writes.push(`${NAMES.get(offset) ?? `+0x${offset.toString(16)}`}=${value.toString(16)}`);
    }
    this.registers.set(offset, this.taken(offset, value));
    if (offset === 0x24 && this.read64(0x48) !== 0n && !this.stuck) this.consume();
  }

  takeWords(): (readonly [bigint, bigint])[] {
    const taken = this.commands;
    this.commands = [];
    return taken;
  }

  private taken(offset: number, value: bigint): bigint {
    const { maxMode, log2szLimit } = this.options;
    // Beyond what it knows the mode stays off; queues no longer than the limit; a queue that is enabled is on.
    if (offset === 0x10) return (value & 0xfn) > maxMode ? 0n : value;
    if (offset === 0x18 || offset === 0x28) {
      const size = value & 0x1fn;
      return (value & ~0x1fn) | (size > log2szLimit ? log2szLimit : size);
    }
    if (offset === 0x48 || offset === 0x4c) return (value & 3n) | ((value & 1n) << 16n);
    return offset === 0x54 ? 0n : value;
  }

  private consume(): void {
    const base = this.read64(0x18);
    const mask = (2n << (base & 0x1fn)) - 1n;
    const pa = Number((base & (((1n << 44n) - 1n) << 10n)) << 2n);
    let head = this.read64(0x20);
    for (const tail = this.read64(0x24); head !== tail; head = (head + 1n) & mask) {
      const at = pa + Number(head) * 16;
      this.commands.push([this.memory.readU64(at) ?? 0n, this.memory.readU64(at + 8) ?? 0n]);
      this.onCommand();
    }
    this.registers.set(0x20, head);
  }
}
