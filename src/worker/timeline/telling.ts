import type { LineEvents, LineResult, Lookup, TrafficRun } from '../../engine/sim/batch';
import type { Step } from '../../engine/sim/simulator';
import type { TraceEvent } from '../../engine/trace/event';

/** Of a line with more events than this only the counts travel; and of a run no more than so many in words. */
const MOST_OF_LINE = 500;
const MOST_OF_RUN = 4000;

/**
 * What lines did, as it travels to the page: all results, look-ups and traffic. Of events, which are ten times as many, all
 * where they are few, and of the last line, which a person is about to look at; else their numbers and the calls of programs.
 */
export class Telling {
  readonly results: LineResult[] = [];
  readonly lookups: Lookup[] = [];
  readonly traffic: TrafficRun[] = [];
  private readonly told: LineEvents[] = [];
  private words = 0;
  private last: { readonly line: number; readonly events: readonly TraceEvent[] } | null = null;

  add({ result, lookups, traffic, events }: Step): void {
    this.results.push(result);
    for (const lookup of lookups) this.lookups.push(lookup);
    for (const run of traffic) this.traffic.push(run);
    this.last = { line: result.line, events };
    if (events.length === 0) return;
    const few = events.length <= MOST_OF_LINE && this.words + events.length <= MOST_OF_RUN;
    if (few) this.words += events.length;
    this.told.push(lineEvents(result.line, events, few));
  }

  get events(): readonly LineEvents[] {
    const { last, told } = this;
    if (last === null || last.events.length === 0 || last.events.length > MOST_OF_LINE) return told;
    return [...told.slice(0, -1), lineEvents(last.line, last.events, true)];
  }
}

function lineEvents(line: number, events: readonly TraceEvent[], all: boolean): LineEvents {
  const kinds: Partial<Record<TraceEvent['kind'], number>> = {};
  for (const { kind } of events) kinds[kind] = (kinds[kind] ?? 0) + 1;
  const calls = all ? events : events.filter(({ kind }) => kind === 'ioctl');
  return { line, count: events.length, kinds, events: calls };
}
