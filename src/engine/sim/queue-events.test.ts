import { describe, expect, it } from 'vitest';
import { ScriptRun } from '../../testing/run-script';
import { simLineOf } from '../../worker/sim-line';
import { parseLine } from '../../scenario/parse';
import type { QueueEvent, TraceEvent } from '../trace/event';

// Where each document puts its queues; what is told must be what stands there. VT-d keeps fault records in registers.
const MACHINES = [
  ['vtd', false],
  ['vtd mode=scalable', false],
  ['amd', true],
  ['smmuv3', true],
  ['riscv mode=coherent unsafe-interrupts', true],
] as const;

const start = (machine: string): ScriptRun => {
  const run = ScriptRun.of(
    [
      `machine t iommu=${machine}`,
      'pci 00:02.0 rciep id=144d:a80a class=010802 driver=vfio-pci',
      'boot',
      'ctx = open /dev/iommu',
      'ioas = IOAS_ALLOC ctx',
      'dev = BIND ctx 00:02.0',
      'hwpt = ATTACH dev ioas',
      'buf = mmap qemu 64K pages=4K',
      'IOAS_MAP ioas buf iova=0x100000 rw',
      'dma 00:02.0 read 0x100040 64',
    ].join('\n'),
  );
  expect(run.wrong).toEqual([]);
  return run;
};

const eventsOf = (run: ScriptRun, line: string): readonly TraceEvent[] =>
  run.simulator.execute(simLineOf(parseLine(line, run.results.length + 1))).events;
const queued = (events: readonly TraceEvent[]): readonly QueueEvent[] =>
  events.filter((event) => event.kind === 'queue');

describe.each(MACHINES)('queues in memory, %s', (machine, records) => {
  it('each command is fetched before it is done, from where the ring says', () => {
    const run = start(machine);
    const events = eventsOf(run, 'IOAS_UNMAP ioas all');
    const commands = events.filter((event) => event.kind === 'command');
    const fetched = queued(events);
    expect(commands.length).toBeGreaterThan(0);
    expect(fetched.map(({ op, structure, words }) => [op, structure, words])).toEqual(
      commands.map(({ words }) => ['fetch', 'command', words]),
    );
    const [first] = fetched;
    const index = events.findIndex((event) => event === first);
    expect(index).toBeLessThan(events.findIndex((event) => event === commands[0]));
    const [unit] = [...run.simulator.world().keys()].filter((id) => id.startsWith('iommu:'));
    const ring = run.simulator.hardware(unit ?? '')?.queues.find(({ kind }) => kind === 'commands');
    for (const { pa, index: n } of fetched)
      expect(pa).toBe((ring?.basePa ?? 0) + n * (ring?.entryBytes ?? 0));
  });

  it.runIf(records)('a record of a fault is written, and stands in memory', () => {
    const run = start(machine);
    run.line('IOAS_UNMAP ioas all');
    const events = eventsOf(run, 'dma 00:02.0 write 0x900000 64');
    const [written] = queued(events);
    expect(written).toMatchObject({ op: 'write', structure: 'event' });
    const words = written?.words ?? [];
    const bytes = run.simulator.readMemory(written?.pa ?? 0, words.length * 8);
    expect([...new BigUint64Array(bytes!.buffer)]).toEqual(words);
    // The address that was refused, to the page at least, is in the record.
    expect(words.map((word) => word & ~0xfffn)).toContain(0x90_0000n);
  });
});
