import { useApp } from '../../store';
import type { Spot } from '../../store/types';
import type { WorldId } from '../../engine/sim/world';
import { groupedHex } from '../../ui/numbers';
import type { Extent } from './extents';
import { pieceAtAddress, type Piece } from '../../lib/folded-strip';
import { STRIPS } from '../../words/panels/space';

interface LookupMark {
  readonly ioasId: WorldId;
  readonly iova: bigint;
  readonly words: string;
}

/** The address of the look-up on stage, where it goes through an IOAS. */
export function useLookupMark(): LookupMark | null {
  const lookup = useApp(
    ({ playback, lookups }) =>
      playback.sample ?? (playback.lookup === null ? null : (lookups[playback.lookup] ?? null)),
  );
  if (lookup === null || lookup.ioasId === null) return null;
  return { ioasId: lookup.ioasId, iova: lookup.iova, words: STRIPS.lookup(groupedHex(lookup.iova)) };
}

/** What is meant by a spot: the very extent where it lies in one, also where the strip shows several as one. */
export function pieceOfSpot(
  spot: Spot | null,
  extents: readonly Extent[],
  pieces: readonly Piece[],
): Piece | null {
  const piece = spot === null ? null : pieceAtAddress(pieces, spot.start);
  if (spot === null || piece === null) return null;
  const first = extents.findIndex(({ start, last }) => start <= spot.start && spot.start <= last);
  const extent = extents[first];
  if (extent === undefined || spot.last > extent.last) return piece;
  return { ...piece, kind: 'extent', start: extent.start, last: extent.last, first, count: 1 };
}
