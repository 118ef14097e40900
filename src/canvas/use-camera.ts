import { useCallback, useEffect, useRef, useState } from 'react';
import { getViewportForBounds, useReactFlow, useStore } from 'reactflow';
import type { WorldId, WorldObject } from '../engine/sim/world';
import { useApp } from '../store/index';
import { stagedLookup } from '../store/playback';
import { cardAt, cardsOnTheWay } from './animation/follow';
import { boundsOf, holds, overlaps, type Rect } from './layout/geometry';
import type { Layout } from './layout/layout';

export const MIN_ZOOM = 0.05;
export const MAX_ZOOM = 2;
const PADDING = { top: '60px', right: '12px', bottom: '60px', left: '12px' } as const;

/** On a narrow screen all at once would be too small to read: it opens where the way of a DMA begins. */
const PHONE = 700;
const PHONE_ZOOM = 0.8;

export interface Camera {
  /** Shows everything. */
  readonly fit: () => void;
  /** Shows these, unless they are in view and can be read. */
  readonly reveal: (ids: readonly WorldId[]) => void;
  /** New objects that came in out of view. */
  readonly unseen: readonly WorldId[];
  readonly showUnseen: () => void;
  readonly forgetUnseen: () => void;
  /** A hand moved it: it does not follow the look-up on stage any more. */
  readonly takeHold: () => void;
}

/**
 * Fits the view to a new scene. Otherwise the camera is the person's: what comes in out of view is told, not shown by
 * force.
 */
export function useCamera(layout: Layout): Camera {
  const flow = useReactFlow();
  const width = useStore((s) => s.width);
  const height = useStore((s) => s.height);
  const [unseen, setUnseen] = useState<readonly WorldId[]>([]);
  const objects = useApp((s) => s.objects);
  /** Everything that has been on this stage. */
  const known = useRef<ReadonlySet<string>>(new Set());

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
  const reveal = useCallback(
    (ids: readonly WorldId[]) => {
      const bounds = boundsOf(ids.flatMap((id) => layout.rects.get(id) ?? []));
      const { x, y, zoom } = flow.getViewport();
      const view = { x: -x / zoom, y: -y / zoom, width: width / zoom, height: height / zoom };
      if (bounds !== null && (zoom < READABLE || !holds(view, bounds))) show(bounds, 320);
    },
    [flow, layout, show, width, height],
  );
  const forgetUnseen = useCallback(() => setUnseen((ids) => (ids.length === 0 ? ids : [])), []);

  useEffect(() => {
    if (width === 0 || height === 0) return; // not on the screen yet: nothing counts as seen
    const before = known.current;
    const signs = [...layout.rects.keys()].map((id) => ({ id, sign: signOf(objects[id], id) }));
    const fresh = signs.filter(({ sign }) => !before.has(sign));
    if (fresh.length === 0) return;
    const isNewScene = before.size === 0 || isMostlyNew(signs, fresh);
    known.current = new Set([...(isNewScene ? [] : before), ...signs.map(({ sign }) => sign)]);
    if (isNewScene) {
      setUnseen([]);
      show(stageBounds(layout), 0, true);
      return;
    }
    const { x, y, zoom } = flow.getViewport();
    const view = { x: -x / zoom, y: -y / zoom, width: width / zoom, height: height / zoom };
    const out = fresh.flatMap(({ id }) => {
      const rect = layout.rects.get(id);
      return rect !== undefined && !layout.frameOf.has(id) && !overlaps(rect, view) ? [id] : [];
    });
    if (out.length > 0) setUnseen((ids) => [...ids.filter((id) => layout.rects.has(id)), ...out]);
  }, [flow, layout, objects, show, width, height]);

  const takeHold = useFollowing(layout, show);
  return { fit, reveal, unseen, showUnseen, forgetUnseen, takeHold };
}

/** Below this zoom small print cannot be read: better to go along than to show the whole way. */
const READABLE = 0.6;

/**
 * A look-up that plays, or is stepped through, is in view: all of its way where that can be read, else the card where it
 * stands. Once a hand has moved the camera, it stays with the hand until the next look-up.
 */
function useFollowing(layout: Layout, show: (bounds: Rect | null, duration: number) => void): () => void {
  const flow = useReactFlow();
  const width = useStore((s) => s.width);
  const height = useStore((s) => s.height);
  const lookup = useApp(stagedLookup);
  const step = useApp((s) => s.playback.step);
  const playing = useApp((s) => s.playback.playing);
  const held = useRef(false);
  /** What was shown last: a look-up that is there complete, as when a scene opens, is not gone after. */
  const seen = useRef<{ readonly lookup: unknown; readonly step: number }>({ lookup: null, step: 0 });

  useEffect(() => {
    const before = seen.current;
    if (lookup !== before.lookup) held.current = false;
    seen.current = { lookup, step };
    const moves = playing || (lookup === before.lookup && step !== before.step);
    if (lookup === null || !moves || held.current || width === 0 || height === 0) return;
    const { objects } = useApp.getState();
    const rectsOf = (ids: readonly WorldId[]): readonly Rect[] =>
      ids.flatMap((id) => layout.rects.get(id) ?? []);
    const way = boundsOf(rectsOf(cardsOnTheWay(lookup, objects)));
    const { x, y, zoom } = flow.getViewport();
    const view = { x: -x / zoom, y: -y / zoom, width: width / zoom, height: height / zoom };
    if (way === null || holds(view, way)) return;
    if (getViewportForBounds(way, width, height, MIN_ZOOM, 1, PADDING).zoom >= READABLE)
      return show(way, 320);
    const card = layout.rects.get(cardAt(lookup, objects, step));
    if (card === undefined || holds(view, card)) return;
    const calm = matchMedia('(prefers-reduced-motion: reduce)').matches;
    void flow.setCenter(card.x + card.width / 2, card.y + card.height / 2, {
      zoom: Math.max(zoom, READABLE),
      duration: calm ? 0 : 320,
    });
  }, [flow, layout, show, lookup, step, playing, width, height]);

  return useCallback(() => {
    held.current = true;
  }, []);
}

/** Another machine's `0000:00:02.0` is another device: ids alone do not tell one scene from the next. */
const signOf = (object: WorldObject | undefined, id: WorldId): string =>
  object?.type === 'device' ? `${id} ${object.vendorId} ${object.deviceId} ${object.label ?? ''}` : id;

/** By devices, since groups and IOMMUs are called the same in every scene. Time travel brings nothing new. */
function isMostlyNew(all: readonly { id: WorldId }[], fresh: readonly { id: WorldId }[]): boolean {
  const devices = (of: readonly { id: WorldId }[]): number =>
    of.filter(({ id }) => id.startsWith('dev:')).length;
  return devices(fresh) > devices(all) / 2;
}

/** Everything there is, and the place where what is made next will stand: then it comes in within view. */
function stageBounds(layout: Layout): Rect | null {
  const bounds = boundsOf(layout.rects.values());
  if (!bounds) return null;
  const right = Math.max(bounds.x + bounds.width, layout.stageRight);
  return { ...bounds, width: right - bounds.x };
}
