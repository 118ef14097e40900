import { memo } from 'react';
import { BaseEdge, EdgeLabelRenderer, type EdgeProps } from 'reactflow';
import { useApp } from '../../store/index';
import { useCanvasUi } from '../canvas-ui';
import { along, flatten } from '../layout/geometry';
import type { CanvasEdge } from '../nodes/types';

/** Draws a route. The end of an edge has the hue of what it arrives at. */
export const RouteEdge = memo(function RouteEdge({
  id,
  data,
  selected,
  interactionWidth,
}: EdgeProps<CanvasEdge>) {
  if (!data) return null;
  const { route, path } = data;
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
        Detach
      </button>
    </EdgeLabelRenderer>
  );
}
type CanvasLeg = NonNullable<CanvasEdge['data']>['route']['legs'][number];

/** One object for the life of the page. */
export const edgeTypes = { route: RouteEdge };
