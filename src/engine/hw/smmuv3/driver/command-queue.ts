import { done } from '../../../../lib/result';
import { hex, join } from '../../../../lib/u64';
import { err, type Result } from '../../../kernel/errno';
import type { PhysicalMemory } from '../../../memory/physical-memory';
import { CMDQ_CONS, CMDQ_PROD } from '../regs';
import { sync, type Command } from './commands';
import type { DeviceLog } from './log';
import type { RegisterIo } from './register-io';
import type { Ring } from './ring';

/** Commands that one submission may hold. Linux: CMDQ_BATCH_ENTRIES */
export const BATCH_ENTRIES = 64;
const WORDS = 4;

/** CONS.ERR. Linux: CMDQ_ERR_CERROR_*_IDX, cerror_str[] */
const CERROR_NONE = 0;
const CERROR_ABT = 2;
const CERROR_ATC_INV = 3;
const CERRORS = ['No error', 'Illegal command', 'Abort on command fetch', 'ATC invalidate timeout'];

export interface CommandQueueOptions {
  /** Completion is written over the SYNC command itself. Linux: ARM_SMMU_OPT_MSIPOLL */
  readonly msiPoll: boolean;
  /** No batch without a SYNC. Linux: ARM_SMMU_OPT_CMDQ_FORCE_SYNC */
  readonly forceSync: boolean;
}

/**
 * The driver's end of the command queue.
 *
 * Linux: arm-smmu-v3.c arm_smmu_cmdq_issue_cmdlist(), arm_smmu_cmdq_batch_add(), __arm_smmu_cmdq_skip_err()
 *
 * The unit works within the write to PROD, so waiting is looking once; there is one producer.
 */
export class CommandQueue {
  private batched = 0;
  private readonly batch = new Int32Array(BATCH_ENTRIES * WORDS);

  constructor(
    private readonly memory: PhysicalMemory,
    private readonly io: RegisterIo,
    private readonly log: DeviceLog,
    readonly ring: Ring,
    private readonly options: CommandQueueOptions,
  ) {}

  /** Linux: arm_smmu_cmdq_issue_cmd() */
  issue(command: Command): void {
    this.start(1, false, () => this.store(this.ring.prod, command));
  }

  /** Linux: arm_smmu_cmdq_issue_cmd_with_sync() */
  issueSync(command: Command): Result<undefined> {
    return this.start(1, true, () => this.store(this.ring.prod, command));
  }

  /** Linux: arm_smmu_cmdq_batch_add() */
  add(command: Command): void {
    if (this.options.forceSync && this.batched === BATCH_ENTRIES - 1) this.send(true);
    if (this.batched === BATCH_ENTRIES) this.send(false);
    this.batch.set(command, this.batched++ * WORDS);
  }

  get pending(): number {
    return this.batched;
  }

  /** Also without a command: then it is a SYNC alone. Linux: arm_smmu_cmdq_batch_submit() */
  submit(): Result<undefined> {
    return this.send(true);
  }

  private send(withSync: boolean): Result<undefined> {
    const count = this.batched;
    this.batched = 0;
    return this.start(count, withSync, () => {
      const word = (at: number): number => this.batch[at] as number;
      for (let n = 0; n < count; n++) {
        const at = n * WORDS;
        this.store(this.ring.advance(this.ring.prod, n), [
          word(at),
          word(at + 1),
          word(at + 2),
          word(at + 3),
        ]);
      }
    });
  }

  private start(count: number, withSync: boolean, store: () => void): Result<undefined> {
    const { ring, io } = this;
    const needed = count + (withSync ? 1 : 0);
    // Linux: arm_smmu_cmdq_poll_until_not_full()
    if (!ring.hasSpace(needed)) ring.cons = io.readl(CMDQ_CONS);
    if (!ring.hasSpace(needed)) {
      this.log('err', 'CMDQ timeout');
      return err('ETIMEDOUT', 'the command queue is full and stands still', {
        rule: 'arm_smmu_cmdq_issue_cmdlist',
      });
    }
    store();
    const at = ring.advance(ring.prod, count);
    if (withSync) this.store(at, sync(this.options.msiPoll ? ring.pa(at) : null));
    ring.prod = ring.advance(ring.prod, needed);
    io.writel(CMDQ_PROD, ring.prod);
    return withSync ? this.waitFor(at) : done;
  }

  /** Linux: arm_smmu_cmdq_poll_until_sync() */
  private waitFor(at: number): Result<undefined> {
    const { ring, io } = this;
    if (this.options.msiPoll) {
      if (this.memory.load32(ring.pa(at)) === 0) {
        ring.cons = ring.advance(at, 1);
        return done;
      }
    } else {
      ring.cons = io.readl(CMDQ_CONS);
      if (ring.hasPassed(at)) return done;
    }
    const hex8 = (value: number): string => `0x${(value >>> 0).toString(16).padStart(8, '0')}`;
    const registers = `[hwprod ${hex8(io.readl(CMDQ_PROD))}, hwcons ${hex8(io.readl(CMDQ_CONS))}]`;
    this.log('err', `CMD_SYNC timeout at ${hex8(at)} ${registers}`);
    return err('ETIMEDOUT', `the unit does not complete the SYNC at ${hex(ring.pa(at))}`, {
      rule: 'arm_smmu_cmdq_issue_cmdlist',
    });
  }

  /** A command that the unit refuses becomes a SYNC, so that the queue goes on. Linux: __arm_smmu_cmdq_skip_err() */
  skipError(): void {
    const { ring, io } = this;
    const cons = io.readl(CMDQ_CONS);
    const error = (cons >>> 24) & 0x7f;
    const text = CERRORS[error] ?? 'Unknown';
    this.log('err', `CMDQ error (cons 0x${(cons >>> 0).toString(16).padStart(8, '0')}): ${text}`);
    if (error === CERROR_ABT) this.log('err', 'retrying command fetch');
    if (error === CERROR_ABT || error === CERROR_NONE || error === CERROR_ATC_INV) return;
    this.log('err', 'skipping command in error state:');
    for (const word of ring.readEntry(cons)) {
      this.log('err', `\t0x${word.toString(16).padStart(16, '0')}`);
    }
    this.store(cons, sync(null));
  }

  private store(at: number, [w0, w1, w2, w3]: Command): void {
    const pa = this.ring.pa(at);
    this.memory.store64(pa, w1, w0);
    this.memory.store64(pa + 8, w3, w2);
  }
}

/** A command of two 64-bit words. */
export const commandOf = (first: bigint, second: bigint): Command => {
  const lo = (word: bigint): number => Number(BigInt.asIntN(32, word));
  return [lo(first), lo(first >> 32n), lo(second), lo(second >> 32n)];
};

export const wordsOf = ([w0, w1, w2, w3]: Command): readonly [bigint, bigint] => [join(w1, w0), join(w3, w2)];
