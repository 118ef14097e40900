import { listed, type Mutex } from './lock';

export interface HeldLock {
  readonly lock: Mutex;
  readonly shared: boolean;
  /** Line of the script at which it was taken; 0 where there is no script. */
  readonly line: number;
}

/** A task as the validator sees it. */
export interface LockUser {
  readonly name: string;
  readonly held: readonly HeldLock[];
}

/** A lock of class `inner` was taken under one of class `outer`; first by this task. */
export interface LockEdge {
  readonly outer: string;
  readonly inner: string;
  readonly task: string;
  readonly line: number;
}

export interface LockdepReport {
  /**
   * `inversion`: two chains that can wait for each other. `nesting`: a second lock of a class, and nothing says in which
   * order. `wait`: sleeps with a lock that must be free then. `assertion`: a function's own rule about a lock.
   */
  readonly kind: 'inversion' | 'nesting' | 'wait' | 'assertion';
  readonly text: string;
  /** Of an inversion: what was just done, and the chain that was there before, which leads from its inner lock to its outer. */
  readonly now: LockEdge | null;
  readonly before: readonly LockEdge[];
}

/** Room for the number of classes in an edge's key. */
const MOST_CLASSES = 4096;

/**
 * Remembers in which order locks were ever taken, by class and not by lock, and tells when two orders contradict each
 * other: long before two tasks really meet there.
 *
 * Linux: kernel/locking/lockdep.c. Not modelled: interrupt contexts, trylocks. The kernel falls silent after its first
 * report; this goes on, and tells each thing once.
 */
export class Lockdep {
  readonly reports: LockdepReport[] = [];
  private readonly ids = new Map<string, number>();
  private readonly edges = new Map<number, LockEdge>();
  /** By outer class. */
  private readonly inner = new Map<string, LockEdge[]>();
  private readonly told = new Set<string>();

  /** @param waitUnder classes that may be held while waiting for something else than a lock */
  constructor(private readonly waitUnder: ReadonlySet<string> = new Set()) {}

  /** Every order seen so far. */
  get observed(): readonly LockEdge[] {
    return [...this.edges.values()];
  }

  /** Before a lock is taken, or waited for. What is new and wrong comes back. Linux: __lock_acquire(), validate_chain() */
  acquire(user: LockUser, lock: Mutex, nest: Mutex | null, line: number): LockdepReport | null {
    if (user.held.length === 0) return nest === null ? null : this.nestMissing(user, lock, nest);
    const { lockClass } = lock;
    if (nest !== null && !user.held.some((held) => held.lock === nest)) {
      return this.nestMissing(user, lock, nest);
    }
    const same = user.held.find((held) => held.lock.lockClass === lockClass);
    if (same !== undefined) {
      if (nest !== null) return null;
      const again = same.lock === lock ? 'it again' : 'a second one';
      return this.tell(
        'nesting',
        lockClass,
        `${user.name} takes ${again} of ${lockClass} while it holds one`,
      );
    }
    let worst: LockdepReport | null = null;
    for (const held of user.held) worst ??= this.add(held.lock.lockClass, lockClass, user.name, line);
    return worst;
  }

  /** Before a task sleeps for something else than a lock. */
  wait(user: LockUser, what: string): LockdepReport | null {
    const held = user.held.map(({ lock }) => lock.lockClass).filter((name) => !this.waitUnder.has(name));
    if (held.length === 0) return null;
    return this.tell('wait', what, `${user.name} waits for ${what} while it holds ${listed(held)}`);
  }

  /** Linux: lockdep_assert_held(), lockdep_assert_not_held() */
  assert(user: LockUser, lock: Mutex, held: boolean): LockdepReport | null {
    if (user.held.some((each) => each.lock === lock) === held) return null;
    const { lockClass } = lock;
    const text = `${user.name} comes to a place that ${held ? 'needs' : 'must not hold'} ${lockClass}`;
    return this.tell('assertion', lockClass, text);
  }

  private nestMissing(user: LockUser, lock: Mutex, nest: Mutex): LockdepReport | null {
    const text = `${user.name} nests ${lock.lockClass} under ${nest.lockClass} without holding that`;
    return this.tell('nesting', lock.lockClass, text);
  }

  private add(outer: string, inner: string, task: string, line: number): LockdepReport | null {
    const key = this.idOf(outer) * MOST_CLASSES + this.idOf(inner);
    if (this.edges.has(key)) return null;
    const edge: LockEdge = { outer, inner, task, line };
    const before = this.path(inner, outer);
    this.edges.set(key, edge);
    const others = this.inner.get(outer);
    if (others === undefined) this.inner.set(outer, [edge]);
    else others.push(edge);
    if (before === null) return null;
    const story = before.map((each) => `${at(each)} took ${each.inner} while it held ${each.outer}`);
    const text = `${at(edge)} takes ${inner} while it holds ${outer}, but ${listed(story)}`;
    const report: LockdepReport = { kind: 'inversion', text, now: edge, before };
    this.reports.push(report);
    return report;
  }

  /** The shortest chain of orders from one class to another. Linux: check_noncircular() */
  private path(from: string, to: string): readonly LockEdge[] | null {
    const cameBy = new Map<string, LockEdge | null>([[from, null]]);
    for (const here of cameBy.keys()) {
      for (const edge of this.inner.get(here) ?? []) {
        if (cameBy.has(edge.inner)) continue;
        cameBy.set(edge.inner, edge);
        if (edge.inner === to) return back(cameBy, to);
      }
    }
    return null;
  }

  private idOf(lockClass: string): number {
    const known = this.ids.get(lockClass);
    if (known !== undefined) return known;
    this.ids.set(lockClass, this.ids.size);
    return this.ids.size - 1;
  }

  /** Each thing is told once. */
  private tell(kind: LockdepReport['kind'], about: string, text: string): LockdepReport | null {
    const key = `${kind} ${about}`;
    if (this.told.has(key)) return null;
    this.told.add(key);
    const report: LockdepReport = { kind, text, now: null, before: [] };
    this.reports.push(report);
    return report;
  }
}

function back(cameBy: ReadonlyMap<string, LockEdge | null>, to: string): readonly LockEdge[] {
  const path: LockEdge[] = [];
  for (let edge = cameBy.get(to); edge; edge = cameBy.get(edge.outer)) path.unshift(edge);
  return path;
}

const at = ({ task, line }: LockEdge): string =>
  line === 0 || task === `line ${line}` ? task : `${task} (line ${line})`;
