import { invariant } from '../../lib/invariant';
import type { Trace } from '../trace/trace';
import { CurrentFail } from './fail';
import { findDeadlock, type LockHolder, type Mutex } from './lock';
import { Lockdep, type LockdepReport } from './lockdep';
import { labelsOf, type LockStep, type Resumed, type Task, type WaitStep } from './task';
import { TaskRun, type TaskInfo } from './task-run';

/** What a task did with a lock; `wait`: it waits for it, or for something to happen. */
export type LockOp = 'acquire' | 'release' | 'wait';

/**
 * The tasks of one machine that are not over: at most one moves at a time, from one event of a lock to the next.
 *
 * A task that was started moves only when it is told to (`step`, `stepUntil`, `finish`). One that was just run goes as
 * far as it can; when it has to wait, it goes on by itself as soon as others let it.
 */
export class Scheduler {
  /** Line of the script that runs now, for those who ask later. */
  line = 0;
  /** Points of failure ask the task that runs. */
  readonly fail = new CurrentFail();
  /** Tasks that are not over, in the order of their beginning. */
  private readonly runs: TaskRun[] = [];
  /** Those that went on by themselves and are over by now. */
  private ended: TaskRun[] = [];
  /** Tasks on their way, each because of the one before. */
  private readonly going = new Set<TaskRun>();
  private moving = false;
  /** The task that moves now, or did last. */
  current: TaskRun | null = null;
  /** Told after each event of a lock. */
  onLock: ((run: TaskRun, op: LockOp, what: string) => void) | null = null;

  constructor(
    private readonly trace: Trace,
    readonly lockdep = new Lockdep(),
  ) {}

  /** Begins a task; it stands before its first lock, with what comes before that done. */
  start<T>(task: Task<T>, info: TaskInfo): TaskRun<T> {
    const run = new TaskRun(task, info, this.line, false);
    this.runs.push(run);
    this.resume(run, undefined);
    return run;
  }

  /** Runs a task as far as it can go now: to its end, unless others are in its way. */
  run<T>(task: Task<T>, info: TaskInfo): TaskRun<T> {
    const run = new TaskRun(task, info, this.line, true);
    this.runs.push(run);
    this.resume(run, undefined);
    this.goOn(run);
    if (run.result !== null) this.forget(run);
    this.settle();
    // Who began it knows how it ended.
    if (run.result !== null) this.ended = this.ended.filter((each) => each !== run);
    return run;
  }

  /** To the next event of a lock. Nothing happens while others are in its way. */
  step(run: TaskRun): void {
    this.advance(run);
    this.settle();
  }

  /** Until it has taken a lock of this name, cannot go on, or is over; true if it has taken one. */
  stepUntil(run: TaskRun, name: string): boolean {
    for (;;) {
      const { pending } = run;
      const wanted = pending?.op === 'acquire' && pending.lock.name === name;
      if (!this.advance(run)) {
        this.settle();
        if (run.state !== 'ready') return false;
        continue;
      }
      if (wanted) break;
    }
    this.settle();
    return true;
  }

  /** To its end, or as far as others let it. */
  finish(run: TaskRun): void {
    this.goOn(run);
    this.settle();
  }

  /** The time of a wait is up; false when the task is in none that has a limit. */
  timeOut(run: TaskRun): boolean {
    const { awaits } = run;
    if (awaits === null || awaits.limit === null || awaits.until()) return false;
    run.awaits = null;
    this.resume(run, 'timed-out');
    this.settle();
    return true;
  }

  /** Something changed beside the tasks: those that nobody steps go on where they can. */
  settle(): void {
    for (let again = true; again;) {
      again = false;
      for (const run of [...this.runs]) {
        if (!run.free || this.going.has(run)) continue;
        if (run.state === 'ready' || this.runsOutOfTime(run)) {
          again = true;
          this.goOn(run);
        }
        if (run.result !== null && this.forget(run)) this.ended.push(run);
      }
    }
  }

  /** Everything that is not over, and what is over and was not forgotten. */
  get tasks(): readonly TaskRun[] {
    return this.runs;
  }

  /** A task that is over is no longer of interest. */
  forget(run: TaskRun): boolean {
    const at = this.runs.indexOf(run);
    if (at >= 0) this.runs.splice(at, 1);
    return at >= 0;
  }

  /** Those that went on by themselves and came to their end since this was asked last. */
  takeEnded(): readonly TaskRun[] {
    const { ended } = this;
    this.ended = [];
    return ended;
  }

  /** Who is in the way of a task that sleeps on a lock. */
  blockersOf(run: TaskRun): readonly TaskRun[] {
    const blockers = run.sleepsOn?.blockersOf(run) ?? [];
    return this.runs.filter((each) => blockers.includes(each));
  }

  /** Each of these waits for a lock of the next, the last for one of the first; `run` is the first. */
  deadlockOf(run: TaskRun): readonly TaskRun[] | null {
    const cycle = findDeadlock(run);
    return cycle && cycle.flatMap((who) => this.runs.find((each) => each === who) ?? []);
  }

  private goOn(run: TaskRun): void {
    this.going.add(run);
    while (run.pending !== null) {
      if (this.advance(run)) continue;
      // What it let go of on the way may let others on, and they it.
      this.settle();
      if (run.state === 'ready') continue;
      if (!this.runsOutOfTime(run)) break;
      run.awaits = null;
      this.resume(run, 'timed-out');
    }
    this.going.delete(run);
  }

  /** It waits for a while only, and nobody is left who could make use of that while. */
  private runsOutOfTime(run: TaskRun): boolean {
    if (!run.free || run.awaits === null || run.awaits.limit === null) return false;
    return this.runs.every((each) => each === run || each.state !== 'ready');
  }

  /** Does what the task stands before, and brings it to the next event. False: it cannot, or is over. */
  private advance(run: TaskRun): boolean {
    const step = run.pending;
    if (step === null) return false;
    switch (step.op) {
      case 'acquire':
        if (!this.acquire(run, step)) return false;
        break;
      case 'release':
        this.release(run, step.lock, step.shared === true);
        break;
      case 'wait':
        if (!this.await(run, step)) return false;
        break;
      case 'assert':
        this.tell(this.lockdep.assert(run, step.lock, step.held));
        break;
    }
    this.resume(run, undefined);
    return true;
  }

  private resume(run: TaskRun, heard: Resumed): void {
    invariant(!this.moving, `${run.name} is moved by a task that runs itself`);
    const outer = this.fail.current;
    this.fail.current = run.fail;
    this.moving = true;
    this.current = run;
    let next: IteratorResult<NonNullable<TaskRun['pending']>>;
    try {
      next = run.task.next(heard);
    } finally {
      this.moving = false;
      this.fail.current = outer;
    }
    if (next.done !== true) {
      run.pending = next.value;
      // A rule is no event: whoever steps a task does not stop there.
      if (next.value.op === 'assert') this.advance(run);
      return;
    }
    invariant(run.held.length === 0, `${run.name} is over and still holds ${run.held[0]?.lock.name ?? ''}`);
    run.pending = null;
    run.result = { value: next.value };
  }

  private acquire(run: TaskRun, { lock, shared, nest }: LockStep): boolean {
    if (run.sleepsOn !== null) return false;
    if (run.granted) {
      run.granted = false;
      return true;
    }
    const asReader = shared === true;
    this.tell(this.lockdep.acquire(run, lock, nest ?? null, this.line));
    if (lock.take(run, asReader)) {
      this.took(run, lock, asReader);
      return true;
    }
    const heldBy = lock.holders.map((holder) => holder.name);
    lock.enqueue(run, asReader);
    run.sleepsOn = lock;
    this.trace.emit({
      kind: 'lock',
      op: 'wait',
      lock: lock.name,
      ...this.labels(run, lock, asReader),
      heldBy,
    });
    this.onLock?.(run, 'wait', lock.name);
    return false;
  }

  private took(run: TaskRun, lock: Mutex, shared: boolean): void {
    run.held.push({ lock, shared, line: this.line });
    if (this.trace.on)
      this.trace.emit({ kind: 'lock', op: 'acquire', lock: lock.name, ...this.labels(run, lock, shared) });
    this.onLock?.(run, 'acquire', lock.name);
  }

  private release(run: TaskRun, lock: Mutex, shared: boolean): void {
    const at = run.held.findLastIndex((held) => held.lock === lock);
    invariant(at >= 0, `${run.name} lets go of ${lock.name} that it does not hold`);
    run.held.splice(at, 1);
    const granted = lock.release(run, shared);
    if (this.trace.on) {
      this.trace.emit({ kind: 'lock', op: 'release', lock: lock.name, ...this.labels(run, lock, shared) });
    }
    this.onLock?.(run, 'release', lock.name);
    for (const who of granted) this.wake(who, lock);
  }

  /** It has the lock from now on, whenever it runs. */
  private wake(who: LockHolder, lock: Mutex): void {
    const run = this.runs.find((each) => each === who);
    invariant(run, `${who.name} waited for ${lock.name} and is no task of this machine`);
    run.sleepsOn = null;
    run.granted = true;
    const { pending } = run;
    this.took(run, lock, pending?.op === 'acquire' && pending.shared === true);
  }

  private await(run: TaskRun, step: WaitStep): boolean {
    if (run.awaits === null) this.tell(this.lockdep.wait(run, step.what));
    if (step.until()) {
      run.awaits = null;
      return true;
    }
    if (run.awaits === null) {
      run.awaits = step;
      this.trace.emit({ kind: 'lock', op: 'wait', lock: step.what, ...nameOf(run, this.line) });
      this.onLock?.(run, 'wait', step.what);
    }
    return false;
  }

  private labels(run: TaskRun, lock: Mutex, shared: boolean) {
    return { ...labelsOf(lock, shared), ...nameOf(run, this.line) };
  }

  /** As the kernel's log would have it. */
  private tell(report: LockdepReport | null): void {
    if (report === null) return;
    this.trace.emit({
      kind: 'log',
      level: 'warn',
      text: `WARNING: ${HEADLINES[report.kind]}: ${report.text}`,
    });
  }
}

/** A line that runs straight through needs no name: its events are under the line already. */
const nameOf = (run: TaskRun, line: number): { readonly task?: string } =>
  run.free && run.line === line ? {} : { task: run.name };

const HEADLINES: Readonly<Record<LockdepReport['kind'], string>> = {
  inversion: 'possible circular locking dependency detected',
  nesting: 'possible recursive locking detected',
  wait: 'sleeps with a lock held',
  assertion: 'lock assertion failed',
};
