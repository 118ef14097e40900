import { Locate, LocateFixed, Maximize, Minus, Plus } from 'lucide-react';
import { useCallback, type ReactNode } from 'react';
import { useReactFlow } from 'reactflow';
import { useApp } from '../../store/index';
import { zoomsByHand } from './linked';
import type { Camera } from './use-camera';
import { FOLLOW } from '../../words/canvas/camera';
import * as says from '../../words/canvas/camera';
import { Phrase } from '../../ui/Phrase';

/** Small and quiet; the keyboard has + - 0 for the same, and the palette a command, so these are no tab stops. */
export function Controls({ camera }: { readonly camera: Camera }): ReactNode {
  const { zoomIn, zoomOut } = useReactFlow();
  const zoom = useCallback(
    (how: typeof zoomIn) => () => {
      zoomsByHand();
      void how({ duration: 120 });
    },
    [],
  );
  return (
    <>
      <div className="zoom">
        <FollowToggle />
        <button
          type="button"
          tabIndex={-1}
          aria-label={says.zoomOut}
          title={says.zoomOutTip}
          onClick={zoom(zoomOut)}
        >
          <Minus size={14} />
        </button>
        <button
          type="button"
          tabIndex={-1}
          aria-label={says.zoomIn}
          title={says.zoomInTip}
          onClick={zoom(zoomIn)}
        >
          <Plus size={14} />
        </button>
        <button
          type="button"
          tabIndex={-1}
          aria-label={says.fitToView}
          title={says.fitToViewTip}
          onClick={camera.fit}
        >
          <Maximize size={13} />
        </button>
      </div>
      {camera.unseen.length > 0 && (
        <button type="button" tabIndex={-1} className="unseen" onClick={camera.showUnseen}>
          <Phrase text={says.unseen} parts={{ count: camera.unseen.length, show: <b>{says.show}</b> }} />
        </button>
      )}
    </>
  );
}

function FollowToggle(): ReactNode {
  const following = useApp((s) => s.following);
  const { setFollowing } = useApp((s) => s.actions);
  return (
    <button
      type="button"
      tabIndex={-1}
      className="follow"
      aria-label={FOLLOW.label}
      aria-pressed={following}
      title={following ? FOLLOW.on : FOLLOW.off}
      onClick={() => setFollowing(!following)}
    >
      {following ? <LocateFixed size={14} /> : <Locate size={14} />}
    </button>
  );
}
