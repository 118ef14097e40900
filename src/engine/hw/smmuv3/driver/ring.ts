import { err, ok, type Result } from '../../../kernel/errno';
import { queue as queueUse } from '../../../memory/frame-use';
import type { PhysicalMemory } from '../../../memory/physical-memory';
import type { DeviceLog } from './log';

/** Linux: Q_BASE_RWA, Q_BASE_LOG2SIZE */
const RWA = 1n << 62n;
const PAGE = 4096;
/** The largest allocation that the page allocator gives: 4 MiB. Linux: Q_MAX_SZ_SHIFT */
const MAX_BYTES_LG2 = 22;
const OVERFLOW = 0x8000_0000;

/** What `MAX_BYTES_LG2` allows of what the unit can do. Linux: CMDQ_MAX_SZ_SHIFT, EVTQ_MAX_SZ_SHIFT, PRIQ_MAX_SZ_SHIFT */
export const entriesLg2 = (offered: number, entryLg2: number): number =>
  Math.min(MAX_BYTES_LG2 - entryLg2, offered);

/**
 * A ring that a unit and its driver share, with its indices: each has a wrap bit above it, and an overflow flag at the top.
 *
 * Linux: arm-smmu-v3.h struct arm_smmu_ll_queue, struct arm_smmu_queue; arm-smmu-v3.c queue_*()
 */
export class Ring {
  prod = 0;
  cons = 0;

  private constructor(
    private readonly memory: PhysicalMemory,
    readonly basePa: number,
    /** log2 of its entries. */
    readonly shift: number,
    readonly entryBytes: number,
  ) {}

  /** As large as can be had. Linux: arm_smmu_init_one_queue() */
  static create(
    memory: PhysicalMemory,
    log: DeviceLog,
    name: string,
    wantedShift: number,
    entryBytes: number,
  ): Result<Ring> {
    for (let shift = wantedShift; ; shift--) {
      const bytes = 2 ** shift * entryBytes;
      const frames = Math.max(1, bytes / PAGE);
      const got = memory.allocateFrames(frames, { align: frames, use: queueUse(name) });
      if (got.ok) {
        log('info', `allocated ${2 ** shift} entries for ${name}`);
        return ok(new Ring(memory, got.value * PAGE, shift, entryBytes));
      }
      if (bytes >= PAGE && shift > 0) continue;
      log('err', `failed to allocate queue (0x${bytes.toString(16)} bytes) for ${name}`);
      return err('ENOMEM', `no memory for the ${name}`, { rule: 'arm_smmu_init_one_queue' });
    }
  }

  /** What the BASE register takes. */
  get base(): bigint {
    return RWA | BigInt(this.basePa) | BigInt(this.shift);
  }

  get entries(): number {
    return 2 ** this.shift;
  }

  index(at: number): number {
    return at & (this.entries - 1);
  }

  /** The lap in which an index is: 0 or the bit above it. Linux: Q_WRP() */
  wrap(at: number): number {
    return at & this.entries;
  }

  overflow(at: number): number {
    return at & OVERFLOW;
  }

  pa(at: number): number {
    return this.basePa + this.index(at) * this.entryBytes;
  }

  get isEmpty(): boolean {
    return this.index(this.prod) === this.index(this.cons) && this.wrap(this.prod) === this.wrap(this.cons);
  }

  /** Linux: queue_has_space() */
  hasSpace(entries: number): boolean {
    const [prod, cons] = [this.index(this.prod), this.index(this.cons)];
    const used = this.wrap(this.prod) === this.wrap(this.cons) ? prod - cons : this.entries - (cons - prod);
    return this.entries - used >= entries;
  }

  /** Whether `cons` has passed the entry at `at`. Linux: queue_consumed() */
  hasPassed(at: number): boolean {
    const sameLap = this.wrap(this.cons) === this.wrap(at);
    return sameLap ? this.index(this.cons) > this.index(at) : this.index(this.cons) <= this.index(at);
  }

  /** `at` and `n` entries further. Linux: queue_inc_prod_n(), queue_inc_cons() */
  advance(at: number, n: number): number {
    const next = (this.wrap(at) | this.index(at)) + n;
    return this.overflow(at) | this.wrap(next) | this.index(next);
  }

  readEntry(at: number): bigint[] {
    const pa = this.pa(at);
    return Array.from({ length: this.entryBytes / 8 }, (_, word) => this.memory.readU64(pa + word * 8) ?? 0n);
  }
}
