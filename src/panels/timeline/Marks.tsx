import { memo, useMemo } from 'react';
import { useApp } from '../../store';
import { linesOf, notesIn } from '../../store/script';
import type { TimeWindow } from '../../store/time-window';
import { useAfterPaint } from '../shared/use-after-paint';
import { kindOfStop, marksOf, ROOMY, strokesOf, type Strokes } from './marks';

interface MarksProps extends TimeWindow {
  readonly stops: readonly number[];
  readonly at: number;
}

/**
 * A mark a stop: round for a line, square and red for a refusal or a fault, ringed for a DMA. A few strokes draw them all,
 * once as future and once, up to where time stands, as past: to move time is to move the edge between the two.
 */
export const Marks = memo(function Marks({ stops, at, from, to }: MarksProps) {
  // They may be there a moment later: the canvas goes first.
  const shown = useAfterPaint(useMemo(() => ({ stops, from, to }), [stops, from, to]));
  const known = useAfterPaint(useApp((state) => state.known));
  const lookups = useAfterPaint(useApp((state) => state.seen.lookups));
  const dmas = useMemo(() => new Set(lookups.map((lookup) => lookup.line)), [lookups]);
  const marks = useMemo(
    () =>
      marksOf(
        (stop) => {
          const line = shown.stops[stop] ?? 0;
          return kindOfStop(known[line - 1], dmas.has(line));
        },
        Math.max(1, shown.from),
        shown.to,
      ),
    [shown, known, dmas],
  );
  const dense = marks.length > ROOMY;
  const strokes = useMemo(() => strokesOf(marks, dense), [marks, dense]);
  const box = `${shown.from} 0 ${Math.max(1, shown.to - shown.from)} 24`;
  // Half a stop on: the mark where time stands is past as a whole.
  const past = (at + 0.5 - shown.from) / Math.max(1, shown.to - shown.from);
  return (
    <div className="marks-drawn" aria-hidden="true">
      <Drawn strokes={strokes} box={box} dense={dense} />
      <div className="marks-past" style={{ clipPath: `inset(0 ${(1 - past) * 100}% 0 -8px)` }}>
        <Drawn strokes={strokes} box={box} dense={dense} />
      </div>
    </div>
  );
});

interface DrawnProps {
  readonly strokes: Strokes;
  readonly box: string;
  readonly dense: boolean;
}

const Drawn = memo(function Drawn({ strokes, box, dense }: DrawnProps) {
  return (
    <svg viewBox={box} preserveAspectRatio="none" data-dense={dense || undefined}>
      {!dense && <path className="mark-gap" d={strokes.all} />}
      <path className="mark-line" d={strokes.line} />
      <path className="mark-dma" d={strokes.dma} />
      {!dense && <path className="mark-hole" d={strokes.dma} />}
      <path className="mark-waits" d={strokes.waits} />
      <path className="mark-bad" d={strokes.bad} />
    </svg>
  );
});

interface FlagsProps {
  readonly stops: readonly number[];
  readonly at: number;
}

/** Above the marks: notes; below them: where playing stops; and where time stands. */
export const Flags = memo(function Flags({ stops, at }: FlagsProps) {
  const script = useAfterPaint(useApp((state) => state.script));
  const breakpoints = useApp((state) => state.breakpoints);
  const seek = useApp((state) => state.actions.seek);
  const last = Math.max(1, stops.length - 1);
  const notes = useMemo(() => notesOf(script), [script]);
  const breaks = breakpoints.flatMap((each) => (each.kind === 'line' ? [each.line] : []));
  /** A line between two stops is passed on the way to the second. */
  const placeOf = (line: number): string => {
    const stop = stops.findIndex((each) => each >= line);
    return `${((stop < 0 ? last : stop) / last) * 100}%`;
  };
  return (
    <div className="marks" aria-hidden="true">
      {notes.map(({ line, text }) => (
        <button
          key={line}
          type="button"
          className="flag"
          tabIndex={-1}
          style={{ left: placeOf(line) }}
          data-tip={text}
          onClick={() => void seek(line)}
        />
      ))}
      {breaks.map((line) => (
        <em key={line} style={{ left: placeOf(line) }} />
      ))}
      <b style={{ left: `${(at / last) * 100}%` }} />
    </div>
  );
});

/** So many notes are flags; of more, every so-manieth. */
const MOST_NOTES = 60;

interface Note {
  readonly line: number;
  readonly text: string;
}

function notesOf(script: string): readonly Note[] {
  const notes: Note[] = [];
  for (const [index, text] of notesIn(linesOf(script)).entries())
    if (text !== null) notes.push({ line: index + 1, text });
  const each = Math.ceil(notes.length / MOST_NOTES);
  return each <= 1 ? notes : notes.filter((_, index) => index % each === 0);
}
