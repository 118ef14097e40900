import { ChevronFirst, Pause, Play, StepBack, StepForward } from 'lucide-react';
import { lazy, Suspense } from 'react';
import { useApp } from '../../store';
import { linesOf } from '../../store/script';
import { IconButton } from '../../ui/Button';
import { TIMELINE } from '../../words/panels/timeline';
import { Tempo } from './Tempo';
import { Track } from './Track';
import { TrackZoom } from './TrackZoom';
import './timeline.css';

const TimeMenus = lazy(() => import('./TimeMenus').then((module) => ({ default: module.TimeMenus })));

const SPEEDS = [0.5, 1, 2, 4, 8];

/** The script as time: where it stands, where it can go, and the controls to get there. */
export function Timeline() {
  const moving = useApp((state) => state.playback.playing || state.playback.running);
  const empty = useApp((state) => linesOf(state.script).length === 0);
  const atStart = useApp((state) => state.cursor === 0);
  const { seek, step, togglePlay } = useApp((state) => state.actions);
  return (
    <div className="timeline" role="group" aria-label={TIMELINE.playback}>
      <IconButton
        className="timeline-first"
        label={TIMELINE.first}
        disabled={empty || atStart}
        onClick={() => void seek(0)}
      >
        <ChevronFirst size={16} />
      </IconButton>
      <IconButton label={TIMELINE.stepBack} keys="," disabled={empty} onClick={() => void step(-1)}>
        <StepBack size={15} />
      </IconButton>
      <IconButton
        label={moving ? TIMELINE.pause : TIMELINE.play}
        keys="Space"
        disabled={empty}
        onClick={togglePlay}
      >
        {moving ? <Pause size={16} /> : <Play size={16} />}
      </IconButton>
      <IconButton label={TIMELINE.step} keys="." disabled={empty} onClick={() => void step(1)}>
        <StepForward size={15} />
      </IconButton>
      <Track />
      <TrackZoom />
      <Count />
      <div className="timeline-menus">
        <Suspense fallback={null}>{!empty && <TimeMenus />}</Suspense>
      </div>
      <Tempo />
      <Speed />
    </div>
  );
}

/** What moves with time is told by itself: the controls stay as they are. */
function Count() {
  const cursor = useApp((state) => state.cursor);
  const total = useApp((state) => linesOf(state.script).length);
  return (
    <span className="mono timeline-count">
      {cursor} / {total}
    </span>
  );
}

function Speed() {
  const speed = useApp((state) => state.playback.speed);
  const setPlayback = useApp((state) => state.actions.setPlayback);
  return (
    <select
      className="speed mono"
      aria-label={TIMELINE.speed}
      data-tip={TIMELINE.speedTip}
      value={speed}
      onChange={(event) => setPlayback({ speed: Number(event.target.value) })}
    >
      {SPEEDS.map((each) => (
        <option key={each} value={each}>
          {TIMELINE.perSecond(each)}
        </option>
      ))}
    </select>
  );
}
