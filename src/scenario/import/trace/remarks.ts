import type { TraceRemark } from './imported-trace';

const MOST_LINES = 6;
const MOST_REMARKS = 200;

/** What is to be said about a text's lines; the same of many lines is said once. */
export class Remarks {
  private readonly said = new Map<string, { lines: number[]; count: number; isLoss: boolean }>();

  /** Something was taken for granted. */
  took(line: number, text: string): void {
    this.add(line, text, false);
  }

  /** A line became nothing. */
  lost(line: number, text: string): void {
    this.add(line, text, true);
  }

  list(): readonly TraceRemark[] {
    return [...this.said]
      .map(([text, { lines, count, isLoss }]) => ({ text, lines, count, isLoss }))
      .slice(0, MOST_REMARKS);
  }

  private add(line: number, text: string, isLoss: boolean): void {
    const known = this.said.get(text);
    if (known === undefined) {
      this.said.set(text, { lines: [line], count: 1, isLoss });
      return;
    }
    known.count++;
    if (known.lines.length < MOST_LINES) known.lines.push(line);
  }
}
