import type { StripShape } from './strip-shape';

/** From this edge on there is room for shapes. */
const SHAPED = 3;

/**
 * Paints a table's entries: an empty one is a dot or nothing, one that leads to a table is hollow, a leaf is full, one that
 * means nothing is crossed out. Very small cells have their shade alone; words say the same beside them.
 */
export function paintStrip(
  canvas: HTMLCanvasElement,
  cells: Uint8Array,
  { columns, rows, cell }: StripShape,
): void {
  const context = canvas.getContext('2d');
  if (context === null) return;
  const scale = devicePixelRatio || 1;
  canvas.width = columns * cell * scale;
  canvas.height = rows * cell * scale;
  canvas.style.width = `${columns * cell}px`;
  canvas.style.height = `${rows * cell}px`;
  context.setTransform(scale, 0, 0, scale, 0, 0);
  const style = getComputedStyle(canvas);
  const colour = (name: string): string => style.getPropertyValue(name);
  const [empty, table, leaf, bad] = ['--cell-empty', '--cell-table', '--cell-leaf', '--cell-bad'].map(colour);
  context.fillStyle = empty ?? '';
  context.fillRect(0, 0, columns * cell, rows * cell);
  const edge = cell < SHAPED ? cell : cell - 1;
  const stroke = cell > 6 ? 2 : 1;
  cells.forEach((kind, at) => {
    const x = (at % columns) * cell;
    const y = Math.floor(at / columns) * cell;
    if (kind === 0) return;
    context.fillStyle = (kind === 1 ? table : kind === 2 ? leaf : bad) ?? '';
    context.fillRect(x, y, edge, edge);
    if (edge < SHAPED) return;
    context.fillStyle = empty ?? '';
    if (kind === 1) context.fillRect(x + stroke, y + stroke, edge - 2 * stroke, edge - 2 * stroke);
    if (kind === 3) cross(context, x, y, edge);
  });
}

function cross(context: CanvasRenderingContext2D, x: number, y: number, edge: number): void {
  const middle = Math.floor(edge / 2);
  const arm = Math.max(1, Math.floor(edge / 3));
  for (const [dx, dy] of [
    [middle, 0],
    [0, middle],
    [edge - arm, middle],
    [middle, edge - arm],
  ] as const)
    context.fillRect(x + dx, y + dy, dx === middle ? 1 : arm, dy === middle ? 1 : arm);
}
