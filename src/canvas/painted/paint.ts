import type { WorldId } from '../../engine/sim/world';
import type { Lit } from '../../store/types';
import { litPart } from '../lit';
import { overlaps, type Rect } from '../layout/geometry';
import { detailAt, type Detail } from './detail';
import type { Objects } from '../layout/tree';
import { paintBridge, paintDevice, paintFrame } from './cards';
import { paintMarks, type Marks } from './marks';
import type { Paint } from './theme';

export interface Wire {
  readonly path: Path2D;
  readonly source: WorldId;
  readonly target: WorldId;
}

export interface PaintedScene {
  readonly objects: Objects;
  /** Frames before what is in them. */
  readonly rects: ReadonlyMap<WorldId, Rect>;
  /** Ways of edges and of the PCI tree, in flow coordinates. */
  readonly wires: readonly Wire[];
  readonly tree: Path2D;
  /** What elements show is not painted as well. */
  readonly isElement: (id: WorldId) => boolean;
  readonly lit: Lit | null;
  /** Devices are no place to attach to. */
  readonly connecting: boolean;
  readonly marks: ReadonlyMap<WorldId, Marks>;
  /** Cards that a person has chosen: elements, but from afar too small to show it. */
  readonly chosen: readonly WorldId[];
  /** Addresses of an IOAS that are pointed at or held: its card, and which part of its strip they are. */
  readonly spot: PaintedSpot | null;
}

export interface PaintedSpot {
  readonly rect: Rect;
  readonly from: number;
  readonly to: number;
  readonly held: boolean;
}

export interface PaintedView {
  readonly x: number;
  readonly y: number;
  readonly zoom: number;
  readonly width: number;
  readonly height: number;
}

/** Everything of a scene that no element shows, as far as it is in view. */
export function paintCards(
  ctx: CanvasRenderingContext2D,
  scene: PaintedScene,
  view: PaintedView,
  paint: Paint,
): void {
  const { zoom } = view;
  const { objects, isElement, lit, connecting } = scene;
  const window = {
    x: -view.x / zoom,
    y: -view.y / zoom,
    width: view.width / zoom,
    height: view.height / zoom,
  };
  ctx.translate(view.x, view.y);
  ctx.scale(zoom, zoom);
  ctx.textBaseline = 'middle';
  const detail = detailAt(zoom);
  paintWires(ctx, scene, zoom, paint);
  for (const [id, rect] of scene.rects) {
    const object = objects[id];
    if (object === undefined || isElement(id) || !overlaps(rect, window)) continue;
    const part = litPart(lit, object);
    ctx.globalAlpha = part === 'off' || connecting ? 0.3 : 1;
    const card = { ctx, rect, detail, zoom, paint };
    if (object.type === 'group') paintFrame(card, objects, object, part === 'around');
    else if (object.type !== 'device') continue;
    else if (object.isBridge) paintBridge(card, object);
    else paintDevice(card, object);
    const marks = scene.marks.get(id);
    if (marks !== undefined && object.type === 'device') paintMarks(card, marks);
    if (object.type === 'device' && (part === 'chain' || part === 'other'))
      outline(ctx, rect, zoom, part, paint);
  }
  ctx.globalAlpha = 1;
  for (const id of ringed(scene, detail)) ring(ctx, scene.rects.get(id), zoom, paint);
  if (detail === 'map') paintSpot(ctx, scene.spot, zoom, paint);
}

/** From afar all that is chosen: elements are too small there to show it. From nearer what no element shows. */
export const ringed = ({ chosen, isElement }: PaintedScene, detail: Detail): readonly WorldId[] =>
  detail === 'map' ? chosen : chosen.filter((id) => !isElement(id));

/** Addresses that are pointed at or held, below their card: its own strip is dust from here. */
function paintSpot(
  ctx: CanvasRenderingContext2D,
  spot: PaintedScene['spot'],
  zoom: number,
  paint: Paint,
): void {
  if (spot === null) return;
  const { rect, from, to, held } = spot;
  const height = SPOT_HEIGHT / zoom;
  const least = SPOT_LEAST / zoom;
  const y = rect.y + rect.height + height;
  ctx.fillStyle = paint.strong;
  ctx.fillRect(rect.x, y + height / 3, rect.width, height / 3);
  const width = Math.max(least, (to - from) * rect.width);
  ctx.fillStyle = held ? paint.ink : paint.ink3;
  ctx.fillRect(Math.min(rect.x + from * rect.width, rect.x + rect.width - width), y, width, height);
}
/** On the screen, in pixels. */
const SPOT_HEIGHT = 4;
const SPOT_LEAST = 5;

/** As wide on the screen at every zoom. */
function ring(ctx: CanvasRenderingContext2D, rect: Rect | undefined, zoom: number, paint: Paint): void {
  if (rect === undefined) return;
  const out = 3.5 / zoom;
  ctx.lineWidth = 2.5 / zoom;
  ctx.strokeStyle = paint.focus;
  ctx.beginPath();
  ctx.roundRect(rect.x - out, rect.y - out, rect.width + 2 * out, rect.height + 2 * out, 4 / zoom);
  ctx.stroke();
}

function paintWires(ctx: CanvasRenderingContext2D, scene: PaintedScene, zoom: number, paint: Paint): void {
  const { isElement, lit } = scene;
  ctx.globalAlpha = lit === null ? 1 : 0.3;
  ctx.lineWidth = Math.max(1, 0.75 / zoom);
  // From afar a thousand wires would be all that is seen.
  ctx.strokeStyle = detailAt(zoom) === 'map' ? paint.line : paint.strong;
  for (const { path, source, target } of scene.wires)
    if (!isElement(source) || !isElement(target)) ctx.stroke(path);
  ctx.strokeStyle = paint.strong;
  ctx.stroke(scene.tree);
  ctx.globalAlpha = 1;
}

/** As elements have it in lit.css. */
function outline(
  ctx: CanvasRenderingContext2D,
  rect: Rect,
  zoom: number,
  part: 'chain' | 'other',
  paint: Paint,
): void {
  ctx.strokeStyle = part === 'chain' ? paint.ink : paint.ink2;
  ctx.lineWidth = Math.max(part === 'chain' ? 2 : 1.5, (part === 'chain' ? 2 : 1) / zoom);
  ctx.setLineDash(part === 'chain' ? [] : [5 / zoom, 3 / zoom]);
  ctx.strokeRect(rect.x - 1, rect.y - 1, rect.width + 2, rect.height + 2);
  ctx.setLineDash([]);
}
