/** How a table of so many entries is laid out as a grid: 512 are 16 × 32, whatever the number it is about that shape. */
export interface StripShape {
  readonly columns: number;
  readonly rows: number;
  /** Pixels of a cell's edge. */
  readonly cell: number;
}

/** Room of a strip in pixels, and the edge beyond which a cell of a small table does not grow. */
export interface StripRoom {
  readonly width: number;
  readonly height: number;
  readonly most: number;
}

export const NARROW: StripRoom = { width: 64, height: 128, most: 12 };
export const TIGHT: StripRoom = { width: 48, height: 96, most: 8 };
export const WIDE: StripRoom = { width: 128, height: 256, most: 16 };
export const WIDE_TIGHT: StripRoom = { width: 96, height: 192, most: 12 };

/** By how many tables are beside each other. */
export const roomFor = (tables: number, wide: boolean): StripRoom =>
  wide ? (tables > 4 ? WIDE_TIGHT : WIDE) : tables > 5 ? TIGHT : NARROW;

/** Both sides are powers of two, so that entries which belong together, aligned as they are, fill a rectangle. */
export function stripShape(entries: number, { width, height, most }: StripRoom): StripShape {
  const columns = 2 ** Math.max(0, Math.floor(Math.log2(entries / 2) / 2));
  const rows = Math.ceil(entries / columns);
  const cell = Math.max(1, Math.min(most, Math.floor(width / columns), Math.floor(height / rows)));
  return { columns, rows, cell };
}

/** The entry at a point of the strip; null beside it. */
export function entryAt(x: number, y: number, entries: number, { columns, cell }: StripShape): number | null {
  const column = Math.floor(x / cell);
  const entry = Math.floor(y / cell) * columns + column;
  return x < 0 || y < 0 || column >= columns || entry >= entries ? null : entry;
}

/** A rectangle around `count` entries from `first` on, in pixels. */
export function rectOf(
  first: number,
  count: number,
  { columns, cell }: StripShape,
): { readonly left: number; readonly top: number; readonly width: number; readonly height: number } {
  return {
    left: (first % columns) * cell,
    top: Math.floor(first / columns) * cell,
    width: Math.min(count, columns) * cell,
    height: Math.max(1, count / columns) * cell,
  };
}

interface Keys {
  readonly key: string;
  readonly ctrlKey: boolean;
}

/** Where a key leads from an entry; null: it is no key of strips. With Ctrl: to the next entry that is not empty. */
export function moveBy(
  { key, ctrlKey }: Keys,
  from: number,
  cells: Uint8Array,
  { columns }: StripShape,
): number | null {
  const last = cells.length - 1;
  const by = {
    ArrowRight: 1,
    ArrowLeft: -1,
    ArrowDown: columns,
    ArrowUp: -columns,
    PageDown: columns * 8,
    PageUp: -columns * 8,
    Home: -last,
    End: last,
  }[key];
  if (by === undefined) return null;
  if (ctrlKey && key.startsWith('Arrow')) return nextInUse(from, Math.sign(by), cells) ?? from;
  return Math.min(last, Math.max(0, from + by));
}

function nextInUse(from: number, by: number, cells: Uint8Array): number | null {
  for (let at = from + by; at >= 0 && at < cells.length; at += by) if (cells[at] !== 0) return at;
  return null;
}
