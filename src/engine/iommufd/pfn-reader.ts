import { done } from '../../lib/result';
import { err, ok, type Result } from '../kernel/errno';
import type { PageSpan } from './area';
import { tempBytes } from './iopt-env';
import type { IoptPages } from './pages';

/** Bytes of a batch's entry: a frame number and a count. */
const ENTRY_BYTES = 12;
/** Bytes of a pointer to a page. */
const POINTER_BYTES = 8;

/**
 * Frames on their way from one place to another: physically contiguous ones in one entry, so that drivers see room for
 * large pages.
 *
 * Linux: drivers/iommu/iommufd/pages.c struct pfn_batch
 */
export class Batch {
  readonly pfns: number[] = [];
  readonly counts: number[] = [];

  constructor(
    /** The page that the first frame is of. */
    public start: number,
    private readonly capacity: number,
    /** Device memory of a dma-buf, not RAM. */
    readonly mmio = false,
  ) {}

  /** False: full. Linux: batch_add_pfn_num() */
  add(pfn: number, count: number): boolean {
    const { pfns, counts } = this;
    const top = pfns.length - 1;
    if (top >= 0 && (pfns[top] as number) + (counts[top] as number) === pfn) {
      counts[top] = (counts[top] as number) + count;
      return true;
    }
    if (top + 1 >= this.capacity) return false;
    pfns.push(pfn);
    counts.push(count);
    return true;
  }

  eachFrame(visit: (pfn: number) => void): void {
    this.pfns.forEach((pfn, entry) => {
      for (let at = 0; at < (this.counts[entry] as number); at++) visit(pfn + at);
    });
  }
}

/** Entries that a batch for `pages` pages has; null when there is no memory. Linux: __batch_init() */
export function batchCapacity(pages: IoptPages, count: number, backup = 0): number | null {
  const bytes = tempBytes(pages.env, count * ENTRY_BYTES, backup);
  return bytes === null ? null : Math.max(1, Math.floor(bytes / ENTRY_BYTES));
}

/**
 * Goes through a span of pages batch by batch, from wherever their frames are kept, pinning those that nobody pinned
 * before. Whoever ends before the last batch lets go of what was pinned with `release`. Runs under pages->mutex.
 *
 * Linux: struct pfn_reader
 */
export class PfnReader {
  /** Pages before this have been in a batch. */
  private at: number;
  /** Pages that one pin asks for at most; unknown before the first. */
  private chunk = 0;

  private constructor(
    private readonly pages: IoptPages,
    private readonly span: PageSpan,
    private readonly capacity: number,
  ) {
    this.at = span.start;
  }

  /** Linux: pfn_reader_init() */
  static open(pages: IoptPages, span: PageSpan): Result<PfnReader> {
    const capacity = batchCapacity(pages, span.last - span.start + 1);
    if (capacity === null)
      return err('ENOMEM', 'there is no memory for a batch of frames', { rule: 'batch_init' });
    return ok(new PfnReader(pages, { start: span.start, last: span.last }, capacity));
  }

  /** The next batch, null after the last. Linux: pfn_reader_next() */
  next(): Result<Batch | null> {
    const { pages, span } = this;
    if (this.at > span.last) return ok(null);
    if (pages.address.kind === 'dma-buf') return ok(this.contiguous(pages.address.firstPfn));
    const batch = new Batch(this.at, this.capacity);
    const add = (pfn: number, count: number): boolean => batch.add(pfn, count);
    while (this.at <= span.last) {
      const from = this.at;
      this.at = pages.frames.eachRun(from, span.last, add);
      if (this.at > span.last) break;
      // It stopped at a page that is not pinned, or the batch is full.
      if (pages.frames.firstPinned(this.at, this.at) === this.at) break;
      const pinned = this.pin();
      if (!pinned.ok) return pinned;
    }
    return ok(batch);
  }

  /** Linux: pfn_reader_fill_dmabuf() */
  private contiguous(firstPfn: number): Batch {
    const batch = new Batch(this.at, 1, true);
    batch.add(firstPfn + this.at, this.span.last - this.at + 1);
    this.at = this.span.last + 1;
    return batch;
  }

  /** Linux: pfn_reader_user_pin() */
  private pin(): Result<undefined> {
    const { pages, span } = this;
    const count = pages.frames.firstPinned(this.at, span.last) - this.at;
    if (this.chunk === 0) {
      const bytes = tempBytes(pages.env, count * POINTER_BYTES);
      if (bytes === null) {
        return err('ENOMEM', 'there is no memory for a list of pages', { rule: 'pfn_reader_user_pin' });
      }
      this.chunk = Math.max(1, Math.floor(bytes / POINTER_BYTES));
    }
    const pinned = pages.pin(this.at, Math.min(count, this.chunk));
    return pinned.ok ? done : pinned;
  }

  /** The first page that no batch has had. */
  get end(): number {
    return this.at;
  }

  /** Lets go of every page of the span that nobody else needs. Linux: pfn_reader_release_pins() */
  release(): void {
    this.pages.unpinUnheld(this.span.start, this.span.last);
  }
}
