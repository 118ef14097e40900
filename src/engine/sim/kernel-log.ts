import type { TraceEvent } from '../trace/event';

/** What asks for log lines, and so does not end the time of those that it asks for. */
const ASKS = 'expect-log';

/** What the kernel printed in this run: dmesg, with a bookmark. */
export class KernelLog {
  private readonly lines: string[] = [];
  /** Where the lines begin that `expect-log` looks through. */
  private from = 0;
  private asked = false;

  /** A line of the script is over. What was printed before the last `expect-log` is no news any more. */
  take(events: readonly TraceEvent[], verb: string): void {
    if (verb === ASKS) this.asked = true;
    else if (verb !== 'note' && verb !== 'place') {
      if (this.asked) this.from = this.lines.length;
      this.asked = false;
    }
    for (const event of events) if (event.kind === 'log') this.lines.push(event.text);
  }

  /** The first line since the last `expect-log` that holds the text. */
  find(text: string): string | null {
    return this.news.find((line) => line.includes(text)) ?? null;
  }

  get news(): readonly string[] {
    return this.lines.slice(this.from);
  }
}
