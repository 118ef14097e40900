import type { IoasObject } from '../../engine/sim/world';

/** One piece of an address strip: what it stands for, and which share (0 … 1) of the strip it takes. */
export interface StripPiece {
  readonly kind: 'area' | 'reserved' | 'gap';
  readonly start: bigint;
  readonly last: bigint;
  readonly from: number;
  readonly to: number;
}

interface Extent {
  readonly kind: 'area' | 'reserved';
  readonly start: bigint;
  readonly last: bigint;
}

/** Weight of a folded gap; an area of one page weighs 1, and one more for every doubling. */
const GAP_WEIGHT = 1.5;
/** More pieces than this would be thinner than a pixel or two: neighbours are drawn as one. */
const MAX_EXTENTS = 24;

/**
 * Lays an IOAS's address space on a strip. 48 bits of it are almost empty: gaps are folded to one width, and extents
 * grow with the logarithm of their size, so that a page beside a gigabyte is still seen.
 */
export function stripOf(ioas: Pick<IoasObject, 'areas' | 'reserved'>): readonly StripPiece[] {
  const extents = mergedTo(MAX_EXTENTS, [
    ...ioas.areas.map((a): Extent => ({ kind: 'area', start: a.iova, last: a.last })),
    ...ioas.reserved.map((r): Extent => ({ kind: 'reserved', start: r.start, last: r.last })),
  ]);
  const pieces: { kind: StripPiece['kind']; start: bigint; last: bigint; weight: number }[] = [];
  let next = 0n;
  for (const e of extents) {
    if (e.start > next) pieces.push({ kind: 'gap', start: next, last: e.start - 1n, weight: GAP_WEIGHT });
    pieces.push({ ...e, weight: weightOf(e) });
    next = e.last + 1n;
  }
  if (next < U64) pieces.push({ kind: 'gap', start: next, last: U64 - 1n, weight: GAP_WEIGHT });
  const total = pieces.reduce((sum, p) => sum + p.weight, 0);
  let from = 0;
  return pieces.map(({ kind, start, last, weight }) => {
    const piece = { kind, start, last, from, to: from + weight / total };
    from = piece.to;
    return piece;
  });
}
const U64 = 1n << 64n;

/** Where on the strip an address lies, 0 … 1. */
export function shareOf(pieces: readonly StripPiece[], iova: bigint): number {
  const piece = pieces.find((p) => p.start <= iova && iova <= p.last);
  if (!piece) return 0.5;
  const [into, length] = [iova - piece.start, piece.last - piece.start + 1n];
  const share = Number((into * 1000n) / length) / 1000;
  return piece.from + (piece.to - piece.from) * share;
}

/** How big a hole is does not matter: it cannot be mapped. */
const weightOf = (e: Extent): number =>
  e.kind === 'reserved' ? 2 * GAP_WEIGHT : Math.max(1, (e.last - e.start + 1n).toString(2).length - 12);

/** Sorted, without overlaps, and no more than `most`: the closest neighbours of a kind become one. */
function mergedTo(most: number, extents: readonly Extent[]): readonly Extent[] {
  const sorted = [...extents].sort((a, b) => (a.start < b.start ? -1 : a.start > b.start ? 1 : 0));
  let merged: Extent[] = [];
  for (const e of sorted) {
    const before = merged.at(-1);
    if (!before || e.start > before.last) merged.push(e);
    // Areas never overlap; reserved regions of several devices may, and an area never lies in one.
    else if (e.last > before.last) merged.push({ ...e, start: before.last + 1n });
  }
  while (merged.length > most) {
    let closest = 1;
    for (let i = 2; i < merged.length; i++)
      if (gapBefore(merged, i) < gapBefore(merged, closest)) closest = i;
    const [a, b] = [merged[closest - 1], merged[closest]];
    if (!a || !b) break;
    const kind = a.kind === b.kind ? a.kind : 'area';
    merged = [
      ...merged.slice(0, closest - 1),
      { kind, start: a.start, last: b.last },
      ...merged.slice(closest + 1),
    ];
  }
  return merged;
}

const gapBefore = (extents: readonly Extent[], i: number): bigint =>
  (extents[i]?.start ?? 0n) - (extents[i - 1]?.last ?? 0n);
