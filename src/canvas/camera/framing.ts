import { getViewportForBounds, type Viewport } from 'reactflow';
import type { Rect } from '../layout/geometry';
import { READABLE_ZOOM } from '../layout/sizes';

export const MIN_ZOOM = 0.05;
export const MAX_ZOOM = 2;
/** Below the headings, above the palette. */
const PADDING = { top: '60px', right: '12px', bottom: '60px', left: '12px' } as const;
const EDGE = 20;
const TOP = 72;
const BOTTOM = 60;

export interface Size {
  readonly width: number;
  readonly height: number;
}

export const windowOf = ({ x, y, zoom }: Viewport, { width, height }: Size): Rect => ({
  x: -x / zoom,
  y: -y / zoom,
  width: width / zoom,
  height: height / zoom,
});

/** All of it, however small. */
export const allOf = (bounds: Rect, { width, height }: Size): Viewport =>
  getViewportForBounds(bounds, width, height, MIN_ZOOM, 1, PADDING);

interface Stage {
  /** Everything there is. */
  readonly cards: Rect;
  /** And the place where what is made next will stand. */
  readonly room: Rect;
  /** What a person is to look at; null: nothing in particular. */
  readonly focus: Rect | null;
  /** So many cards that they are a map. */
  readonly isMap: boolean;
}

/**
 * How a scene opens: all of it where its words can be read then. Else at a size at which they can, at the beginning of the way
 * of a DMA and at the height of what is to be looked at: the rest is reached by pan, by the hints at the headings, or in the
 * outline. Words too small to read would be worse than words out of view.
 */
export function firstView({ cards, room, focus, isMap }: Stage, size: Size): Viewport {
  const roomy = allOf(room, size);
  if (roomy.zoom >= READABLE_ZOOM) return roomy;
  const all = allOf(cards, size);
  if (all.zoom >= READABLE_ZOOM || isMap) return all;
  const zoom = READABLE_ZOOM;
  const height = (size.height - TOP - BOTTOM) / zoom;
  const x = EDGE - cards.x * zoom;
  if (cards.height <= height) {
    const middle = cards.y + cards.height / 2;
    return { x, y: TOP + (height * zoom) / 2 - middle * zoom, zoom };
  }
  const wanted = focus === null ? cards.y : focus.y + focus.height / 2 - height / 2;
  const from = Math.max(cards.y, Math.min(cards.y + cards.height - height, wanted));
  return { x, y: TOP - from * zoom, zoom };
}

/** These in view, no smaller than can be read; where they are too far apart for that, the last of them. */
export function viewOn(rects: readonly Rect[], bounds: Rect, zoom: number, size: Size): Viewport {
  const all = allOf(bounds, size);
  if (all.zoom >= READABLE_ZOOM) {
    // No nearer than the person was: that would be a jump in size for no reason.
    const calm = Math.min(all.zoom, Math.max(zoom, READABLE_ZOOM));
    return centred(bounds, calm, size);
  }
  const last = rects.at(-1) ?? bounds;
  return centred(last, Math.max(zoom, READABLE_ZOOM), size);
}

function centred({ x, y, width, height }: Rect, zoom: number, size: Size): Viewport {
  return {
    x: size.width / 2 - (x + width / 2) * zoom,
    y: (size.height + TOP - BOTTOM) / 2 - (y + height / 2) * zoom,
    zoom,
  };
}
