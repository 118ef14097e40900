import { create } from 'zustand';
import { boundsOf } from '../canvas/layout/geometry';
import { computeLayout } from '../canvas/layout/layout';
import { READABLE_ZOOM } from '../canvas/layout/sizes';
import type { AppState } from '../store/types';

/** Pixels that the embed would like to have; null until that is known. It only grows: a host that follows it must not jump. */
export const useHeight = create<{ readonly height: number | null }>()(() => ({ height: null }));

/** What the canvas leaves free above and below a scene. */
const AROUND = 120;
const LEAST = 200;
const MOST = 720;
/** Smaller than this the camera does not show the whole, but its beginning. */
const LEAST_ZOOM = READABLE_ZOOM;

/** Height of a canvas of this width in which the whole scene can be read. */
export function canvasHeight(objects: AppState['objects'], width: number): number {
  const bounds = boundsOf(computeLayout(objects).rects.values());
  if (bounds === null || width <= 0) return LEAST;
  const zoom = Math.max(LEAST_ZOOM, Math.min(1, (width - 24) / bounds.width));
  return Math.round(Math.max(LEAST, Math.min(MOST, bounds.height * zoom + AROUND)));
}

/** Whether all of it can be shown in so much room without becoming too small. */
export function isReadable(objects: AppState['objects'], width: number, height: number): boolean {
  const bounds = boundsOf(computeLayout(objects).rects.values());
  if (bounds === null) return false;
  return Math.min((width - 24) / bounds.width, (height - AROUND) / bounds.height) >= LEAST_ZOOM;
}

/** Another width, or another scene: measured anew. */
export function wantHeight(height: number, anew: boolean): void {
  const { height: before } = useHeight.getState();
  if (anew || before === null || height > before) useHeight.setState({ height });
}
