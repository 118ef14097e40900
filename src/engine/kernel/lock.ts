import { invariant } from '../../lib/invariant';

/** Whoever takes locks: a task in progress. */
export interface LockHolder {
  /** For sentences, e.g. `t1`. */
  readonly name: string;
  /** The lock it sleeps on, if it does. */
  readonly sleepsOn: Mutex | null;
}

interface Waiter {
  readonly who: LockHolder;
  readonly shared: boolean;
}

/** Which of all locks of a name this is. */
export interface LockLabel {
  /** World id of what it belongs to, e.g. `group:7`. */
  readonly of?: string;
  /** A class of its own for the order of locks. Linux: lockdep_set_class() */
  readonly subclass?: string;
}

/**
 * A sleeping lock, named as in the kernel (`igroup->lock`, `group->mutex`, `iopt->domains_rwsem` …): one writer, or
 * several readers. Whoever has to wait does so in a queue, and a waiting writer stops new readers.
 *
 * Linux: kernel/locking/mutex.c, kernel/locking/rwsem.c
 *
 * A lock that is let go is handed to the next in the queue. The kernel lets others who are just running steal it before
 * the sleeper wakes; here nobody runs between two events.
 */
export class Mutex {
  readonly of: string | null;
  readonly subclass: string | null;
  private writer: LockHolder | null = null;
  /** Made when first needed: most locks never see two tasks. */
  private crowd: { readers: LockHolder[]; queue: Waiter[] } | null = null;

  constructor(
    readonly name: string,
    { of, subclass }: LockLabel = {},
  ) {
    this.of = of ?? null;
    this.subclass = subclass ?? null;
  }

  /** What the order of locks goes by. */
  get lockClass(): string {
    return this.subclass === null ? this.name : `${this.name}/${this.subclass}`;
  }

  get holders(): readonly LockHolder[] {
    return this.writer !== null ? [this.writer] : (this.crowd?.readers ?? []);
  }

  isHeldBy(who: LockHolder): boolean {
    return this.writer === who || (this.crowd?.readers.includes(who) ?? false);
  }

  /** Takes it if that needs no waiting. */
  take(who: LockHolder, shared: boolean): boolean {
    const { crowd } = this;
    if (this.writer !== null) return false;
    if (crowd !== null && (crowd.queue.length > 0 || (!shared && crowd.readers.length > 0))) return false;
    this.give(who, shared);
    return true;
  }

  /** Joins the queue. */
  enqueue(who: LockHolder, shared: boolean): void {
    this.crowd ??= { readers: [], queue: [] };
    this.crowd.queue.push({ who, shared });
  }

  /** Who stands between a waiter and the lock: those who hold it, and for a reader the writer who was there before. */
  blockersOf(who: LockHolder): readonly LockHolder[] {
    const queue = this.crowd?.queue ?? [];
    const place = queue.findIndex((waiter) => waiter.who === who);
    const ahead = queue.slice(0, Math.max(place, 0)).map((waiter) => waiter.who);
    return [...this.holders, ...ahead];
  }

  /** Lets go; returns who of those that waited has it from now on. */
  release(who: LockHolder, shared: boolean): readonly LockHolder[] {
    if (shared) {
      const readers = this.crowd?.readers ?? [];
      const at = readers.indexOf(who);
      invariant(at >= 0, `${who.name} lets go of ${this.name} that it does not read`);
      readers.splice(at, 1);
      return readers.length > 0 ? NOBODY : this.handOn();
    }
    invariant(this.writer === who, `${who.name} lets go of ${this.name} that it does not have`);
    this.writer = null;
    return this.handOn();
  }

  /**
   * A writer at the head gets it alone; with a reader at the head all readers of the queue get it at once, wherever
   * they stand. Linux: rwsem_mark_wake()
   */
  private handOn(): readonly LockHolder[] {
    const { crowd } = this;
    const head = crowd?.queue[0];
    if (!crowd || !head) return NOBODY;
    const granted = head.shared ? crowd.queue.filter((waiter) => waiter.shared) : [head];
    crowd.queue = crowd.queue.filter((waiter) => !granted.includes(waiter));
    for (const waiter of granted) this.give(waiter.who, waiter.shared);
    return granted.map((waiter) => waiter.who);
  }

  private give(who: LockHolder, shared: boolean): void {
    if (!shared) {
      this.writer = who;
      return;
    }
    this.crowd ??= { readers: [], queue: [] };
    this.crowd.readers.push(who);
  }
}

const NOBODY: readonly LockHolder[] = [];

/** `igroup->lock`, `igroup->lock and group->mutex`, … */
export const listed = (names: readonly string[]): string =>
  names.length < 2 ? (names[0] ?? '') : `${names.slice(0, -1).join(', ')} and ${names.at(-1) ?? ''}`;

/**
 * Whoever sleeps on a lock, sleeps on who has it; when that leads back to the start, none of them ever goes on.
 * Each of the list waits for the next, the last for the first.
 */
export function findDeadlock(start: LockHolder): readonly LockHolder[] | null {
  const seen = new Set<LockHolder>();
  const search = (who: LockHolder, path: readonly LockHolder[]): readonly LockHolder[] | null => {
    const lock = who.sleepsOn;
    if (lock === null) return null;
    for (const blocker of lock.blockersOf(who)) {
      if (blocker === start) return path;
      if (seen.has(blocker)) continue;
      seen.add(blocker);
      const found = search(blocker, [...path, blocker]);
      if (found !== null) return found;
    }
    return null;
  };
  return search(start, [start]);
}
