import type { IommuGroup } from './group';
import type { ResvKind, ResvRegion } from './ops';

/** As the kernel numbers the types: the order among regions that start at one address. Linux: enum iommu_resv_type */
const ORDER: readonly ResvKind[] = ['direct', 'direct-relaxable', 'reserved', 'msi', 'sw-msi'];

const before = (a: ResvRegion, b: ResvRegion): boolean =>
  a.start < b.start || (a.start === b.start && ORDER.indexOf(a.kind) <= ORDER.indexOf(b.kind));

/**
 * The regions of all members, sorted by address; those of one kind that touch or overlap are merged.
 *
 * Linux: drivers/iommu/iommu.c iommu_get_group_resv_regions(), iommu_insert_resv_region()
 */
export function groupReserved(group: IommuGroup): readonly ResvRegion[] {
  let regions: ResvRegion[] = [];
  for (const device of group.devices) {
    if (!device.ops) break;
    for (const region of device.ops.getResvRegions(device.client)) regions = insert(regions, region);
  }
  return regions;
}

function insert(regions: readonly ResvRegion[], added: ResvRegion): ResvRegion[] {
  const at = regions.findIndex((each) => before(added, each));
  const sorted = at < 0 ? [...regions, added] : [...regions.slice(0, at), added, ...regions.slice(at)];
  const merged: ResvRegion[] = [];
  for (const region of sorted) {
    const top = merged.findLastIndex((each) => each.kind === region.kind);
    const last = merged[top];
    if (region.kind !== added.kind || !last || region.start > last.last + 1n) {
      merged.push(region);
    } else {
      merged[top] = { ...last, last: region.last > last.last ? region.last : last.last };
    }
  }
  return merged;
}
