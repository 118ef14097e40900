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

/** More marks than this are ticks. */
export const ROOMY = 44;

/** Paths of the marks by how they are drawn; a unit across is a stop, a unit down a pixel. */
export interface Strokes {
  readonly all: string;
  readonly line: string;
  readonly dma: string;
  readonly waits: string;
  readonly bad: string;
}

/** A stroke so short that its ends alone are seen: a dot. */
const dot = (stop: number): string => `M${stop} 12h.01`;
const tick = (stop: number): string => `M${stop} 8v8`;

/** Marks of each kind as one path: dots where there is room, else ticks; what waits or is wrong keeps its shape. */
export function strokesOf(marks: readonly Mark[], dense: boolean): Strokes {
  const of = (kind: MarkKind | null, shape: (stop: number) => string): string =>
    marks.reduce((path, mark) => (kind === null || mark.kind === kind ? path + shape(mark.stop) : path), '');
  const plain = dense ? tick : dot;
  return {
    all: of(null, dot),
    line: of('line', plain),
    dma: of('dma', plain),
    waits: of('waits', dot),
    bad: of('bad', dot),
  };
}
