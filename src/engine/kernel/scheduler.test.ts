import { describe, expect, it } from 'vitest';
import { TraceBuffer } from '../trace/trace';
import { FailNth } from './fail';
import { Lockdep } from './lockdep';
import { Scheduler } from './scheduler';
import {
  assertHeld,
  assertNotHeld,
  holding,
  locked,
  Mutex,
  reading,
  runTask,
  sharing,
  waitAtMost,
  waitUntil,
  type Task,
} from './task';
import type { TaskRun } from './task-run';

/** A machine of toy locks; `log` is what the bodies wrote, in order. */
class Toy {
  readonly trace = new TraceBuffer();
  readonly scheduler = new Scheduler(this.trace, new Lockdep(new Set(['outside->lock'])));
  readonly log: string[] = [];

  start<T>(name: string, task: Task<T>): TaskRun<T> {
    return this.scheduler.start(task, { name });
  }

  run<T>(name: string, task: Task<T>): TaskRun<T> {
    return this.scheduler.run(task, { name });
  }

  /** Takes one lock after the other, each under those before. */
  *nested(name: string, ...locks: readonly Mutex[]): Task<string> {
    const [first, ...rest] = locks;
    if (first === undefined) {
      this.log.push(name);
      return name;
    }
    return yield* locked(first, () => this.nested(name, ...rest));
  }

  *read(name: string, lock: Mutex): Task<string> {
    return yield* reading(lock, () => this.nested(name));
  }
}

const namesOf = (runs: readonly TaskRun[] | null): string[] => (runs ?? []).map((run) => run.name);
const heldBy = (run: TaskRun): string[] => run.held.map(({ lock }) => lock.name);

describe('a task', () => {
  it('stands before its first lock when it is begun, and goes from one event to the next', () => {
    const toy = new Toy();
    const [a, b] = [new Mutex('A'), new Mutex('B')];
    const run = toy.start('t1', toy.nested('t1', a, b));
    const seen = [heldBy(run)];
    while (run.state !== 'finished') {
      toy.scheduler.step(run);
      seen.push(heldBy(run));
    }
    expect(seen).toEqual([[], ['A'], ['A', 'B'], ['A'], []]);
    expect(run.result).toEqual({ value: 't1' });
  });

  it('can be run until it has a lock of a name', () => {
    const toy = new Toy();
    const run = toy.start('t1', toy.nested('t1', new Mutex('A'), new Mutex('B'), new Mutex('C')));
    expect(toy.scheduler.stepUntil(run, 'B')).toBe(true);
    expect(heldBy(run)).toEqual(['A', 'B']);
    expect(toy.scheduler.stepUntil(run, 'Z')).toBe(false);
    expect(run.state).toBe('finished');
  });

  it('lets go of its locks when its body throws', () => {
    const toy = new Toy();
    const a = new Mutex('A');
    const run = toy.start(
      't1',
      holding(a, () => {
        throw new Error('broken');
      }),
    );
    expect(() => {
      toy.scheduler.finish(run);
    }).toThrow('broken');
    expect(a.holders).toEqual([]);
  });
});

// Linux: kernel/locking/mutex.c, rwsem.c
describe('a lock', () => {
  it('makes others wait, who are told who has it, and passes to them in the order of their coming', () => {
    const toy = new Toy();
    const a = new Mutex('A');
    const [t1, t2, t3] = ['t1', 't2', 't3'].map((name) => toy.start(name, toy.nested(name, a)));
    toy.scheduler.step(t1!);
    toy.scheduler.finish(t3!);
    toy.scheduler.finish(t2!);
    expect([t2!.state, t3!.state]).toEqual(['blocked', 'blocked']);
    expect(namesOf(toy.scheduler.blockersOf(t3!))).toEqual(['t1']);
    toy.scheduler.finish(t1!);
    expect([heldBy(t2!), heldBy(t3!)]).toEqual([[], ['A']]);
    toy.scheduler.finish(t3!);
    toy.scheduler.finish(t2!);
    expect(toy.log).toEqual(['t1', 't3', 't2']);
  });

  it('has several readers at once', () => {
    const toy = new Toy();
    const sem = new Mutex('sem');
    const [r1, r2] = ['r1', 'r2'].map((name) => toy.start(name, toy.read(name, sem)));
    toy.scheduler.step(r1!);
    toy.scheduler.step(r2!);
    expect(namesOf(sem.holders as TaskRun[])).toEqual(['r1', 'r2']);
  });

  it('keeps a writer out while there are readers, and readers out while there is a writer', () => {
    const toy = new Toy();
    const sem = new Mutex('sem');
    const reader = toy.start('r', toy.read('r', sem));
    const writer = toy.start('w', toy.nested('w', sem));
    toy.scheduler.step(reader);
    toy.scheduler.finish(writer);
    expect(writer.state).toBe('blocked');
    toy.scheduler.finish(reader);
    expect(heldBy(writer)).toEqual(['sem']);
    const late = toy.start('late', toy.read('late', sem));
    toy.scheduler.finish(late);
    expect([late.state, namesOf(toy.scheduler.blockersOf(late))]).toEqual(['blocked', ['w']]);
  });

  it('lets no new reader pass a writer who waits', () => {
    const toy = new Toy();
    const sem = new Mutex('sem');
    const first = toy.start('first', toy.read('first', sem));
    const writer = toy.start('writer', toy.nested('writer', sem));
    const late = toy.start('late', toy.read('late', sem));
    toy.scheduler.step(first);
    toy.scheduler.finish(writer);
    toy.scheduler.finish(late);
    expect(namesOf(toy.scheduler.blockersOf(late))).toEqual(['first', 'writer']);
    toy.scheduler.finish(first);
    toy.scheduler.finish(writer);
    toy.scheduler.finish(late);
    expect(toy.log).toEqual(['first', 'writer', 'late']);
  });

  // Linux: rwsem_mark_wake(): in a reader phase "all readers are eligible", wherever they stand in the queue
  it('goes to all waiting readers at once when a reader is the next', () => {
    const toy = new Toy();
    const sem = new Mutex('sem');
    const holder = toy.start('w0', toy.nested('w0', sem));
    toy.scheduler.step(holder);
    const queue = [
      toy.start('r1', toy.read('r1', sem)),
      toy.start('w1', toy.nested('w1', sem)),
      toy.start('r2', toy.read('r2', sem)),
    ];
    for (const run of queue) toy.scheduler.finish(run);
    toy.scheduler.finish(holder);
    expect(queue.map((run) => run.state)).toEqual(['ready', 'blocked', 'ready']);
  });
});

describe('a deadlock', () => {
  it('of two tasks and two locks is named, with both tasks and both locks', () => {
    const toy = new Toy();
    const [a, b] = [new Mutex('A'), new Mutex('B')];
    const t1 = toy.start('t1', toy.nested('t1', a, b));
    const t2 = toy.start('t2', toy.nested('t2', b, a));
    toy.scheduler.stepUntil(t1, 'A');
    toy.scheduler.stepUntil(t2, 'B');
    toy.scheduler.finish(t1);
    expect([t1.state, toy.scheduler.deadlockOf(t1)]).toEqual(['blocked', null]);
    toy.scheduler.finish(t2);
    expect(namesOf(toy.scheduler.deadlockOf(t2))).toEqual(['t2', 't1']);
    expect(namesOf(toy.scheduler.deadlockOf(t1))).toEqual(['t1', 't2']);
    expect([t2, t1].map((run) => [heldBy(run), run.sleepsOn?.name])).toEqual([
      [['B'], 'A'],
      [['A'], 'B'],
    ]);
  });

  it('of a task with itself', () => {
    const toy = new Toy();
    const a = new Mutex('A');
    const run = toy.run('t1', toy.nested('t1', a, a));
    expect(namesOf(toy.scheduler.deadlockOf(run))).toEqual(['t1']);
  });

  it('over a writer who only waits: two readers of two rwsems', () => {
    const toy = new Toy();
    const [a, b] = [new Mutex('A'), new Mutex('B')];
    const readers = [
      toy.start(
        'r1',
        reading(a, () => toy.read('r1', b)),
      ),
      toy.start(
        'r2',
        reading(b, () => toy.read('r2', a)),
      ),
    ];
    for (const run of readers) toy.scheduler.step(run);
    const writers = [toy.start('w1', toy.nested('w1', a)), toy.start('w2', toy.nested('w2', b))];
    for (const run of [...writers, ...readers]) toy.scheduler.finish(run);
    expect(namesOf(toy.scheduler.deadlockOf(readers[0]!))).toEqual(['r1', 'r2']);
    expect([...writers, ...readers].map((run) => run.state)).toEqual(Array(4).fill('blocked'));
  });
});

describe('a task that was just run', () => {
  it('waits, and goes on by itself when it can', () => {
    const toy = new Toy();
    const a = new Mutex('A');
    const t1 = toy.start('t1', toy.nested('t1', a));
    toy.scheduler.step(t1);
    const line = toy.run('line 2', toy.nested('line 2', a));
    expect([line.state, toy.scheduler.takeEnded()]).toEqual(['blocked', []]);
    toy.scheduler.finish(t1);
    expect(toy.scheduler.takeEnded()).toEqual([line]);
    expect(toy.log).toEqual(['t1', 'line 2']);
    expect(toy.scheduler.tasks).toEqual([t1]);
  });

  it('is not reported twice when it ends at once', () => {
    const toy = new Toy();
    expect(toy.run('line 1', toy.nested('line 1', new Mutex('A'))).result).toEqual({ value: 'line 1' });
    expect([toy.scheduler.takeEnded(), toy.scheduler.tasks]).toEqual([[], []]);
  });

  it('gets out of the way of one that is stepped', () => {
    const toy = new Toy();
    const a = new Mutex('A');
    function* twice(): Task<void> {
      yield* toy.nested('first', a);
      yield* toy.nested('second', a);
    }
    const t1 = toy.start('t1', twice());
    toy.scheduler.step(t1);
    toy.run('line 2', toy.nested('line 2', a));
    toy.scheduler.finish(t1);
    expect([t1.state, toy.log]).toEqual(['finished', ['first', 'line 2', 'second']]);
  });
});

// Linux: wait_event(), wait_event_timeout()
describe('a wait', () => {
  it('ends when its condition holds, whoever brought that about', () => {
    const toy = new Toy();
    const a = new Mutex('A');
    let count = 1;
    const waiter = toy.run(
      'line 1',
      waitUntil('the count', () => count === 0),
    );
    expect(waiter.state).toBe('blocked');
    const other = toy.start(
      't1',
      holding(a, () => {
        count = 0;
      }),
    );
    toy.scheduler.finish(other);
    expect(toy.scheduler.takeEnded()).toEqual([waiter]);
  });

  it('that nobody ends leaves the task blocked; that is no exception', () => {
    const toy = new Toy();
    const run = toy.run(
      'line 1',
      waitUntil('nothing', () => false),
    );
    expect([run.state, run.awaits?.what, run.result]).toEqual(['blocked', 'nothing', null]);
  });

  it('with a limit ends when nobody is left who could end it', () => {
    const toy = new Toy();
    const idle = toy.start('t1', toy.nested('t1', new Mutex('A')));
    const line = toy.run(
      'line 2',
      waitAtMost('60 s', 'nothing', () => false),
    );
    expect(line.state).toBe('blocked');
    toy.scheduler.finish(idle);
    expect(toy.scheduler.takeEnded()).toEqual([line]);
    expect(line.result).toEqual({ value: false });
    const alone = toy.run(
      'line 3',
      waitAtMost('60 s', 'nothing', () => false),
    );
    expect(alone.result).toEqual({ value: false });
  });

  it('with a limit ends when those who could end it wait for the one who waits', () => {
    const toy = new Toy();
    const a = new Mutex('outside->lock');
    const other = toy.start('t1', toy.nested('t1', a));
    const line = toy.run(
      'line 2',
      locked(a, () => waitAtMost('60 s', 'nothing', () => false)),
    );
    expect(line.state).toBe('blocked');
    toy.scheduler.finish(other);
    expect([line.result, toy.log]).toEqual([{ value: false }, ['t1']]);
  });

  it('with a limit ends for a task that is stepped when somebody says so', () => {
    const toy = new Toy();
    const stepped = toy.start(
      't1',
      waitAtMost('60 s', 'nothing', () => false),
    );
    toy.scheduler.finish(stepped);
    expect([stepped.state, stepped.awaits?.limit]).toEqual(['blocked', '60 s']);
    expect(toy.scheduler.timeOut(stepped)).toBe(true);
    expect(stepped.result).toEqual({ value: false });
  });

  it('does not time out where the condition holds', () => {
    const toy = new Toy();
    const run = toy.start(
      't1',
      waitAtMost('60 s', 'everything', () => true),
    );
    expect(toy.scheduler.timeOut(run)).toBe(false);
    toy.scheduler.finish(run);
    expect(run.result).toEqual({ value: true });
  });
});

describe('events', () => {
  it('name the task, the waiting and the reader; of a line that runs through only the lock', () => {
    const toy = new Toy();
    const a = new Mutex('A', { of: 'group:7' });
    const t1 = toy.start('t1', toy.nested('t1', a));
    toy.scheduler.step(t1);
    toy.scheduler.line = 2;
    toy.run('line 2', toy.read('line 2', a));
    toy.scheduler.line = 3;
    toy.scheduler.finish(t1);
    expect(toy.trace.take()).toEqual([
      { kind: 'lock', op: 'acquire', lock: 'A', of: 'group:7', task: 't1' },
      { kind: 'lock', op: 'wait', lock: 'A', of: 'group:7', shared: true, heldBy: ['t1'] },
      { kind: 'lock', op: 'release', lock: 'A', of: 'group:7', task: 't1' },
      { kind: 'lock', op: 'acquire', lock: 'A', of: 'group:7', shared: true, task: 'line 2' },
      { kind: 'lock', op: 'release', lock: 'A', of: 'group:7', shared: true, task: 'line 2' },
    ]);
  });
});

describe('runTask', () => {
  it('runs a task straight through, with the same events', () => {
    const toy = new Toy();
    expect(runTask(toy.read('x', new Mutex('A')), toy.trace)).toBe('x');
    expect(
      runTask(
        sharing(new Mutex('B'), () => 5),
        toy.trace,
      ),
    ).toBe(5);
    expect(toy.trace.take()).toEqual([
      { kind: 'lock', op: 'acquire', lock: 'A', shared: true },
      { kind: 'lock', op: 'release', lock: 'A', shared: true },
      { kind: 'lock', op: 'acquire', lock: 'B', shared: true },
      { kind: 'lock', op: 'release', lock: 'B', shared: true },
    ]);
  });

  it('times a wait out at once', () => {
    expect(
      runTask(
        waitAtMost('60 s', 'nothing', () => false),
        new TraceBuffer(),
      ),
    ).toBe(false);
  });

  it('goes by the same locks: what a suspended task has is in its way', () => {
    const toy = new Toy();
    const a = new Mutex('A');
    toy.scheduler.step(toy.start('t1', toy.nested('t1', a)));
    expect(() => runTask(toy.nested('x', a), toy.trace)).toThrow('waits for A, held by t1');
    expect(() =>
      runTask(
        waitUntil('x', () => false),
        toy.trace,
      ),
    ).toThrow('nobody is there to end it');
  });
});

describe('rules of a function about locks', () => {
  function* rules(lock: Mutex): Task<void> {
    yield* locked(lock, () => assertHeld(lock));
    yield* assertNotHeld(lock);
  }
  function* broken(lock: Mutex): Task<void> {
    yield* assertHeld(lock);
    yield* locked(lock, () => assertNotHeld(lock));
  }

  it('are checked by a scheduler, which reports, and by runTask, which throws', () => {
    const toy = new Toy();
    toy.run('t1', rules(new Mutex('A')));
    expect(toy.scheduler.lockdep.reports).toEqual([]);
    toy.run('t1', broken(new Mutex('A')));
    expect(toy.scheduler.lockdep.reports.map((report) => report.kind)).toEqual(['assertion']);
    expect(() => runTask(broken(new Mutex('A')), toy.trace)).toThrow('A is not held here');
    expect(runTask(rules(new Mutex('A')), toy.trace)).toBeUndefined();
  });

  it('are no events: a step goes past them', () => {
    const toy = new Toy();
    const run = toy.start('t1', rules(new Mutex('A')));
    toy.scheduler.step(run);
    expect(heldBy(run)).toEqual(['A']);
    toy.scheduler.step(run);
    expect(run.state).toBe('finished');
  });
});

describe('points of failure', () => {
  it('count for the task alone that they were armed for', () => {
    const toy = new Toy();
    const { scheduler } = toy;
    const a = new Mutex('A');
    function* allocates(): Task<boolean[]> {
      const before = scheduler.fail.hit('kmalloc');
      return yield* holding(a, () => [before, scheduler.fail.hit('alloc_pages')]);
    }
    const fail = new FailNth(2);
    const armed = scheduler.start(allocates(), { name: 't1', fail });
    const other = scheduler.run(allocates(), { name: 't2' });
    scheduler.finish(armed);
    expect([armed.result?.value, other.result?.value]).toEqual([
      [false, true],
      [false, false],
    ]);
    expect([fail.fired, fail.counter, fail.points]).toEqual(['alloc_pages', 0, 2]);
    expect(scheduler.fail.hit('outside')).toBe(false);
  });
});
