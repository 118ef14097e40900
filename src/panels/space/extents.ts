import type { AreaObject, IoasObject } from '../../engine/sim/world';
import type { FrameKind, PhysicalMap, PhysicalRun } from '../../engine/sim/physical-map';
import { byteSize, groupedHex } from '../../ui/numbers';
import type { Piece, Placed, Range } from '../../lib/folded-strip';
import { PIECES } from '../../words/panels/space';

/** What stands on a strip. */
export type Extent =
  | (Placed & { readonly kind: 'area'; readonly area: AreaObject })
  | (Placed & { readonly kind: 'reserved'; readonly why: string })
  | (Placed & { readonly kind: 'run'; readonly run: PhysicalRun })
  | (Placed & { readonly kind: 'hole' });

/** Areas and holes of an IOAS, ascending. Holes of several devices may overlap: each is shown up to the next. */
export function iovaExtents(ioas: Pick<IoasObject, 'areas' | 'reserved'>): readonly Extent[] {
  const all: Extent[] = [
    ...ioas.areas.map((area) => ({ kind: 'area' as const, start: area.iova, last: area.last, area })),
    ...ioas.reserved.map((range) => ({ kind: 'reserved' as const, minor: true, ...range })),
  ].sort((a, b) => (a.start < b.start ? -1 : a.start > b.start ? 1 : 0));
  const extents: Extent[] = [];
  for (const extent of all) {
    const before = extents.at(-1);
    if (before === undefined || extent.start > before.last) extents.push(extent);
    else if (extent.last > before.last) extents.push({ ...extent, start: before.last + 1n });
  }
  return extents;
}

/** Frames in use, and where there is no memory. */
export function memoryExtents({ runs, ram }: PhysicalMap): readonly Extent[] {
  const extents: Extent[] = [];
  let next = 0;
  let at = 0;
  for (const range of ram) {
    if (range.start > next)
      extents.push({ kind: 'hole', minor: true, start: BigInt(next), last: BigInt(range.start) - 1n });
    for (let run = runs[at]; run !== undefined && run.start <= range.last; run = runs[++at])
      extents.push({ kind: 'run', start: BigInt(run.start), last: BigInt(run.start + run.bytes) - 1n, run });
    next = range.last + 1;
  }
  return extents;
}

/** Up to where there is memory. */
export const memoryWindow = ({ ram }: PhysicalMap): Range => ({
  start: 0n,
  last: BigInt(ram.at(-1)?.last ?? 0),
});

export const sizeOf = ({ start, last }: Range): string => byteSize(last - start + 1n);
/** `255T`: where there is hardly any room. */
export const briefSize = (range: Range): string =>
  sizeOf(range)
    .replace(/\.\d+/, '')
    .replace(/ (\w).*/, '$1');
export const rangeWords = ({ start, last }: Range): string => `${groupedHex(start)} – ${groupedHex(last)}`;

/** What a piece is, in a few words: what the strip says to who cannot see it. */
export function pieceWords(piece: Piece, extents: readonly Extent[]): string {
  const where = PIECES.where(groupedHex(piece.start), groupedHex(piece.last), sizeOf(piece));
  const extent = extents[piece.first];
  if (piece.kind === 'gap') return PIECES.free(where);
  if (piece.kind === 'bin' || extent === undefined) return PIECES.at(binWords(piece, extents), where);
  return PIECES.at(extentWords(extent), where);
}

export function extentWords(extent: Extent): string {
  switch (extent.kind) {
    case 'area':
      return PIECES.area(nameOf(extent.area), accessOf(extent.area));
    case 'reserved':
      return PIECES.reserved(extent.why);
    case 'hole':
      return PIECES.hole;
    case 'run': {
      const { label, level } = extent.run;
      return level === null ? label : PIECES.level(label, level);
    }
  }
}

/** `31 areas, 2 reserved ranges` */
export function binWords({ first, count: number }: Piece, extents: readonly Extent[]): string {
  const counts = new Map<Extent['kind'], number>();
  for (const { kind } of extents.slice(first, first + number)) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return [...counts].map(([kind, n]) => PIECES.counts[kind](n)).join(', ');
}

/** The buffer's name; else where its memory comes from. */
export const nameOf = ({ buffer, pages }: AreaObject): string =>
  buffer ?? (pages === null ? PIECES.inWork : pages.source === 'memory' ? PIECES.unnamed : pages.source);

export const accessOf = ({ read, write }: AreaObject): string => `${read ? 'r' : ''}${write ? 'w' : ''}`;

/** What most of a piece is used for: it has that colour, and the others are told in words. */
export function mainUse(
  { first, count: number }: Piece,
  extents: readonly Extent[],
): FrameKind | 'hole' | null {
  const bytes = new Map<FrameKind | 'hole', bigint>();
  for (const extent of extents.slice(first, first + number)) {
    const use = extent.kind === 'run' ? extent.run.use : extent.kind === 'hole' ? 'hole' : null;
    if (use !== null) bytes.set(use, (bytes.get(use) ?? 0n) + extent.last - extent.start + 1n);
  }
  return (
    [...bytes].reduce<[FrameKind | 'hole', bigint] | null>(
      (best, each) => (best === null || each[1] > best[1] ? each : best),
      null,
    )?.[0] ?? null
  );
}
