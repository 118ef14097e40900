import type { StepBatch } from '../engine/sim/batch';
import type { RunReply } from '../worker/api';
import { afterBatch, type Stage } from './apply';
import type { Context } from './context';
import type { Knowledge } from './knowledge';
import { merged } from './merge';
import { linesOf } from './script';
import type { AppState, Breakpoint } from './types';

/** Where the engine is to go. */
export interface RunTo {
  readonly script: string;
  /** Null: to its end. */
  readonly cursor: number | null;
  /** For whoever waits: `Going there`. */
  readonly what: string;
  readonly stage: Stage;
  /** What is known of this script, and of how many of its lines it holds. */
  readonly knowledge: Knowledge;
  readonly lines: number;
  /** Looks at every line on the way; absent: what is known is passed at once. */
  readonly breakpoints?: readonly Breakpoint[];
  /** Whether each part is shown as it comes; else nothing changes before all is there. */
  readonly shows: 'parts' | 'whole';
  /** What else changes with the last part, where it comes to its end: the page is drawn once for both. */
  readonly and?: (state: AppState, end: RunEnd) => Partial<AppState>;
  /** Asked after each part: a newer wish, or somebody who pressed Pause, ends a long run. */
  readonly goesOn: () => boolean;
}

export interface RunEnd {
  readonly stoppedBy: { readonly line: number; readonly why: string } | null;
  /** It came to where it should, or to a breakpoint. */
  readonly complete: boolean;
}

type Send = (ask: {
  readonly known: number;
  readonly epoch: number;
  readonly from: number;
}) => Promise<RunReply | null>;

/**
 * Runs in parts, so that a long run can be seen, and ended: whoever asks decides after each whether to ask for the next.
 * Null: the engine was lost on the way, or would not.
 */
export async function runInParts(
  { get, set }: Pick<Context, 'get' | 'set'>,
  to: RunTo,
  send: Send,
  progress: (cursor: number, total: number) => void,
): Promise<RunEnd | null> {
  const total = linesOf(to.script).length;
  const target = Math.min(to.cursor ?? total, total);
  const parts: StepBatch[] = [];
  let { knowledge } = to;
  let at = { known: to.lines, epoch: get().epoch, from: get().cursor };

  const show = (stage: Stage, end: RunEnd | null): void => {
    const [first, ...others] = parts.splice(0);
    if (first === undefined) return;
    const batch = merged([first, ...others]);
    set((state) => {
      const after = afterBatch(state, batch, { stage, knowledge });
      return end === null ? after : { ...after, ...to.and?.({ ...state, ...after }, end) };
    });
    knowledge = { known: get().known, seen: get().seen };
  };

  for (;;) {
    const reply = await send(at);
    if (reply === null) return null;
    if (reply.status === 'failed') {
      set({ notice: { tone: 'error', text: reply.why } });
      return null;
    }
    const { batch, stoppedBy = null } = reply;
    parts.push(batch);
    at = { known: Math.max(at.known, batch.cursor), epoch: batch.epoch, from: batch.cursor };
    const complete = batch.cursor >= target || stoppedBy !== null;
    const over = complete || !to.goesOn();
    const end = over ? { stoppedBy, complete } : null;
    if (complete || to.shows === 'parts') show(over ? to.stage : 'keep', end);
    if (end !== null) return end;
    progress(batch.cursor, total);
  }
}
