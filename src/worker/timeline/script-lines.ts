import type { SimLine } from '../../engine/sim/simulator';
import { parseLine } from '../../scenario/parse';
import { simLineOf } from '../sim-line';

/** Lines remembered beyond those of the present script. */
const SPARE = 4;

/** Scripts as parsed lines: a line that was met before is not parsed again. */
export class ScriptLines {
  private text = '';
  private lines: readonly SimLine[] = [];
  private met = new Map<string, SimLine>();

  /** The same text gives the same array, and a line that stays where it was the same object. */
  read(text: string): readonly SimLine[] {
    if (text === this.text) return this.lines;
    const raws = text.split('\n');
    if (text === '' || text.endsWith('\n')) raws.pop();
    if (this.met.size > SPARE * Math.max(1000, raws.length)) this.met.clear();
    const before = this.lines;
    this.lines = raws.map((raw, index) => {
      const old = before[index];
      return old?.raw === raw ? old : this.line(raw, index + 1);
    });
    this.text = text;
    return this.lines;
  }

  line(raw: string, number: number): SimLine {
    const old = this.met.get(raw);
    if (old?.number === number) return old;
    const line = old === undefined ? simLineOf(parseLine(raw, number)) : { ...old, number };
    this.met.set(raw, line);
    return line;
  }
}
