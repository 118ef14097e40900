import type { Area } from './area';
import type { IoPagetable } from './iopt';
import type { Interval } from './interval-list';
import type { IoptPages } from './pages';

/** What one area has of a stretch of IOVAs. */
export interface AreaPart extends Interval {
  readonly area: Area;
  readonly pages: IoptPages;
}

/**
 * The areas behind a stretch of IOVAs as long as one follows the other, and the IOVA where none does; null when the
 * stretch is covered. Runs under iova_rwsem.
 *
 * Linux: drivers/iommu/iommufd/io_pagetable.h iopt_for_each_contig_area(), iopt_area_contig_done()
 */
export function contiguous(
  iopt: IoPagetable,
  start: bigint,
  last: bigint,
): { readonly parts: readonly AreaPart[]; readonly hole: bigint | null } {
  const parts: AreaPart[] = [];
  for (let at = start; at <= last;) {
    const area = iopt.areas.first(at, at);
    // Without pages it is being mapped or unmapped.
    if (!area?.pages) return { parts, hole: at };
    const end = area.last < last ? area.last : last;
    parts.push({ area, pages: area.pages, start: at, last: end });
    at = end + 1n;
  }
  return { parts, hole: null };
}
