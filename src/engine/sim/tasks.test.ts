import { describe, expect, it } from 'vitest';
import { ScriptRun } from '../../testing/run-script';
import { Scheduler } from '../kernel/scheduler';
import { holding, locked, Mutex, waitUntil, type Task } from '../kernel/task';
import { silent } from '../trace/trace';
import { waitOf } from './tasks';
import type { TaskObject } from './world';

const MACHINE = [
  'pci 00:1c.0 root-port id=8086:a110 bus=02-02 acs=SV+RR+CR+UF driver=pcieport',
  'pci 02:00.0 endpoint id=8086:15f3 class=020000 driver=vfio-pci',
  'ctx = open /dev/iommu',
  'ioas = IOAS_ALLOC ctx',
  'dev = BIND ctx 02:00.0',
  'buf = mmap qemu 64K',
];

const on = (...lines: readonly string[]): ScriptRun => ScriptRun.of([...MACHINE, ...lines].join('\n'));
/** What the last line came to. */
const said = (run: ScriptRun): string => run.results.at(-1)?.result ?? '';
const taskOf = (run: ScriptRun, id: string): TaskObject => {
  const object = run.simulator.world().get(id);
  if (object?.type !== 'task') throw new Error(`${id} is not there`);
  return object;
};

// The lock events of an attach to an IOAS: drivers/iommu/iommufd/device.c iommufd_device_auto_get_domain(),
// drivers/vfio/device_cdev.c; the words are this program's own.
describe('begin, step, finish', () => {
  it('an action stands before its first lock, and moves lock by lock', () => {
    const run = on('t1 = begin hwpt = ATTACH dev ioas');
    expect(said(run)).toBe('holds nothing; next takes device->dev_set->lock');
    run.line('step t1');
    expect(said(run)).toBe('holds device->dev_set->lock; next takes ioas->mutex');
    run.line('step t1 2');
    expect(said(run)).toBe(
      'holds device->dev_set->lock, ioas->mutex and igroup->lock; next takes iopt->iova_rwsem',
    );
    expect(taskOf(run, 'task:t1')).toMatchObject({
      name: 't1',
      what: 'hwpt = ATTACH dev ioas',
      line: 7,
      state: 'ready',
      stepped: true,
      holds: [
        { lock: 'device->dev_set->lock', shared: false, line: 8 },
        { lock: 'ioas->mutex', shared: false, line: 9 },
        { lock: 'igroup->lock', shared: false, line: 9 },
      ],
      next: 'takes iopt->iova_rwsem',
      waitsFor: null,
      heldBy: [],
      deadlocked: false,
      outcome: null,
    });
  });

  it('what it makes is named when it ends, and then the task is gone', () => {
    const run = on('t1 = begin hwpt = ATTACH dev ioas', 'step t1 until=group->mutex', 'DESTROY hwpt');
    expect(said(run)).toBe('nothing is named hwpt here');
    expect(run.line('finish t1')).toMatchObject({ status: 'ok', result: 'attached to HWPT 3, auto' });
    expect(run.simulator.world().has('task:t1')).toBe(false);
    expect(run.line('DESTROY hwpt')).toMatchObject({ errno: 'EBUSY' });
    expect(run.line('step t1')).toMatchObject({ status: 'error', column: 6 });
    expect(run.line('t1 = begin DETACH dev').status).toBe('ok');
  });

  it('an action that fails says so where it is finished', () => {
    const run = on('t1 = begin REPLACE dev ioas');
    expect(run.line('step t1 100')).toMatchObject({ status: 'ok' });
    expect(said(run)).toMatch(/^over: EINVAL, 0000:02:00.0 is not attached/);
    expect(taskOf(run, 'task:t1')).toMatchObject({ state: 'finished', next: null, holds: [] });
    expect(run.line('finish t1 ! EINVAL')).toMatchObject({ status: 'errno', ok: true });
  });

  it('an action that makes no sense is no task', () => {
    const run = on('t1 = begin DETACH nobody');
    expect(run.results.at(-1)).toMatchObject({ status: 'error', result: 'nothing is named nobody here' });
    expect([...run.simulator.world().values()].filter((object) => object.type === 'task')).toEqual([]);
  });

  it('one name is one task at a time', () => {
    const run = on('t1 = begin DETACH dev', 't1 = begin DETACH dev');
    expect(said(run)).toBe('t1 is there already; finish it first');
  });

  it('only what is a lock can be stepped to', () => {
    const run = on('t1 = begin DETACH dev', 'step t1 until=igroup->lok');
    expect(run.results.at(-1)).toMatchObject({ status: 'error' });
    expect(said(run)).toMatch(/no lock is called igroup->lok; .* igroup->lock/);
    expect(taskOf(run, 'task:t1').holds).toEqual([]);
  });
});

describe('a line that meets a lock of a task', () => {
  it('waits, and goes on by itself when that lets go', () => {
    const run = on('hwpt = ATTACH dev ioas', 't1 = begin IOAS_MAP ioas buf iova=0x40000 rw');
    run.line('step t1 until=iopt->domains_rwsem');
    // Adding a domain needs domains_rwsem as a writer: iopt_table_add_domain()
    const blocked = run.line('other = HWPT_ALLOC dev ioas ! WAITS');
    expect(blocked).toMatchObject({
      status: 'waits',
      ok: true,
      result: 'waits for iopt->domains_rwsem, held by t1',
      culprit: 'task:t1',
    });
    expect(taskOf(run, 'task:10')).toMatchObject({
      name: null,
      state: 'blocked',
      stepped: false,
      what: 'other = HWPT_ALLOC dev ioas',
      waitsFor: { kind: 'lock', lock: 'iopt->domains_rwsem', shared: false },
      heldBy: ['task:t1'],
    });
    expect(run.line('step task:10')).toMatchObject({ status: 'error' });
    // A writer who waits stops new readers.
    expect(run.line('IOAS_UNMAP ioas all ! WAITS').result).toBe(
      'waits for iopt->domains_rwsem, held by t1, behind line 10',
    );
    expect(run.line('finish t1').result).toBe(
      '64 KiB at 0x40000; line 10 went on: HWPT 4; line 12 went on: 64 KiB unmapped',
    );
    expect(run.line('DESTROY other').status).toBe('ok');
  });

  it('that was not expected to wait came out otherwise than the script says', () => {
    const run = on('t1 = begin hwpt = ATTACH dev ioas', 'step t1', 'DETACH dev');
    expect(run.results.at(-1)).toMatchObject({ status: 'waits', ok: false, expected: null });
  });

  it('is the kernel’s affair alone: DMA goes on', () => {
    const run = on('hwpt = ATTACH dev ioas', 'IOAS_MAP ioas buf iova=0x40000 rw', 't1 = begin DETACH dev');
    run.line('step t1 until=igroup->lock');
    expect(run.line('dma 02:00.0 read 0x40000 4').status).toBe('ok');
    run.line('step t1 until=group->mutex');
    expect(run.line('dma 02:00.0 read 0x40000 4 ! FAULT').ok).toBe(true);
    run.line('finish t1');
    expect(run.wrong).toEqual([]);
  });
});

// Linux: iommufd_object_dec_wait()
describe('a wait for a call in progress', () => {
  it('of a line ends with the call, or when a person says that its time is up', () => {
    const lines = ['t1 = begin x = HWPT_ALLOC dev ioas', 'UNBIND dev ! WAITS'];
    const ended = on(...lines, 'finish t1');
    expect(said(ended)).toBe('HWPT 3; line 8 went on: closed');

    const late = on(...lines);
    expect(taskOf(late, 'task:8')).toMatchObject({
      state: 'blocked',
      waitsFor: { kind: 'event', limit: '60 s' },
      holds: [{ lock: 'device->dev_set->lock' }],
    });
    late.line('step task:8 timeout');
    expect(said(late)).toMatch(/; line 8 went on: closed$/);
    expect(late.line('step t1 timeout')).toMatchObject({ status: 'error' });
    expect(late.line('finish t1').status).toBe('ok');
    // Linux: iommufd_object_destroy_user(): the device keeps its context, whose file is closed in vain.
    expect(late.line('close ctx').status).toBe('ok');
    expect(late.simulator.world().get('group:1')).toMatchObject({ ownerId: 'ctx:1' });
  });
});

// Linux: fs/file.c fdget(): a call in progress keeps its file
describe('what is closed under a call', () => {
  it('goes with the last call on it', () => {
    const run = on('t1 = begin hwpt = ATTACH dev ioas', 'close ctx');
    expect(said(run)).toBe('closes when 1 call on it returned');
    expect(run.line('x = IOAS_ALLOC ctx').result).toBe('context 1 is closed');
    expect(run.line('finish t1').status).toBe('ok');
    expect([...run.simulator.world().values()].filter((object) => object.type === 'context')).toEqual([]);
    expect(run.simulator.world().get('group:1')).toMatchObject({ ownerId: null, ownerCount: 0 });
  });

  it('a device stays attached until its call is over, and is closed then', () => {
    const run = on('t1 = begin hwpt = ATTACH dev ioas', 'step t1', 'UNBIND dev');
    expect(said(run)).toBe('closes when 1 call on it returned');
    expect(run.line('ATTACH dev ioas').result).toBe('dev is closed');
    run.line('finish t1');
    expect(run.simulator.world().get('group:1')).toMatchObject({ ownerId: null, ownerCount: 0 });
    expect(run.simulator.world().has('idev:1.2')).toBe(false);
  });
});

describe('fail-nth', () => {
  it('fails one point of the next action after the other and says which; nothing is left behind', () => {
    const run = on('hwpt = ATTACH dev ioas');
    const failed: string[] = [];
    for (let nth = 1; nth <= 100; nth++) {
      run.line(`fail-nth ${nth}`);
      // Neither is an action.
      run.line('');
      run.line('note "x"');
      // Ever further up, so that there is no table for it yet.
      const { status, result } = run.line(`IOAS_MAP ioas buf iova=${nth}G rw`);
      const point = /; point (\d+) failed: (\w+)$/.exec(result);
      if (point === null) {
        expect([status, result]).toEqual(['ok', expect.stringMatching(/; nothing failed: it came to \d+ /)]);
        break;
      }
      expect(point[1]).toBe(String(nth));
      failed.push(point[2]!);
      // Linux: ioas.c iommufd_ioas_map() does not take out again what it could not tell of.
      if (status === 'ok' || point[2] === 'copy_to_user') run.line('IOAS_UNMAP ioas all');
      expect(run.simulator.world().get('ioas:1.1')).toMatchObject({ areas: [] });
      expect(run.simulator.world().get('mm:qemu')).toMatchObject({ pinnedPages: 0 });
    }
    // Pages for tables are the page-table code's own: drivers/iommu/generic_pt/iommu_pt.h table_alloc_top()
    expect(failed).toContain('alloc_pages');
    expect(run.results.at(-1)?.status).toBe('ok');
  });

  it('is not used up by a line that makes no sense', () => {
    const run = on('hwpt = ATTACH dev ioas', 'fail-nth 1', 'IOAS_MAP nobody buf rw', 'IOAS_MAP ioas buf rw');
    expect(run.results.slice(-2).map((result) => result.status)).toEqual(['error', 'errno']);
  });

  it('says when the action came to fewer points', () => {
    const run = on('hwpt = ATTACH dev ioas', 'fail-nth 1000', 'IOAS_MAP ioas buf rw');
    expect(run.results.at(-1)).toMatchObject({ status: 'ok' });
    expect(said(run)).toMatch(/; nothing failed: it came to \d+ of these points$/);
  });

  it('counts for the task that it was armed for', () => {
    const run = on('hwpt = ATTACH dev ioas', 'fail-nth 1', 't1 = begin IOAS_MAP ioas buf iova=0x40000 rw');
    expect(run.line('IOAS_MAP ioas buf iova=0x80000000 rw').status).toBe('ok');
    expect(run.line('finish t1').status).toBe('errno');
    expect(run.results.map(({ result }) => result).join()).toMatch(/point 1 failed: \w+/);
  });
});

describe('what cannot go on, in words', () => {
  const scheduler = (): Scheduler => new Scheduler(silent);
  function* both(first: Mutex, second: Mutex): Task<void> {
    yield* locked(first, () => holding(second, () => undefined));
  }

  it('a deadlock names both locks and both tasks', () => {
    const toy = scheduler();
    const [a, b] = [new Mutex('A'), new Mutex('B')];
    const t1 = toy.start(both(a, b), { name: 't1' });
    const t2 = toy.start(both(b, a), { name: 't2' });
    toy.stepUntil(t1, 'A');
    toy.stepUntil(t2, 'B');
    toy.finish(t1);
    toy.finish(t2);
    expect(waitOf(toy, t2)).toMatchObject({
      waits: 'deadlock',
      phrase: 'deadlock: t2 waits for A, held by t1; t1 waits for B, held by t2',
      culprit: 'task:t1',
    });
  });

  it('a task that waits for itself', () => {
    const toy = scheduler();
    const a = new Mutex('A');
    const run = toy.run(both(a, a), { name: 'line 3' });
    expect(waitOf(toy, run)).toMatchObject({
      waits: 'deadlock',
      phrase: 'deadlock: line 3 waits for A, held by line 3',
    });
  });

  it('a wait that nobody is left to end is a deadlock; with others about it is a wait', () => {
    const toy = scheduler();
    const run = toy.run(
      waitUntil('the end of days', () => false),
      { name: 'line 3' },
    );
    expect(waitOf(toy, run)).toMatchObject({ waits: 'deadlock', phrase: 'waits for the end of days' });
    toy.start(both(new Mutex('A'), new Mutex('B')), { name: 't1' });
    expect(waitOf(toy, run)).toMatchObject({ waits: 'waits', culprit: null });
  });
});
