/** Where a run of frames is looked for: tables come from the bottom of memory, processes' pages from its top. */
export type From = 'bottom' | 'top';

/**
 * Free frame numbers as disjoint runs in ascending order. The same calls always give the same frames.
 *
 * An address-ordered first (or last) fit: unlike Linux's buddy allocator it depends on nothing but what is free.
 */
export class FreeRuns {
  private readonly starts: number[] = [];
  private readonly counts: number[] = [];

  /** All of them, ascending. */
  get runs(): readonly { readonly pfn: number; readonly count: number }[] {
    return this.starts.map((pfn, at) => ({ pfn, count: this.counts[at] ?? 0 }));
  }

  /** Frame number of a run of `count` frames aligned to `align` frames, or -1. */
  take(count: number, align: number, from: From): number {
    const last = this.starts.length - 1;
    for (let n = 0; n <= last; n++) {
      const at = from === 'bottom' ? n : last - n;
      const start = this.starts[at] ?? 0;
      const end = start + (this.counts[at] ?? 0);
      const pfn =
        from === 'bottom' ? Math.ceil(start / align) * align : Math.floor((end - count) / align) * align;
      if (pfn >= start && pfn + count <= end) {
        this.cut(at, start, end, pfn, count);
        return pfn;
      }
    }
    return -1;
  }

  /** Gives frames back and joins them with their neighbours; false when some of them are free already. */
  give(pfn: number, count: number): boolean {
    const at = this.firstAfter(pfn);
    const before = at - 1;
    const beforeEnd = before >= 0 ? (this.starts[before] ?? 0) + (this.counts[before] ?? 0) : -1;
    const next = this.starts[at];
    if (beforeEnd > pfn || (next !== undefined && next < pfn + count)) return false;
    const joinsNext = next === pfn + count;
    const total = count + (joinsNext ? (this.counts[at] ?? 0) : 0);
    if (beforeEnd === pfn) {
      this.counts[before] = (this.counts[before] ?? 0) + total;
      if (joinsNext) this.remove(at);
    } else if (joinsNext) {
      this.starts[at] = pfn;
      this.counts[at] = total;
    } else {
      this.starts.splice(at, 0, pfn);
      this.counts.splice(at, 0, count);
    }
    return true;
  }

  private cut(at: number, start: number, end: number, pfn: number, count: number): void {
    const tail = end - (pfn + count);
    const head = pfn - start;
    if (head > 0) {
      this.counts[at] = head;
      if (tail > 0) {
        this.starts.splice(at + 1, 0, pfn + count);
        this.counts.splice(at + 1, 0, tail);
      }
    } else if (tail > 0) {
      this.starts[at] = pfn + count;
      this.counts[at] = tail;
    } else {
      this.remove(at);
    }
  }

  private remove(at: number): void {
    this.starts.splice(at, 1);
    this.counts.splice(at, 1);
  }

  /** Index of the first run that starts after `pfn`. */
  private firstAfter(pfn: number): number {
    let low = 0;
    let high = this.starts.length;
    while (low < high) {
      const mid = (low + high) >>> 1;
      if ((this.starts[mid] ?? 0) > pfn) high = mid;
      else low = mid + 1;
    }
    return low;
  }
}
