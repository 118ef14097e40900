import type { IoctlEvent } from '../engine/trace/event';
import { Simulator } from '../engine/sim/simulator';
import { parseScript } from '../scenario/parse';
import type { Ran } from '../scenario/export/recording';
import { readPci, simLineOf } from '../worker/sim-line';

/** Runs a script to its end, and tells what exports need of it. */
export function ranOf(script: string): Ran {
  const simulator = new Simulator(readPci);
  const steps = parseScript(script).lines.map((line) => simulator.execute(simLineOf(line)));
  return {
    script,
    results: steps.map(({ result }) => result),
    events: steps.map(({ events }, index) => ({
      line: index + 1,
      count: events.length,
      kinds: {},
      events: events.filter((event): event is IoctlEvent => event.kind === 'ioctl'),
    })),
    lookups: steps.flatMap(({ lookups }) => lookups),
  };
}
