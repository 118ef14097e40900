import type { Point, Rect } from '../layout/geometry';

export interface Labelled {
  /** What it is about. */
  readonly at: Point;
  /** The card of that, which it must not cover; null: it is about a place. */
  readonly card: Rect | null;
  readonly side: 'above' | 'below';
  /** Cards that it had better not cover. */
  readonly avoid: readonly Rect[];
}

interface Size {
  readonly width: number;
  readonly height: number;
}

const GAP = 7;
const MARGIN = 8;
/** Below the headings of the columns. */
const TOP = 44;
/** Around a place that has no card. */
const AROUND = 6;

/**
 * Where a label stands, in pixels of the screen: inside the view, clear of its card, on the side where there is room for it, and
 * where it covers least of other cards. Of places alike the earlier one: above or below the middle, then at the card's ends, then
 * beside it.
 */
export function placeLabel({ at, card, side, avoid }: Labelled, { width, height }: Size, view: Size): Point {
  const own = card ?? { x: at.x - AROUND, y: at.y - AROUND, width: 2 * AROUND, height: 2 * AROUND };
  const above = Math.min(own.y, at.y) - GAP - height;
  const below = Math.max(own.y + own.height, at.y) + GAP;
  const rows = side === 'above' ? [above, below] : [below, above];
  const columns = [at.x - width / 2, own.x, own.x + own.width - width];
  const beside = at.y - height / 2;
  const places = [
    ...columns.flatMap((x) => rows.map((y) => ({ x, y }))),
    { x: own.x + own.width + GAP, y: beside },
    { x: own.x - GAP - width, y: beside },
  ];
  const others = card === null ? avoid : [card, ...avoid];
  let best: Point = { x: 0, y: 0 };
  let least = Infinity;
  for (const place of places) {
    const inside = {
      x: clamp(place.x, MARGIN, view.width - width - MARGIN),
      y: clamp(place.y, TOP, view.height - height - MARGIN),
    };
    const covered = coveredOf({ ...inside, width, height }, others);
    if (covered >= least) continue;
    best = inside;
    least = covered;
    if (covered === 0) break;
  }
  return best;
}

function coveredOf(label: Rect, cards: readonly Rect[]): number {
  let sum = 0;
  for (const card of cards) {
    const x = Math.min(label.x + label.width, card.x + card.width) - Math.max(label.x, card.x);
    const y = Math.min(label.y + label.height, card.y + card.height) - Math.max(label.y, card.y);
    if (x > 0 && y > 0) sum += x * y;
  }
  return sum;
}

const clamp = (value: number, low: number, high: number): number => Math.max(low, Math.min(high, value));
