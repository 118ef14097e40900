import { useCallback, useMemo } from 'react';
import { useReactFlow } from 'reactflow';
import type { WorldId } from '../engine/sim/world';
import { useApp } from '../store/index';
import { whyNotFrom } from '../store/drops';
import { useCanvasUi } from './canvas-ui';
import { useHand } from './hand';
import { contains, rightOf, type Point, type Rect } from './layout/geometry';
import type { Gesture } from './use-pointer';

export interface Aiming {
  /** The possible target under a point of the window, which then shows that it is aimed at. */
  readonly aimAt: (at: Point) => WorldId | null;
  readonly clear: () => void;
}

/** Where a wire is pulled from: `part` is a buffer's name, `edge` the target that its end is taken from. */
export interface WireSource {
  readonly id: WorldId;
  readonly part: string | null;
  readonly edge: WorldId | null;
  /** Middle of the grip, on the window. */
  readonly grip: Point;
}

/** A drop need not hit a node exactly. */
const NEAR = 10;

export function useAiming(rects: ReadonlyMap<WorldId, Rect>): Aiming {
  const { screenToFlowPosition } = useReactFlow();
  return useMemo<Aiming>(
    () => ({
      aimAt: (at) => {
        const point = screenToFlowPosition(at);
        const isTarget = targetTest();
        const hit = [...rects].findLast(([id, r]) => contains(grown(r, NEAR), point) && isTarget(id));
        const aimId = hit?.[0] ?? null;
        if (useCanvasUi.getState().aimId !== aimId) useCanvasUi.setState({ aimId, byKeyboard: false });
        return aimId;
      },
      clear: () => useCanvasUi.setState({ aimId: null }),
    }),
    [rects, screenToFlowPosition],
  );
}

/** Once the targets are known it is those; a device's are IOASes and HWPTs. */
function targetTest(): (id: WorldId) => boolean {
  const { connecting, objects } = useApp.getState();
  const targets = connecting?.targets ?? [];
  if (targets.length === 0) return (id) => objects[id]?.type === 'ioas' || objects[id]?.type === 'hwpt';
  const ids = new Set(targets.map(({ targetId }) => targetId));
  return (id) => ids.has(id);
}

/**
 * Attach by pulling a wire from a device, map by pulling one from memory, replace by moving an end, detach by dropping the
 * end on nothing. A tap on the grip begins it too, and a tap on a target ends it.
 */
export function useWiring(
  rects: ReadonlyMap<WorldId, Rect>,
  aiming: Aiming,
): (source: WireSource) => Gesture {
  const { screenToFlowPosition } = useReactFlow();
  return useCallback(
    (source) => {
      const { id, part, edge, grip } = source;
      const start = (): boolean => {
        const { objects, actions } = useApp.getState();
        const why = whyNotFrom(objects, id);
        if (why === null) void actions.startConnecting(id, part);
        else actions.notify({ tone: 'info', text: why });
        return why === null;
      };
      let pulling = false;
      return {
        starts: 'move',
        begin() {
          pulling = start();
          const rect = rects.get(id);
          if (!pulling || rect === undefined) return;
          useCanvasUi.setState({ activeId: id, edgeId: null, byKeyboard: false });
          useHand.setState({ wire: edge === null ? screenToFlowPosition(grip) : rightOf(rect) });
        },
        move(at) {
          if (pulling) aiming.aimAt(at);
        },
        drop(at) {
          if (!pulling) return;
          const { actions } = useApp.getState();
          const over = aiming.aimAt(at);
          aiming.clear();
          if (over !== null && over !== edge) return void actions.connectTo(over);
          actions.stopConnecting();
          if (over === null && edge !== null) void actions.detach(id);
        },
        cancel() {
          aiming.clear();
          useApp.getState().actions.stopConnecting();
        },
        tap() {
          if (edge !== null) return;
          useCanvasUi.setState({ activeId: id, edgeId: null, aimId: null, byKeyboard: false });
          start();
        },
      };
    },
    [rects, aiming, screenToFlowPosition],
  );
}

/** What a press on the canvas takes hold of, if it is the end or the beginning of a wire. */
export function wireSourceAt(target: Element): WireSource | null {
  const grip = target.closest<HTMLElement | SVGElement>('.grip, [data-wire]');
  if (grip === null) return null;
  const id =
    grip.dataset.wire ?? grip.closest<HTMLElement>('.react-flow__node')?.getAttribute('data-id') ?? null;
  if (id === null) return null;
  const { left, top, width, height } = grip.getBoundingClientRect();
  return {
    id,
    part: grip.dataset.part ?? null,
    edge: grip.dataset.edge ?? null,
    grip: { x: left + width / 2, y: top + height / 2 },
  };
}

const grown = (r: Rect, by: number): Rect => ({
  x: r.x - by,
  y: r.y - by,
  width: r.width + 2 * by,
  height: r.height + 2 * by,
});
