/** Machines along a script: so many, and none where the way from the last one takes less than this many milliseconds. */
const POSTS = 16;
const SHORTEST = 8;
/** A machine this near below the cursor is as good as one that stands there. */
const NEAR = 4;

export interface Wanted {
  /** Milliseconds that the lines before each take, and all of them. */
  readonly sums: Float64Array;
  readonly cursor: number;
  /** Machines that should stand at the cursor beside the live one. */
  readonly spares: number;
  /** Machines that may be kept. */
  readonly capacity: number;
}

/** Where a machine is missing. */
export interface Post {
  readonly at: number;
  /** Where more stand than are needed. */
  readonly surplus: ReadonlySet<number>;
}

/** Where the next machine should go, the most useful place first: to the cursor, then along the way back, then ahead. */
export function nextPost(
  { sums, cursor, spares, capacity }: Wanted,
  standing: readonly number[],
): Post | null {
  const cost = (line: number): number => sums[line] ?? 0;
  const isNear = (line: number): boolean => line <= cursor && cost(cursor) - cost(line) <= NEAR;
  const starts = startsOf(sums, Math.max(1, Math.min(POSTS, capacity - spares - 1)));
  const slotOf = (line: number): number => starts.findLastIndex((start) => start <= line);
  const occupants = new Map<number, number>();
  for (const line of standing) occupants.set(slotOf(line), (occupants.get(slotOf(line)) ?? 0) + 1);
  const surplus = new Set(
    standing.filter(
      (line) => !isNear(line) && (slotOf(line) === 0 || (occupants.get(slotOf(line)) ?? 0) > 1),
    ),
  );
  if (cost(cursor) > NEAR && standing.filter(isNear).length < spares) return { at: cursor, surplus };
  const here = slotOf(cursor);
  const order = [...starts.keys()].sort((a, b) => (a <= here ? here - a : a) - (b <= here ? here - b : b));
  for (const slot of order) {
    const at = starts[slot] ?? 0;
    // From the beginning it is not far to what lies before the first.
    if (slot > 0 && !occupants.has(slot)) return { at, surplus };
  }
  return null;
}

/** First lines of the parts that take equally long. */
function startsOf(sums: Float64Array, parts: number): readonly number[] {
  const total = sums[sums.length - 1] ?? 0;
  const spacing = Math.max(SHORTEST, total / parts);
  const starts = [0];
  let from = 0;
  for (let line = 1; line < sums.length; line++) {
    if ((sums[line] as number) - from < spacing) continue;
    from = sums[line] as number;
    starts.push(line);
  }
  return starts;
}
