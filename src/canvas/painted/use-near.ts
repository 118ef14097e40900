import { useEffect, useMemo, useState } from 'react';
import { useStoreApi, type ReactFlowState } from 'reactflow';
import type { WorldId } from '../../engine/sim/world';
import { overlaps, type Rect } from '../layout/geometry';

/** Canvases with more cards are painted; elements are only those that are near. */
const MANY = 200;
/** So many in view at once are a pattern to the eye: none of them is near. */
const MOST = 260;
/** While the camera moves nothing becomes an element: the picture is the same, and it stays smooth. */
const REST_MS = 90;

const NONE: ReadonlySet<WorldId> = new Set();

/** The cards in view where the camera rests, if they are few enough to be elements; null: all of them are, always. */
export function useNear(rects: ReadonlyMap<WorldId, Rect>): ReadonlySet<WorldId> | null {
  const many = rects.size > MANY;
  const flow = useStoreApi();
  const [view, setView] = useState<Rect | null>(null);

  useEffect(() => {
    if (!many) return;
    const look = (): void => setView(viewOf(flow.getState()));
    let timer = setTimeout(look, REST_MS);
    const unsubscribe = flow.subscribe((now, before) => {
      if (now.transform === before.transform && now.width === before.width && now.height === before.height)
        return;
      clearTimeout(timer);
      timer = setTimeout(look, REST_MS);
    });
    return () => {
      clearTimeout(timer);
      unsubscribe();
    };
  }, [flow, many]);

  return useMemo(() => (many ? nearOf(rects, view) : null), [many, rects, view]);
}

/** What the canvas shows, in flow coordinates; null while it has no size. */
function viewOf({ transform: [x, y, zoom], width, height }: ReactFlowState): Rect | null {
  if (width === 0 || height === 0) return null;
  return { x: -x / zoom, y: -y / zoom, width: width / zoom, height: height / zoom };
}

export function nearOf(rects: ReadonlyMap<WorldId, Rect>, view: Rect | null): ReadonlySet<WorldId> {
  if (view === null) return NONE;
  const near = new Set<WorldId>();
  for (const [id, rect] of rects) if (overlaps(rect, view) && near.add(id).size > MOST) return NONE;
  return near;
}
