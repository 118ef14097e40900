import { useCallback, useMemo, useState, type MouseEvent, type PointerEvent } from 'react';
import { useReactFlow } from 'reactflow';
import type { WorldId } from '../../engine/sim/world';
import { useApp } from '../../store/index';
import { useCanvasUi } from '../canvas-ui';
import type { Link, LinkKind } from '../edges/edges';
import { contains } from '../layout/geometry';
import type { CanvasEdge, CanvasNode } from '../nodes/types';
import type { Scene } from '../use-scene';
import { useNear } from './use-near';

/** What of a scene is elements: all of it, or of a large machine what is near and what a person has to do with. */
export interface Some {
  /** Whether the rest is painted. */
  readonly painted: boolean;
  readonly nodes: CanvasNode[];
  readonly edges: CanvasEdge[];
  readonly isElement: (id: WorldId) => boolean;
  /** The painted card at a place of the screen. */
  readonly at: (event: MouseEvent | PointerEvent) => WorldId | null;
  /** What the pointer rests on becomes an element, so that it can be grabbed. */
  readonly onPointerMove: (event: PointerEvent) => void;
}

export function useSome({ rects, nodes, edges, links }: Scene): Some {
  const near = useNear(rects);
  const painted = near !== null;
  const { screenToFlowPosition } = useReactFlow();
  const selection = useApp((s) => s.selection);
  const connecting = useApp((s) => s.connecting?.deviceId ?? null);
  const active = useCanvasUi((s) => s.activeId);
  const [hovered, setHovered] = useState<WorldId | null>(null);
  const attached = useMemo(() => attachedOf(links), [links]);

  const isElement = useCallback(
    (id: WorldId): boolean => {
      if (near === null || near.has(id) || attached.has(id)) return true;
      if (id === selection || id === active || id === connecting || id === hovered) return true;
      return !isDeviceOrFrame(id);
    },
    [near, attached, selection, active, connecting, hovered],
  );
  const at = useCallback(
    (event: MouseEvent | PointerEvent): WorldId | null => {
      if (!painted) return null;
      const point = screenToFlowPosition({ x: event.clientX, y: event.clientY });
      let found: WorldId | null = null;
      // The last one is uppermost: a card in its frame.
      for (const [id, rect] of rects) if (contains(rect, point)) found = id;
      return found;
    },
    [painted, rects, screenToFlowPosition],
  );
  const onPointerMove = useCallback(
    (event: PointerEvent) => {
      if (painted && event.buttons === 0) setHovered(at(event));
    },
    [painted, at],
  );
  const chosen = useMemo(() => {
    if (!painted) return { nodes, edges };
    return {
      nodes: nodes.filter(({ id }) => isElement(id)),
      edges: edges.filter(({ source, target }) => isElement(source) && isElement(target)),
    };
  }, [painted, nodes, edges, isElement]);
  return { painted, ...chosen, isElement, at, onPointerMove };
}

const isDeviceOrFrame = (id: WorldId): boolean => id.startsWith('dev:') || id.startsWith('group:');

/** Wires are pulled and cut by hand. So many at once are not one hand's work. */
const MOST_WIRES = 60;
const WIRES: ReadonlySet<LinkKind> = new Set(['attach', 'pasid', 'vdevice']);

function attachedOf(links: readonly Link[]): ReadonlySet<WorldId> {
  const wires = links.filter(({ kind }) => WIRES.has(kind));
  return new Set(wires.length > MOST_WIRES ? [] : wires.map(({ source }) => source));
}
