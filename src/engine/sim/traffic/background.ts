import type { TrafficRun } from '../batch';
import type { TrafficObject } from '../world';
import type { Stream } from './stream';
import type { Tally } from './tally';

/** Traffic that goes on until it is stopped, and what all of it came to. */
export class Background {
  accesses = 0;
  hits = 0;
  misses = 0;
  blocked = 0;
  firstBlocked: TrafficObject['firstBlocked'] = null;
  /** What the kernel did when the first access of the present line was blocked. */
  private gap: string | null = null;

  constructor(
    readonly name: string,
    readonly stream: Stream,
  ) {}

  /** `words`: what the kernel is doing; asked for where it is told. */
  access(line: number, words: () => string | null, sameTables: boolean): void {
    const done = this.stream.fire(line, sameTables);
    if (done === null) return;
    const { tally } = this.stream;
    if (done.begins) tally.explain(words());
    if (done.outcome !== 'blocked' || tally.blocked > 1) return;
    this.gap = words();
    this.firstBlocked ??= { line, iova: done.iova, during: this.gap };
  }

  /** What it did since the last line; null: nothing. */
  take(line: number): TrafficRun | null {
    const { stream } = this;
    const { tally } = stream;
    stream.begin();
    if (tally.accesses === 0) return null;
    this.accesses += tally.accesses;
    this.hits += tally.hits;
    this.misses += tally.misses;
    this.blocked += tally.blocked;
    return runOf(line, stream, `traffic:${this.name}`, tally);
  }

  /** For the margin; null: one access that got through, as after every line. */
  noteOf({ accesses, blocked }: TrafficRun): string | null {
    const { gap } = this;
    this.gap = null;
    if (accesses === 1 && blocked === 0) return null;
    const counts = `traffic ${this.name}: ${accesses} ${accesses === 1 ? 'access' : 'accesses'}, ${blocked} blocked`;
    return gap === null ? counts : `${counts}, first after ${gap}`;
  }
}

export const runOf = (
  line: number,
  { spec }: Stream,
  trafficId: string | null,
  { accesses, hits, misses, blocked, spans, places }: Tally,
): TrafficRun => ({
  line,
  deviceId: spec.device.worldId,
  trafficId,
  accesses,
  hits,
  misses,
  blocked,
  spans,
  places,
});
