import { useCallback, useEffect, useRef, useState } from 'react';
import { getViewportForBounds, useReactFlow, useStore } from 'reactflow';
import type { WorldId } from '../engine/sim/world';
import { boundsOf, overlaps, type Rect } from './layout/geometry';
import type { Layout } from './layout/layout';

export const MIN_ZOOM = 0.1;
export const MAX_ZOOM = 2;
const PADDING = { top: '64px', right: '28px', bottom: '36px', left: '28px' } as const;

/** On a narrow screen all at once would be too small to read: it opens where the way of a DMA begins. */
const PHONE = 700;
const PHONE_ZOOM = 0.8;

export interface Camera {
  /** Shows everything. */
  readonly fit: () => void;
  /** New objects that came in out of view. */
  readonly unseen: readonly WorldId[];
  readonly showUnseen: () => void;
  readonly forgetUnseen: () => void;
}

/**
 * Fits the view to a world that has nothing in common with the one before. Otherwise the camera is the person's: what
 * comes in out of view is told, not shown by force.
 */
export function useCamera(layout: Layout): Camera {
  const flow = useReactFlow();
  const width = useStore((s) => s.width);
  const height = useStore((s) => s.height);
  const [unseen, setUnseen] = useState<readonly WorldId[]>([]);
  const known = useRef<ReadonlySet<WorldId>>(new Set());

  const show = useCallback(
    (bounds: Rect | null, duration: number, readable = false) => {
      if (!bounds || width === 0 || height === 0) return;
      const all = getViewportForBounds(bounds, width, height, MIN_ZOOM, 1, PADDING);
      const begin = { x: 20 - bounds.x * PHONE_ZOOM, y: 72 - bounds.y * PHONE_ZOOM, zoom: PHONE_ZOOM };
      const viewport = readable && width < PHONE && all.zoom < PHONE_ZOOM ? begin : all;
      const calm = matchMedia('(prefers-reduced-motion: reduce)').matches;
      void flow.setViewport(viewport, { duration: calm ? 0 : duration });
    },
    [flow, width, height],
  );
  const fit = useCallback(() => {
    setUnseen([]);
    show(stageBounds(layout), 240);
  }, [layout, show]);
  const showUnseen = useCallback(() => {
    const rects = unseen.flatMap((id) => layout.rects.get(id) ?? []);
    setUnseen([]);
    show(boundsOf(rects), 320);
  }, [layout, show, unseen]);
  const forgetUnseen = useCallback(() => setUnseen((ids) => (ids.length === 0 ? ids : [])), []);

  useEffect(() => {
    if (width === 0 || height === 0) return; // not on the screen yet: nothing counts as seen
    const before = known.current;
    const ids = [...layout.rects.keys()];
    known.current = new Set(ids);
    const fresh = ids.filter((id) => !before.has(id));
    if (fresh.length === 0) return;
    if (fresh.length === ids.length) {
      setUnseen([]);
      show(stageBounds(layout), 0, true);
      return;
    }
    const { x, y, zoom } = flow.getViewport();
    const view = { x: -x / zoom, y: -y / zoom, width: width / zoom, height: height / zoom };
    const out = fresh.filter((id) => {
      const rect = layout.rects.get(id);
      return rect !== undefined && !layout.frameOf.has(id) && !overlaps(rect, view);
    });
    if (out.length > 0) setUnseen((ids) => [...ids.filter((id) => layout.rects.has(id)), ...out]);
  }, [flow, layout, show, width, height]);

  return { fit, unseen, showUnseen, forgetUnseen };
}

/** Everything there is, and the place where what is made next will stand: then it comes in within view. */
function stageBounds(layout: Layout): Rect | null {
  const bounds = boundsOf(layout.rects.values());
  if (!bounds) return null;
  const right = Math.max(bounds.x + bounds.width, layout.stageRight);
  return { ...bounds, width: right - bounds.x };
}
