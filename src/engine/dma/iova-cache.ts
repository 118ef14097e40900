/** Linux: IOVA_MAG_SIZE */
const MAGAZINE = 127;

/**
 * Freed IOVA ranges of one size, kept for the next who wants that size: last in, first out. A CPU has two magazines, full
 * ones go to a depot.
 *
 * Linux: drivers/iommu/iova.c struct iova_rcache, __iova_rcache_insert(), __iova_rcache_get()
 *
 * The machine has one CPU here, and a magazine can always be had.
 */
export class IovaCache {
  private loaded: number[] = [];
  private previous: number[] = [];
  private readonly depot: number[][] = [];

  insert(pfn: number): void {
    if (this.loaded.length === MAGAZINE) {
      if (this.previous.length === MAGAZINE) {
        this.depot.push(this.loaded);
        this.loaded = [];
      } else {
        this.swap();
      }
    }
    this.loaded.push(pfn);
  }

  /** The newest that ends below the limit; 0: none. */
  get(limitPfn: number): number {
    if (this.loaded.length === 0) {
      if (this.previous.length > 0) this.swap();
      else this.loaded = this.depot.pop() ?? [];
    }
    const { loaded } = this;
    const at = loaded.findLastIndex((pfn) => pfn <= limitPfn);
    const found = loaded[at];
    if (found === undefined) return 0;
    const top = loaded.pop();
    // The last one takes the place of the one that goes. Linux: iova_magazine_pop()
    if (top !== undefined && at < loaded.length) loaded[at] = top;
    return found;
  }

  /** What both magazines held. Linux: free_cpu_cached_iovas() */
  drainCpu(): readonly number[] {
    return [...this.loaded.splice(0), ...this.previous.splice(0)];
  }

  /** What all magazines of the depot held, the newest first. Linux: free_global_cached_iovas() */
  drainDepot(): readonly number[] {
    return this.depot.splice(0).reverse().flat();
  }

  /** One magazine of a depot with more of them than CPUs; runs 100 ms after one came. Linux: iova_depot_work_func() */
  trimDepot(): readonly number[] {
    return this.depot.length > 1 ? (this.depot.pop() ?? []) : [];
  }

  get size(): number {
    return this.loaded.length + this.previous.length + this.depot.length * MAGAZINE;
  }

  private swap(): void {
    [this.loaded, this.previous] = [this.previous, this.loaded];
  }
}
