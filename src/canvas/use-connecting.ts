import { useCallback, useMemo, useRef, type PointerEvent } from 'react';
import { useReactFlow, type OnConnectEnd, type OnConnectStart, type ReactFlowProps } from 'reactflow';
import type { WorldId } from '../engine/sim/world';
import { useApp } from '../store/index';
import { useCanvasUi } from './canvas-ui';
import { contains, type Rect } from './layout/geometry';
import type { CanvasEdge } from './nodes/types';

type PointerLike = { readonly clientX: number; readonly clientY: number };
type AnyPointer = PointerLike | TouchEvent | React.TouchEvent;

export interface Aiming {
  /** The IOAS or HWPT under the pointer, which then shows that it is aimed at. */
  readonly aimAt: (event: AnyPointer) => WorldId | null;
  readonly clear: () => void;
}

export interface Connecting {
  readonly aiming: Aiming;
  readonly onPointerMove: (event: PointerEvent) => void;
  readonly onConnectStart: OnConnectStart;
  readonly onConnectEnd: OnConnectEnd;
  readonly onReconnectStart: NonNullable<ReactFlowProps<never, CanvasEdge>['onReconnectStart']>;
  readonly onReconnectEnd: NonNullable<ReactFlowProps<never, CanvasEdge>['onReconnectEnd']>;
}

/** A drop need not hit a node exactly. */
const NEAR = 10;

/** Attach by pulling a wire from a device, replace by moving its end, detach by dropping the end on nothing. */
export function useConnecting(rects: ReadonlyMap<WorldId, Rect>): Connecting {
  const { screenToFlowPosition } = useReactFlow();
  /** React Flow tells a moved end twice, as a connection and as a reconnection. */
  const moving = useRef(false);

  const aiming = useMemo<Aiming>(
    () => ({
      aimAt: (event) => {
        const point = screenToFlowPosition(screenPoint(event));
        const { objects } = useApp.getState();
        const hit = [...rects].find(
          ([id, r]) => isTarget(objects[id]?.type) && contains(grown(r, NEAR), point),
        );
        const aimId = hit?.[0] ?? null;
        if (useCanvasUi.getState().aimId !== aimId) useCanvasUi.setState({ aimId, byKeyboard: false });
        return aimId;
      },
      clear: () => useCanvasUi.setState({ aimId: null }),
    }),
    [rects, screenToFlowPosition],
  );

  const onPointerMove = useCallback(
    (event: PointerEvent) => {
      // A resting mouse must not take the aim away from the keyboard.
      const ours = useApp.getState().connecting !== null && !useCanvasUi.getState().byKeyboard;
      if (ours) aiming.aimAt(event);
    },
    [aiming],
  );
  const onConnectStart = useCallback<OnConnectStart>((_event, { nodeId }) => {
    if (nodeId !== null && !moving.current) void useApp.getState().actions.startConnecting(nodeId);
  }, []);
  const onConnectEnd = useCallback<OnConnectEnd>(
    (event) => {
      const { actions, connecting } = useApp.getState();
      if (connecting === null || moving.current) return;
      const over = aiming.aimAt(event);
      aiming.clear();
      if (over === null) actions.stopConnecting();
      else void actions.connectTo(over);
    },
    [aiming],
  );
  const onReconnectStart = useCallback<Connecting['onReconnectStart']>((_event, edge) => {
    moving.current = true;
    void useApp.getState().actions.startConnecting(edge.source);
  }, []);
  const onReconnectEnd = useCallback<Connecting['onReconnectEnd']>(
    (event, edge) => {
      moving.current = false;
      const { actions } = useApp.getState();
      const over = aiming.aimAt(event);
      aiming.clear();
      if (over !== null && over !== edge.target) return void actions.connectTo(over);
      actions.stopConnecting();
      if (over === null) void actions.detach(edge.source);
    },
    [aiming],
  );
  return { aiming, onPointerMove, onConnectStart, onConnectEnd, onReconnectStart, onReconnectEnd };
}

const isTarget = (type: string | undefined): boolean => type === 'ioas' || type === 'hwpt';

const grown = (r: Rect, by: number): Rect => ({
  x: r.x - by,
  y: r.y - by,
  width: r.width + 2 * by,
  height: r.height + 2 * by,
});

function screenPoint(event: AnyPointer): { x: number; y: number } {
  if (!('changedTouches' in event)) return { x: event.clientX, y: event.clientY };
  const touch = event.changedTouches[0];
  return { x: touch?.clientX ?? 0, y: touch?.clientY ?? 0 };
}
