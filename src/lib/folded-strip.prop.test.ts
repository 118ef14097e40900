import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ALL_ADDRESSES, foldedStrip, pieceAt, spanOf, xOf, type Piece, type Range } from './folded-strip';

/** Ascending, without overlaps, some side by side. */
const extents = fc
  .array(
    fc.tuple(
      fc.oneof(fc.constant(0n), fc.bigInt(1n, 1n << 40n)),
      fc.oneof(fc.constant(1n), fc.bigInt(1n, 1n << 44n)),
    ),
    { maxLength: 1200 },
  )
  .map((steps) => {
    const made: Range[] = [];
    let at = 0n;
    for (const [gap, length] of steps) {
      made.push({ start: at + gap, last: at + gap + length - 1n });
      at += gap + length;
    }
    return made;
  });
const widths = fc.integer({ min: 60, max: 1600 });

const standsFor = ({ kind, first, count }: Piece): readonly number[] =>
  kind === 'gap' ? [] : Array.from({ length: count }, (_, at) => first + at);

describe('a folded strip', () => {
  it('has every extent once, in order, and covers every address of the window', () => {
    fc.assert(
      fc.property(extents, widths, (all, width) => {
        const pieces = foldedStrip(all, ALL_ADDRESSES, width);
        expect(pieces.flatMap(standsFor)).toEqual(all.map((_, at) => at));
        let next = 0n;
        for (const { start, last } of pieces) {
          expect(start).toBe(next);
          next = last + 1n;
        }
        expect(next).toBe(1n << 64n);
      }),
    );
  });

  it('fills its width without overlaps, and no piece is too narrow to hit', () => {
    fc.assert(
      fc.property(extents, widths, (all, width) => {
        const pieces = foldedStrip(all, ALL_ADDRESSES, width);
        let x = 0;
        for (const piece of pieces) {
          expect(piece.x).toBeCloseTo(x, 6);
          expect(piece.width).toBeGreaterThan(6.9);
          x += piece.width;
        }
        expect(x).toBeCloseTo(width, 6);
      }),
    );
  });

  it('a larger address is never to the left of a smaller one', () => {
    fc.assert(
      fc.property(
        extents,
        widths,
        fc.bigInt(0n, (1n << 64n) - 1n),
        fc.bigInt(0n, (1n << 64n) - 1n),
        (all, width, a, b) => {
          const pieces = foldedStrip(all, ALL_ADDRESSES, width);
          const [low, high] = a < b ? [a, b] : [b, a];
          expect(xOf(pieces, low)!).toBeLessThanOrEqual(xOf(pieces, high)!);
        },
      ),
    );
  });

  it('in a window it has what lies in the window, cut at its ends', () => {
    fc.assert(
      fc.property(extents, widths, fc.nat(), (all, width, n) => {
        if (all.length === 0) return;
        const window = all[n % all.length]!;
        const pieces = foldedStrip(all, window, width);
        expect(pieces).toHaveLength(1);
        expect(pieces[0]).toMatchObject({ ...window, kind: 'extent', x: 0, first: n % all.length });
      }),
    );
  });
});

describe('pieces and places', () => {
  const page = (at: bigint): Range => ({ start: at, last: at + 0xfffn });
  const pieces = foldedStrip([page(0x1000n), page(0x4000_0000n)], ALL_ADDRESSES, 300);

  it('the gap between two pages far apart is folded, that of a page is not', () => {
    expect(pieces.map(({ kind, folded }) => [kind, folded])).toEqual([
      ['gap', false],
      ['extent', false],
      ['gap', true],
      ['extent', false],
      ['gap', true],
    ]);
  });

  it('what is clicked is what is there', () => {
    for (const piece of pieces) {
      expect(pieceAt(pieces, piece.x + piece.width / 2)).toBe(piece);
      expect(spanOf(pieces, piece)).toMatchObject({ x: piece.x });
    }
    expect(pieceAt(pieces, -1)).toBeNull();
    expect(pieceAt(pieces, 301)).toBeNull();
  });
});
