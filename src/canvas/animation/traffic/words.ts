import type { TrafficRun, TrafficSpan } from '../../../engine/sim/batch';
import * as says from '../../../words/canvas/traffic';
import { grouped } from '../../../words/locale';

/** `1,000 accesses · 94 % hits · 4 blocked` */
export function rateWords({
  accesses,
  hits,
  misses,
  blocked,
}: Pick<TrafficRun, 'accesses' | 'hits' | 'misses' | 'blocked'>): string {
  const translated = hits + misses;
  const words = [says.accesses(accesses)];
  if (hits > 0) words.push(says.hits(shareWords(hits, translated)));
  else if (misses > 0) words.push(misses === accesses ? says.allWalked : says.walked(misses));
  if (blocked > 0) words.push(says.someBlocked(blocked));
  return words.join(' · ');
}

/** While it plays. */
export const soFarWords = says.soFar;

/** Neither all nor nothing where it is not. */
function shareWords(part: number, whole: number): string {
  const percent = Math.round((100 * part) / whole);
  if (percent === 100 && part < whole) return '> 99 %';
  if (percent === 0 && part > 0) return '< 1 %';
  return `${percent} %`;
}

/** Accesses blocked in a row, whatever the hardware's reason: what the device could notice. */
export interface Gap {
  readonly blocked: number;
  /** What the kernel had done before the first of them; null: nothing, or it was a burst. */
  readonly during: string | null;
  /** The hardware's reason, of the first one that was looked at from near. */
  readonly reason: string | null;
  /** Its first span. */
  readonly span: number;
}

export function gapsOf(spans: readonly TrafficSpan[]): readonly Gap[] {
  const gaps: Gap[] = [];
  let open: { -readonly [Key in keyof Gap]: Gap[Key] } | null = null;
  for (const [index, span] of spans.entries()) {
    if (span.outcome !== 'blocked') {
      open = null;
      continue;
    }
    const reason = span.sample?.parts.find(({ fault }) => fault !== null)?.fault?.name ?? null;
    if (open === null) {
      open = { blocked: 0, during: span.during, reason, span: index };
      gaps.push(open);
    }
    open.blocked += span.count;
    open.reason ??= reason;
  }
  return gaps;
}

/** `12 blocked after Context-cache Invalidation done` */
export const gapWords = ({ blocked, during }: Gap): string =>
  during === null ? says.someBlocked(blocked) : says.blockedAfter(blocked, during);

/** What is to be said of all of it, in a sentence. */
/** `text`: of the line, which need not be said twice. */
export function verdict(run: TrafficRun, text = ''): string {
  const prefix = `${text}: `;
  return whole({
    ...run,
    spans: run.spans.map((span) =>
      span.during?.startsWith(prefix) === true && text !== ''
        ? { ...span, during: span.during.slice(prefix.length) }
        : span,
    ),
  });
}

function whole(run: TrafficRun): string {
  const { blocked, accesses, spans } = run;
  if (blocked === 0) return run.trafficId === null ? says.allGotThrough(accesses) : says.noGap(accesses);
  const gaps = gapsOf(spans);
  const [first] = gaps;
  if (blocked === accesses)
    return says.nothingGotThrough(first === undefined ? grouped(blocked) : gapWords(first));
  if (first !== undefined && gaps.length === 1) return says.oneGap(gapWords(first));
  return says.gaps(gaps.length, blocked, first === undefined ? null : gapWords(first));
}
