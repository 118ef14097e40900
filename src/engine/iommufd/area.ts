import type { IommuDomain, Prot } from '../iommu/ops';
import type { Interval } from './interval-list';
import { PAGE_SIZE } from './page';
import type { IoptPages, PageSpan } from './pages';

/**
 * A stretch of IOVAs that is backed by a stretch of a pages object. Both may start and end in the middle of a page.
 *
 * Linux: drivers/iommu/iommufd/io_pagetable.h struct iopt_area
 */
export class Area implements Interval {
  /** Null while another task sets the area up or tears it down: its IOVAs are taken already. */
  pages: IoptPages | null = null;
  /** The domain that the kernel would read the frames back from; null when no domain has the area. */
  storageDomain: IommuDomain | null = null;
  /** Pages of `pages` that the area covers. */
  readonly span: PageSpan;
  /** How far into its first page the area starts. */
  readonly pageOffset: bigint;

  constructor(
    readonly start: bigint,
    readonly last: bigint,
    /** Where in the pages object the area starts. */
    startByte: bigint,
    readonly prot: Prot,
  ) {
    this.pageOffset = startByte % PAGE_SIZE;
    this.span = {
      first: Number(startByte / PAGE_SIZE),
      last: Number((startByte + (last - start)) / PAGE_SIZE),
    };
  }

  get length(): bigint {
    return this.last - this.start + 1n;
  }

  /** Where in the pages object an IOVA of this area lies. Linux: iopt_area_start_byte() */
  startByte(iova: bigint): bigint {
    return iova - this.start + this.pageOffset + BigInt(this.span.first) * PAGE_SIZE;
  }

  /** Linux: iopt_area_index_to_iova() */
  iovaOfPage(index: number): bigint {
    if (index === this.span.first) return this.start;
    return this.start - this.pageOffset + BigInt(index - this.span.first) * PAGE_SIZE;
  }

  /** User address of its first byte; null in the middle of map or unmap. */
  get userVa(): bigint | null {
    return this.pages ? this.pages.uptr + this.startByte(this.start) : null;
  }

  /** Pages that a domain keeps pinned for this area. */
  get pinnedPages(): number {
    return this.storageDomain ? this.span.last - this.span.first + 1 : 0;
  }
}
