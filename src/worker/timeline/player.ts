import { Simulator, type SimLine, type Step } from '../../engine/sim/simulator';
import { readPci } from '../sim-line';
import { agreementOf, placesAfter } from './agreement';
import type { Costs } from './costs';

/** A machine and how far it has come in a script. It only goes forward. */
export class Player {
  readonly simulator = new Simulator(readPci);
  at = 0;
  /** Whether the lines that it ran do the same as the first of the script. */
  onPath = true;

  constructor(
    private script: readonly SimLine[],
    private readonly costs: Costs,
  ) {}

  /** The script is another one now. */
  follow(script: readonly SimLine[]): void {
    this.onPath = script === this.script;
    if (this.onPath) return;
    const { lines, moved } = agreementOf(this.script, script);
    this.onPath = lines >= this.at;
    if (!this.onPath) return;
    for (const line of placesAfter(script, this.at, moved)) this.simulator.place(line);
    this.script = script;
  }

  isIn(script: readonly SimLine[]): boolean {
    if (script === this.script) return true;
    const { lines, moved } = agreementOf(this.script, script);
    return lines >= this.at && moved.length === 0;
  }

  /** It has run these and no others: somebody saw to it. */
  ran(script: readonly SimLine[]): void {
    this.script = script;
    this.at = script.length;
    this.onPath = true;
  }

  /** The next line, with all that is to be told of it. */
  play(): Step | null {
    const line = this.script[this.at];
    if (line === undefined) return null;
    this.costs.begin();
    const step = this.simulator.execute(line);
    this.costs.end(this.at++);
    return step;
  }

  /** On to a line, with nothing told; at most for so many milliseconds. */
  pass(to: number, milliseconds = Infinity): void {
    const { costs, script, simulator } = this;
    const began = costs.begin();
    while (this.at < to) {
      const line = script[this.at];
      if (line === undefined) return;
      simulator.pass(line);
      if (costs.end(this.at++) - began >= milliseconds) return;
    }
  }
}
