import type { PageTable } from '../page-table';

/** The leaf that a page is part of. */
interface Leaf {
  readonly vpn: number;
  readonly pages: number;
  readonly page: number;
  /** Pages of a slot; slots that were written to. */
  readonly step: number;
  readonly dirty: Set<number>;
}

/** A page table as a Map from page to leaf: too simple to be wrong, too slow to be used. Lengths are in pages. */
export class ModelTable {
  readonly pages = new Map<number, Leaf>();
  private readonly sizes: readonly number[];
  private readonly steps: readonly number[];

  constructor(
    { format, pageSizesLg2 }: PageTable,
    private readonly dirtyFromStart: boolean,
  ) {
    this.sizes = pageSizesLg2.map((size) => 2 ** (size - format.granuleLg2)).reverse();
    this.steps = [...format.itemPages].reverse();
  }

  /** Linux: kunit_generic_pt.h ref_best_pgsize() */
  private best(vpn: number, page: number, pages: number): number {
    const fits = this.sizes.find((size) => vpn % size === 0 && page % size === 0 && size <= pages);
    if (fits === undefined) throw new Error('nothing fits');
    return fits;
  }

  /** Whether all was free; nothing is mapped otherwise. */
  map(vpn: number, page: number, pages: number): boolean {
    for (let n = 0; n < pages; n++) if (this.pages.has(vpn + n)) return false;
    for (let done = 0; done < pages;) {
      const size = this.best(vpn + done, page + done, pages - done);
      const step = this.steps.find((item) => item <= size) ?? 1;
      const slots = this.dirtyFromStart ? Array.from({ length: size / step }, (_, slot) => slot) : [];
      const leaf = { vpn: vpn + done, pages: size, page: page + done, step, dirty: new Set(slots) };
      for (let n = 0; n < size; n++) this.pages.set(vpn + done + n, leaf);
      done += size;
    }
    return true;
  }

  unmap(vpn: number, pages: number): number {
    let at = vpn;
    while (at < vpn + pages) {
      const leaf = this.pages.get(at);
      if (leaf?.vpn !== at) break;
      for (let n = 0; n < leaf.pages; n++) this.pages.delete(at + n);
      at += leaf.pages;
    }
    return at - vpn;
  }

  phys(vpn: number): number | null {
    const leaf = this.pages.get(vpn);
    return leaf === undefined ? null : leaf.page + vpn - leaf.vpn;
  }

  setDirty(vpn: number): boolean {
    const leaf = this.pages.get(vpn);
    leaf?.dirty.add(Math.floor((vpn - leaf.vpn) / leaf.step));
    return leaf !== undefined;
  }

  /** Linux: iommu_pt.h record_dirty(): a leaf of several slots is recorded without its last. */
  readDirty(vpn: number, pages: number, noClear: boolean): [number, number][] {
    const recorded: [number, number][] = [];
    for (let at = vpn; at < vpn + pages; at++) {
      const leaf = this.pages.get(at);
      if (leaf === undefined) continue;
      const { step, dirty } = leaf;
      const slots = leaf.pages / step;
      if (dirty.size > 0) {
        const first = Math.floor((at - leaf.vpn) / step);
        const end = Math.floor((vpn + pages - 1 - leaf.vpn) / step) + 1;
        recorded.push([at, slots === 1 ? step : (Math.min(end, slots - 1) - first) * step]);
        if (!noClear) dirty.clear();
      }
      at = leaf.vpn + leaf.pages - 1;
    }
    return recorded;
  }
}
