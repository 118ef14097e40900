import type { LineResult } from '../../engine/sim/batch';

/** What a mark of the scrubber says, the most telling last: of several in one place that one is drawn. */
export type MarkKind = 'line' | 'dma' | 'waits' | 'bad';
const RANK: readonly MarkKind[] = ['line', 'dma', 'waits', 'bad'];

export interface Mark {
  readonly kind: MarkKind;
  /** Index of the stop that it stands for: of several the first of its kind. */
  readonly stop: number;
  /** Lines that share its place. */
  readonly lines: number;
}

/** Marks that the eye still tells apart. */
export const PLACES = 150;

export function kindOfStop(result: LineResult | undefined, isDma: boolean): MarkKind {
  if (result?.status === 'waits') return 'waits';
  if (result !== undefined && result.status !== 'ok' && result.status !== 'none') return 'bad';
  return isDma ? 'dma' : 'line';
}

/** The stops of a window as marks: each its own where there is room; else those of one place share one, the gravest shown. */
export function marksOf(kindAt: (stop: number) => MarkKind, from: number, to: number): readonly Mark[] {
  const span = to - from + 1;
  const perPlace = Math.max(1, Math.ceil(span / PLACES));
  const marks: Mark[] = [];
  for (let start = from; start <= to; start += perPlace) {
    const end = Math.min(to, start + perPlace - 1);
    let best: Mark | null = null;
    for (let stop = start; stop <= end; stop++) {
      const kind = kindAt(stop);
      if (best === null || RANK.indexOf(kind) > RANK.indexOf(best.kind))
        best = { kind, stop, lines: end - start + 1 };
    }
    if (best !== null) marks.push(best);
  }
  return marks;
}

/** The part of the scrubber that is seen: stops from … to, both included. */
export interface Zoomed {
  readonly from: number;
  readonly to: number;
}

/** Fewer stops than this are never zoomed apart further. */
const FEWEST = 20;

/** Zooms about a stop that keeps its place on the screen. */
export function zoomAbout({ from, to }: Zoomed, about: number, factor: number, last: number): Zoomed {
  const span = Math.max(FEWEST, Math.min(last, Math.round((to - from) * factor)));
  if (span >= last) return { from: 0, to: last };
  const share = to === from ? 0.5 : (about - from) / (to - from);
  const start = Math.max(0, Math.min(last - span, Math.round(about - share * span)));
  return { from: start, to: start + span };
}

/** The same window, moved as far as it takes to show where time stands. */
export function showing({ from, to }: Zoomed, at: number, last: number): Zoomed {
  const span = Math.min(to - from, last);
  const margin = Math.round(span / 10);
  const start = at < from ? at - margin : at > to ? at - span + margin : from;
  const inside = Math.max(0, Math.min(last - span, start));
  return { from: inside, to: inside + span };
}
