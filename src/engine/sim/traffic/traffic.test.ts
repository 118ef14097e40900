import { describe, expect, it } from 'vitest';
import { parseLine } from '../../../scenario/parse';
import { busyCard } from '../../../testing/busy-card';
import { ScriptRun } from '../../../testing/run-script';
import { simLineOf } from '../../../worker/sim-line';
import type { TrafficRun } from '../batch';
import type { Step } from '../simulator';
import type { TrafficObject } from '../world';

const card = (machine: string, more: readonly string[] = []): ScriptRun => {
  const lines = [
    ...busyCard(machine),
    'h1 = HWPT_ALLOC dev ioas',
    'h2 = HWPT_ALLOC dev other',
    'ATTACH dev h1',
    ...more,
  ];
  const run = ScriptRun.of(lines.join('\n'));
  expect(run.wrong).toEqual([]);
  return run;
};

const NET = 'net = traffic 00:02.0 read 0x100000-0x10ffff 64';

function step(run: ScriptRun, text: string): Step {
  const made = run.simulator.execute(simLineOf(parseLine(text, run.results.length + 1)));
  run.results.push(made.result);
  return made;
}

const only = ({ traffic }: Step): TrafficRun => {
  const [run] = traffic;
  if (run === undefined || traffic.length !== 1) throw new Error(`${traffic.length} runs`);
  return run;
};

const objectOf = (run: ScriptRun): TrafficObject | undefined => {
  const object = run.simulator.world().get('traffic:net');
  return object?.type === 'traffic' ? object : undefined;
};

/** What a line without traffic told of locks and commands: each is a point where a device may come in between. */
const told = ({ events }: Step): number =>
  events.filter(({ kind }) => kind === 'lock' || kind === 'command').length;

describe('one access at each point, and one at the end of the line', () => {
  /** Stores are counted by hand, from the kernel's function named. */
  const cases: readonly (readonly [machine: string, line: string, stores: number])[] = [
    // Linux: generic_pt/iommu_pt.h map_range(): a link into each of three tables, and 16 leaves.
    ['iommu=vtd', 'IOAS_MAP ioas buf iova=0x4000000000 rw', 2 + 16],
    // Linux: intel/iommu.c domain_context_clear_one(): context_clear_present(), then both words of context_clear_entry().
    ['iommu=vtd', 'DETACH dev', 1 + 2],
    // Linux: the same, and domain_context_mapping_one(): context_clear_entry(), the upper word, the lower, P.
    ['iommu=vtd', 'REPLACE dev h2', 3 + 2 + 1 + 2],
    // Linux: arm-smmu-v3.c arm_smmu_write_entry(): V=0, then TTB0, then the first word with ASID and V.
    ['iommu=smmuv3', 'REPLACE dev h2', 3],
    // Linux: the same, of an STE whose first word alone decides (CFG), and then the one with S1DSS, which nobody looks at any more;
    // and arm_smmu_clear_cd(): the word with V, then TTB0 and MAIR.
    ['iommu=smmuv3', 'DETACH dev', 2 + 3],
    // Linux: amd/iommu.c clear_dte_entry() and set_dte_entry(), each two halves by write_dte_lower128() and write_dte_upper128().
    ['iommu=amd', 'REPLACE dev h2', 4],
    // Linux: riscv/iommu.c riscv_iommu_iodir_update(): V=0; fsc, ta, tc.
    ['iommu=riscv mode=coherent unsafe-interrupts', 'REPLACE dev h2', 4],
  ];
  it.each(cases)('%s: %s', (machine, line, stores) => {
    const quiet = step(card(machine), line);
    expect(quiet.result.ok).toBe(true);
    const { accesses } = only(step(card(machine, [NET]), line));
    expect(accesses).toBe(told(quiet) + stores + 1);
  });

  it('also for a task that somebody steps, and one that waits', () => {
    const run = card('iommu=vtd', [NET, 't1 = begin IOAS_UNMAP ioas iova=0x100000 len=64K']);
    const before = objectOf(run)?.accesses ?? 0;
    expect(only(step(run, 'step t1')).accesses).toBe(2);
    const on = step(run, 'step t1 until=iopt->iova_rwsem');
    expect(only(on).accesses).toBe(told(on) + 1);
    const { result, events, traffic } = step(run, 'IOAS_MAP ioas buf iova=0x200000 rw ! WAITS');
    expect(result.ok).toBe(true);
    const locks = events.filter(({ kind }) => kind === 'lock').length;
    expect(traffic[0]?.accesses).toBe(locks + 1);
    expect(objectOf(run)?.accesses).toBe(before + 2 + told(on) + 1 + locks + 1);
  });

  it('but none where nothing happens: remarks, expectations, what makes no sense', () => {
    const run = card('iommu=vtd', [NET]);
    const before = objectOf(run)?.accesses;
    for (const line of [
      'note "x"',
      'place ioas 1 2',
      'expect net blocked 0',
      'expect-log "fault" absent',
      'read_register dmar0 GSTS',
      'stop nothing',
      'ATTACH nothing h1',
    ])
      expect(step(run, line).traffic).toEqual([]);
    expect(objectOf(run)?.accesses).toBe(before);
  });
});

describe('what is told', () => {
  it('spans add up to what was counted, and the object counts all lines', () => {
    const run = card('iommu=vtd', [NET]);
    const sum = { accesses: 1, hits: 0, misses: 1, blocked: 0 };
    for (const line of ['DETACH dev', 'ATTACH dev h2', 'REPLACE dev h1']) {
      const { spans, accesses, hits, misses, blocked, trafficId } = only(step(run, line));
      const of = (outcome: string): number =>
        spans.filter((span) => span.outcome === outcome).reduce((total, { count }) => total + count, 0);
      expect([of('hit'), of('miss'), of('blocked')]).toEqual([hits, misses, blocked]);
      expect(spans.reduce((total, { count }) => total + count, 0)).toBe(accesses);
      expect(trafficId).toBe('traffic:net');
      sum.accesses += accesses;
      sum.hits += hits;
      sum.misses += misses;
      sum.blocked += blocked;
    }
    expect(objectOf(run)).toMatchObject(sum);
  });

  it('each span shows its first access, with the walk and the fault, and in whose tables', () => {
    const { spans } = only(step(card('iommu=vtd', [NET]), 'REPLACE dev h2'));
    expect(spans.map(({ outcome, hwptId }) => `${outcome} ${hwptId}`)).toEqual([
      'hit hwpt:1.4',
      'blocked hwpt:1.4',
      'miss hwpt:1.5',
      'hit hwpt:1.5',
    ]);
    expect(spans[0]?.during).toBe('REPLACE dev h2: device->dev_set->lock taken');
    expect(spans[1]?.during).toBe('REPLACE dev h2: Context-cache Invalidation done');
    expect(spans[1]?.sample?.parts[0]?.fault?.name).toMatch(/context/i);
    expect(spans[2]?.during).toBe('REPLACE dev h2: context entry written');
    expect(spans[2]?.sample?.parts[0]).toMatchObject({ from: 'walk', fault: null });
    expect(spans[2]?.sample?.parts[0]?.steps.length).toBeGreaterThan(4);
  });

  it('where traffic first was blocked stays known', () => {
    const run = card('iommu=vtd', [NET, 'DETACH dev', 'ATTACH dev h1']);
    expect(objectOf(run)?.firstBlocked).toMatchObject({
      line: 15,
      during: 'DETACH dev: Context-cache Invalidation done',
    });
    expect(run.line('expect net firstBlocked.during contains "DETACH"').ok).toBe(true);
    expect(run.line('expect net blocked 0').status).toBe('mismatch');
  });

  it('the margin says it, but not that after a line one access got through', () => {
    const run = card('iommu=vtd', [NET]);
    expect(run.line('DETACH dev').result).toMatch(
      /; traffic net: \d+ accesses, \d+ blocked, first after DETACH dev: Context-cache Invalidation done$/,
    );
    expect(run.line('mem = mmap qemu 4K').result).toMatch(/traffic net: 1 access, 1 blocked$/);
    expect(run.line('ATTACH dev h1').ok).toBe(true);
    expect(run.line('mem2 = mmap qemu 4K').result).not.toContain('traffic');
  });

  it('the trace tells of few of many accesses, and the unit keeps its own record of faults', () => {
    const run = card('iommu=vtd');
    const burst = step(run, 'burst 00:02.0 read 0x900000-0x9fffff 64 count=5000 blocked=5000');
    expect(burst.result.ok).toBe(true);
    expect(burst.events.filter(({ kind }) => kind === 'fault').length).toBeLessThanOrEqual(10);
    expect(burst.events.length).toBeLessThan(1000);
    expect(run.line('expect-log "fault addr 0x900000"').ok).toBe(true);
    const unit = run.simulator.world().get('iommu:dmar0');
    expect(unit?.type === 'iommu' && unit.faults.length).toBeGreaterThan(0);
  });

  it('of thousands of lines in which nothing changes few are shown from near', () => {
    const run = card('iommu=vtd', [NET]);
    const samples = Array.from(
      { length: 200 },
      (_, n) => only(step(run, `m${n} = mmap qemu 4K`)).spans[0]?.sample ?? null,
    );
    expect(samples.filter((sample) => sample !== null).length).toBeLessThan(60);
    expect(only(step(run, 'DETACH dev')).spans[1]?.sample).not.toBe(null);
    expect(objectOf(run)?.accesses).toBeGreaterThan(200);
  });

  it('a hundred thousand accesses are one line, and few spans', () => {
    const { traffic, result } = step(
      card('iommu=vtd iotlb=1x1'),
      'burst 00:02.0 read 0x100000-0x10ffff 64 count=100000 pattern=random',
    );
    expect(result.ok).toBe(true);
    const [run] = traffic;
    expect(run?.accesses).toBe(100_000);
    expect(run?.spans.length).toBeLessThan(300);
    expect(run?.spans.reduce((total, { count }) => total + count, 0)).toBe(100_000);
    expect(run?.spans.filter(({ sample }) => sample !== null).length).toBe(50);
  });
});

describe('the gap', () => {
  const blocked = (machine: string, line: string): number => only(step(card(machine, [NET]), line)).blocked;
  const machines = [
    'iommu=vtd',
    'iommu=vtd mode=scalable',
    'iommu=amd',
    'iommu=amd mode=v2',
    'iommu=smmuv3',
    'iommu=riscv mode=coherent unsafe-interrupts',
  ];

  it.each(machines)('%s: DETACH leaves it open, ATTACH closes it', (machine) => {
    const run = card(machine, [NET]);
    expect(only(step(run, 'DETACH dev')).blocked).toBeGreaterThan(0);
    expect(only(step(run, 'mem = mmap qemu 4K'))).toMatchObject({ accesses: 1, blocked: 1 });
    expect(step(run, 'ATTACH dev h2').result.ok).toBe(true);
    expect(only(step(run, 'mem2 = mmap qemu 4K'))).toMatchObject({ accesses: 1, blocked: 0 });
  });

  /** Linux 7.1: each of these drivers takes the old entry away before it has written the new one. */
  it.each(machines)(
    '%s: REPLACE has one as long as its driver rewrites the entry, and no lock event sees it',
    (machine) => {
      const run = card(machine, [NET]);
      const { spans, blocked: seen } = only(step(run, 'REPLACE dev h2'));
      expect(seen).toBeGreaterThan(0);
      const gaps = spans.filter(({ outcome }) => outcome === 'blocked');
      expect(gaps.length).toBe(1);
      expect(gaps[0]?.during).toMatch(/ (done|written)$/);
      expect(seen).toBeLessThan(blocked(machine, 'DETACH dev') + blocked(machine, 'DETACH dev'));
      expect(only(step(run, 'mem = mmap qemu 4K'))).toMatchObject({ accesses: 1, blocked: 0 });
    },
  );

  it('an IOMMU whose driver moves a device in one step has none', () => {
    const [, pci = '', ...rest] = card('iommu=vtd').results.map(({ text }) => text);
    const lines = ['machine m iommu=none', 'iommu ideal generic', `${pci} iommu=ideal`, ...rest];
    const run = ScriptRun.of([...lines, NET, 'REPLACE dev h2', 'REPLACE dev h1'].join('\n'));
    expect(run.wrong).toEqual([]);
    expect(objectOf(run)).toMatchObject({ blocked: 0, firstBlocked: null });
  });

  it('what is not moved is not blocked: mapping and unmapping beside the range in use', () => {
    for (const machine of machines) {
      const run = card(machine, [NET]);
      expect(run.line('IOAS_MAP ioas buf iova=0x40000000 rw').ok).toBe(true);
      expect(run.line('IOAS_UNMAP ioas iova=0x40000000 len=64K').ok).toBe(true);
      expect(objectOf(run)?.blocked).toBe(0);
    }
  });
});
