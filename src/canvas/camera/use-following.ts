import { useCallback, useEffect, useRef } from 'react';
import { useReactFlow, useStoreApi } from 'reactflow';
import type { WorldId } from '../../engine/sim/world';
import { useApp } from '../../store/index';
import { runsOfLine, stagedLookup } from '../../store/playback';
import { isNews } from '../../store/traffic-show';
import type { AppState } from '../../store/types';
import { cardAt, cardsOnTheWay } from '../animation/follow';
import { boundsOf, holds, overlaps, type Rect } from '../layout/geometry';
import type { Layout } from '../layout/layout';
import { READABLE_ZOOM } from '../layout/sizes';
import { actingIn, cardOfObject } from './acting';
import { allOf, viewOn, windowOf } from './framing';

/** Who has just moved the camera wants to look there. */
const HANDS_OFF_MS = 6000;
const GENTLY_MS = 320;

interface Seen {
  readonly lookup: unknown;
  readonly step: number;
  readonly cursor: number;
  /** As it was when the cursor came here: undo may change it first, and the cursor a moment later. */
  readonly script: string;
}

const seenIn = (state: AppState, before: Seen): Seen => ({
  lookup: stagedLookup(state),
  step: state.playback.step,
  cursor: state.cursor,
  script: state.cursor === before.cursor && state.cursor > 0 ? before.script : state.script,
});

/**
 * While the script plays, or somebody steps through it or through a look-up, what happens is in view: a look-up's whole way where
 * that can be read, else the card where it stands; of a line the objects that it acts on. What is in view already moves nothing,
 * nor does anything for some seconds after a hand has moved the camera; `state.following` off, and it never moves by itself.
 *
 * Returns what a hand's move calls.
 */
export function useFollowing(layout: Layout): () => void {
  const flow = useReactFlow();
  const size = useStoreApi();
  const movedAt = useRef(-Infinity);
  const seen = useRef<Seen>({ lookup: null, step: 0, cursor: 0, script: '' });
  const lookup = useApp(stagedLookup);
  // The beats of traffic, twenty a second, move no camera: nothing is drawn again for them.
  const step = useApp((s) => (stagedLookup(s) === null ? 0 : s.playback.step));
  const cursor = useApp((s) => s.cursor);
  const playing = useApp((s) => s.playback.playing);

  useEffect(() => {
    const state = useApp.getState();
    const before = seen.current;
    seen.current = seenIn(state, before);
    const { width, height } = size.getState();
    if (!state.following || width === 0 || height === 0) return;
    if (performance.now() - movedAt.current < HANDS_OFF_MS) return;
    const ids = lookupMoves(state, before)
      ? wayOf(state)
      : lineRan(state, before)
        ? actorsOf(state, layout)
        : [];
    const rects = ids.flatMap((id) => layout.rects.get(id) ?? []);
    const bounds = boundsOf(rects);
    if (bounds === null) return;
    const viewport = flow.getViewport();
    const view = windowOf(viewport, { width, height });
    if (holds(view, bounds)) return;
    // What cannot be shown as a whole is gone after card by card.
    const readable = allOf(bounds, { width, height }).zoom >= READABLE_ZOOM;
    const at = readable ? rects : rects.slice(-1);
    if (!readable && at.every((rect) => isSeen(view, rect))) return;
    const calm = matchMedia('(prefers-reduced-motion: reduce)').matches;
    const next = viewOn(at, boundsOf(at) ?? bounds, viewport.zoom, { width, height });
    void flow.setViewport(next, { duration: calm ? 0 : GENTLY_MS });
  }, [flow, size, layout, lookup, step, cursor, playing]);

  return useCallback(() => {
    movedAt.current = performance.now();
  }, []);
}

/** More of it is in view than not. */
function isSeen(view: Rect, rect: Rect): boolean {
  const middle = { x: rect.x + rect.width / 2, y: rect.y + rect.height / 2, width: 0, height: 0 };
  return overlaps(view, rect) && holds(view, middle);
}

/** A look-up that is there complete, as when a scene opens, is not gone after. */
function lookupMoves(state: AppState, before: Seen): boolean {
  const lookup = stagedLookup(state);
  if (lookup === null) return false;
  return state.playback.playing || (lookup === before.lookup && state.playback.step !== before.step);
}

/** The card where it stands comes last. */
function wayOf(state: AppState): readonly WorldId[] {
  const lookup = stagedLookup(state);
  if (lookup === null) return [];
  const at = cardAt(lookup, state.objects, state.playback.step);
  return [...cardsOnTheWay(lookup, state.objects).filter((id) => id !== at), at];
}

/** By playing or by a step; a gesture changes the script, and a jump in time is not gone after. */
const lineRan = ({ playback, cursor, script }: AppState, before: Seen): boolean =>
  script === before.script &&
  cursor !== before.cursor &&
  !playback.rushing &&
  (playback.running || Math.abs(cursor - before.cursor) === 1);

function actorsOf({ objects, results, traffic, cursor }: AppState, { rects }: Layout): readonly WorldId[] {
  const busy = runsOfLine(traffic, cursor).filter(isNews);
  const acting = actingIn(results[cursor - 1]?.text ?? '', objects, cardOfObject(objects, rects));
  return [...new Set([...busy.map(({ deviceId }) => deviceId), ...acting])];
}
