import { invariant } from '../../lib/invariant';
import { U64_MAX, hex } from '../../lib/u64';
import { err, ok, type Result } from '../kernel/errno';
import { Mutex } from '../kernel/task';
import type { FrameRun, UserMemory } from '../memory/user-memory';
import { PAGE_BYTES, PAGE_SIZE, addChecked } from './page';

/** Pages [first, last] of a pages object. */
export interface PageSpan {
  readonly first: number;
  readonly last: number;
}

/** A physically contiguous stretch of pinned pages; `index` counts pages from the start of the object. */
interface PinnedRun extends FrameRun {
  readonly index: number;
}

/**
 * A stretch of a process's memory, pinned page by page for as long as somebody needs it, and only once however many
 * areas and domains share it (IOAS_COPY shares; two IOAS_MAPs of the same memory do not).
 *
 * Linux: drivers/iommu/iommufd/pages.c struct iopt_pages
 *
 * The kernel keeps no list of the frames but reads them back out of a domain's page table (the storage domain); here
 * they are kept, with the same life time.
 */
export class IoptPages {
  readonly mutex = new Mutex('pages->mutex');
  /** Areas, and the list of a map in progress. */
  refs = 1;
  /** Sorted by index, disjoint. */
  private runs: PinnedRun[] = [];
  /** Who needs which pages pinned. Linux: domains_itree */
  private readonly holders = new Set<PageSpan>();

  private constructor(
    readonly memory: UserMemory,
    /** User address of page 0. */
    readonly uptr: bigint,
    readonly npages: number,
    readonly writable: boolean,
  ) {}

  /** Nothing is looked up or pinned yet. Linux: iopt_alloc_user_pages() */
  static ofUser(memory: UserMemory, userVa: bigint, length: bigint, writable: boolean): Result<IoptPages> {
    const rule = 'iopt_alloc_user_pages';
    if (addChecked(userVa, length) === null) {
      return err(
        'EOVERFLOW',
        `user_va ${hex(userVa)} plus length ${hex(length)} passes the end of the address space`,
        {
          rule,
        },
      );
    }
    if (length > U64_MAX - PAGE_SIZE || length === 0n) return err('EINVAL', 'length is zero', { rule });
    const offset = userVa % PAGE_SIZE;
    const npages = Number((offset + length + PAGE_SIZE - 1n) / PAGE_SIZE);
    return ok(new IoptPages(memory, userVa - offset, npages, writable));
  }

  get pinnedPages(): number {
    return this.runs.reduce((sum, run) => sum + run.count, 0);
  }

  /** The last reference gone, nothing may be pinned. Linux: iopt_put_pages() */
  put(): void {
    if (--this.refs > 0) return;
    invariant(
      this.runs.length === 0 && this.holders.size === 0,
      'pages are still pinned when nobody has them',
    );
  }

  /**
   * The frames of a span, long runs joined, pinning what nobody pinned before. All or nothing; `release` undoes it
   * as long as the span is not held.
   *
   * Linux: pfn_reader_first(), pfn_reader_next()
   */
  pin(span: PageSpan): Result<readonly FrameRun[]> {
    const before = this.runs;
    const added: PinnedRun[] = [];
    for (const gap of this.gaps(span)) {
      const userVa = this.uptr + BigInt(gap.first) * PAGE_SIZE;
      const pinned = this.memory.pin(userVa, gap.last - gap.first + 1, this.writable);
      if (!pinned.ok) {
        this.memory.unpin(added);
        return pinned;
      }
      let index = gap.first;
      for (const run of pinned.value) {
        added.push({ index, pfn: run.pfn, count: run.count });
        index += run.count;
      }
      invariant(index === gap.last + 1, 'pin returned another number of pages than asked for');
    }
    if (added.length > 0) this.runs = [...before, ...added].sort((a, b) => a.index - b.index);
    return ok(joinRuns(this.cut(span)));
  }

  /** From now on these pages stay pinned until `drop`. */
  hold(span: PageSpan): void {
    this.holders.add(span);
  }

  /** Ends a hold, and unpins what nobody else holds. */
  drop(span: PageSpan): void {
    this.holders.delete(span);
    this.release(span);
  }

  /** Unpins those pages of a span that nobody holds. Linux: batch_unpin() */
  release(span: PageSpan): void {
    const kept: PinnedRun[] = [];
    const freed: FrameRun[] = [];
    for (const run of this.runs) {
      const inside = intersect({ first: run.index, last: run.index + run.count - 1 }, span);
      if (!inside) {
        kept.push(run);
        continue;
      }
      for (const piece of this.pieces(run, inside)) (piece.free ? freed : kept).push(piece.run);
    }
    if (freed.length === 0) return;
    this.runs = kept;
    this.memory.unpin(freed);
  }

  /** A run in pieces: outside the span, held, or free to go. */
  private *pieces(run: PinnedRun, span: PageSpan): Generator<{ free: boolean; run: PinnedRun }> {
    const last = run.index + run.count - 1;
    for (let from = run.index; from <= last;) {
      const free = from >= span.first && from <= span.last && !this.heldAt(from);
      let to = last;
      // Ends of the span and of holds are where a piece may end.
      for (const edge of [span.first - 1, span.last, ...this.edges()])
        if (edge >= from && edge < to) to = edge;
      yield { free, run: { index: from, pfn: run.pfn + (from - run.index), count: to - from + 1 } };
      from = to + 1;
    }
  }

  private heldAt(index: number): boolean {
    for (const held of this.holders) if (index >= held.first && index <= held.last) return true;
    return false;
  }

  private *edges(): Generator<number> {
    for (const held of this.holders) {
      yield held.first - 1;
      yield held.last;
    }
  }

  /** What of the span is not pinned. */
  private *gaps(span: PageSpan): Generator<PageSpan> {
    let from = span.first;
    for (const run of this.cut(span)) {
      if (run.index > from) yield { first: from, last: run.index - 1 };
      from = run.index + run.count;
    }
    if (from <= span.last) yield { first: from, last: span.last };
  }

  /** The pinned runs inside the span. */
  private cut(span: PageSpan): PinnedRun[] {
    const inside: PinnedRun[] = [];
    for (const run of this.runs) {
      const part = intersect({ first: run.index, last: run.index + run.count - 1 }, span);
      if (part)
        inside.push({
          index: part.first,
          pfn: run.pfn + (part.first - run.index),
          count: part.last - part.first + 1,
        });
    }
    return inside;
  }
}

function intersect(a: PageSpan, b: PageSpan): PageSpan | null {
  const first = Math.max(a.first, b.first);
  const last = Math.min(a.last, b.last);
  return first <= last ? { first, last } : null;
}

/** Runs that follow each other in physical memory become one, so that drivers see room for large pages. Linux: batch_add_pfn() */
function joinRuns(runs: readonly PinnedRun[]): readonly FrameRun[] {
  const joined: { pfn: number; count: number }[] = [];
  for (const run of runs) {
    const top = joined.at(-1);
    if (top && top.pfn + top.count === run.pfn) top.count += run.count;
    else joined.push({ pfn: run.pfn, count: run.count });
  }
  return joined;
}

export const bytesOf = (run: FrameRun): number => run.count * PAGE_BYTES;
