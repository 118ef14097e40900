/** A stretch of addresses, both ends in it. */
export interface Range {
  readonly start: bigint;
  readonly last: bigint;
}

/** What stands on a strip. `minor`: how large it is does not matter. */
export interface Placed extends Range {
  readonly minor?: boolean;
}

/** One piece of a strip: an extent, several too close to be told apart, or what lies between. */
export interface Piece extends Range {
  readonly kind: 'extent' | 'bin' | 'gap';
  /** Pixels from the strip's beginning. */
  readonly x: number;
  readonly width: number;
  /** Which extents it stands for: the first, and how many. */
  readonly first: number;
  readonly count: number;
  /** Narrower than its size says. */
  readonly folded: boolean;
}

export const ALL_ADDRESSES: Range = { start: 0n, last: (1n << 64n) - 1n };

/** Pixels that a piece takes at least, so that it can be seen, or be hit. */
export interface Least {
  readonly extent: number;
  readonly gap: number;
}

/** Of strips whose pieces are pointed at. */
const HIT: Least = { extent: 7, gap: 9 };
/** With few pieces there is room to say what a gap has folded. */
const ROOMY_GAP = 17;
const FEW = 9;
/** Of a gap, however large it is; a page has a weight of 1, and one more for every doubling. */
const FOLDED = 3;
/** Of what cannot be used, however large it is. */
const MINOR = 6;

/**
 * Lays extents (ascending, without overlaps) out on a strip. Address spaces are almost empty: gaps are folded to one width,
 * and extents grow with the logarithm of their size, so that a page beside a gigabyte is still seen. Where there are too many,
 * those with the smallest gaps between them share a piece.
 */
export function foldedStrip(
  extents: readonly Placed[],
  window: Range,
  width: number,
  { extent, gap }: Least = HIT,
): readonly Piece[] {
  const weighed: { piece: Omit<Piece, 'x' | 'width'>; least: number; weight: number }[] = [];
  const addGap = (start: bigint, last: bigint, first: number): void => {
    if (start > last) return;
    const weight = Math.min(FOLDED, weightOf({ start, last }));
    const folded = weight === FOLDED && weightOf({ start, last }) > FOLDED;
    weighed.push({ piece: { kind: 'gap', start, last, first, count: 0, folded }, least: leastGap, weight });
  };
  let next = window.start;
  const groups = grouped(extents, window, Math.max(1, Math.floor((width - gap) / (extent + gap))));
  const leastGap = groups.length < FEW && width > 250 ? ROOMY_GAP : gap;
  for (const group of groups) {
    addGap(next, group.start - 1n, group.first);
    const kind = group.count > 1 ? 'bin' : 'extent';
    const minor = group.count === 1 && extents[group.first]?.minor === true;
    const weight = minor ? Math.min(MINOR, weightOf(group)) : weightOf(group);
    weighed.push({ piece: { ...group, kind, folded: false }, least: extent, weight });
    next = group.last + 1n;
  }
  addGap(next, window.last, extents.length);
  const least = weighed.reduce((sum, each) => sum + each.least, 0);
  const weight = weighed.reduce((sum, each) => sum + each.weight, 0);
  const spare = Math.max(0, width - least);
  const shrink = Math.min(1, width / least);
  let x = 0;
  return weighed.map((each) => {
    const piece = { ...each.piece, x, width: each.least * shrink + (spare * each.weight) / weight };
    x += piece.width;
    return piece;
  });
}

const weightOf = ({ start, last }: Range): number => Math.max(1, (last - start + 1n).toString(2).length - 12);

type Group = Range & { readonly first: number; readonly count: number };

/** What is in the window, as no more than so many groups: cut where the gaps are largest. */
function grouped(extents: readonly Range[], window: Range, limit: number): readonly Group[] {
  const inside = extents.flatMap(({ start, last }, first) =>
    last < window.start || start > window.last
      ? []
      : [
          {
            start: start < window.start ? window.start : start,
            last: last > window.last ? window.last : last,
            first,
            count: 1,
          },
        ],
  );
  if (inside.length <= limit) return inside;
  const gaps = inside
    .slice(1)
    .map((each, at) => ({ at: at + 1, size: each.start - (inside[at]?.last ?? 0n) }));
  gaps.sort((a, b) => (a.size === b.size ? a.at - b.at : a.size > b.size ? -1 : 1));
  const cuts = new Set(gaps.slice(0, limit - 1).map(({ at }) => at));
  const groups: Group[] = [];
  inside.forEach((each, at) => {
    const before = groups.at(-1);
    if (before === undefined || cuts.has(at)) groups.push(each);
    else groups[groups.length - 1] = { ...before, last: each.last, count: before.count + 1 };
  });
  return groups;
}

const FINE = 1_000_000n;

/** Where an address lies on the strip, in pixels; null outside of it. */
export function xOf(pieces: readonly Piece[], address: bigint): number | null {
  const piece = pieceAtAddress(pieces, address);
  if (piece === null) return null;
  const share = Number(((address - piece.start) * FINE) / (piece.last - piece.start + 1n)) / Number(FINE);
  return piece.x + piece.width * share;
}

/** Which pixels a range takes, clipped to the strip; null: none of it is there. */
export function spanOf(
  pieces: readonly Piece[],
  { start, last }: Range,
): { readonly x: number; readonly width: number } | null {
  const [first, end] = [pieces[0], pieces.at(-1)];
  if (first === undefined || end === undefined || last < first.start || start > end.last) return null;
  const from = start < first.start ? 0 : (xOf(pieces, start) ?? 0);
  const to = last >= end.last ? end.x + end.width : (xOf(pieces, last + 1n) ?? end.x + end.width);
  return { x: from, width: Math.max(2, to - from) };
}

export function pieceAtAddress(pieces: readonly Piece[], address: bigint): Piece | null {
  return search(
    pieces,
    ({ start }) => start <= address,
    ({ last }) => address <= last,
  );
}

export function pieceAt(pieces: readonly Piece[], x: number): Piece | null {
  return search(
    pieces,
    (piece) => piece.x <= x,
    (piece) => x < piece.x + piece.width,
  );
}

/** The last that begins early enough, if it does not end too early. */
function search(
  pieces: readonly Piece[],
  begun: (piece: Piece) => boolean,
  goesOn: (piece: Piece) => boolean,
): Piece | null {
  let low = 0;
  let high = pieces.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const piece = pieces[middle];
    if (piece !== undefined && begun(piece)) low = middle + 1;
    else high = middle;
  }
  const found = pieces[low - 1];
  return found !== undefined && goesOn(found) ? found : null;
}

export const overlaps = (a: Range, b: Range): boolean => a.start <= b.last && b.start <= a.last;
