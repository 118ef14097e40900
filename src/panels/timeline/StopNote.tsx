import { OctagonPause, X } from 'lucide-react';
import { useApp } from '../../store';
import { linesOf } from '../../store/script';
import { Button, IconButton } from '../../ui/Button';
import { TIME_MENUS } from '../../words/panels/timeline-menus';
import { stopWords } from './break-words';

/** Why playing stopped, and the way on. */
export function StopNote() {
  const stopped = useApp((state) => state.playback.stoppedBy);
  const objects = useApp((state) => state.objects);
  const goesOn = useApp((state) => state.cursor < linesOf(state.script).length);
  const { setPlayback, runTo } = useApp((state) => state.actions);
  if (stopped === null) return null;
  return (
    <div className="stop-note">
      <p role="status">
        <OctagonPause size={14} aria-hidden="true" /> {stopWords(stopped, objects)}
      </p>
      {goesOn && <Button onClick={() => void runTo('next-break')}>{TIME_MENUS.goOn}</Button>}
      <IconButton label={TIME_MENUS.dismiss} onClick={() => setPlayback({ stoppedBy: null })}>
        <X size={14} />
      </IconButton>
    </div>
  );
}
