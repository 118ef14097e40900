import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { LineResult } from '../engine/sim/batch';
import { Simulator } from '../engine/sim/simulator';
import { parseLine, parseScript } from '../scenario/parse';
import { readPci, simLineOf } from '../worker/sim-line';

/** A simulator that takes script lines as text. */
export class ScriptRun {
  readonly simulator = new Simulator(readPci);
  readonly results: LineResult[] = [];

  static of(script: string): ScriptRun {
    const run = new ScriptRun();
    for (const line of parseScript(script).lines)
      run.results.push(run.simulator.execute(simLineOf(line)).result);
    return run;
  }

  /** Runs one more line. */
  line(text: string): LineResult {
    const { result } = this.simulator.execute(simLineOf(parseLine(text, this.results.length + 1)));
    this.results.push(result);
    return result;
  }

  /** Lines that did not come out as they say. */
  get wrong(): readonly string[] {
    return this.results
      .filter((result) => !result.ok)
      .map(({ line, text, result }) => `${line}: ${text}: ${result}`);
  }
}

const FOLDERS = ['./scenarios', '../gallery'];

/** Every scenario file of the project. */
export const scenarioFiles = (): readonly { readonly name: string; readonly script: string }[] =>
  FOLDERS.flatMap((folder) => {
    const path = fileURLToPath(new URL(folder, import.meta.url));
    return readdirSync(path, { encoding: 'utf8', recursive: true })
      .filter((name) => name.endsWith('.iommu'))
      .toSorted()
      .map((name) => ({ name, script: readFileSync(`${path}/${name}`, 'utf8') }));
  });
