import { ChevronFirst, Pause, Play, StepBack, StepForward } from 'lucide-react';
import { memo, useMemo } from 'react';
import { useApp } from '../../store';
import { linesOf } from '../../store/script';
import { stopsOf } from '../../store/transport';
import { IconButton } from '../../ui/Button';
import './timeline.css';

const SPEEDS = [0.5, 1, 2, 4, 8];

/** The script as time: where it stands, where it can go, and the controls to get there. */
export function Timeline() {
  const script = useApp((state) => state.script);
  const cursor = useApp((state) => state.cursor);
  const moving = useApp((state) => state.playback.playing || state.playback.running);
  const { seek, step, togglePlay } = useApp((state) => state.actions);
  const stops = useMemo(() => stopsOf(script), [script]);
  const total = useMemo(() => linesOf(script).length, [script]);
  const at = stops.findLastIndex((stop) => stop <= cursor);
  const empty = total === 0;
  return (
    <div className="timeline" role="group" aria-label="Playback">
      <IconButton
        className="timeline-first"
        label="To the beginning"
        disabled={empty || cursor === 0}
        onClick={() => void seek(0)}
      >
        <ChevronFirst size={16} />
      </IconButton>
      <IconButton label="Step back" keys="," disabled={empty} onClick={() => void step(-1)}>
        <StepBack size={15} />
      </IconButton>
      <IconButton label={moving ? 'Pause' : 'Play'} keys="Space" disabled={empty} onClick={togglePlay}>
        {moving ? <Pause size={16} /> : <Play size={16} />}
      </IconButton>
      <IconButton label="Step" keys="." disabled={empty} onClick={() => void step(1)}>
        <StepForward size={15} />
      </IconButton>
      <div className="track">
        <Marks stops={stops} at={at} />
        <input
          type="range"
          aria-label="Line of the script"
          aria-valuetext={`after line ${cursor} of ${total}`}
          min={0}
          max={Math.max(1, stops.length - 1)}
          value={at}
          disabled={empty}
          onChange={(event) => void seek(stops[event.target.valueAsNumber] ?? 0)}
        />
      </div>
      <span className="mono timeline-count">
        {cursor} / {total}
      </span>
      <Speed />
    </div>
  );
}

function Speed() {
  const speed = useApp((state) => state.playback.speed);
  const setPlayback = useApp((state) => state.actions.setPlayback);
  return (
    <select
      className="speed mono"
      aria-label="Speed, steps a second"
      data-tip="Steps a second"
      value={speed}
      onChange={(event) => setPlayback({ speed: Number(event.target.value) })}
    >
      {SPEEDS.map((each) => (
        <option key={each} value={each}>
          {each}/s
        </option>
      ))}
    </select>
  );
}

interface MarksProps {
  readonly stops: readonly number[];
  readonly at: number;
}

/** Beyond this many only what stands out is drawn. */
const ALL_MARKS = 160;

/** A mark a stop: round for a line, square and red for a refusal or a fault, ringed for a DMA. */
const Marks = memo(function Marks({ stops, at }: MarksProps) {
  const known = useApp((state) => state.known);
  const lookups = useApp((state) => state.lookups);
  const last = Math.max(1, stops.length - 1);
  const dmas = new Set(lookups.map((lookup) => lookup.line));
  return (
    <div className="marks" aria-hidden="true">
      {stops.slice(1).map((stop, index) => {
        const result = known[stop - 1];
        const bad = result !== undefined && !['ok', 'none'].includes(result.status);
        if (stops.length > ALL_MARKS && !bad && !dmas.has(stop)) return null;
        return (
          <i
            key={stop}
            style={{ left: `${((index + 1) / last) * 100}%` }}
            data-past={index + 1 <= at}
            data-bad={bad}
            data-waits={result?.status === 'waits'}
            data-dma={dmas.has(stop)}
          />
        );
      })}
      <b style={{ left: `${(at / last) * 100}%` }} />
    </div>
  );
});
