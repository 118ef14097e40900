import type { Step } from '../../engine/sim/simulator';
import { watchFor, type Breakpoint } from './breaks';
import { Telling } from './telling';
import type { Timeline } from './timeline';

export interface RunTo {
  /** So many lines shall have run. */
  readonly cursor: number;
  /** The page knows what the first so many lines come to. */
  readonly known: number;
  /** Every line from here on is looked at: whether to stop there. Null: none is, and known ones are passed. */
  readonly watch: { readonly from: number; readonly breakpoints: readonly Breakpoint[] } | null;
  /** The run may take so long before it answers with what it has. */
  readonly milliseconds: number;
}

export interface Ran {
  readonly telling: Telling;
  readonly stoppedBy: { readonly line: number; readonly why: string } | null;
}

/** Brings the machine to a line. Only lines that the page does not know are told, and only they take long. */
export function runTo(timeline: Timeline, to: RunTo, now: () => number): Ran {
  const { cursor, known, watch } = to;
  timeline.seek(Math.min(watch?.from ?? known, cursor));
  const telling = new Telling();
  const reasonToStop = watchFor(watch?.breakpoints ?? [], timeline.simulator);
  const began = now();
  while (timeline.cursor < cursor) {
    const step: Step | null = timeline.step();
    if (step === null) break;
    if (timeline.cursor > known) telling.add(step);
    const why = reasonToStop(step);
    if (why !== null) return { telling, stoppedBy: { line: timeline.cursor, why } };
    if (now() - began >= to.milliseconds) break;
  }
  return { telling, stoppedBy: null };
}
