import { contains, flatten, line, sideways, type Curve, type Point, type Rect } from '../layout/geometry';

/** How far a wire keeps from what it passes. */
const CLEAR = 8;
/** How far before and behind a column a wire is level. */
const RUN_IN = 14;

/**
 * A wire to the right that goes behind nothing: straight across, or where a card of a column between is in its way through
 * the nearest gap of that column.
 */
export function past(from: Point, to: Point, cards: readonly Rect[]): readonly Curve[] {
  const straight = sideways(from, to);
  const between = cards.filter((card) => card.x > from.x && card.x + card.width < to.x);
  const hidden = (points: readonly Point[]): boolean =>
    between.some((card) => points.some((point) => contains(grown(card), point)));
  if (between.length === 0 || !hidden(flatten([straight], 40))) return [straight];
  const left = Math.min(...between.map((card) => card.x)) - RUN_IN;
  const right = Math.max(...between.map((card) => card.x + card.width)) + RUN_IN;
  if (left <= from.x || right >= to.x) return [straight]; // moved to where no room is left
  const y = nearestLane(between, (from.y + to.y) / 2);
  const [enter, leave] = [
    { x: left, y },
    { x: right, y },
  ];
  return [sideways(from, enter), line(enter, leave), sideways(leave, to)];
}

/** The middle of a gap between two cards, or just above or below them all. */
function nearestLane(cards: readonly Rect[], want: number): number {
  const sorted = [...cards].sort((a, b) => a.y - b.y);
  const lanes: number[] = [];
  let end = -Infinity;
  for (const card of sorted) {
    if (end === -Infinity) lanes.push(card.y - 2 * CLEAR);
    else if (card.y - end >= 2 * CLEAR) lanes.push((end + card.y) / 2);
    end = Math.max(end, card.y + card.height);
  }
  lanes.push(end + 2 * CLEAR);
  return lanes.reduce((best, lane) => (Math.abs(lane - want) < Math.abs(best - want) ? lane : best));
}

const grown = (card: Rect): Rect => ({
  x: card.x - CLEAR,
  y: card.y - CLEAR,
  width: card.width + 2 * CLEAR,
  height: card.height + 2 * CLEAR,
});
