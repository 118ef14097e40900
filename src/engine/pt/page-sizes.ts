import { ORDER_PAGES } from './format';

/**
 * The page sizes that a table may use, and which one fits where.
 *
 * Linux: drivers/iommu/generic_pt/pt_iter.h pt_compute_best_pgsize(), pt_pgsz_count()
 */
export class PageSizes {
  /** By order: the largest allowed order that is no larger; -1 where none is. */
  private readonly allowed = new Int8Array(64).fill(-1);
  /** By order: pages of the next larger allowed size, 0 where none is. */
  private readonly next: number[] = new Array<number>(64).fill(0);

  /** Pages of the smallest size: whatever is mapped is a multiple. */
  readonly smallest: number;

  /** Orders ascending: log2 of the sizes in pages of the granule. */
  constructor(orders: readonly number[]) {
    this.smallest = 2 ** (orders[0] ?? 0);
    for (const [n, order] of orders.entries()) {
      this.allowed.fill(order, order);
      const next = orders[n + 1];
      if (next !== undefined) this.next[order] = 2 ** next;
    }
  }

  /** Order of the largest size that both addresses are aligned to and that the length holds; -1 where none fits. */
  best(vpn: number, page: number, pages: number): number {
    const limit = Math.min(trailingZeros(vpn), trailingZeros(page), lastBit(pages));
    return limit < 0 ? -1 : (this.allowed[limit] as number);
  }

  /** Pages to map with leaves of an order before a larger size may fit; the rest that is too small for one is not in it. */
  run(vpn: number, page: number, pages: number, order: number): number {
    const next = this.next[order] as number;
    const bound = next !== 0 && (vpn - page) % next === 0 ? Math.min(pages, next - (vpn % next)) : pages;
    return bound - (bound % (ORDER_PAGES[order] as number));
  }
}

const ALL = 63;

function trailingZeros(n: number): number {
  const low = n | 0;
  if (low !== 0) return 31 - Math.clz32(low & -low);
  if (n === 0) return ALL;
  const high = n / 0x1_0000_0000;
  return 63 - Math.clz32(high & -high);
}

/** Index of the highest bit that is set; -1 of zero. */
function lastBit(n: number): number {
  return n < 0x1_0000_0000 ? 31 - Math.clz32(n) : 63 - Math.clz32(n / 0x1_0000_0000);
}
