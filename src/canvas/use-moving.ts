import { useCallback } from 'react';
import { useReactFlow } from 'reactflow';
import type { WorldId } from '../engine/sim/world';
import { useApp } from '../store/index';
import { emptyHand, shifted, useHand, type Shift } from './hand';
import { cardsOf, routesOf, type Link, type Route } from './edges/edges';
import type { Point } from './layout/geometry';
import type { Layout } from './layout/layout';
import type { Aiming } from './use-connecting';
import type { Gesture } from './use-pointer';

/** Less than this is a click with an unsteady hand. */
const MOVED = 3;

/**
 * Dragging cards. A device cannot leave its group, so dragging it takes the whole frame along; of several that are marked
 * all come along. A device dropped on an IOAS or HWPT attaches, and everything stands where it stood.
 */
export function useMoving(
  layout: Layout,
  links: readonly Link[],
  aiming: Aiming,
  onHold: (id: WorldId, at: Point) => boolean,
): (id: WorldId) => Gesture {
  const { screenToFlowPosition } = useReactFlow();

  return useCallback(
    (id) => {
      let from: Point = { x: 0, y: 0 };
      let carried = false;
      let elements: readonly HTMLElement[] = [];
      const { marked, objects } = useApp.getState();
      const together = marked.includes(id) ? marked : [id];
      const ids = new Set(together.map((each) => layout.frameOf.get(each) ?? each));
      const device = objects[id];
      const attaches = ids.size === 1 && device?.type === 'device' && !device.isBridge;

      const show = (shift: Shift | null): void => {
        for (const element of elements)
          element.style.translate = shift === null ? '' : `${shift.dx}px ${shift.dy}px`;
        if (shift === null) emptyHand();
        else useHand.setState({ shift });
      };
      const stopAttaching = (): void => {
        if (!carried) return;
        carried = false;
        aiming.clear();
        useApp.getState().actions.stopConnecting();
      };

      return {
        starts: 'press',
        begin(at) {
          from = screenToFlowPosition(at);
          elements = elementsOf(layout, ids);
          useHand.setState({ lifted: id });
        },
        move(at) {
          const now = screenToFlowPosition(at);
          const [dx, dy] = [now.x - from.x, now.y - from.y];
          show({ ids, dx, dy, routes: routesAround(layout, links, ids, dx, dy) });
          if (!attaches) return;
          const over = aiming.aimAt(at);
          if (over === null || carried) return;
          // Asked only now: most drags just move things.
          carried = true;
          void useApp.getState().actions.startConnecting(id);
        },
        drop(at) {
          const { actions } = useApp.getState();
          const over = carried ? aiming.aimAt(at) : null;
          aiming.clear();
          if (over !== null) {
            show(null);
            void actions.connectTo(over);
            return;
          }
          stopAttaching();
          const { shift } = useHand.getState();
          if (!shift || Math.hypot(shift.dx, shift.dy) < MOVED) return show(null);
          const places = [...ids].flatMap((each) => {
            const rect = layout.rects.get(each);
            return rect === undefined
              ? []
              : [{ id: each, x: Math.round(rect.x + shift.dx), y: Math.round(rect.y + shift.dy) }];
          });
          // It stays under the hand until the script has the lines and the world comes back with them.
          void actions.placeAll(places).finally(() => show(null));
        },
        cancel() {
          stopAttaching();
          show(null);
        },
        hold: (at) => onHold(id, at),
      };
    },
    [layout, links, aiming, onHold, screenToFlowPosition],
  );
}

/** Elements of what moves: their own offset is changed, past React, so that a frame of a drag costs no rendering. */
function elementsOf({ rects, frameOf }: Layout, ids: ReadonlySet<WorldId>): readonly HTMLElement[] {
  return [...rects.keys()].flatMap((id) => {
    if (!ids.has(frameOf.get(id) ?? id)) return [];
    const element = document.querySelector<HTMLElement>(`.react-flow__node[data-id="${CSS.escape(id)}"]`);
    return element === null ? [] : [element];
  });
}

/** Wires that lead to what moves, where they would run now. */
function routesAround(
  layout: Layout,
  links: readonly Link[],
  ids: ReadonlySet<WorldId>,
  dx: number,
  dy: number,
): ReadonlyMap<string, Route> {
  const moves = (id: WorldId | null): boolean => id !== null && ids.has(layout.frameOf.get(id) ?? id);
  const touched = new Set(
    links.filter((link) => moves(link.source) || moves(link.target) || moves(link.via)).map(({ id }) => id),
  );
  if (touched.size === 0) return NONE;
  const rects = shifted(layout, { ids, dx, dy, routes: NONE });
  const { frameOf, devicesRight, blocks } = layout;
  const top = Math.min(...blocks.map(({ rect }) => rect.y));
  const cards = cardsOf(useApp.getState().objects, rects, frameOf);
  const space = { rects, frameOf, cards, devicesRight, top: Number.isFinite(top) ? top : 0 };
  return new Map(routesOf(links, space, touched).map((route) => [route.link.id, route]));
}

const NONE: ReadonlyMap<string, Route> = new Map();
