/** How large a cache is; no sets: the unit has none. */
export interface CacheShape {
  readonly sets: number;
  readonly ways: number;
}

const MAX_ENTRIES = 65536;
const isPowerOfTwo = (n: number): boolean => n > 0 && (n & (n - 1)) === 0;

/** Why a cache cannot have this shape; null when it can. For whoever lets people choose one. */
export function cacheShapeProblem({ sets, ways }: CacheShape): string | null {
  if (sets === 0) return null;
  if (!isPowerOfTwo(sets) || !isPowerOfTwo(ways)) return 'sets and ways of a cache are powers of two';
  return sets * ways > MAX_ENTRIES ? `a cache has at most ${MAX_ENTRIES} entries` : null;
}
