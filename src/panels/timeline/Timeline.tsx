import { ChevronFirst, Pause, Play, StepBack, StepForward } from 'lucide-react';
import { lazy, Suspense, useMemo } from 'react';
import { useApp } from '../../store';
import { linesOf } from '../../store/script';
import { IconButton } from '../../ui/Button';
import { Tempo } from './Tempo';
import { Track } from './Track';
import './timeline.css';

const TimeMenus = lazy(() => import('./TimeMenus').then((module) => ({ default: module.TimeMenus })));

const SPEEDS = [0.5, 1, 2, 4, 8];

/** The script as time: where it stands, where it can go, and the controls to get there. */
export function Timeline() {
  const script = useApp((state) => state.script);
  const cursor = useApp((state) => state.cursor);
  const moving = useApp((state) => state.playback.playing || state.playback.running);
  const { seek, step, togglePlay } = useApp((state) => state.actions);
  const total = useMemo(() => linesOf(script).length, [script]);
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
      <Track />
      <span className="mono timeline-count">
        {cursor} / {total}
      </span>
      <div className="timeline-menus">
        <Suspense fallback={null}>{!empty && <TimeMenus />}</Suspense>
      </div>
      <Tempo />
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
