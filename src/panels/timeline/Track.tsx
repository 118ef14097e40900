import { memo, useMemo, useState } from 'react';
import { useApp } from '../../store';
import { linesOf, notesIn } from '../../store/script';
import { stopsOf } from '../../store/transport';
import { useAfterPaint } from '../shared/use-after-paint';
import { Forks } from './Forks';
import { kindOfStop, marksOf, showing, zoomAbout, type Zoomed } from './marks';

/** One turn of the wheel. */
const ZOOM = 1.25;

/** The scrubber. The wheel zooms it; keys and pointer move time. */
export function Track() {
  const script = useApp((state) => state.script);
  const cursor = useApp((state) => state.cursor);
  const seek = useApp((state) => state.actions.seek);
  const stops = stopsOf(script);
  const total = linesOf(script).length;
  const last = Math.max(1, stops.length - 1);
  /** A window, and where time stood when it was chosen: it follows time from there on. */
  const [wanted, setWanted] = useState<(Zoomed & { readonly at: number }) | null>(null);
  const at = stops.findLastIndex((stop) => stop <= cursor);
  const still = wanted !== null && wanted.at === at && wanted.to <= last;
  const { from, to } = wanted === null ? { from: 0, to: last } : still ? wanted : showing(wanted, at, last);
  const zoom = (by: number, share: number): void => {
    const next = zoomAbout({ from, to }, from + share * (to - from), by, last);
    setWanted(next.to - next.from >= last ? null : { ...next, at });
  };
  // The whole lies behind the window: slider and marks share its measure.
  const whole = {
    left: `${(-from / (to - from)) * 100}%`,
    width: `${(last / (to - from)) * 100}%`,
  };
  return (
    <div
      className="track"
      data-zoomed={wanted !== null || undefined}
      onWheel={(event) => {
        if (event.ctrlKey || event.deltaY === 0) return; // that zooms the page
        const { left, width } = event.currentTarget.getBoundingClientRect();
        zoom(event.deltaY < 0 ? 1 / ZOOM : ZOOM, (event.clientX - left) / width);
      }}
      onDoubleClick={() => setWanted(null)}
    >
      <div className="track-window">
        <div className="track-whole" style={whole}>
          <Forks stops={stops} last={last} />
          <Marks stops={stops} at={at} from={from} to={to} />
          <input
            type="range"
            aria-label="Line of the script"
            aria-valuetext={`after line ${cursor} of ${total}`}
            min={0}
            max={last}
            value={at}
            disabled={total === 0}
            onChange={(event) => void seek(stops[event.target.valueAsNumber] ?? 0)}
          />
        </div>
      </div>
      {wanted !== null && (
        <span className="track-part" aria-hidden="true">
          <i style={{ left: `${(from / last) * 100}%`, width: `${((to - from) / last) * 100}%` }} />
        </span>
      )}
    </div>
  );
}

interface MarksProps extends Zoomed {
  readonly stops: readonly number[];
  readonly at: number;
}

/** A mark a stop: round for a line, square and red for a refusal or a fault, ringed for a DMA. Above it: where playing stops, and notes. */
const Marks = memo(function Marks({ stops, at, from, to }: MarksProps) {
  // What lines came to may be marked a moment later: the canvas goes first.
  const known = useAfterPaint(useApp((state) => state.known));
  const lookups = useAfterPaint(useApp((state) => state.seen.lookups));
  const script = useApp((state) => state.script);
  const breakpoints = useApp((state) => state.breakpoints);
  const seek = useApp((state) => state.actions.seek);
  const last = Math.max(1, stops.length - 1);
  const notes = useMemo(() => notesOf(script), [script]);
  const dmas = useMemo(() => new Set(lookups.map((lookup) => lookup.line)), [lookups]);
  const marks = useMemo(
    () =>
      marksOf(
        (stop) => {
          const line = stops[stop] ?? 0;
          return kindOfStop(known[line - 1], dmas.has(line));
        },
        Math.max(1, from),
        to,
      ),
    [stops, known, dmas, from, to],
  );
  const breaks = breakpoints.flatMap((each) => (each.kind === 'line' ? [each.line] : []));
  /** A line between two stops is passed on the way to the second. */
  const placeOf = (line: number): string => {
    const stop = stops.findIndex((each) => each >= line);
    return `${((stop < 0 ? last : stop) / last) * 100}%`;
  };
  return (
    <div className="marks" data-dense={marks.length > ROOMY || undefined} aria-hidden="true">
      {marks.map(({ kind, stop }) => (
        <i
          key={stop}
          style={{ left: `${(stop / last) * 100}%` }}
          data-past={stop <= at}
          data-bad={kind === 'bad'}
          data-waits={kind === 'waits'}
          data-dma={kind === 'dma'}
        />
      ))}
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

/** More marks than this are ticks. */
const ROOMY = 44;

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
