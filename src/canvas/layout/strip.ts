import type { IoasObject } from '../../engine/sim/world';
import { ALL_ADDRESSES, foldedStrip, type Piece, type Placed } from '../../lib/folded-strip';

/** One piece of an address strip: what it stands for, and which share (0 … 1) of the strip it takes. */
export interface StripPiece {
  readonly kind: 'area' | 'reserved' | 'gap';
  readonly start: bigint;
  readonly last: bigint;
  readonly from: number;
  readonly to: number;
}

interface Extent extends Placed {
  readonly kind: 'area' | 'reserved';
}

/** The strip of a card, in pixels; its pieces are looked at, not pointed at. */
const WIDTH = 150;
const LEAST = { extent: 2, gap: 3 } as const;

/** Lays an IOAS's address space on the strip of its card: as the space panel does, with what lies close together as one. */
export function stripOf(ioas: Pick<IoasObject, 'areas' | 'reserved'>): readonly StripPiece[] {
  const extents = withoutOverlaps([
    ...ioas.areas.map((a): Extent => ({ kind: 'area', start: a.iova, last: a.last })),
    // How big a hole is does not matter: it cannot be mapped.
    ...ioas.reserved.map((r): Extent => ({ kind: 'reserved', start: r.start, last: r.last, minor: true })),
  ]);
  const pieces = foldedStrip(extents, ALL_ADDRESSES, WIDTH, LEAST);
  return pieces.map((piece, index) => ({
    kind: kindOf(piece, extents),
    start: piece.start,
    last: piece.last,
    from: piece.x / WIDTH,
    // To the pixel where the next begins.
    to: (pieces[index + 1]?.x ?? WIDTH) / WIDTH,
  }));
}

/** Several in one piece are areas, unless all of them are holes. */
function kindOf({ kind, first, count }: Piece, extents: readonly Extent[]): StripPiece['kind'] {
  if (kind === 'gap') return 'gap';
  const within = extents.slice(first, first + count);
  return within.every((each) => each.kind === 'reserved') ? 'reserved' : 'area';
}

/** Where on the strip an address lies, 0 … 1. */
export function shareOf(pieces: readonly StripPiece[], iova: bigint): number {
  const piece = pieces.find(({ start, last }) => start <= iova && iova <= last);
  if (piece === undefined) return 0.5;
  const { from, to, start, last } = piece;
  return from + ((to - from) * Number(((iova - start) * FINE) / (last - start + 1n))) / Number(FINE);
}
const FINE = 1_000_000n;

/** Ascending. Areas never overlap; reserved regions of several devices may, and an area never lies in one. */
function withoutOverlaps(extents: readonly Extent[]): readonly Extent[] {
  const sorted = [...extents].sort((a, b) => (a.start < b.start ? -1 : a.start > b.start ? 1 : 0));
  const cut: Extent[] = [];
  for (const each of sorted) {
    const before = cut.at(-1);
    if (before === undefined || each.start > before.last) cut.push(each);
    else if (each.last > before.last) cut.push({ ...each, start: before.last + 1n });
  }
  return cut;
}
