import type { FailNth } from './fail';
import type { LockHolder, Mutex } from './lock';
import type { HeldLock } from './lockdep';
import type { Task, TaskStep, WaitStep } from './task';

export interface TaskInfo {
  /** For sentences, and how others find it: `t1`, or `line 12` for a line that had to wait. */
  readonly name: string;
  /** What it does, as the script says it. */
  readonly what?: string;
  /** Points of failure that count for this task alone. */
  readonly fail?: FailNth | null;
}

/** One task in progress: where it stands, what it holds and what it waits for. Moved by a Scheduler only. */
export class TaskRun<T = unknown> implements LockHolder {
  readonly name: string;
  readonly what: string;
  fail: FailNth | null;
  readonly held: HeldLock[] = [];
  /** What it does next; null once it is over. */
  pending: TaskStep | null = null;
  sleepsOn: Mutex | null = null;
  /** It waits for something else than a lock. */
  awaits: WaitStep | null = null;
  /** The lock that it comes to was handed to it while it slept. */
  granted = false;
  result: { readonly value: T } | null = null;

  constructor(
    readonly task: Task<T>,
    { name, what = name, fail = null }: TaskInfo,
    /** Line of the script that began it. */
    readonly line: number,
    /** Nobody steps it: it goes on as soon as it can. */
    readonly free: boolean,
  ) {
    this.name = name;
    this.what = what;
    this.fail = fail;
  }

  get state(): 'ready' | 'blocked' | 'finished' {
    if (this.result !== null) return 'finished';
    if (this.sleepsOn !== null) return 'blocked';
    return this.awaits === null || this.awaits.until() ? 'ready' : 'blocked';
  }
}
