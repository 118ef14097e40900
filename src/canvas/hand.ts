import { create } from 'zustand';
import type { WorldId } from '../engine/sim/world';
import type { Route } from './edges/edges';
import { moved, type Point, type Rect } from './layout/geometry';
import type { Layout } from './layout/layout';

/** What is being dragged, and how far it has come. */
export interface Shift {
  /** What moves on its own; devices go with their frame. */
  readonly ids: ReadonlySet<WorldId>;
  readonly dx: number;
  readonly dy: number;
  /** Wires of what moves, by the id of their link. */
  readonly routes: ReadonlyMap<string, Route>;
}

/** Something that is not there yet, under the pointer. */
export interface Ghost {
  readonly label: string;
  /** A colour of the tokens: `var(--ioas)`. */
  readonly hue: string;
  /** Where it may be dropped, while it is over nothing. */
  readonly hint: string;
}

/**
 * What is in the hand, for as long as it is. It changes with every frame of a drag, so only what follows the hand reads
 * it: the scene stands still until the script has what was done.
 */
export interface Hand {
  readonly shift: Shift | null;
  /** A wire is pulled from there, in flow coordinates. */
  readonly wire: Point | null;
  readonly ghost: Ghost | null;
  /** A box being drawn, in pixels of the canvas. */
  readonly box: Rect | null;
  /** The pointer, in pixels of the canvas. */
  readonly at: Point;
  /** A finger: what is under it has to be shown above it. */
  readonly touch: boolean;
  /** A card that a finger has pressed long enough to carry it. */
  readonly lifted: WorldId | null;
}

const EMPTY: Hand = {
  shift: null,
  wire: null,
  ghost: null,
  box: null,
  at: { x: 0, y: 0 },
  touch: false,
  lifted: null,
};

export const useHand = create<Hand>()(() => EMPTY);

export const emptyHand = (): void => useHand.setState(EMPTY);

/** Where everything is now: the layout, and what is being dragged. */
export function shifted(layout: Pick<Layout, 'rects' | 'frameOf'>, shift: Shift | null): Layout['rects'] {
  if (!shift) return layout.rects;
  const rects = new Map(layout.rects);
  for (const [id, rect] of layout.rects)
    if (shift.ids.has(layout.frameOf.get(id) ?? id)) rects.set(id, moved(rect, shift.dx, shift.dy));
  return rects;
}
