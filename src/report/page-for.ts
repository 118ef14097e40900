interface Size {
  readonly width: number;
  readonly height: number;
}

/** Room on a page of its own, of A4 or Letter, below the heading, in CSS pixels: the smaller of the two. */
export const ROOM = { upright: { width: 680, height: 890 }, across: { width: 940, height: 630 } } as const;
/** Below, letters of the canvas come out smaller than 5.2 points. */
const LEGIBLE = 0.58;

/** Which way a page is turned for a figure that could be read on it; null: it is too much for one page. */
export function pageFor({ width, height }: Size): 'upright' | 'across' | null {
  const scale = (page: Size): number => Math.min(1, page.width / width, page.height / height);
  const [upright, across] = [scale(ROOM.upright), scale(ROOM.across)];
  // A page that need not be turned is better, if it can be read at all.
  if (upright >= LEGIBLE) return 'upright';
  return across >= LEGIBLE ? 'across' : null;
}
