import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { shareOf, stripOf } from './strip';

const area = (iova: bigint, last: bigint) => ({
  iova,
  last,
  read: true,
  write: true,
  processId: 'mm:qemu',
  buffer: null,
  userVa: 0n,
  pinnedPages: 0,
  accessPins: 0,
  locks: 0,
  pages: null,
});
const MSI = { start: 0xfee0_0000n, last: 0xfeef_ffffn, why: 'MSI' };

describe('stripOf', () => {
  test('an empty address space is one gap', () => {
    expect(stripOf({ areas: [], reserved: [] })).toEqual([
      { kind: 'gap', start: 0n, last: 0xffff_ffff_ffff_ffffn, from: 0, to: 1 },
    ]);
  });

  test('areas, reserved ranges and gaps follow each other by address', () => {
    const pieces = stripOf({ areas: [area(0x10_0000n, 0x1f_ffffn), area(0n, 0xfffn)], reserved: [MSI] });
    expect(pieces.map((p) => p.kind)).toEqual(['area', 'gap', 'area', 'gap', 'reserved', 'gap']);
  });

  test('a gap is folded: one of gigabytes is as wide as one of terabytes', () => {
    const pieces = stripOf({
      areas: [area(1n << 32n, (1n << 32n) + 0xfffn), area(1n << 46n, (1n << 46n) + 0xfffn)],
      reserved: [],
    });
    const widths = pieces.filter((p) => p.kind === 'gap').map((p) => p.to - p.from);
    expect(widths[0]).toBeCloseTo(widths[1]!);
  });

  test('hundreds of areas are as many pieces as can be seen, none thinner than two pixels of the card', () => {
    const areas = Array.from({ length: 400 }, (_, i) => area(BigInt(i) << 16n, (BigInt(i) << 16n) + 0xfffn));
    const pieces = stripOf({ areas, reserved: [MSI] });
    expect(pieces.length).toBeGreaterThan(20);
    for (const { from, to } of pieces) expect(150 * (to - from)).toBeGreaterThanOrEqual(1.99);
    expect(pieces.filter(({ kind }) => kind === 'reserved')).toHaveLength(1);
  });

  test('a page beside a gigabyte is still seen', () => {
    const pieces = stripOf({ areas: [area(0n, 0xfffn), area(1n << 30n, (1n << 31n) - 1n)], reserved: [] });
    const [page, gigabyte] = pieces.filter((p) => p.kind === 'area');
    expect(page!.to - page!.from).toBeGreaterThan(0.03);
    expect(gigabyte!.to - gigabyte!.from).toBeGreaterThan(page!.to - page!.from);
  });

  test('reserved ranges of several devices may lie on each other', () => {
    const pieces = stripOf({ areas: [], reserved: [MSI, { ...MSI, last: 0xfeff_ffffn }, MSI] });
    expect(pieces.filter((p) => p.kind === 'reserved').map((p) => [p.start, p.last])).toEqual([
      [0xfee0_0000n, 0xfeef_ffffn],
      [0xfef0_0000n, 0xfeff_ffffn],
    ]);
  });
});

test('whatever is mapped: pieces tile the strip, and higher addresses never lie further left', () => {
  const extents = fc.array(
    fc.record({ start: fc.bigInt(0n, (1n << 48n) - 1n), pages: fc.bigInt(1n, 1n << 20n) }),
    { maxLength: 60 },
  );
  fc.assert(
    fc.property(
      extents,
      fc.array(fc.bigInt(0n, (1n << 64n) - 1n), { minLength: 2, maxLength: 8 }),
      (wanted, probes) => {
        let next = 0n;
        const areas = [...wanted]
          .sort((a, b) => (a.start < b.start ? -1 : 1))
          .map(({ start, pages }) => {
            const iova = start > next ? start : next;
            next = iova + (pages << 12n);
            return area(iova, next - 1n);
          });
        const pieces = stripOf({ areas, reserved: [] });
        expect(pieces[0]!.from).toBe(0);
        expect(pieces.at(-1)!.to).toBeCloseTo(1);
        pieces.slice(1).forEach((p, i) => {
          expect(p.from).toBe(pieces[i]!.to);
          expect(p.start).toBe(pieces[i]!.last + 1n);
        });
        const shares = probes.sort((a, b) => (a < b ? -1 : 1)).map((iova) => shareOf(pieces, iova));
        expect([...shares].sort((a, b) => a - b)).toEqual(shares);
      },
    ),
    { numRuns: 100 },
  );
});
