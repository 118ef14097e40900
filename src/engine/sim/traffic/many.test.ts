import { describe, expect, it } from 'vitest';
import { parseLine } from '../../../scenario/parse';
import { busyCard } from '../../../testing/busy-card';
import { ScriptRun } from '../../../testing/run-script';
import { simLineOf } from '../../../worker/sim-line';
import type { Step } from '../simulator';

/** A device whose requests many traffics make: 200 queues of an NVMe, so to say. */
const MANY = 200;
function step(run: ScriptRun, text: string): Step {
  const made = run.simulator.execute(simLineOf(parseLine(text, run.results.length + 1)));
  run.results.push(made.result);
  return made;
}

function busy(traffics: number): { readonly run: ScriptRun; readonly steps: readonly Step[] } {
  const run = ScriptRun.of([...busyCard('iommu=vtd'), 'ATTACH dev ioas'].join('\n'));
  const steps = Array.from({ length: traffics }, (_, i) =>
    step(run, `n${i} = traffic 00:02.0 read 0x100000-0x10ffff 64`),
  );
  return { run, steps };
}

const samplesOf = ({ traffic }: Step): number =>
  traffic.flatMap(({ spans }) => spans).filter(({ sample }) => sample !== null).length;

describe('many traffics at once', () => {
  const { run, steps } = busy(MANY);
  const replace = step(run, 'REPLACE dev other');

  it('each makes one access at each point, whatever the others do: theirs are no points', () => {
    const alone = step(busy(1).run, 'REPLACE dev other').traffic[0];
    expect(replace.traffic).toHaveLength(MANY);
    expect(new Set(replace.traffic.map(({ accesses }) => accesses))).toEqual(new Set([alone?.accesses]));
  });

  it('all are counted, also those of which nothing is told', () => {
    const counted = [...run.simulator.world().values()].flatMap((object) =>
      object.type === 'traffic' ? [object.accesses] : [],
    );
    const ofReplace = replace.traffic[0]?.accesses ?? 0;
    // The i-th was there at the end of its own line and of those after it.
    expect(counted).toEqual(Array.from({ length: MANY }, (_, i) => MANY - i + ofReplace));
  });

  it('what is told of a line has a bound, and what is out of the ordinary is always told', () => {
    expect(Math.max(...steps.map(samplesOf))).toBeLessThanOrEqual(200);
    expect(steps.at(-1)?.traffic).toHaveLength(64);
    expect(samplesOf(replace)).toBe(200);
    expect(replace.result.result).toMatch(/; 192 more traffics: \d+ accesses, \d+ blocked$/);
    expect(replace.result.result.length).toBeLessThan(1500);
  });
});
