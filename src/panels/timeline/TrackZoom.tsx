import { ZoomIn, ZoomOut } from 'lucide-react';
import { useApp } from '../../store';
import { FEWEST, NEARER } from '../../store/time-window';
import { stopsOf } from '../../store/transport';
import { IconButton } from '../../ui/Button';
import { TIMELINE_ZOOM } from '../../words/panels/timeline-zoom';

/** Where a script is too long to be told apart: what the wheel does too. */
export function TrackZoom() {
  const long = useApp((state) => stopsOf(state.script).length - 1 > FEWEST);
  const whole = useApp((state) => state.timeWindow === null);
  const zoomTime = useApp((state) => state.actions.zoomTime);
  if (!long) return null;
  return (
    <div className="track-zoom" role="group" aria-label={TIMELINE_ZOOM.group}>
      <IconButton label={TIMELINE_ZOOM.out} disabled={whole} onClick={() => zoomTime(1 / NEARER)}>
        <ZoomOut size={14} />
      </IconButton>
      <IconButton label={TIMELINE_ZOOM.in} onClick={() => zoomTime(NEARER)}>
        <ZoomIn size={14} />
      </IconButton>
    </div>
  );
}
