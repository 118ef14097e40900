import type { RunReply } from './api';
import {
  Connection,
  type Answer,
  type Arguments,
  type Limits,
  type Method,
  type Outcome,
  type WorkerLike,
} from './connection';
import * as says from '../words/worker';

export const LIMITS: Limits = {
  ready: 20_000,
  load: 30_000,
  run: 30_000,
  append: 20_000,
  moment: 20_000,
  memoryAt: 20_000,
  tablesAt: 20_000,
  entryAt: 20_000,
  events: 20_000,
  targets: 10_000,
  tryLines: 10_000,
  partition: 30_000,
  passthrough: 20_000,
  readMemory: 5_000,
  hardware: 5_000,
  peekEntry: 5_000,
  physical: 10_000,
  describeIoctls: 5_000,
  sysfs: 5_000,
  lockOrder: 5_000,
  defects: 5_000,
  importText: 60_000,
  decodeLines: 60_000,
};

/** The engine as the store sees it: one call at a time, and every call comes to an end. */
export interface EngineClient {
  call<M extends Method>(method: M, ...args: Arguments<M>): Promise<Outcome<Answer<M>>>;
  /** A new worker in place of the present one, if any. Calls made from now on go to it. */
  restart(): void;
  /** What the present worker calls an epoch: 0 for one of a worker before it. */
  localEpoch(epoch: number): number;
  /** Called once for each worker that is lost. */
  onLost: (why: string) => void;
}

/**
 * Supervises one worker after another.
 *
 * Epochs count from one in every worker; here they are made to grow over all of them, so that a late batch of a dead
 * worker can be told from a new one.
 */
export function createEngineClient(spawn: () => WorkerLike, limits: Limits = LIMITS): EngineClient {
  let connection: Connection | null = null;
  let lost: string | null = says.theEngineHasNotBeenStarted;
  let last: Promise<unknown> = Promise.resolve();
  let epochBase = 0;
  let highestEpoch = 0;

  const client: EngineClient = {
    onLost: () => undefined,

    restart() {
      connection?.close();
      epochBase = highestEpoch;
      lost = null;
      last = Promise.resolve(); // what waited for the old worker is lost with it, see below
      const report = (why: string): void => {
        lost = why;
        client.onLost(why);
      };
      try {
        connection = new Connection(spawn(), limits, report);
      } catch (thrown) {
        connection = null;
        report(thrown instanceof Error ? thrown.message : String(thrown));
      }
    },

    localEpoch: (epoch) => Math.max(0, epoch - epochBase),

    call(method, ...args) {
      const mine = connection;
      const turn = last.then(async () => {
        if (mine === null || lost !== null)
          return { status: 'lost', why: lost ?? says.theEngineIsNotRunning } as const;
        const outcome = await mine.call(method, args);
        return outcome.status === 'ok' ? { ...outcome, value: globalEpoch(outcome.value) } : outcome;
      });
      last = turn;
      return turn;
    },
  };

  function globalEpoch<T>(value: T): T {
    if (!isRun(value)) return value;
    const epoch = epochBase + value.batch.epoch;
    highestEpoch = Math.max(highestEpoch, epoch);
    return { ...value, batch: { ...value.batch, epoch } };
  }

  return client;
}

function isRun(value: unknown): value is Extract<RunReply, { status: 'ok' }> {
  return typeof value === 'object' && value !== null && 'batch' in value;
}
