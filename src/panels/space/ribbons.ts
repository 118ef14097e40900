import type { AreaFrames } from '../../engine/sim/physical-map';
import { overlaps, pieceAtAddress, type Piece, type Range } from '../../lib/folded-strip';

/** From a piece of the IOVA strip to a piece of memory's: some of its pages are there. */
export interface Ribbon {
  readonly from: Piece;
  readonly to: Piece;
  /** Of the area it stands for, or of all that its pieces stand for. */
  readonly range: Range;
}

export const frameRange = ({ start, bytes }: { readonly start: number; readonly bytes: number }): Range => ({
  start: BigInt(start),
  last: BigInt(start + bytes) - 1n,
});

/** One for each pair of pieces that share pages, however many pages those are. */
export function ribbonsOf(
  areas: readonly AreaFrames[],
  iova: readonly Piece[],
  memory: readonly Piece[],
): readonly Ribbon[] {
  const ribbons = new Map<string, Ribbon>();
  for (const area of areas) {
    const from = pieceAtAddress(iova, area.iova);
    if (from === null || from.kind === 'gap') continue;
    for (const frames of area.frames) {
      const range = frameRange(frames);
      for (let to = pieceAtAddress(memory, range.start); to !== null && to.start <= range.last;) {
        if (to.kind !== 'gap') ribbons.set(`${from.x} ${to.x}`, { from, to, range: from });
        to = pieceAtAddress(memory, to.last + 1n);
      }
    }
  }
  return [...ribbons.values()];
}

/** Where the pages of what is pointed at are. */
export const framesUnder = (
  areas: readonly AreaFrames[],
  ends: ReadonlyMap<bigint, bigint>,
  spot: Range,
): readonly Range[] =>
  areas
    .filter(({ iova }) => overlaps({ start: iova, last: ends.get(iova) ?? iova }, spot))
    .flatMap(({ frames }) => frames.map(frameRange));

/** Which areas have pages there. */
export const areasOver = (areas: readonly AreaFrames[], spot: Range): readonly AreaFrames[] =>
  areas.filter(({ frames }) => frames.some((each) => overlaps(frameRange(each), spot)));
