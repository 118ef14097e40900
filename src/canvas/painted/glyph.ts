import { KINDS, type Kind } from '../../ui/kinds';
import { LETTERS } from '../../ui/letters';
import type { Hue } from './theme';

interface Shape {
  readonly outline: Path2D;
  readonly strokes: Path2D;
  readonly letter: Path2D;
  readonly dash: readonly number[];
  readonly open: boolean;
}

const shapes = new Map<Kind, Shape>();

function shapeOf(kind: Kind): Shape {
  const before = shapes.get(kind);
  if (before !== undefined) return before;
  const { outline, marks, letter, letterAt, dashed, open = false } = KINDS[kind];
  const [x, y, scale] = letterAt;
  const placed = new Path2D();
  placed.addPath(new Path2D(LETTERS[letter]), { a: scale, d: scale, e: x, f: y });
  const shape = {
    outline: new Path2D(outline),
    strokes: new Path2D(marks ?? ''),
    letter: placed,
    dash: dashed ? [2.2, 1.6] : [],
    open,
  };
  shapes.set(kind, shape);
  return shape;
}

/** The mark of a kind, as ObjectGlyph draws it: its middle left at a place. */
export function paintGlyph(
  ctx: CanvasRenderingContext2D,
  kind: Kind,
  { x, y, size }: { readonly x: number; readonly y: number; readonly size: number },
  { hue, tint }: Hue,
): void {
  const shape = shapeOf(kind);
  ctx.save();
  ctx.translate(x, y - size / 2);
  ctx.scale(size / 20, size / 20);
  ctx.lineJoin = 'round';
  ctx.fillStyle = tint;
  ctx.strokeStyle = hue;
  ctx.lineWidth = 1.5;
  if (!shape.open) ctx.fill(shape.outline);
  ctx.setLineDash([...shape.dash]);
  ctx.stroke(shape.outline);
  ctx.setLineDash([]);
  ctx.lineCap = 'round';
  ctx.stroke(shape.strokes);
  ctx.stroke(shape.letter);
  ctx.restore();
}
