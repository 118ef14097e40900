import type { Point, Rect } from '../layout/geometry';
import { placeLabel } from './label-place';
import type { PlacedLabel, Pose, Way } from './poses';

/** The tokens that the overlay paints with; a canvas cannot read CSS variables by itself. */
export interface Ink {
  readonly ink: string;
  readonly quiet: string;
  readonly surface: string;
  readonly line: string;
  readonly ok: string;
  readonly fault: string;
  readonly mono: string;
  /** Sizes of letters, as the page's own: of labels, and of a number in its dot. */
  readonly label: string;
  readonly badge: string;
}

export function readInk(element: Element): Ink {
  const style = getComputedStyle(element);
  const token = (name: string): string => style.getPropertyValue(name).trim();
  return {
    ink: token('--ink'),
    quiet: token('--ink-2'),
    surface: token('--surface'),
    line: token('--line-strong'),
    ok: token('--ioas'),
    fault: token('--fault'),
    mono: token('--font-mono') || 'monospace',
    label: token('--t-sm') || '12px',
    badge: token('--t-dense') || '10px',
  };
}

export interface View {
  readonly x: number;
  readonly y: number;
  readonly zoom: number;
  readonly width: number;
  readonly height: number;
}

type Context = CanvasRenderingContext2D;

/** Paints one moment of a look-up. Positions follow the zoom; the token and its words keep their size. */
export function drawPose(ctx: Context, pose: Pose, view: View, ink: Ink): void {
  const to = (p: Point): Point => ({ x: p.x * view.zoom + view.x, y: p.y * view.zoom + view.y });
  ctx.lineJoin = 'round';
  ctx.lineCap = 'round';
  const way = pose.trail.map((points) => points.map(to));
  stroke(ctx, way, ink.surface, 5, 0.9); // a margin, so that the trail stands off edges and cards
  stroke(ctx, way, ink.ink, 2, 1);
  for (const look of pose.looks) dot(ctx, to(look.at), 3, look.fault ? ink.fault : ink.ink, ink.surface);
  for (const end of pose.ends) (end.fault ? cross : ring)(ctx, to(end.at), ink, false);
  if (pose.pulse)
    halo(ctx, to(pose.pulse.at), pose.pulse.spread, pose.headTone === 'fault' ? ink.fault : ink.ink);
  if (!pose.head) return;
  const head = to(pose.head);
  if (pose.headTone === 'fault') cross(ctx, head, ink, true);
  else if (pose.headTone === 'ok') ring(ctx, head, ink, true);
  else if (pose.headTone === 'past') ring(ctx, head, { ...ink, ok: ink.fault }, true);
  else {
    dot(ctx, head, 9, alpha(ink.ink, 0.14), 'transparent');
    dot(ctx, head, 5.5, ink.ink, ink.surface);
  }
  if (pose.label) label(ctx, pose.label, view, ink);
}

/** All of a way lights up and fades: `strength` 1 … 0. */
export function drawFlash(ctx: Context, pose: Pose, view: View, ink: Ink, strength: number): void {
  const to = (p: Point): Point => ({ x: p.x * view.zoom + view.x, y: p.y * view.zoom + view.y });
  const color = pose.headTone === 'fault' || pose.headTone === 'past' ? ink.fault : ink.ok;
  ctx.lineJoin = 'round';
  ctx.lineCap = 'round';
  const way = pose.trail.map((points) => points.map(to));
  stroke(ctx, way, color, 6 + 12 * strength, 0.45 * strength);
}

/** Reduced motion: no travel; the places where the hardware looked are numbered in their order. */
export function drawBadges(ctx: Context, ways: readonly Way[], shown: number, view: View, ink: Ink): void {
  const to = (p: Point): Point => ({ x: p.x * view.zoom + view.x, y: p.y * view.zoom + view.y });
  const current = ways[shown - 1];
  if (!current) return;
  const ofPart = ways.slice(0, shown).filter((w) => w.beat.part === current.beat.part);
  stroke(
    ctx,
    ofPart.map((w) => w.points.map(to)),
    ink.ink,
    1.5,
    0.45,
  );
  const spots = ofPart.map((way) => to(way.look ?? way.end));
  ofPart.forEach((way, i) => {
    const spot = spots[i] ?? { x: 0, y: 0 };
    // Several looks at one place: the latest stands there, the others queue up to its left; many are only counted.
    const here = (p: Point): boolean => Math.hypot(p.x - spot.x, p.y - spot.y) < 6;
    const later = spots.slice(i + 1).filter(here).length;
    const at = { x: spot.x - 18 * later, y: spot.y };
    const all = spots.filter(here).length;
    if (all > QUEUE && later > 0) {
      if (later === 1) badge(ctx, `+${all - 1}`, at, false, ink.quiet, ink);
      return;
    }
    badge(ctx, String(i + 1), at, way === current, way.beat.end === 'fault' ? ink.fault : ink.ink, ink);
    if (way.beat.end === 'memory') ring(ctx, to(way.end), ink, true);
    if (way.beat.end === 'fault') cross(ctx, { x: at.x, y: at.y + 18 }, ink, true);
  });
  label(ctx, current.label, view, ink);
}

/** So many looks at one place are drawn one by one. */
const QUEUE = 4;

function stroke(
  ctx: Context,
  ways: readonly (readonly Point[])[],
  color: string,
  width: number,
  opacity: number,
): void {
  ctx.globalAlpha = opacity;
  ctx.strokeStyle = color;
  ctx.lineWidth = width;
  ctx.beginPath();
  for (const way of ways) way.forEach((p, i) => (i === 0 ? ctx.moveTo(p.x, p.y) : ctx.lineTo(p.x, p.y)));
  ctx.stroke();
  ctx.globalAlpha = 1;
}

export function dot(ctx: Context, at: Point, radius: number, fill: string, edge: string): void {
  ctx.beginPath();
  ctx.arc(at.x, at.y, radius, 0, 2 * Math.PI);
  ctx.fillStyle = fill;
  ctx.fill();
  ctx.lineWidth = 2;
  ctx.strokeStyle = edge;
  ctx.stroke();
}

/** Arrived: an open ring with a tick's dot, never told by colour alone. */
export function ring(ctx: Context, at: Point, ink: Ink, strong: boolean): void {
  dot(ctx, at, strong ? 7 : 5, ink.surface, ink.ok);
  dot(ctx, at, strong ? 2.5 : 1.5, ink.ok, ink.ok);
}

export function cross(ctx: Context, at: Point, ink: Ink, strong: boolean): void {
  const r = strong ? 4.5 : 3;
  dot(ctx, at, strong ? 9 : 6, ink.surface, ink.fault);
  ctx.beginPath();
  ctx.moveTo(at.x - r, at.y - r);
  ctx.lineTo(at.x + r, at.y + r);
  ctx.moveTo(at.x + r, at.y - r);
  ctx.lineTo(at.x - r, at.y + r);
  ctx.lineWidth = strong ? 2.5 : 2;
  ctx.strokeStyle = ink.fault;
  ctx.stroke();
}

function badge(ctx: Context, text: string, at: Point, current: boolean, color: string, ink: Ink): void {
  dot(ctx, at, 9, current ? color : ink.surface, current ? ink.surface : color);
  ctx.font = `600 ${ink.badge} ${ink.mono}`;
  ctx.textAlign = 'center';
  ctx.textBaseline = 'middle';
  ctx.fillStyle = current ? ink.surface : color;
  ctx.fillText(text, at.x, at.y + 0.5);
}

/** Beside what it is about, clear of the card that it belongs to and, where it can be, of others. */
export function label(
  ctx: Context,
  { text, tone, at, card, side, avoid }: PlacedLabel,
  view: View,
  ink: Ink,
): void {
  const height = 22;
  const to = (rect: Rect): Rect => ({
    x: rect.x * view.zoom + view.x,
    y: rect.y * view.zoom + view.y,
    width: rect.width * view.zoom,
    height: rect.height * view.zoom,
  });
  const x0 = at.x * view.zoom + view.x;
  // What it is about may be out of view: it says on which side.
  const words = x0 > view.width ? `${text} →` : x0 < 0 ? `← ${text}` : text;
  ctx.font = `500 ${ink.label} ${ink.mono}`;
  const width = ctx.measureText(words).width + 16;
  const about = {
    at: { x: x0, y: at.y * view.zoom + view.y },
    card: card && to(card),
    side,
    avoid: avoid.map(to),
  };
  const { x, y } = placeLabel(about, { width, height }, view);
  ctx.beginPath();
  ctx.roundRect(x, y, width, height, 5);
  ctx.fillStyle = tone === 'fault' || tone === 'past' ? ink.fault : ink.ink;
  ctx.fill();
  ctx.fillStyle = ink.surface;
  ctx.textAlign = 'left';
  ctx.textBaseline = 'middle';
  ctx.fillText(words, x + 8, y + height / 2 + 0.5);
}

/** The look itself: a ring that opens once. */
function halo(ctx: Context, at: Point, spread: number, color: string): void {
  ctx.globalAlpha = 0.5 * (1 - spread);
  ctx.beginPath();
  ctx.arc(at.x, at.y, 8 + 12 * spread, 0, 2 * Math.PI);
  ctx.lineWidth = 2;
  ctx.strokeStyle = color;
  ctx.stroke();
  ctx.globalAlpha = 1;
}

export const alpha = (color: string, opacity: number): string =>
  color.endsWith(')') && !color.includes('/') ? `${color.slice(0, -1)} / ${opacity})` : color;
