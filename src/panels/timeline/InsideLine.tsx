import { lazy, Suspense } from 'react';
import { useApp } from '../../store';

const EventStrip = lazy(() => import('./EventStrip').then((module) => ({ default: module.EventStrip })));
const StopNote = lazy(() => import('./StopNote').then((module) => ({ default: module.StopNote })));

/** Below the scrubber: what happened inside the line where time stands, or why playing stopped there. Its height never changes. */
export function InsideLine() {
  const empty = useApp((state) => state.script === '');
  const stopped = useApp((state) => state.playback.stoppedBy !== null);
  if (empty) return null;
  return (
    <div className="inside" data-stopped={stopped || undefined}>
      <Suspense fallback={null}>
        {stopped && <StopNote />}
        <EventStrip />
      </Suspense>
    </div>
  );
}
