import type { ResvRegion } from '../iommu/ops';

/** A stretch of IOVAs, both ends included. */
export interface IovaRange {
  readonly start: bigint;
  readonly last: bigint;
}

/**
 * Which IOVAs a container's user may map: the common aperture less what groups reserve. Empty while there is no domain.
 *
 * Linux: drivers/vfio/vfio_iommu_type1.c struct vfio_iova
 */
export type IovaList = readonly IovaRange[];

/** Linux: vfio_iommu_aper_resize() */
export function resizeAperture(list: IovaList, { start, last }: IovaRange): IovaList {
  if (list.length === 0) return [{ start, last }];
  return list.flatMap((each) => {
    const from = each.start > start ? each.start : start;
    const to = each.last < last ? each.last : last;
    return from <= to ? [{ start: from, last: to }] : [];
  });
}

/** Linux: vfio_iommu_resv_exclude() */
export function excludeReserved(list: IovaList, regions: readonly ResvRegion[]): IovaList {
  let left = list;
  for (const region of regions) {
    if (region.kind === 'direct-relaxable') continue;
    left = left.flatMap((each) => {
      if (region.start > each.last || region.last < each.start) return [each];
      return [
        ...(region.start > each.start ? [{ start: each.start, last: region.start - 1n }] : []),
        ...(region.last < each.last ? [{ start: region.last + 1n, last: each.last }] : []),
      ];
    });
  }
  return left;
}

/** Anything goes where nothing limits. Linux: vfio_iommu_iova_dma_valid() */
export const isValid = (list: IovaList, { start, last }: IovaRange): boolean =>
  list.length === 0 || list.some((each) => start >= each.start && last <= each.last);
