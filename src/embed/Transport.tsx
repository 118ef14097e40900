import { Footprints, Pause, Play, Redo2, StepBack, StepForward, Undo2 } from 'lucide-react';
import { useMemo } from 'react';
import { useApp } from '../store';
import { stagedLookup } from '../store/playback';
import { linesOf } from '../store/script';
import { stopsOf } from '../store/transport';
import { IconButton } from '../ui/Button';
import { OpenInPlayground } from './OpenInPlayground';
import { isMoving } from './state';
import { EMBED } from '../words/embed/embed';

interface TransportProps {
  /** Single steps, the walk and the way out, too. */
  readonly all: boolean;
  readonly editable: boolean;
}

export function Transport({ all, editable }: TransportProps) {
  const empty = useApp((state) => state.script === '');
  const moving = useApp(isMoving);
  const { step, togglePlay } = useApp((state) => state.actions);
  return (
    <div className="embed-bar" role="group" aria-label={EMBED.playback}>
      {all && (
        <IconButton label={EMBED.back} disabled={empty} onClick={() => void step(-1)}>
          <StepBack size={15} />
        </IconButton>
      )}
      <IconButton
        label={moving ? EMBED.pause : EMBED.play}
        className="embed-play"
        disabled={empty}
        onClick={togglePlay}
      >
        {moving ? <Pause size={16} /> : <Play size={16} />}
      </IconButton>
      {all && (
        <IconButton label={EMBED.step} disabled={empty} onClick={() => void step(1)}>
          <StepForward size={15} />
        </IconButton>
      )}
      <Scrubber />
      {all && editable && <History />}
      {all && <WalkButton />}
      <OpenInPlayground short={!all} />
    </div>
  );
}

function Scrubber() {
  const script = useApp((state) => state.script);
  const cursor = useApp((state) => state.cursor);
  const seek = useApp((state) => state.actions.seek);
  const stops = useMemo(() => stopsOf(script), [script]);
  const total = useMemo(() => linesOf(script).length, [script]);
  const last = Math.max(1, stops.length - 1);
  const at = stops.findLastIndex((stop) => stop <= cursor);
  return (
    <>
      <input
        type="range"
        className="embed-scrubber"
        aria-label={EMBED.line}
        aria-valuetext={EMBED.moment(cursor, total)}
        min={0}
        max={last}
        value={at}
        disabled={total === 0}
        onChange={(event) => void seek(stops[event.target.valueAsNumber] ?? 0)}
      />
      <span className="mono embed-count">
        {cursor} / {total}
      </span>
    </>
  );
}

function History() {
  const canUndo = useApp((state) => state.undo.length > 0);
  const canRedo = useApp((state) => state.redo.length > 0);
  const { undo, redo } = useApp((state) => state.actions);
  return (
    <>
      <IconButton label={EMBED.undo} disabled={!canUndo} onClick={() => void undo()}>
        <Undo2 size={15} />
      </IconButton>
      <IconButton label={EMBED.redo} disabled={!canRedo} onClick={() => void redo()}>
        <Redo2 size={15} />
      </IconButton>
    </>
  );
}

/** Only while a look-up is on stage: a walk of nothing has nothing to show. */
function WalkButton() {
  const there = useApp((state) => stagedLookup(state) !== null);
  const wide = useApp((state) => state.wideWalk);
  const widenWalk = useApp((state) => state.actions.widenWalk);
  if (!there && !wide) return null;
  return (
    <IconButton label={EMBED.walk} aria-pressed={wide} onClick={() => widenWalk(!wide)}>
      <Footprints size={15} />
    </IconButton>
  );
}
