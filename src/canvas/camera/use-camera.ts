import { useCallback, useEffect, useRef, useState } from 'react';
import { useReactFlow, useStore, type Viewport } from 'reactflow';
import type { WorldId, WorldObject } from '../../engine/sim/world';
import { useApp } from '../../store/index';
import { stagedLookup } from '../../store/playback';
import { cardsOnTheWay } from '../animation/follow';
import { boundsOf, holds, overlaps, type Rect } from '../layout/geometry';
import type { Layout } from '../layout/layout';
import { READABLE_ZOOM } from '../layout/sizes';
import { allOf, firstView, windowOf } from './framing';
import { useFollowing } from './use-following';

/** So many cards are painted, and are a map from afar. */
const MAP_FROM = 200;

export interface Camera {
  /** Shows everything. */
  readonly fit: () => void;
  /** Shows these, unless they are in view and can be read. */
  readonly reveal: (ids: readonly WorldId[]) => void;
  /** New objects that came in out of view. */
  readonly unseen: readonly WorldId[];
  readonly showUnseen: () => void;
  readonly forgetUnseen: () => void;
  /** A hand moved it: for some seconds it stays where it is. */
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

  const go = useCallback(
    (viewport: Viewport, duration: number) => {
      const calm = matchMedia('(prefers-reduced-motion: reduce)').matches;
      void flow.setViewport(viewport, { duration: calm ? 0 : duration });
    },
    [flow],
  );
  const show = useCallback(
    (bounds: Rect | null, duration: number) => {
      if (bounds && width > 0 && height > 0) go(allOf(bounds, { width, height }), duration);
    },
    [go, width, height],
  );
  const fit = useCallback(() => {
    setUnseen([]);
    show(roomOf(layout), 240);
  }, [layout, show]);
  const showUnseen = useCallback(() => {
    const rects = unseen.flatMap((id) => layout.rects.get(id) ?? []);
    setUnseen([]);
    show(boundsOf(rects), 320);
  }, [layout, show, unseen]);
  const reveal = useCallback(
    (ids: readonly WorldId[]) => {
      const bounds = boundsOf(ids.flatMap((id) => layout.rects.get(id) ?? []));
      const viewport = flow.getViewport();
      const view = windowOf(viewport, { width, height });
      if (bounds !== null && (viewport.zoom < READABLE_ZOOM || !holds(view, bounds))) show(bounds, 320);
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
    const [cards, room] = [boundsOf(layout.rects.values()), roomOf(layout)];
    if (isNewScene && cards !== null && room !== null) {
      setUnseen([]);
      const isMap = layout.rects.size > MAP_FROM;
      go(firstView({ cards, room, focus: focusOf(layout), isMap }, { width, height }), 0);
      return;
    }
    const view = windowOf(flow.getViewport(), { width, height });
    const out = fresh.flatMap(({ id }) => {
      const rect = layout.rects.get(id);
      return rect !== undefined && !layout.frameOf.has(id) && !overlaps(rect, view) ? [id] : [];
    });
    if (out.length > 0) setUnseen((ids) => [...ids.filter((id) => layout.rects.has(id)), ...out]);
  }, [flow, go, layout, objects, width, height]);

  const takeHold = useFollowing(layout);
  return { fit, reveal, unseen, showUnseen, forgetUnseen, takeHold };
}

/** The way of the look-up on stage, else what is selected. */
function focusOf({ rects }: Layout): Rect | null {
  const state = useApp.getState();
  const lookup = stagedLookup(state);
  const ids = lookup === null ? [state.selection] : cardsOnTheWay(lookup, state.objects);
  return boundsOf(ids.flatMap((id) => (id === null ? [] : (rects.get(id) ?? []))));
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
function roomOf(layout: Layout): Rect | null {
  const bounds = boundsOf(layout.rects.values());
  if (!bounds) return null;
  const right = Math.max(bounds.x + bounds.width, layout.stageRight);
  return { ...bounds, width: right - bounds.x };
}
