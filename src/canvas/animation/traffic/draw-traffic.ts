import type { TrafficOutcome } from '../../../engine/sim/batch';
import { alpha, cross, dot, label, type Ink, type View } from '../draw';
import { setOut, type Heat } from './heat';
import type { Course, Lane, MutablePoint } from './lanes';
import { gapWords, gapsOf, rateWords, soFarWords } from './words';

export interface Token extends MutablePoint {
  outcome: TrafficOutcome;
  /** How far it is, 0 … 1. */
  share: number;
  shown: boolean;
}

type Context = CanvasRenderingContext2D;

/** A lane's path is made once. */
const paths = new WeakMap<Lane, Path2D>();
function pathOf(lane: Lane): Path2D {
  const known = paths.get(lane);
  if (known !== undefined) return known;
  const path = new Path2D();
  for (let i = 0; i + 1 < lane.points.length; i += 2) {
    const [x, y] = [lane.points[i] ?? 0, lane.points[i + 1] ?? 0];
    if (i === 0) path.moveTo(x, y);
    else path.lineTo(x, y);
  }
  paths.set(lane, path);
  return path;
}

/** From afar lines get thinner with everything else: many lie beside each other. */
const THIN_BELOW = 0.7;

/** Lanes and the places where the hardware looked glow by how much they were used; `flash` 1 … 0 lights all up. */
export function drawHeat(ctx: Context, { lanes, looks }: Heat, view: View, ink: Ink, flash: number): void {
  const { x, y, zoom } = view;
  ctx.save();
  ctx.translate(x, y);
  ctx.scale(zoom, zoom);
  ctx.lineJoin = 'round';
  ctx.lineCap = 'round';
  const sorted = [...lanes].sort(
    (a, b) => Number(isBlocked(a.lane)) - Number(isBlocked(b.lane)) || a.glow - b.glow,
  );
  for (const { lane, glow } of sorted) {
    const blocked = isBlocked(lane);
    ctx.strokeStyle = blocked ? ink.fault : ink.ok;
    // What was blocked is dashed: not told by colour alone.
    ctx.setLineDash(blocked ? [7 / zoom, 5 / zoom] : []);
    ctx.globalAlpha = blocked ? 0.9 : 0.3 + 0.35 * glow + 0.3 * flash;
    ctx.lineWidth = (1.5 + (blocked ? 0.5 : 2.5 * glow) + 6 * flash) / Math.max(zoom, THIN_BELOW);
    ctx.stroke(pathOf(lane));
  }
  ctx.restore();
  for (const { at, glow } of looks) {
    const [sx, sy] = [at.x * zoom + x, at.y * zoom + y];
    dot(ctx, { x: sx, y: sy }, 5 + 6 * glow, alpha(ink.ok, 0.12 + 0.25 * glow), 'transparent');
    dot(ctx, { x: sx, y: sy }, 3, ink.ok, ink.surface);
  }
  for (const { lane } of lanes)
    if (isBlocked(lane)) cross(ctx, { x: lane.end.x * zoom + x, y: lane.end.y * zoom + y }, ink, true);
}

const isBlocked = (lane: Lane): boolean => lane.outcome === 'blocked';

/** Tokens of one look are the same picture: a thousand are a thousand small copies, not a thousand circles to be filled. */
export function drawTokens(
  ctx: Context,
  tokens: readonly Token[],
  sprites: Sprites,
  { x, y, zoom }: Pick<View, 'x' | 'y' | 'zoom'>,
): void {
  for (const token of tokens) {
    if (!token.shown) return; // those in use come first
    const sprite = sprites[token.outcome];
    ctx.drawImage(sprite, token.x * zoom + x - HALF, token.y * zoom + y - HALF, 2 * HALF, 2 * HALF);
  }
}

export type Sprites = Readonly<Record<TrafficOutcome, CanvasImageSource>>;

/** Half of a sprite's side. */
const HALF = 6;
const RADIUS = 4;

/** A full dot was cached, an open one walked, one with a cross will be stopped, a square is not translated. */
export function spritesOf(ink: Ink, scale: number): Sprites {
  const disc = (ctx: Context, radius: number, fill: string, edge: string): void => {
    ctx.beginPath();
    ctx.arc(0, 0, radius, 0, 2 * Math.PI);
    ctx.fillStyle = fill;
    ctx.fill();
    ctx.strokeStyle = edge;
    ctx.stroke();
  };
  return {
    hit: sprite(scale, (ctx) => disc(ctx, RADIUS, ink.ink, ink.surface)),
    miss: sprite(scale, (ctx) => {
      ctx.lineWidth = 2;
      disc(ctx, RADIUS - 0.5, ink.surface, ink.ink);
    }),
    bypass: sprite(scale, (ctx) => {
      ctx.fillStyle = ink.ink;
      ctx.fillRect(-3.5, -3.5, 7, 7);
    }),
    blocked: sprite(scale, (ctx) => {
      disc(ctx, RADIUS + 1, ink.surface, ink.fault);
      ctx.lineWidth = 1.5;
      ctx.strokeStyle = ink.fault;
      ctx.beginPath();
      ctx.moveTo(-2, -2);
      ctx.lineTo(2, 2);
      ctx.moveTo(2, -2);
      ctx.lineTo(-2, 2);
      ctx.stroke();
    }),
  };
}

function sprite(scale: number, paint: (ctx: Context) => void): CanvasImageSource {
  const canvas = document.createElement('canvas');
  canvas.width = canvas.height = Math.ceil(2 * HALF * scale);
  const ctx = canvas.getContext('2d');
  if (ctx !== null) {
    ctx.scale(scale, scale);
    ctx.translate(HALF, HALF);
    ctx.lineWidth = 1.5;
    paint(ctx);
  }
  return canvas;
}

interface Said {
  readonly courses: readonly Course[];
  readonly heat: Heat;
  /** Beats shown of the show. */
  readonly upTo: number;
  readonly beats: number;
}

/** One device: what it came to stands beside it, and where it was stopped, why. Of several, the strip below tells. */
export function drawWords(ctx: Context, { courses, heat, upTo, beats }: Said, view: View, ink: Ink): void {
  const [course, ...others] = courses;
  if (course?.device == null || others.length > 0) return;
  const { device, run, lanes } = course;
  const under = { x: device.x + device.width / 2, y: device.y + device.height };
  const rate = upTo < beats ? soFarWords(setOut(course, beats, upTo), run.accesses) : rateWords(run);
  label(
    ctx,
    {
      text: rate,
      tone: 'plain',
      at: under,
      card: device,
      side: 'below',
      avoid: lanes[0]?.beside.avoid ?? [],
    },
    view,
    ink,
  );
  const [gap] = gapsOf(run.spans);
  const stopped = heat.lanes.find(({ lane }) => lane.outcome === 'blocked')?.lane ?? null;
  if (gap === undefined || stopped === null || !lanes.includes(stopped)) return;
  const text = stopped.reason === null ? gapWords(gap) : `✕ ${stopped.reason}`;
  label(ctx, { text, tone: 'fault', at: stopped.end, ...stopped.beside }, view, ink);
}
