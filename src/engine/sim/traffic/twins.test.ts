import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseScript } from '../../../scenario/parse';
import { ScriptRun, scenarioFiles } from '../../../testing/run-script';
import { createEngine } from '../../../worker/engine';
import { readPci, simLineOf } from '../../../worker/sim-line';
import { Simulator } from '../simulator';
import type { WorldObject } from '../world';

const MACHINES = [
  'iommu=vtd',
  'iommu=vtd mode=scalable',
  'iommu=amd',
  'iommu=amd mode=v2',
  'iommu=smmuv3',
  'iommu=riscv mode=coherent unsafe-interrupts',
];

const BEFORE = [
  'pci 00:02.0 rciep id=8086:15f3 class=020000 driver=vfio-pci',
  'pci 00:03.0 rciep id=8086:15f3 class=020000 driver=vfio-pci',
  'boot',
  'ctx = open /dev/iommu',
  'ioas1 = IOAS_ALLOC ctx',
  'ioas2 = IOAS_ALLOC ctx',
  'dev1 = BIND ctx 00:02.0',
  'dev2 = BIND ctx 00:03.0',
  'hwpt1 = HWPT_ALLOC dev1 ioas1',
  'hwpt2 = HWPT_ALLOC dev2 ioas2',
  'buf = mmap qemu 64K pages=4K',
  'IOAS_MAP ioas1 buf iova=0x40000 rw',
  'ATTACH dev1 hwpt1',
];
const TRAFFIC = [
  't1 = traffic 00:02.0 write 0x40000-0x6ffff 64 pattern=random',
  't2 = traffic 00:03.0 read 0x40000-0x4ffff 512 pattern=scatter',
];

const device = fc.constantFrom('dev1', 'dev2');
const ioas = fc.constantFrom('ioas1', 'ioas2');
const target = fc.constantFrom('ioas1', 'ioas2', 'hwpt1', 'hwpt2');
const iova = fc.constantFrom('0x40000', '0x50000', '0x60000');
const action = fc.oneof(
  fc.tuple(fc.constantFrom('ATTACH', 'REPLACE'), device, target).map((words) => words.join(' ')),
  device.map((dev) => `DETACH ${dev}`),
  fc.tuple(ioas, iova).map(([to, at]) => `IOAS_MAP ${to} buf iova=${at} rw`),
  fc.tuple(ioas, iova).map(([from, at]) => `IOAS_UNMAP ${from} iova=${at} len=64K`),
  fc.tuple(device, ioas).map(([dev, of]) => `made = HWPT_ALLOC ${dev} ${of}`),
  fc.constant('DESTROY made'),
);

/** What the kernel made of it: all but what hardware keeps for itself. */
function kernelSide(run: ScriptRun): readonly WorldObject[] {
  return [...run.simulator.world().values()]
    .filter(({ type }) => type !== 'traffic' && type !== 'iommu')
    .map((object) => (object.type === 'device' ? { ...object, deviceTlb: [] } : object));
}

/** Every table page under a root, as far as entries lead to others. */
function tables(run: ScriptRun): readonly string[] {
  return kernelSide(run).flatMap((object) => {
    if (object.type !== 'hwpt') return [];
    const bytes = run.simulator.readMemory(object.rootPa, 4096) ?? new Uint8Array();
    return [`${object.id} ${[...bytes].join()}`];
  });
}

describe('traffic changes nothing for the kernel', () => {
  it.each(MACHINES)('%s: the same answers, objects and tables, whatever is done (property)', (machine) => {
    fc.assert(
      fc.property(fc.array(action, { minLength: 4, maxLength: 12 }), (actions) => {
        const start = [`machine m ${machine}`, ...BEFORE];
        const busy = ScriptRun.of([...start, ...TRAFFIC, ...actions].join('\n'));
        const quiet = ScriptRun.of([...start, 'note ""', 'note ""', ...actions].join('\n'));
        const answers = ({ results }: ScriptRun) =>
          results
            .slice(start.length + TRAFFIC.length)
            .map(({ status, errno, why, result }) => [
              status,
              errno,
              why,
              result.replace(/; traffic t\d.*$/, ''),
            ]);
        expect(answers(busy)).toEqual(answers(quiet));
        expect(kernelSide(busy)).toEqual(kernelSide(quiet));
        expect(tables(busy)).toEqual(tables(quiet));
      }),
      { numRuns: 12 },
    );
  });

  it.each(MACHINES)('%s: what hardware finds afterwards is what it finds without (property)', (machine) => {
    fc.assert(
      fc.property(fc.array(action, { minLength: 4, maxLength: 12 }), (actions) => {
        const start = [`machine m ${machine}`, ...BEFORE];
        const probe = (run: ScriptRun): readonly string[] =>
          ['00:02.0', '00:03.0'].flatMap((bdf) =>
            ['0x40040', '0x50040', '0x60040'].map((at) =>
              run.line(`dma ${bdf} write ${at} 64`).result.replace(', IOTLB hit', ''),
            ),
          );
        const busy = ScriptRun.of([...start, ...TRAFFIC, ...actions, 'stop t1', 'stop t2'].join('\n'));
        const quiet = ScriptRun.of([...start, ...actions].join('\n'));
        expect(probe(busy)).toEqual(probe(quiet));
      }),
      { numRuns: 12 },
    );
  });
});

/** Scenes with a device that is busy from boot on. */
const busyScenes = scenarioFiles().flatMap(({ name, script }) => {
  const lines = script.split('\n');
  const boot = lines.findIndex((line) => /^(?:boot|ctx = open)/.test(line));
  const bdf = lines
    .map((line) => /^pci (\S+) (?:endpoint|rciep)/.exec(line)?.[1])
    .find((found) => found !== undefined);
  if (boot < 0 || bdf === undefined || !/^(?:\w+ = )?(?:ATTACH|REPLACE|dma) /m.test(script)) return [];
  const traffic = `busy = traffic ${bdf} write 0x100000-0x1fffff 64 pattern=scatter`;
  return [{ name, script: lines.toSpliced(boot + 1, 0, traffic).join('\n') }];
});

describe('the same lines give the same, with traffic in them', () => {
  it('there are such scenes', () => {
    expect(busyScenes.length).toBeGreaterThan(20);
  });

  // Every fourth of them on every day; `npm run test:full` takes all.
  const today = busyScenes.filter((_, index) => process.env['FULL'] === '1' || index % 4 === 0);
  it.each(today)('$name: at once, line by line, and when lines are passed over', async ({ script }) => {
    const atOnce = createEngine();
    const reply = await atOnce.load(script, null);
    if (reply.status !== 'ok') throw new Error('not loaded');
    const { lines } = parseScript(script);
    const single = new Simulator(readPci);
    const steps = lines.map((line) => single.execute(simLineOf(line)));
    expect(steps.map(({ result }) => result)).toEqual(reply.batch.results);
    expect(steps.flatMap(({ traffic }) => traffic)).toEqual(reply.batch.traffic);
    const passed = new Simulator(readPci);
    const half = Math.floor(lines.length / 2);
    lines.slice(0, half).forEach((line) => passed.pass(simLineOf(line)));
    const rest = lines.slice(half).map((line) => passed.execute(simLineOf(line)));
    // In which order entries were read by lines that nobody looked at is not kept.
    const unordered = <T>(results: readonly T[]): unknown =>
      JSON.parse(JSON.stringify(results).replaceAll(/it has read [^"]*/g, ''));
    expect(unordered(rest.map(({ result }) => result))).toEqual(unordered(reply.batch.results.slice(half)));
    expect(rest.flatMap(({ traffic }) => traffic)).toEqual(
      steps.slice(half).flatMap(({ traffic }) => traffic),
    );
    expect([...passed.world().values()]).toEqual([...single.world().values()]);
  });
});
