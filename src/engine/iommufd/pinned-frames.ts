import type { FrameRun } from '../memory/user-memory';
import { IntervalTree, type Spanned } from './interval-tree';

/** What one pin brought, or what is left of it: run k is physically contiguous and starts at page `indexes[k]`. */
interface Segment extends Spanned<number> {
  readonly indexes: readonly number[];
  readonly pfns: readonly number[];
}

/**
 * The frames of the pinned pages of a pages object, by page.
 *
 * The kernel keeps no such list: it reads frames back out of a domain's page table, or an xarray. Here they are kept,
 * with the same life time.
 */
export class PinnedFrames {
  private readonly segments = new IntervalTree<number, Segment>();
  /** Pages. Linux: iopt_pages::npinned */
  count = 0;

  /** Pages from `start` on, none of which is known yet. Returns how many. */
  add(start: number, runs: readonly FrameRun[]): number {
    const indexes: number[] = [];
    const pfns: number[] = [];
    let at = start;
    for (const run of runs) {
      indexes.push(at);
      pfns.push(run.pfn);
      at += run.count;
    }
    if (at > start) this.segments.insert({ start, last: at - 1, indexes, pfns });
    this.count += at - start;
    return at - start;
  }

  /**
   * Shows runs from page `start` on, until one is not wanted or a page is not pinned; returns the first page that was
   * not taken.
   */
  eachRun(start: number, last: number, visit: (pfn: number, count: number) => boolean): number {
    let at = start;
    while (at <= last) {
      const segment = this.segments.first(at, at);
      if (!segment) return at;
      const { indexes, pfns } = segment;
      const end = Math.min(segment.last, last) + 1;
      for (let run = runAt(indexes, at); at < end; run++) {
        const stop = Math.min(indexes[run + 1] ?? end, end);
        if (!visit((pfns[run] ?? 0) + (at - (indexes[run] ?? 0)), stop - at)) return at;
        at = stop;
      }
    }
    return at;
  }

  /** The first page that is not pinned, from `start` on; `last + 1` when all are. */
  firstHole(start: number, last: number): number {
    let at = start;
    for (let segment = this.segments.first(at, at); segment && at <= last;) {
      at = segment.last + 1;
      segment = this.segments.first(at, at);
    }
    return Math.min(at, last + 1);
  }

  /** The first page that is pinned, from `start` on; `last + 1` when none is. */
  firstPinned(start: number, last: number): number {
    return Math.max(start, this.segments.first(start, last)?.start ?? last + 1);
  }

  /** Forgets pages [start, last] and returns their frames, in order. */
  take(start: number, last: number): FrameRun[] {
    const taken: FrameRun[] = [];
    for (
      let segment = this.segments.first(start, last);
      segment;
      segment = this.segments.first(start, last)
    ) {
      const from = Math.max(segment.start, start);
      const to = Math.min(segment.last, last);
      this.eachRun(from, to, (pfn, count) => taken.push({ pfn, count }) > 0);
      this.segments.remove(segment);
      this.count -= to - from + 1;
      // What is left shares the lists.
      if (segment.start < from) this.segments.insert({ ...segment, last: from - 1 });
      if (segment.last > to) this.segments.insert({ ...segment, start: to + 1 });
    }
    return taken;
  }
}

/** The run that page `index` is in. */
function runAt(indexes: readonly number[], index: number): number {
  let low = 0;
  let high = indexes.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((indexes[middle] ?? 0) <= index) low = middle;
    else high = middle - 1;
  }
  return low;
}
