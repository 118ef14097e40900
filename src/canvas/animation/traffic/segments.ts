import type { Lookup, TrafficOutcome, TrafficSpan } from '../../../engine/sim/batch';
import * as says from '../../../words/canvas/traffic';

/** A piece of the strip of time: spans in a row. */
export interface Segment {
  readonly count: number;
  /** `mixed`: too many short spans to be shown one by one. */
  readonly outcome: TrafficOutcome | 'mixed';
  readonly blocked: number;
  /** Accesses before it. */
  readonly before: number;
  readonly during: string | null;
  /** An access of it, looked at from near. */
  readonly sample: Lookup | null;
}

/** More could neither be told apart nor be hit with a finger. */
const MOST = 24;
/** Of many, those that last no longer than this share of the time are not worth a place of their own. */
const FEW = 10;
const SHORT = 1 / 25;

/** Spans as segments, the shortest neighbours put together where they are many; what was blocked stays apart as long as it can. */
export function segmentsOf(spans: readonly TrafficSpan[], most = MOST): readonly Segment[] {
  let before = 0;
  let segments: Segment[] = spans.map(({ count, outcome, during, sample }) => {
    const segment = { count, outcome, blocked: outcome === 'blocked' ? count : 0, before, during, sample };
    before += count;
    return segment;
  });
  while (segments.length > Math.min(most, FEW)) {
    let best = 1;
    for (let i = 2; i < segments.length; i++) if (cost(segments, i) < cost(segments, best)) best = i;
    const [a, b] = [segments[best - 1], segments[best]];
    if (a === undefined || b === undefined) break;
    const short = cost(segments, best) < SHORT * before;
    if (segments.length <= most && !short) break;
    segments = [...segments.slice(0, best - 1), joined(a, b), ...segments.slice(best + 1)];
  }
  return segments;
}

/** Of joining a segment to the one before it: accesses, and far more where one of the two was blocked. */
function cost(segments: readonly Segment[], index: number): number {
  const [a, b] = [segments[index - 1], segments[index]];
  if (a === undefined || b === undefined) return Infinity;
  const sizes = a.count + b.count;
  return a.blocked > 0 === b.blocked > 0 ? sizes : sizes + 1e9;
}

function joined(a: Segment, b: Segment): Segment {
  return {
    count: a.count + b.count,
    outcome: a.outcome === b.outcome ? a.outcome : 'mixed',
    blocked: a.blocked + b.blocked,
    before: a.before,
    during: (b.blocked > 0 && a.blocked === 0 ? b : a).during,
    sample: (b.blocked > 0 && a.blocked === 0 ? b : a).sample ?? a.sample ?? b.sample,
  };
}

const WORDS: Readonly<Record<Segment['outcome'], string>> = {
  hit: says.foundInACache,
  miss: says.walkedTheTables,
  bypass: says.notTranslated,
  blocked: 'blocked',
  mixed: says.foundInACacheOrWalked,
};

/** `12 blocked, after Context-cache Invalidation done` */
export function segmentWords({ count, outcome, blocked, during }: Segment): string {
  const all = count.toLocaleString('en');
  const words = outcome === 'mixed' && blocked > 0 ? says.ofWhichBlocked(blocked) : WORDS[outcome];
  const what = `${all}${outcome === 'mixed' && blocked > 0 ? ',' : ''} ${words}`;
  return during === null ? what : says.after(what, during);
}

export const MARKS: Readonly<Record<Segment['outcome'], string>> = {
  hit: '✓',
  miss: '○',
  bypass: '→',
  blocked: '✕',
  mixed: '≈',
};
