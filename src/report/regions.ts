import type { GroupObject } from '../engine/sim/world';
import { hex } from '../lib/u64';

/** As `reserved_regions` of sysfs prints one. Linux: drivers/iommu/iommu.c iommu_group_show_resv_regions() */
export const regionWords = ({ start, last, kind }: GroupObject['reserved'][number]): string =>
  `${hex(start)}–${hex(last)} ${kind}`;
