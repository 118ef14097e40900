import type { SimLine } from '../../engine/sim/simulator';
import type { TraceEvent } from '../../engine/trace/event';
import type { Timeline } from './timeline';

/** All events of one line, and of which: whoever reads a part of them will want the next. */
export interface EventsOfLine {
  readonly script: readonly SimLine[];
  readonly line: number;
  readonly events: readonly TraceEvent[];
}

export const isOf = ({ lines }: Timeline, line: number, of: EventsOfLine): boolean =>
  of.line === line && of.script === lines;

/** The line is run again, on a machine of its own. */
export function eventsOf(timeline: Timeline, line: number): EventsOfLine {
  const player = timeline.copyAt(line - 1);
  const events = player.play()?.events ?? [];
  timeline.giveBack(player);
  return { script: timeline.lines, line, events };
}
