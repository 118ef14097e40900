import * as says from '../words/scenario/script';

/**
 * The word that someone probably meant, or null when nothing is near.
 * Nearness is the number of letters inserted, deleted, replaced or swapped; case does not count.
 */
export function suggest(word: string, known: Iterable<string>): string | null {
  const wanted = word.toLowerCase();
  let best: string | null = null;
  // A third of the letters may be wrong: `IOAS_MPA` is IOAS_MAP, `foo` is not `dma`.
  let limit = Math.max(1, Math.floor(wanted.length / 3)) + 1;
  for (const candidate of known) {
    const away = distance(wanted, candidate.toLowerCase(), limit);
    if (away < limit) {
      limit = away;
      best = candidate;
    }
  }
  return best;
}

/** `; did you mean X?` or nothing, to end a message with. */
export function didYouMean(word: string, known: Iterable<string>): string {
  const meant = suggest(word, known);
  return meant === null ? '' : says.didYouMean(meant);
}

/** Damerau-Levenshtein distance (neighbours swapped count once), or `limit` when it is at least that. */
function distance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) >= limit) return limit;
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const next = [row];
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1];
      const swapped = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      next.push(
        Math.min(
          (last[column] ?? limit) + 1,
          (next[column - 1] ?? limit) + 1,
          (last[column - 1] ?? limit) + (same ? 0 : 1),
          swapped ? (beforeLast[column - 2] ?? limit) + 1 : limit,
        ),
      );
    }
    beforeLast = last;
    last = next;
  }
  return last[b.length] ?? limit;
}
