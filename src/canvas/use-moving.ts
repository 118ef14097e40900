import { useCallback, useState } from 'react';
import type { OnNodeDrag } from 'reactflow';
import type { WorldId } from '../engine/sim/world';
import { useApp } from '../store/index';
import type { Aiming } from './use-connecting';
import type { Layout } from './layout/layout';
import type { CanvasNode } from './nodes/types';

/** What is being dragged, and how far it has come. */
export interface Shift {
  readonly id: WorldId;
  readonly dx: number;
  readonly dy: number;
}

/** Less than this is a click with an unsteady hand. */
const MOVED = 3;

export interface Moving {
  readonly onNodeDrag: OnNodeDrag<CanvasNode>;
  readonly onNodeDragStop: OnNodeDrag<CanvasNode>;
}

/**
 * Dragging nodes. A device cannot leave its group, so dragging it takes the whole frame along; dropped on an IOAS or
 * HWPT, it attaches, and everything stands where it stood.
 */
export function useMoving(layout: Layout, aiming: Aiming, setShift: (shift: Shift | null) => void): Moving {
  const [carried, setCarried] = useState<WorldId | null>(null);

  const shiftOf = useCallback(
    (node: CanvasNode): Shift | null => {
      const rect = layout.rects.get(node.id);
      if (!rect) return null;
      const id = layout.frameOf.get(node.id) ?? node.id;
      return { id, dx: node.position.x - rect.x, dy: node.position.y - rect.y };
    },
    [layout],
  );

  const onNodeDrag = useCallback<Moving['onNodeDrag']>(
    (event, node) => {
      setShift(shiftOf(node));
      const { objects, actions } = useApp.getState();
      const device = objects[node.id];
      if (device?.type !== 'device' || device.isBridge) return;
      const over = aiming.aimAt(event);
      if (over !== null && carried !== node.id) {
        // Asked only now: most drags just move things.
        setCarried(node.id);
        void actions.startConnecting(node.id);
      }
    },
    [aiming, carried, setShift, shiftOf],
  );

  const onNodeDragStop = useCallback<Moving['onNodeDragStop']>(
    (event, node) => {
      const { actions } = useApp.getState();
      if (carried === node.id) {
        setCarried(null);
        const over = aiming.aimAt(event);
        aiming.clear();
        if (over !== null) {
          setShift(null);
          void actions.connectTo(over);
          return;
        }
        actions.stopConnecting();
      }
      const shift = shiftOf(node);
      const rect = shift && layout.rects.get(shift.id);
      if (!shift || !rect || Math.hypot(shift.dx, shift.dy) < MOVED) return setShift(null);
      // It stays under the hand until the script has the line and the world comes back with it.
      void actions
        .place(shift.id, Math.round(rect.x + shift.dx), Math.round(rect.y + shift.dy))
        .finally(() => setShift(null));
    },
    [aiming, carried, layout, setShift, shiftOf],
  );

  return { onNodeDrag, onNodeDragStop };
}
