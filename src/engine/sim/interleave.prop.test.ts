import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ScriptRun } from '../../testing/run-script';
import { orderAllows } from '../kernel/lock-order';
import type { LineResult } from './batch';
import type { WorldObject, WorldType } from './world';

/** Two functions of one group, a third in another; two IOASes, each with a HWPT made by hand; one thing mapped. */
const MACHINE = [
  'pci 00:01.0 root-port id=8086:1901 bus=01-01 driver=pcieport',
  'pci 01:00.0 endpoint id=10de:2786 class=030000 mf driver=vfio-pci',
  'pci 01:00.1 endpoint id=10de:22bc class=040300 mf driver=vfio-pci',
  'pci 00:1c.0 root-port id=8086:a110 bus=02-02 acs=SV+RR+CR+UF driver=pcieport',
  'pci 02:00.0 endpoint id=8086:15f3 class=020000 driver=vfio-pci',
  'ctx = open /dev/iommu',
  'ioas1 = IOAS_ALLOC ctx',
  'ioas2 = IOAS_ALLOC ctx',
  'dev1 = BIND ctx 01:00.0',
  'dev2 = BIND ctx 01:00.1',
  'dev3 = BIND ctx 02:00.0',
  'hwpt1 = HWPT_ALLOC dev1 ioas1',
  'hwpt2 = HWPT_ALLOC dev3 ioas2',
  'buf = mmap qemu 64K',
  'IOAS_MAP ioas1 buf iova=0x40000 rw',
  'ATTACH dev1 hwpt1',
  'ATTACH dev2 hwpt1',
].join('\n');

const device = fc.constantFrom('dev1', 'dev2', 'dev3');
const ioas = fc.constantFrom('ioas1', 'ioas2');
const table = fc.constantFrom('ioas1', 'ioas2', 'hwpt1', 'hwpt2');
const iova = fc.constantFrom('0x40000', '0x50000', '0x60000');

const move = fc.oneof(
  { weight: 3, arbitrary: fc.tuple(fc.constant('REPLACE'), device, table).map((words) => words.join(' ')) },
  { weight: 2, arbitrary: fc.tuple(fc.constant('ATTACH'), device, table).map((words) => words.join(' ')) },
  { weight: 1, arbitrary: device.map((dev) => `DETACH ${dev}`) },
);
const action = fc.oneof(
  { weight: 6, arbitrary: move },
  fc.tuple(ioas, iova).map(([to, at]) => `IOAS_MAP ${to} buf iova=${at} rw`),
  fc.tuple(ioas, iova).map(([from, at]) => `IOAS_UNMAP ${from} iova=${at} len=64K`),
  ioas.map((from) => `IOAS_UNMAP ${from} all`),
  fc
    .tuple(ioas, ioas, iova)
    .map(([to, from, at]) => `IOAS_COPY ${to} ${from} src=0x40000 len=64K iova=${at} rw`),
  fc.tuple(device, ioas).map(([dev, of]) => `made = HWPT_ALLOC ${dev} ${of}`),
  fc.constant('DESTROY made'),
  ioas.map((of) => `IOAS_IOVA_RANGES ${of}`),
);

/** Whose turn it is, what it begins if it does nothing yet, and how far it goes. */
const turnOf = (what: fc.Arbitrary<string>) =>
  fc.record({
    task: fc.constantFrom('t1', 't2', 't3'),
    action: what,
    go: fc.constantFrom('step', 'step', 'step', 'step 3', 'finish', 'run'),
  });
type Turn = ReturnType<typeof turnOf> extends fc.Arbitrary<infer T> ? T : never;
const turns = (what: fc.Arbitrary<string>) => fc.array(turnOf(what), { minLength: 10, maxLength: 60 });

const all = <T extends WorldType>(run: ScriptRun, type: T): Extract<WorldObject, { type: T }>[] =>
  [...run.simulator.world().values()].filter(
    (object): object is Extract<WorldObject, { type: T }> => object.type === type,
  );

/** A script as it is drawn: what each task does is known without asking the world. */
class Play {
  readonly run = ScriptRun.of(MACHINE);
  /** Tasks that are there; true: over, and not yet asked how it ended. */
  private readonly there = new Map<string, boolean>();

  static of(all: readonly Turn[]): Play {
    const play = new Play();
    expect(play.run.wrong).toEqual([]);
    all.forEach((turn, at) => {
      play.turn(turn);
      // However far the tasks are, the page can show it.
      if (at % 8 === 0) play.run.simulator.world();
    });
    return play;
  }

  private turn({ task, action: what, go }: Turn): void {
    if (go === 'run') this.line(what);
    else if (!this.there.has(task)) this.begin(task, what);
    else if (go === 'finish' || this.there.get(task) === true) this.finish(task);
    else this.note(task, this.line(go.replace('step', `step ${task}`)));
  }

  private begin(task: string, what: string): void {
    const begun = this.line(`${task} = begin ${what}`);
    if (begun.status !== 'error') this.note(task, begun);
  }

  private note(task: string, { result }: LineResult): void {
    this.there.set(task, result.startsWith('over: '));
  }

  private finish(task: string): void {
    if (this.line(`finish ${task}`).status !== 'waits') this.there.delete(task);
  }

  private line(text: string): LineResult {
    const result = this.run.line(text);
    expect([result.text, result.status]).not.toEqual([text, 'deadlock']);
    return result;
  }

  /** Everything goes to its end. Locks pass to and fro between tasks, so each is told several times. */
  drain(): void {
    for (let rounds = 0; this.there.size > 0; rounds++) {
      if (rounds > 100) throw new Error(`${[...this.there.keys()].join()} never end`);
      for (const task of this.there.keys()) this.finish(task);
    }
    expect(all(this.run, 'task')).toEqual([]);
  }
}

/** Nobody is at work: references are those of attached devices, a group is in one place, no area is half-way. */
function expectRest(run: ScriptRun): void {
  for (const hwpt of all(run, 'hwpt'))
    expect([hwpt.id, hwpt.users]).toEqual([hwpt.id, hwpt.deviceIds.length]);
  for (const group of all(run, 'group')) {
    const serving = all(run, 'device').flatMap(({ groupId, hwptId }) =>
      groupId === group.id && hwptId !== null ? [hwptId] : [],
    );
    expect([...new Set(serving)]).toEqual(serving.length === 0 ? [] : [group.hwptId]);
  }
  for (const { areas } of all(run, 'ioas'))
    expect(areas.filter((area) => area.processId !== 'mm:qemu')).toEqual([]);
}

function expectNothingLeft(run: ScriptRun): void {
  run.line('close ctx');
  expect(all(run, 'context')).toEqual([]);
  expect(all(run, 'process').map((process) => process.pinnedPages)).toEqual([0]);
  expect(all(run, 'group').filter((group) => group.ownerCount > 0 && group.ownerId !== null)).toEqual([]);
}

function expectOrder(run: ScriptRun): void {
  const { reports, observed } = run.simulator.lockdep!;
  expect(reports.map((report) => report.text)).toEqual([]);
  expect(observed.filter(({ outer, inner }) => orderAllows(outer, inner) !== true)).toEqual([]);
}

const RUNS = 80;

describe('any interleaving of control paths', () => {
  it.each([
    ['attach, replace, detach, map, unmap, copy, make and destroy', action],
    ['attach, replace and detach', move],
  ])(
    'of %s comes to its end, in the kernel’s order of locks, and leaves nothing behind',
    (_, what) => {
      fc.assert(
        fc.property(turns(what), (drawn) => {
          const play = Play.of(drawn);
          play.drain();
          const { run } = play;
          expectRest(run);
          expectNothingLeft(run);
          expectOrder(run);
        }),
        { numRuns: RUNS },
      );
    },
    60_000,
  );

  it('the same lines give the same, to the byte', () => {
    fc.assert(
      fc.property(turns(action), (drawn) => {
        const { run: first } = Play.of(drawn);
        const again = ScriptRun.of(first.results.map((result) => result.text).join('\n'));
        expect(again.results).toEqual(first.results);
        expect([...again.simulator.world()]).toEqual([...first.simulator.world()]);
      }),
      { numRuns: 20 },
    );
  }, 60_000);

  it('does make tasks meet: they wait for each other, and come to their ends', () => {
    const seen = { waits: 0, ends: 0 };
    for (const drawn of fc.sample(turns(action), { numRuns: 20, seed: 1 })) {
      const { results } = Play.of(drawn).run;
      seen.waits += results.filter((result) => result.status === 'waits').length;
      seen.ends += results.filter(({ text, status }) => text.startsWith('finish') && status === 'ok').length;
    }
    expect(seen.waits).toBeGreaterThan(20);
    expect(seen.ends).toBeGreaterThan(20);
  }, 60_000);
});
