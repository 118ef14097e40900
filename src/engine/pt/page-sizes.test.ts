import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PageSizes } from './page-sizes';

/** Linux: drivers/iommu/generic_pt/kunit_generic_pt.h ref_best_pgsize() */
function reference(orders: readonly number[], vpn: bigint, page: bigint, pages: bigint): number {
  const fits = orders.filter((order) => {
    const size = 1n << BigInt(order);
    return vpn % size === 0n && page % size === 0n && size <= pages;
  });
  return fits.at(-1) ?? -1;
}

describe('page sizes', () => {
  /** Numbers with any count of trailing zeros, up to 2^53. */
  const number = fc
    .tuple(fc.integer({ min: 0, max: 52 }), fc.maxSafeNat())
    .map(([zeros, n]) => (n % 2 ** (53 - zeros)) * 2 ** zeros);
  const orders = fc.uniqueArray(fc.integer({ min: 0, max: 52 }), { minLength: 1 });

  it('test_best_pgsize: the largest that fits both alignments and the length (property)', () => {
    fc.assert(
      fc.property(orders, number, number, number, (unsorted, vpn, page, pages) => {
        const sorted = [...unsorted].sort((a, b) => a - b);
        const expected = reference(sorted, BigInt(vpn), BigInt(page), BigInt(pages));
        expect(new PageSizes(sorted).best(vpn, page, pages)).toBe(expected);
      }),
      { numRuns: 2000 },
    );
  });

  it('test_pgsz_count: all of one size, or up to the boundary where a larger one begins to fit', () => {
    const GIB = 2 ** 18;
    expect(new PageSizes([0]).run(0, 0, GIB, 0)).toBe(GIB);
    expect(new PageSizes([0, 9]).run(1, 1, GIB - 1, 0)).toBe(511);
    // Out of step, the larger one never fits.
    expect(new PageSizes([0, 9]).run(1, 2, GIB - 1, 0)).toBe(GIB - 1);
    expect(new PageSizes([0, 9]).run(512, 512, 1030, 9)).toBe(1024);
  });
});
