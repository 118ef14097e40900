import type { WorldId } from '../../engine/sim/world';
import type { Spot } from '../../store/types';
import type { Rect } from '../layout/geometry';
import { shareOf, stripOf } from '../layout/strip';
import type { Objects } from '../layout/tree';
import type { PaintedSpot } from './paint';

/** The card of the address space that a spot lies in, and which part of the card's strip it is; null: it has no card. */
export function spotOn(
  spot: Spot | null,
  objects: Objects,
  rects: ReadonlyMap<WorldId, Rect>,
): PaintedSpot | null {
  if (spot === null) return null;
  const ioas = objects[spot.space];
  const rect = rects.get(spot.space);
  if (ioas?.type !== 'ioas' || rect === undefined) return null;
  const pieces = stripOf(ioas);
  return { rect, from: shareOf(pieces, spot.start), to: shareOf(pieces, spot.last), held: spot.held };
}
