import { invariant } from '../../lib/invariant';
import type { Trace } from '../trace/trace';

/**
 * Control paths are tasks: whatever takes a lock in the kernel is a generator that yields at each acquire and release,
 * so that a scheduler may suspend it there. `runTask` runs one straight through.
 *
 * Inner loops (filling entries, walking, translating) are plain functions.
 */
export type Task<T> = Generator<LockStep, T, void>;

export interface LockStep {
  readonly op: 'acquire' | 'release';
  readonly lock: Mutex;
  /** A reader of a rwsem: others may read at the same time. */
  readonly shared?: true;
}

/** A sleeping lock, named as in the kernel (`igroup->lock`, `group->mutex`, `iopt->domains_rwsem` …). */
export class Mutex {
  held = false;
  constructor(readonly name: string) {}
}

/** Runs `body` under `lock`, releasing it on every way out. */
export function* locked<T>(lock: Mutex, body: () => Task<T>): Task<T> {
  yield { op: 'acquire', lock };
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

/** As `locked`, for a reader of a rwsem. */
export function* reading<T>(lock: Mutex, body: () => Task<T>): Task<T> {
  yield { op: 'acquire', lock, shared: true };
  try {
    return yield* body();
  } finally {
    yield { op: 'release', lock, shared: true };
  }
}

/** Runs a task to its end with nobody else running. A lock found held here is a self-deadlock: our own mistake. */
export function runTask<T>(task: Task<T>, trace: Trace): T {
  for (;;) {
    const step = task.next();
    if (step.done === true) return step.value;
    const { op, lock } = step.value;
    invariant(lock.held === (op === 'release'), `${op} of ${lock.name} while ${lock.held ? 'held' : 'free'}`);
    lock.held = op === 'acquire';
    trace.emit({ kind: 'lock', op, lock: lock.name });
  }
}
