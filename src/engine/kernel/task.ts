import { EngineBug, invariant } from '../../lib/invariant';
import type { Trace } from '../trace/trace';
import { listed, Mutex, type LockHolder } from './lock';

/**
 * Control paths are tasks: whatever takes a lock in the kernel is a generator that yields at each acquire, release and
 * wait, so that a scheduler may suspend it there. `runTask` runs one straight through, with nobody else about.
 *
 * Inner loops (filling entries, walking, translating) are plain functions.
 */
export type Task<T> = Generator<TaskStep, T, Resumed>;

/** What a task hears when it goes on. */
export type Resumed = 'timed-out' | undefined;

export type TaskStep = LockStep | WaitStep | AssertStep;

export interface LockStep {
  readonly op: 'acquire' | 'release';
  readonly lock: Mutex;
  /** A reader of a rwsem: others may read at the same time. */
  readonly shared?: true;
  /** Held by whoever takes several locks of this class, so that their order does not matter. Linux: down_write_nest_lock() */
  readonly nest?: Mutex;
}

/** Sleeps until a condition holds. Linux: wait_event(), wait_event_timeout() */
export interface WaitStep {
  readonly op: 'wait';
  /** What is waited for, e.g. `wait_cnt of IOAS 2`. */
  readonly what: string;
  readonly until: () => boolean;
  /** For how long at most, in words; null for ever. */
  readonly limit: string | null;
  /** A later line of the script may end it, without a task that is there by now. */
  readonly byScript?: true;
}

/** Linux: lockdep_assert_held(), lockdep_assert_not_held() */
export interface AssertStep {
  readonly op: 'assert';
  readonly lock: Mutex;
  readonly held: boolean;
}

export { Mutex };

/** Runs `body` under `lock`, releasing it on every way out. Linux: mutex_lock(), down_write() */
export function* locked<T>(lock: Mutex, body: () => Task<T>, nest?: Mutex): Task<T> {
  yield nest ? { op: 'acquire', lock, nest } : { op: 'acquire', lock };
  try {
    return yield* body();
  } finally {
    yield { op: 'release', lock };
  }
}

/** As `locked`, for a body that takes no further lock. */
export function* holding<T>(lock: Mutex, body: () => T): Task<T> {
  yield { op: 'acquire', lock };
  try {
    return body();
  } finally {
    yield { op: 'release', lock };
  }
}

/** As `locked`, for a reader of a rwsem. Linux: down_read() */
export function* reading<T>(lock: Mutex, body: () => Task<T>): Task<T> {
  yield { op: 'acquire', lock, shared: true };
  try {
    return yield* body();
  } finally {
    yield { op: 'release', lock, shared: true };
  }
}

/** As `reading`, for a body that takes no further lock. */
export function* sharing<T>(lock: Mutex, body: () => T): Task<T> {
  yield { op: 'acquire', lock, shared: true };
  try {
    return body();
  } finally {
    yield { op: 'release', lock, shared: true };
  }
}

/**
 * Sleeps until `until` holds. It is asked anew after everything that happens, so it only looks and changes nothing.
 * Linux: wait_event()
 */
export function* waitUntil(what: string, until: () => boolean): Task<void> {
  yield { op: 'wait', what, until, limit: null };
}

/**
 * As `waitUntil`, but not for ever: false when the time ran out first. There is no clock here. The time runs out when
 * nobody is left who could end the wait, or when the person who steps the task says so.
 *
 * Linux: wait_event_timeout()
 */
export function* waitAtMost(limit: string, what: string, until: () => boolean): Task<boolean> {
  return (yield { op: 'wait', what, until, limit }) !== 'timed-out';
}

/** Linux: lockdep_assert_held() */
export function* assertHeld(lock: Mutex): Task<void> {
  yield { op: 'assert', lock, held: true };
}

/** Linux: lockdep_assert_not_held() */
export function* assertNotHeld(lock: Mutex): Task<void> {
  yield { op: 'assert', lock, held: false };
}

/**
 * Runs a task to its end with nobody else running. That it would have to wait for a lock, or for ever, is our own
 * mistake here: where tasks may be suspended, a Scheduler runs them all.
 */
export function runTask<T>(task: Task<T>, trace: Trace): T {
  const me: LockHolder = { name: 'this call', sleepsOn: null };
  let heard: Resumed;
  for (;;) {
    const next = task.next(heard);
    if (next.done === true) return next.value;
    heard = performAlone(next.value, me, trace);
  }
}

function performAlone(step: TaskStep, me: LockHolder, trace: Trace): Resumed {
  if (step.op === 'wait') {
    if (step.until()) return undefined;
    invariant(step.limit !== null, `waits for ${step.what}, and nobody is there to end it`);
    return 'timed-out';
  }
  const { lock } = step;
  if (step.op === 'assert') {
    invariant(lock.isHeldBy(me) === step.held, `${lock.name} is ${step.held ? 'not held' : 'held'} here`);
    return undefined;
  }
  const shared = step.shared === true;
  if (step.op === 'release') lock.release(me, shared);
  else if (!lock.take(me, shared)) {
    throw new EngineBug(
      `waits for ${lock.name}, held by ${listed(lock.holders.map((holder) => holder.name))}`,
    );
  }
  if (trace.on) {
    trace.emit({ kind: 'lock', op: step.op, lock: lock.name, ...labelsOf(lock, shared) });
  }
  return undefined;
}

/** What a lock event says beyond the lock's name. */
export const labelsOf = (lock: Mutex, shared: boolean): { readonly of?: string; readonly shared?: true } => ({
  ...(lock.of === null ? {} : { of: lock.of }),
  ...(shared ? { shared: true } : {}),
});
