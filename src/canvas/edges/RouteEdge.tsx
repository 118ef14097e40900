import { memo } from 'react';
import { BaseEdge, EdgeLabelRenderer, type EdgeProps } from 'reactflow';
import { useApp } from '../../store/index';
import { useCanvasUi } from '../canvas-ui';
import { useHand } from '../hand';
import { along, flatten, pathOf } from '../layout/geometry';
import type { CanvasEdge } from '../nodes/types';
import * as says from '../../words/canvas/canvas';

/** Draws a route. The end of an edge has the hue of what it arrives at. */
export const RouteEdge = memo(function RouteEdge({
  id,
  data,
  selected,
  interactionWidth,
}: EdgeProps<CanvasEdge>) {
  // While one of its ends is being dragged, the wire goes where the hand is.
  const dragged = useHand((s) => s.shift?.routes.get(id));
  if (!data) return null;
  const route = dragged ?? data.route;
  const path = dragged === undefined ? data.path : pathOf(dragged.legs.flat());
  const last = route.legs.at(-1)?.at(-1);
  const first = route.legs[0]?.[0];
  return (
    <>
      <BaseEdge
        id={id}
        path={path}
        interactionWidth={route.link.kind === 'attach' ? (interactionWidth ?? 16) : 0}
      />
      {first && route.link.kind === 'attach' && (
        <circle className="edge-start" cx={first.from.x} cy={first.from.y} r={3} />
      )}
      {last && <circle className="edge-end" cx={last.to.x} cy={last.to.y} r={3} />}
      {last && route.link.kind === 'attach' && (
        // A point with a wide stroke that no zoom makes smaller: as much room for a hand at every distance.
        <path
          className="edge-grip nodrag nopan"
          data-wire={route.link.source}
          data-edge={route.link.target}
          d={`M${last.to.x - 9},${last.to.y}h0.01`}
        />
      )}
      {selected && route.link.kind === 'attach' && (
        <Detach deviceId={route.link.source} leg={route.legs[2] ?? []} />
      )}
    </>
  );
});

/** What a touch screen has instead of the Delete key. */
function Detach({ deviceId, leg }: { readonly deviceId: string; readonly leg: CanvasLeg }) {
  const detach = useApp((s) => s.actions.detach);
  const { at } = along(flatten(leg), 0.5);
  return (
    <EdgeLabelRenderer>
      <button
        type="button"
        tabIndex={-1}
        className="detach nodrag nopan"
        style={{ transform: `translate(-50%, -50%) translate(${at.x}px, ${at.y}px)` }}
        onClick={() => {
          useCanvasUi.setState({ edgeId: null });
          void detach(deviceId);
        }}
      >
        {says.detach}
      </button>
    </EdgeLabelRenderer>
  );
}
type CanvasLeg = NonNullable<CanvasEdge['data']>['route']['legs'][number];

/** One object for the life of the page. */
export const edgeTypes = { route: RouteEdge };
