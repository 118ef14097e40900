import { describe, expect, it } from 'vitest';
import { TraceBuffer } from '../trace/trace';
import { LOCK_ORDER, orderAllows, WAIT_UNDER } from './lock-order';
import { Lockdep } from './lockdep';
import { Scheduler } from './scheduler';
import { locked, Mutex, reading, waitUntil, type Task } from './task';

// What is reported is what kernel/locking/lockdep.c reports: check_noncircular(), check_deadlock().

function* nested(...locks: readonly Mutex[]): Task<void> {
  const [first, ...rest] = locks;
  if (first !== undefined) yield* locked(first, () => nested(...rest));
}

function machine(): {
  scheduler: Scheduler;
  trace: TraceBuffer;
  run: (name: string, task: Task<void>) => void;
} {
  const trace = new TraceBuffer();
  const scheduler = new Scheduler(trace, new Lockdep(new Set(['outside->lock'])));
  return {
    scheduler,
    trace,
    run: (name, task) => {
      scheduler.line++;
      scheduler.run(task, { name });
    },
  };
}

const texts = (scheduler: Scheduler): string[] => scheduler.lockdep.reports.map((report) => report.text);

describe('the order of locks', () => {
  it('is by class: two locks of other names, and nobody ever met', () => {
    const { scheduler, run, trace } = machine();
    run('t1', nested(new Mutex('A'), new Mutex('B')));
    run('t2', nested(new Mutex('B'), new Mutex('A')));
    const [report] = scheduler.lockdep.reports;
    expect(report).toMatchObject({
      kind: 'inversion',
      now: { outer: 'B', inner: 'A', task: 't2', line: 2 },
      before: [{ outer: 'A', inner: 'B', task: 't1', line: 1 }],
    });
    expect(report?.text).toBe('t2 (line 2) takes A while it holds B, but t1 (line 1) took B while it held A');
    expect(trace.take().filter((event) => event.kind === 'log')).toMatchObject([
      { text: `WARNING: possible circular locking dependency detected: ${report?.text ?? ''}` },
    ]);
  });

  it('closes over any number of classes', () => {
    const { scheduler, run } = machine();
    const [a, b, c] = ['A', 'B', 'C'].map((name) => new Mutex(name));
    run('t1', nested(a!, b!));
    run('t2', nested(b!, c!));
    run('t3', nested(c!, a!));
    expect(texts(scheduler)).toEqual([
      't3 (line 3) takes A while it holds C, but t1 (line 1) took B while it held A and t2 (line 2) took C while it held B',
    ]);
  });

  it('counts for readers too: a writer in between makes them wait', () => {
    const { scheduler, run } = machine();
    const [a, b] = [new Mutex('A'), new Mutex('B')];
    run(
      't1',
      reading(a, () => reading(b, () => nested())),
    );
    run(
      't2',
      reading(b, () => reading(a, () => nested())),
    );
    expect(scheduler.lockdep.reports).toHaveLength(1);
  });

  it('the same again is told once', () => {
    const { scheduler, run } = machine();
    run('t1', nested(new Mutex('A'), new Mutex('B')));
    for (let times = 0; times < 3; times++) run('t2', nested(new Mutex('B'), new Mutex('A')));
    expect(scheduler.lockdep.reports).toHaveLength(1);
  });

  it('is noted even by a task that then has to wait', () => {
    const { scheduler, run } = machine();
    const [a, b] = [new Mutex('A'), new Mutex('B')];
    const t1 = scheduler.start(nested(a, b), { name: 't1' });
    scheduler.step(t1);
    run('t2', nested(b, a));
    expect(scheduler.lockdep.observed).toMatchObject([{ outer: 'B', inner: 'A' }]);
  });
});

describe('two locks of one class', () => {
  it('need an annotation', () => {
    const { scheduler, run } = machine();
    run('t1', nested(new Mutex('A'), new Mutex('A')));
    expect(texts(scheduler)).toEqual(['t1 takes a second one of A while it holds one']);
  });

  it('are fine where an outer lock keeps others away', () => {
    const { scheduler, run } = machine();
    const outer = new Mutex('creation');
    const all = (left: number): Task<void> =>
      left === 0 ? nested() : locked(new Mutex('A'), () => all(left - 1), outer);
    run(
      't1',
      locked(outer, () => all(3)),
    );
    expect(texts(scheduler)).toEqual([]);
    run('t2', all(2));
    expect(texts(scheduler)).toEqual(['t2 nests A under creation without holding that']);
  });

  it('are two classes where they say so', () => {
    const { scheduler, run } = machine();
    run('t1', nested(new Mutex('A'), new Mutex('A', { subclass: 'dma-buf' })));
    expect(texts(scheduler)).toEqual([]);
    expect(scheduler.lockdep.observed).toMatchObject([{ outer: 'A', inner: 'A/dma-buf' }]);
  });
});

describe('a wait', () => {
  it('with a lock held is reported, unless others wait under that lock in the kernel too', () => {
    const { scheduler, run } = machine();
    const ready = (): Task<void> => waitUntil('wait_cnt', () => true);
    run('t1', locked(new Mutex('outside->lock'), ready));
    expect(texts(scheduler)).toEqual([]);
    run('t2', locked(new Mutex('A'), ready));
    expect(texts(scheduler)).toEqual(['t2 waits for wait_cnt while it holds A']);
  });
});

describe('the kernel’s order', () => {
  it('contradicts itself nowhere: no lock comes to stand under itself', () => {
    const names = new Set(LOCK_ORDER.flat());
    for (const outer of names) {
      for (const inner of names) {
        expect([
          outer,
          inner,
          orderAllows(outer, inner) === true && orderAllows(inner, outer) === true,
        ]).toEqual([outer, inner, false]);
      }
    }
  });

  it('joins its chains: device set, IOAS, group, core; never the other way round', () => {
    expect(orderAllows('device->dev_set->lock', 'group->mutex')).toBe(true);
    expect(orderAllows('ioas->mutex', 'pages->mutex')).toBe(true);
    expect(orderAllows('pages->mutex', 'iopt->iova_rwsem')).toBe(false);
    expect(orderAllows('igroup->lock', 'ioas->mutex')).toBe(false);
    expect(orderAllows('igroup->lock', 'igroup->lock')).toBe(false);
    expect(orderAllows('igroup->lock', 'no such lock')).toBe(null);
  });

  it('what may be waited under is in it', () => {
    const names = new Set(LOCK_ORDER.flat());
    expect([...WAIT_UNDER].filter((name) => !names.has(name))).toEqual([]);
  });
});
