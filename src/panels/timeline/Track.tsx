import type { KeyboardEvent } from 'react';
import { useApp } from '../../store';
import { linesOf } from '../../store/script';
import { NEARER, windowNow } from '../../store/time-window';
import { stopsOf } from '../../store/transport';
import { TIMELINE } from '../../words/panels/timeline';
import { Forks } from './Forks';
import { Flags, Marks } from './Marks';

/** One turn of the wheel. */
const WHEEL = 1.25;

/** The scrubber. The wheel zooms it; keys and pointer move time. */
export function Track() {
  const script = useApp((state) => state.script);
  const cursor = useApp((state) => state.cursor);
  const chosen = useApp((state) => state.timeWindow);
  const { seek, zoomTime } = useApp((state) => state.actions);
  const stops = stopsOf(script);
  const total = linesOf(script).length;
  const last = Math.max(1, stops.length - 1);
  const at = stops.findLastIndex((stop) => stop <= cursor);
  const { from, to } = windowNow(chosen, at, last);
  const zoomed = to - from < last;
  // The whole lies behind the window: slider and flags share its measure.
  const whole = {
    left: `${(-from / (to - from)) * 100}%`,
    width: `${(last / (to - from)) * 100}%`,
  };
  return (
    <div
      className="track"
      data-zoomed={zoomed || undefined}
      onWheel={(event) => {
        if (event.ctrlKey || event.deltaY === 0) return; // that zooms the page
        const { left, width } = event.currentTarget.getBoundingClientRect();
        zoomTime(event.deltaY < 0 ? 1 / WHEEL : WHEEL, (event.clientX - left) / width);
      }}
      onDoubleClick={() => zoomTime('all')}
    >
      <div className="track-window">
        <Marks stops={stops} at={at} from={from} to={to} />
        <div className="track-whole" style={whole}>
          <Forks stops={stops} last={last} />
          <Flags stops={stops} at={at} />
          <input
            type="range"
            aria-label={TIMELINE.line}
            aria-valuetext={TIMELINE.at(cursor, total)}
            min={0}
            max={last}
            value={at}
            disabled={total === 0}
            onChange={(event) => void seek(stops[event.target.valueAsNumber] ?? 0)}
            onKeyDown={(event) => {
              const by = zoomOf(event);
              if (by === null) return;
              event.preventDefault();
              zoomTime(by);
            }}
          />
        </div>
      </div>
      {zoomed && (
        <span className="track-part" aria-hidden="true">
          <i style={{ left: `${(from / last) * 100}%`, width: `${((to - from) / last) * 100}%` }} />
        </span>
      )}
    </div>
  );
}

/** What a key zooms the scrubber by; null: it is none of those. */
function zoomOf({ key, altKey, ctrlKey, metaKey }: KeyboardEvent): number | 'all' | null {
  if (altKey || ctrlKey || metaKey) return null;
  if (key === '+' || key === '=') return NEARER;
  if (key === '-') return 1 / NEARER;
  return key === '0' ? 'all' : null;
}
