/** Points, boxes and curves in flow coordinates (the canvas' own, before pan and zoom). */
export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface Rect extends Point {
  readonly width: number;
  readonly height: number;
}

/** A cubic Bézier curve; a straight line is one whose control points lie on its ends. */
export interface Curve {
  readonly from: Point;
  readonly c1: Point;
  readonly c2: Point;
  readonly to: Point;
}

export const centerOf = (r: Rect): Point => ({ x: r.x + r.width / 2, y: r.y + r.height / 2 });
export const rightOf = (r: Rect): Point => ({ x: r.x + r.width, y: r.y + r.height / 2 });
export const leftOf = (r: Rect): Point => ({ x: r.x, y: r.y + r.height / 2 });
export const moved = (r: Rect, dx: number, dy: number): Rect => ({ ...r, x: r.x + dx, y: r.y + dy });

/** Whether two boxes come closer than `margin`. Touching boxes with margin 0 do not overlap. */
export const overlaps = (a: Rect, b: Rect, margin = 0): boolean =>
  a.x < b.x + b.width + margin &&
  b.x < a.x + a.width + margin &&
  a.y < b.y + b.height + margin &&
  b.y < a.y + a.height + margin;

/** Whether all of a box is within another one. */
export const holds = (outer: Rect, inner: Rect): boolean =>
  inner.x >= outer.x &&
  inner.y >= outer.y &&
  inner.x + inner.width <= outer.x + outer.width &&
  inner.y + inner.height <= outer.y + outer.height;

export const contains = (r: Rect, p: Point): boolean =>
  p.x >= r.x && p.x <= r.x + r.width && p.y >= r.y && p.y <= r.y + r.height;

/** The smallest box around all; null around nothing. */
export function boundsOf(rects: Iterable<Rect>): Rect | null {
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const r of rects) {
    left = Math.min(left, r.x);
    top = Math.min(top, r.y);
    right = Math.max(right, r.x + r.width);
    bottom = Math.max(bottom, r.y + r.height);
  }
  return left > right ? null : { x: left, y: top, width: right - left, height: bottom - top };
}

export const line = (from: Point, to: Point): Curve => ({ from, c1: from, c2: to, to });

/** Leaves to the right and arrives from the left, as every edge here does. */
export function sideways(from: Point, to: Point): Curve {
  const reach = Math.max(24, Math.min(90, Math.abs(to.x - from.x) * 0.5));
  return { from, c1: { x: from.x + reach, y: from.y }, c2: { x: to.x - reach, y: to.y }, to };
}

/** Straight runs through all points, their corners rounded. */
export function rounded(points: readonly Point[], radius: number): readonly Curve[] {
  const curves: Curve[] = [];
  let at = points[0];
  if (!at) return curves;
  for (let i = 1; i < points.length; i++) {
    const corner = points[i];
    const next = points[i + 1];
    if (!corner) break;
    if (!next) {
      curves.push(line(at, corner));
      break;
    }
    const into = towards(corner, at, Math.min(radius, distance(at, corner) / 2));
    const outOf = towards(corner, next, Math.min(radius, distance(corner, next) / 2));
    if (distance(at, into) > 0.01) curves.push(line(at, into));
    curves.push({ from: into, c1: mix(into, corner, 0.6), c2: mix(outOf, corner, 0.6), to: outOf });
    at = outOf;
  }
  return curves;
}

export const mix = (a: Point, b: Point, t: number): Point => ({
  x: a.x + (b.x - a.x) * t,
  y: a.y + (b.y - a.y) * t,
});
export const distance = (a: Point, b: Point): number => Math.hypot(b.x - a.x, b.y - a.y);

function towards(from: Point, to: Point, length: number): Point {
  const all = distance(from, to);
  return all === 0 ? from : mix(from, to, length / all);
}

/** The `d` of an SVG path through curves that follow each other. */
export function pathOf(curves: readonly Curve[]): string {
  const first = curves[0];
  if (!first) return '';
  const n = (value: number): string => String(Math.round(value * 100) / 100);
  const p = (point: Point): string => `${n(point.x)},${n(point.y)}`;
  return `M${p(first.from)}` + curves.map((c) => `C${p(c.c1)} ${p(c.c2)} ${p(c.to)}`).join('');
}

export function pointOn(curve: Curve, t: number): Point {
  const u = 1 - t;
  const [a, b, c, d] = [u * u * u, 3 * u * u * t, 3 * u * t * t, t * t * t];
  return {
    x: a * curve.from.x + b * curve.c1.x + c * curve.c2.x + d * curve.to.x,
    y: a * curve.from.y + b * curve.c1.y + c * curve.c2.y + d * curve.to.y,
  };
}

/** Curves as points close enough together to look smooth. */
export function flatten(curves: readonly Curve[], perCurve = 20): readonly Point[] {
  const points: Point[] = [];
  for (const curve of curves) {
    const straight = curve.c1 === curve.from && curve.c2 === curve.to;
    const count = straight ? 1 : perCurve;
    if (points.length === 0) points.push(curve.from);
    for (let i = 1; i <= count; i++) points.push(pointOn(curve, i / count));
  }
  return points;
}

/** The point at a share (0 … 1) of the way along, and the way up to there. */
export function along(points: readonly Point[], share: number): { at: Point; passed: readonly Point[] } {
  const first = points[0] ?? { x: 0, y: 0 };
  const lengths = points.slice(1).map((p, i) => distance(points[i] ?? p, p));
  let left = Math.max(0, Math.min(1, share)) * lengths.reduce((sum, l) => sum + l, 0);
  const passed: Point[] = [first];
  for (const [i, length] of lengths.entries()) {
    const [a, b] = [points[i] ?? first, points[i + 1] ?? first];
    if (left <= length) {
      const at = length === 0 ? b : mix(a, b, left / length);
      passed.push(at);
      return { at, passed };
    }
    left -= length;
    passed.push(b);
  }
  return { at: points.at(-1) ?? first, passed };
}
