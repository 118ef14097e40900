import { describe, expect, test } from 'vitest';
import { Simulator, type SimLine, type Step } from '../../engine/sim/simulator';
import { chance } from '../../testing/chance';
import { scenarioFiles } from '../../testing/run-script';
import { readPci } from '../sim-line';
import { ScriptLines } from './script-lines';
import { Timeline } from './timeline';

interface State {
  readonly world: readonly unknown[];
  readonly sysfs: unknown;
  readonly locks: readonly unknown[];
  readonly hardware: readonly unknown[];
}

/** All that can be asked of a machine. */
const stateOf = (simulator: Simulator): State => {
  const world = simulator.world();
  const units = [...world.values()].filter(({ type }) => type === 'iommu');
  return {
    world: [...world],
    sysfs: simulator.sysfs(),
    locks: [simulator.lockdep?.observed ?? [], simulator.lockdep?.reports ?? []],
    hardware: units.map(({ id }) => simulator.hardware(id)),
  };
};

interface Straight {
  readonly steps: readonly Step[];
  /** Before the first line, and after each. */
  readonly states: readonly State[];
}

function straight(lines: readonly SimLine[]): Straight {
  const simulator = new Simulator(readPci);
  const states: State[] = [stateOf(simulator)];
  const steps = lines.map((line) => {
    const step = simulator.execute(line);
    states.push(stateOf(simulator));
    return step;
  });
  return { steps, states };
}

/** Every line takes long, so that machines are wanted everywhere. */
function slowClock(): () => number {
  let time = 0;
  return () => (time += 3);
}

/** Every fourth scene on every day; `npm run test:full` takes all. */
const scenes = scenarioFiles().filter((_, index) => process.env['FULL'] === '1' || index % 4 === 0);

describe.each(scenes)('$name', { timeout: 60_000 }, ({ script }) => {
  test('going back and forth is the same as never having gone', () => {
    const lines = new ScriptLines().read(script);
    const { steps, states } = straight(lines);
    const timeline = new Timeline(slowClock());
    timeline.open(lines);
    const below = chance(lines.length);
    for (let round = 0; round < 16; round++) {
      const to = below(lines.length + 1);
      timeline.seek(to);
      expect({ world: [...timeline.world()] }).toEqual({ world: states[to]?.world });
      expect(stateOf(timeline.simulator)).toEqual(states[to]);
      for (let more = below(4); more > 0; more--) {
        const step = timeline.step();
        if (step !== null) expect(step).toEqual(steps[timeline.cursor - 1]);
      }
      for (let slices = below(30); slices > 0; slices--) timeline.work(0);
      const other = below(lines.length + 1);
      expect(timeline.look(other, lines, stateOf)).toEqual(states[other]);
      // Whoever tries something spoils a copy, and nothing else.
      const spoilt = timeline.copyAt(timeline.cursor);
      for (let more = below(3); more > 0; more--) spoilt.play();
    }
  });

  test('what was passed in silence leaves nothing behind that later lines could see', () => {
    const lines = new ScriptLines().read(script);
    const { steps } = straight(lines);
    const below = chance(lines.length + 1);
    for (let round = 0; round < 6; round++) {
      const simulator = new Simulator(readPci);
      const from = below(lines.length);
      for (const line of lines.slice(0, from)) simulator.pass(line);
      for (const [index, line] of lines.slice(from).entries())
        expect(simulator.execute(line)).toEqual(steps[from + index]);
    }
  });
});
