import { err, ok, type Result } from '../../../kernel/errno';
import { queue as queueUse } from '../../../memory/frame-use';
import type { PhysicalMemory } from '../../../memory/physical-memory';
import { LOG2SZ_MASK, QUEUE_BUSY, QUEUE_EN, QUEUE_IE, QUEUE_MF, QUEUE_ON } from '../regs';
import type { DeviceLog } from './log';
import type { RegisterIo } from './register-io';

const PAGE = 4096;
const PPN = ((1n << 44n) - 1n) << 10n;

/** Linux: phys_to_ppn(), ppn_to_phys() */
export const ppnOf = (pa: number): bigint => (BigInt(pa) >> 2n) & PPN;
export const paOf = (word: bigint): number => Number((word & PPN) << 2n);

/** Where a queue's registers are, and its bit in ipsr. Linux: RISCV_IOMMU_QUEUE_INIT() */
export interface QueueRegisters {
  readonly id: number;
  readonly base: number;
  readonly head: number;
  readonly tail: number;
  readonly control: number;
  readonly ipsr: number;
}

/**
 * A ring that a unit and its driver share.
 *
 * Linux: drivers/iommu/riscv/iommu.c struct riscv_iommu_queue, riscv_iommu_queue_alloc(), riscv_iommu_queue_enable()
 */
export class Ring {
  private constructor(
    readonly memory: PhysicalMemory,
    readonly io: RegisterIo,
    readonly registers: QueueRegisters,
    readonly basePa: number,
    readonly mask: number,
    private readonly entryBytes: number,
  ) {}

  /** As large as the unit takes it and memory has it, or where the unit has it already. */
  static create(
    memory: PhysicalMemory,
    io: RegisterIo,
    log: DeviceLog,
    registers: QueueRegisters,
    wantedLg2: number,
    entryBytes: number,
  ): Result<Ring> {
    const rule = 'riscv_iommu_queue_alloc';
    io.writeq(registers.base, BigInt(LOG2SZ_MASK));
    const offered = io.readq(registers.base);
    let logsz = Math.min(wantedLg2 - 1, Number(offered & BigInt(LOG2SZ_MASK)));
    let pa = paOf(offered);
    if (pa === 0) {
      const placed = allocate(memory, logsz, entryBytes, QUEUES[registers.id] ?? 'queue');
      if (!placed) return err('ENOMEM', `no memory for queue #${registers.id}`, { rule });
      [pa, logsz] = [placed.pa, placed.logsz];
    }
    const base = ppnOf(pa) | BigInt(logsz);
    io.writeq(registers.base, base);
    if (io.readq(registers.base) !== base) {
      log('err', `queue #${registers.id} allocation failed`);
      return err('ENODEV', `the unit does not take queue #${registers.id}`, { rule });
    }
    return ok(new Ring(memory, io, registers, pa, 2 * 2 ** logsz - 1, entryBytes));
  }

  /** `empty`: the index register that is the driver's to write. */
  enable(log: DeviceLog, empty: number): Result<undefined> {
    const { io, registers } = this;
    io.writel(empty, 0);
    io.writel(registers.control, QUEUE_EN | QUEUE_IE | QUEUE_MF);
    const state = io.readl(registers.control) & (QUEUE_ON | QUEUE_BUSY | QUEUE_MF);
    if (state !== QUEUE_ON) {
      io.writel(registers.control, 0);
      log('err', `queue #${registers.id} failed to start`);
      return err('EBUSY', `queue #${registers.id} does not start`, { rule: 'riscv_iommu_queue_enable' });
    }
    io.writel(registers.ipsr, 1 << registers.id);
    return ok(undefined);
  }

  /** Linux: riscv_iommu_queue_disable() */
  disable(): void {
    this.io.writel(this.registers.control, 0);
  }

  pa(index: number): number {
    return this.basePa + (index & this.mask) * this.entryBytes;
  }
}

const QUEUES = ['command queue', 'fault queue', 'page-request queue'];

function allocate(
  memory: PhysicalMemory,
  wantedLogsz: number,
  entryBytes: number,
  what: string,
): { readonly pa: number; readonly logsz: number } | null {
  for (let logsz = wantedLogsz; logsz >= 0; logsz--) {
    const frames = Math.max(1, (entryBytes * 2 ** (logsz + 1)) / PAGE);
    const got = memory.allocateFrames(frames, { align: frames, use: queueUse(what) });
    if (got.ok) return { pa: got.value * PAGE, logsz };
  }
  return null;
}
