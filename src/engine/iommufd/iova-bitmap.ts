import type { UserBytes } from '../kernel/caller';
import { PAGE_BYTES, PAGE_SIZE } from './page';

/** Bit n is page n of the stretch. Linux: struct iommu_hwpt_get_dirty_bitmap */
export interface BitmapRequest {
  readonly iova: bigint;
  readonly length: bigint;
  readonly pageSize: bigint;
  /** User address of the bits. */
  readonly data: bigint;
}

/** Pages of the bitmap in reach at a time: as many as a page has pointers. */
const WINDOW_PAGES = 512;
const PAGE_BITS = 8 * PAGE_BYTES;

/** One page of the user's bitmap. */
interface BitmapPage {
  readonly userVa: bigint;
  readonly bytes: Uint8Array;
  /** Bytes that differ lie in [from, to). */
  from: number;
  to: number;
}

/**
 * Where dirty pages are noted down: bits in a user's memory that are set, never cleared. A page of it that cannot be
 * written ends what is being noted, and nobody is told.
 *
 * Linux: drivers/iommu/iommufd/iova_bitmap.c
 *
 * The kernel pins the user's pages and sets bits in place; here a page is read once and written back at the end. IOVAs
 * count from the start of the stretch.
 */
export class IovaBitmap {
  private readonly iova: bigint;
  private readonly data: bigint;
  private readonly pageBytes: number;
  /** Bytes of the stretch. */
  private readonly length: number;
  /** Bytes of the bitmap. */
  private readonly total: number;
  /** Byte of the bitmap that the window starts at; -1 before the first. */
  private base = -1;
  /** Pages seen so far; null for those that cannot be written. */
  private readonly pages = new Map<bigint, BitmapPage | null>();

  constructor(
    private readonly memory: UserBytes,
    request: BitmapRequest,
  ) {
    this.iova = request.iova;
    this.data = request.data;
    // The lowest set bit.
    this.pageBytes = Number(request.pageSize & -request.pageSize);
    this.length = Number(BigInt.asUintN(64, request.length - 1n)) + 1;
    this.total = Math.floor((this.length - 1) / this.pageBytes / 8) + 1;
  }

  /** Linux: iova_bitmap_set() */
  set(iova: bigint, bytes: number): void {
    let at = Number(iova - this.iova);
    let left = bytes;
    for (;;) {
      if (!this.reaches(at, left) && !this.advanceTo(at)) return;
      const rest = this.setInWindow(at, left);
      if (rest === 0) return;
      at += left - rest;
      left = rest;
    }
  }

  /** Sets bits as far as the window goes; the length that is left, or 0 where the user's memory ends. */
  private setInWindow(at: number, length: number): number {
    const { pageBytes } = this;
    const address = this.data + BigInt(this.base);
    const offset = Number(address % PAGE_SIZE) * 8;
    const from = at - this.windowStart;
    let bit = Math.floor(from / pageBytes) + offset;
    // A length of zero at the very start of the window is without end in the kernel.
    const last = from + length - 1 < 0 ? Infinity : Math.floor((from + length - 1) / pageBytes) + offset;
    while (bit <= last) {
      const index = Math.floor(bit / PAGE_BITS);
      if (index >= this.windowPages) return (last - bit + 1) * pageBytes;
      const page = this.page(address / PAGE_SIZE + BigInt(index));
      if (!page) return 0;
      const count = Math.min(PAGE_BITS - (bit % PAGE_BITS), last - bit + 1);
      setBits(page, bit % PAGE_BITS, count);
      bit += count;
    }
    return 0;
  }

  private get windowStart(): number {
    return this.base * 8 * this.pageBytes;
  }

  private get windowOffset(): number {
    return Number((this.data + BigInt(this.base)) % PAGE_SIZE);
  }

  private get windowPages(): number {
    const pages = Math.ceil((this.total - this.base) / PAGE_BYTES) + (this.windowOffset === 0 ? 0 : 1);
    return Math.min(pages, WINDOW_PAGES);
  }

  /** Linux: iova_bitmap_mapped_range(), iova_bitmap_mapped_length() */
  private reaches(at: number, length: number): boolean {
    if (this.base < 0 || at < this.windowStart) return false;
    const bytes = Math.min(this.total - this.base, this.windowPages * PAGE_BYTES - this.windowOffset);
    return at + length <= Math.min(this.windowStart + bytes * 8 * this.pageBytes, this.length);
  }

  /** Linux: iova_bitmap_advance_to(), iova_bitmap_get() */
  private advanceTo(at: number): boolean {
    const base = Math.floor(at / this.pageBytes / 8);
    // Also what passed all bounds.
    if (!(base >= 0 && base < this.total)) return false;
    this.base = base;
    return this.page((this.data + BigInt(base)) / PAGE_SIZE) !== null;
  }

  /** A page by its number in the user's address space; null when it cannot be written. */
  private page(number: bigint): BitmapPage | null {
    const known = this.pages.get(number);
    if (known !== undefined) return known;
    const userVa = number * PAGE_SIZE;
    const read = this.memory.read(userVa, PAGE_BYTES);
    // Writable as well as readable: nothing changes by this.
    const there = read.ok && this.memory.write(userVa, read.value.slice(0, 1)).ok;
    const page = there ? { userVa, bytes: read.value.slice(), from: PAGE_BYTES, to: 0 } : null;
    this.pages.set(number, page);
    return page;
  }

  /** Writes back what was set. */
  flush(): void {
    for (const page of this.pages.values()) {
      if (!page || page.from >= page.to) continue;
      this.memory.write(page.userVa + BigInt(page.from), page.bytes.subarray(page.from, page.to));
    }
  }
}

/** Linux: bitmap_set() */
function setBits(page: BitmapPage, first: number, count: number): void {
  const { bytes } = page;
  const end = first + count;
  page.from = Math.min(page.from, first >> 3);
  page.to = Math.max(page.to, ((end - 1) >> 3) + 1);
  for (let bit = first; bit < end; bit++) {
    if ((bit & 7) === 0 && end - bit >= 8) {
      bytes.fill(0xff, bit >> 3, end >> 3);
      bit = (end & ~7) - 1;
      continue;
    }
    bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) | (1 << (bit & 7));
  }
}
