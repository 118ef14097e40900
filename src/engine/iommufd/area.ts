import type { IommuDomain, Prot } from '../iommu/ops';
import type { Interval } from './interval-list';
import type { Spanned } from './interval-tree';
import { PAGE_BYTES, PAGE_SIZE } from './page';
import type { IoptPages } from './pages';

/** Pages [start, last] of a pages object. */
export type PageSpan = Spanned<number>;

/** The pages that an area covers, as they stand among those that domains have. Linux: iopt_area::pages_node */
export interface AreaSpan extends PageSpan {
  readonly area: Area;
}

/**
 * A stretch of IOVAs that is backed by a stretch of a pages object. Both may start and end in the middle of a page.
 *
 * Linux: drivers/iommu/iommufd/io_pagetable.h struct iopt_area
 */
export class Area implements Interval {
  /** Null while another task sets the area up or tears it down: its IOVAs are taken already. */
  pages: IoptPages | null = null;
  /** The domain that the frames can be read back from; null when no domain has the area. */
  storageDomain: IommuDomain | null = null;
  readonly span: AreaSpan;
  /** Bytes into its first page that the area starts. */
  readonly pageOffset: number;
  /** About to be unmapped: the CPU may not reach in any more. */
  preventAccess = false;
  /** Pins by accesses. */
  numAccesses = 0;
  /** Those among them that keep the area from being unmapped. */
  numLocks = 0;

  constructor(
    readonly start: bigint,
    readonly last: bigint,
    /** Where in the pages object the area starts. */
    startByte: bigint,
    readonly prot: Prot,
  ) {
    this.pageOffset = Number(startByte % PAGE_SIZE);
    this.span = {
      start: Number(startByte / PAGE_SIZE),
      last: Number((startByte + (last - start)) / PAGE_SIZE),
      area: this,
    };
  }

  get length(): bigint {
    return this.last - this.start + 1n;
  }

  /** Where in the pages object an IOVA of this area lies. Linux: iopt_area_start_byte() */
  startByte(iova: bigint): bigint {
    return iova - this.start + BigInt(this.pageOffset) + BigInt(this.span.start) * PAGE_SIZE;
  }

  /** Linux: iopt_area_iova_to_index() */
  pageAt(iova: bigint): number {
    return Number(this.startByte(iova) / PAGE_SIZE);
  }

  /** Linux: iopt_area_index_to_iova() */
  iovaOfPage(index: number): bigint {
    if (index === this.span.start) return this.start;
    return this.start + BigInt((index - this.span.start) * PAGE_BYTES - this.pageOffset);
  }

  /** Linux: iopt_area_index_to_iova_last() */
  lastIovaOfPage(index: number): bigint {
    return index === this.span.last ? this.last : this.iovaOfPage(index + 1) - 1n;
  }

  /** User address of its first byte; null in the middle of map or unmap, and for what is no process's memory. */
  get userVa(): bigint | null {
    return this.pages?.address.kind === 'user' ? this.pages.address.uptr + this.startByte(this.start) : null;
  }

  /** Pages that a domain keeps pinned for this area. */
  get pinnedPages(): number {
    if (!this.storageDomain || this.pages?.address.kind === 'dma-buf') return 0;
    return this.span.last - this.span.start + 1;
  }
}
