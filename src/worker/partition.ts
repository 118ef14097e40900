import type { Partition } from '../engine/sim/partition';
import { Simulator } from '../engine/sim/simulator';
import { parseLine, parseScript } from '../scenario/parse';
import { readPci, simLineOf } from './sim-line';
import * as says from '../words/worker';

/** Plays a script to its end on a machine of its own and says who is grouped with whom there. */
export function partitionOf(script: string): Partition {
  const simulator = new Simulator(readPci);
  let problem: string | null = null;
  for (const line of parseScript(script).lines) {
    const { result } = simulator.execute(simLineOf(line));
    if (!result.ok) problem ??= says.line(result.line, result.why ?? result.result);
  }
  // Without a kernel there are no groups to speak of; where it runs already, this is refused and changes nothing.
  simulator.execute(simLineOf(parseLine('boot', 0)));
  const groups: Partition['groups'][number][] = [];
  const ungrouped: Partition['ungrouped'][number][] = [];
  for (const object of simulator.world().values()) {
    if (object.type === 'group')
      groups.push({ number: object.number, deviceIds: object.deviceIds, joins: object.joins });
    else if (object.type === 'device' && object.ungrouped !== null)
      ungrouped.push({ deviceId: object.id, why: object.ungrouped });
  }
  return { groups, ungrouped, problem };
}
