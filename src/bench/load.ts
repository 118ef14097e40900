import { Simulator, type SimLine } from '../engine/sim/simulator';
import { parseScript } from '../scenario/parse';
import { bigMachine } from '../testing/big-machine';
import { readPci, simLineOf } from '../worker/sim-line';
import { timed, type Clock, type IoasMeasurement } from './measure';

/** Lines to world: what the worker does when a scene opens. */
function played(script: string): Simulator {
  const simulator = new Simulator(readPci);
  const lines: readonly SimLine[] = parseScript(script).lines.map(simLineOf);
  for (const line of lines) simulator.execute(line);
  return simulator;
}

/**
 * A server with a thousand functions: read, enumerated, probed, each group with a domain and tables of its own, and read
 * off again. The least that could be done is to copy what comes out.
 */
export function measureLoad(now: Clock): IoasMeasurement {
  const script = bigMachine();
  const world = [...played(script).world().values()];
  const functions = world.filter(({ type }) => type === 'device').length;
  const load = timed(now, () => played(script).world());
  const copy = timed(now, () => structuredClone(world));
  return {
    name: `load of a machine of ${functions} functions, script to world`,
    unit: 'functions',
    value: functions / load,
    reference: { name: 'structuredClone of that world', value: functions / copy },
    aim: 1 / 30,
  };
}
