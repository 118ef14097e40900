import { IovaCache } from './iova-cache';

/** A taken or reserved range of page numbers, both ends inclusive. Linux: struct iova */
export interface Iova {
  lo: number;
  hi: number;
}

/** Above all that can be handed out. Linux: IOVA_ANCHOR */
const ANCHOR = Infinity;

/** log2 of pages: ranges up to half of it are kept for the next one. Linux: IOVA_RANGE_CACHE_MAX_SIZE */
const CACHED_SIZES = 6;

/**
 * Who has which IO virtual addresses of a domain. Handed out from the top down, naturally aligned; what was freed last is
 * handed out first.
 *
 * Linux: drivers/iommu/iova.c struct iova_domain
 *
 * All numbers are pages of the domain's granule. The kernel's tree is a sorted array here.
 */
export class IovaDomain {
  /** Ascending; the anchor is the last. */
  private readonly ranges: Iova[];
  private readonly caches = Array.from({ length: CACHED_SIZES }, () => new IovaCache());
  /** Where the next search begins, for all addresses and for those below 4 GiB. */
  private cached: Iova;
  private cached32: Iova;
  /** Below 4 GiB no range of so many pages is free. */
  private max32: number;
  private readonly below4g: number;

  constructor(
    readonly granuleLg2: number,
    /** The lowest that may be handed out, at least 1: IOVA 0 never is. */
    readonly startPfn: number,
    /** Whether there is no memory for one more. */
    private readonly outOfMemory: () => boolean = () => false,
  ) {
    const anchor = { lo: ANCHOR, hi: ANCHOR };
    this.ranges = [anchor];
    this.cached = anchor;
    this.cached32 = anchor;
    this.below4g = 2 ** (32 - granuleLg2);
    this.max32 = this.below4g;
  }

  /** Taken and reserved ranges, ascending, those in the caches too: they are handed out again from there. */
  get taken(): readonly Readonly<Iova>[] {
    return this.ranges.slice(0, -1);
  }

  get cachedRanges(): number {
    return this.caches.reduce((sum, cache) => sum + cache.size, 0);
  }

  /**
   * The first page of a range of `pages` that ends at `limitPfn` or below; 0: none is left. With `flush` the caches are
   * emptied before it gives up.
   *
   * Linux: alloc_iova_fast()
   */
  allocFast(pages: number, limitPfn: number, flush: boolean): number {
    // What fits a cache is rounded up: else its holes would never be filled again.
    const size = pages < 2 ** (CACHED_SIZES - 1) ? 2 ** log2Up(pages) : pages;
    const cached = this.caches[log2Up(size)]?.get(limitPfn + 1 - size) ?? 0;
    if (cached > 0) return cached;
    const first = this.alloc(size, limitPfn);
    if (first > 0 || !flush) return first;
    this.emptyCaches();
    return this.alloc(size, limitPfn);
  }

  /** Linux: free_iova_fast() */
  freeFast(pfn: number, pages: number): void {
    const cache = this.caches[log2Up(pages)];
    if (cache) cache.insert(pfn);
    else this.free(pfn);
  }

  /** Linux: alloc_iova() */
  alloc(pages: number, limitPfn: number): number {
    if (this.outOfMemory()) return 0;
    return this.insertRange(pages, limitPfn + 1);
  }

  /** Linux: free_iova() */
  free(pfn: number): void {
    const at = this.firstAt(pfn, (range) => range.hi);
    const range = this.ranges[at];
    if (!range || range.lo > pfn) return;
    const next = this.ranges[at + 1] ?? range;
    if (range === this.cached32 || (range.hi < this.below4g && range.lo >= this.cached32.lo)) {
      this.cached32 = next;
    }
    if (range.lo < this.below4g) this.max32 = this.below4g;
    if (range.lo >= this.cached.lo) this.cached = next;
    this.ranges.splice(at, 1);
  }

  /** Takes a range away for good; what overlaps is joined. Linux: reserve_iova() */
  reserve(lo: number, hi: number): void {
    let from = lo;
    let overlap = false;
    for (const range of this.ranges) {
      if (from <= range.hi && hi >= range.lo) {
        if (from < range.lo) range.lo = from;
        if (hi > range.hi) from = range.hi + 1;
        if (from >= range.lo && hi <= range.hi) return;
        overlap = true;
      } else if (overlap) {
        break;
      }
    }
    if (!this.outOfMemory()) this.insert({ lo: from, hi });
  }

  /** 100 ms after a depot grew. */
  trimDepots(): void {
    for (const cache of this.caches) for (const pfn of cache.trimDepot()) this.free(pfn);
  }

  private emptyCaches(): void {
    for (const cache of this.caches) for (const pfn of cache.drainCpu()) this.free(pfn);
    for (const cache of this.caches) for (const pfn of cache.drainDepot()) this.free(pfn);
  }

  /** Downwards from where the last search ended, then once more from the limit. Linux: __alloc_and_insert_iova_range() */
  private insertRange(size: number, limit: number): number {
    const low32 = limit <= this.below4g;
    if (low32 && size >= this.max32) return 0;
    const start = low32 ? this.cached32 : this.cached;
    const retryFrom = start.hi;
    const found =
      this.search(this.indexOf(start), size, limit, this.startPfn) ??
      (retryFrom < limit ? this.search(this.limitIndex(limit), size, limit, retryFrom + 1) : null);
    if (found === null) {
      this.max32 = size;
      return 0;
    }
    const made = { lo: found, hi: found + size - 1 };
    this.insert(made);
    if (made.hi < this.below4g) this.cached32 = made;
    else this.cached = made;
    return found;
  }

  /** The highest aligned gap between two neighbours, from the range at `index` downwards. */
  private search(index: number, size: number, limit: number, lowest: number): number | null {
    const align = 2 ** log2Up(size);
    let high = limit;
    for (let at = index; at >= 0; at--) {
      high = Math.min(high, (this.ranges[at] as Iova).lo);
      const first = Math.floor((high - size) / align) * align;
      if (high < size || first < lowest) return null;
      const below = this.ranges[at - 1];
      if (!below || first > below.hi) return first;
    }
    return null;
  }

  private insert(range: Iova): void {
    this.ranges.splice(
      this.firstAt(range.lo, (each) => each.lo),
      0,
      range,
    );
  }

  /** Linux: iova_find_limit() */
  private limitIndex(limit: number): number {
    if (limit > this.below4g) return this.ranges.length - 1;
    return this.firstAt(limit, (range) => range.lo);
  }

  private indexOf(range: Iova): number {
    return this.firstAt(range.lo, (each) => each.lo);
  }

  /** Index of the first range whose `end` is at `pfn` or above. */
  private firstAt(pfn: number, end: (range: Iova) => number): number {
    let low = 0;
    let high = this.ranges.length - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (end(this.ranges[middle] as Iova) >= pfn) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}

/** Linux: order_base_2() */
function log2Up(n: number): number {
  let order = 0;
  while (2 ** order < n) order++;
  return order;
}
