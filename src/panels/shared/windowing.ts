/** Which rows of a long list have to be in the document; every row's height is known before it is drawn. */
export interface Window {
  /** First row drawn, and the one after the last. */
  readonly from: number;
  readonly to: number;
}

/** Where each row begins, and at the end how high all are. */
export function offsetsOf(count: number, heightOf: (row: number) => number): readonly number[] {
  const offsets = new Array<number>(count + 1);
  let sum = 0;
  for (let row = 0; row < count; row++) {
    offsets[row] = sum;
    sum += heightOf(row);
  }
  offsets[count] = sum;
  return offsets;
}

/** Rows that can be seen, and some more either way. */
export function windowOf(offsets: readonly number[], top: number, height: number, margin: number): Window {
  const last = offsets.length - 1;
  return {
    from: Math.max(0, rowAt(offsets, top - margin)),
    to: Math.min(last, rowAt(offsets, top + height + margin) + 1),
  };
}

/** Drawn above and below what is seen: at once, and a moment later. */
const NEAR = 80;
const WIDE = 300;
/** The wide window goes on in such steps. */
const STRIDE = 100;

/**
 * What is drawn of a list that stands at `top`, and did so at `before` a frame ago. The rows about where it stood are there
 * and stay, as long as what is seen now is among them; far from there, those that are seen come first.
 */
export function windowFrom(offsets: readonly number[], top: number, height: number, before: number): Window {
  const near = windowOf(offsets, top, height, NEAR);
  const wide = windowOf(offsets, Math.round(before / STRIDE) * STRIDE, height, WIDE);
  return near.from >= wide.from && near.to <= wide.to ? wide : near;
}

/** The row at a height: the last that begins there or above. */
function rowAt(offsets: readonly number[], y: number): number {
  let low = 0;
  let high = offsets.length - 2;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((offsets[middle] ?? 0) <= y) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** How far to scroll to a row: to have it in the middle where it is far away, else no further than to see it. */
export function bringing(offsets: readonly number[], row: number, top: number, height: number): number {
  const start = offsets[row] ?? 0;
  const isFar = start < top - height || start > top + 2 * height;
  return isFar ? Math.max(0, start - height / 2) : revealing(offsets, row, top, height);
}

/** How far to scroll so that a row is in view; the same where it is already. */
export function revealing(offsets: readonly number[], row: number, top: number, height: number): number {
  const start = offsets[row] ?? 0;
  const end = offsets[row + 1] ?? start;
  if (start < top) return start;
  return end > top + height ? end - height : top;
}
