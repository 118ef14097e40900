import { err } from '../../kernel/errno';
import { IOMMU_HWPT_DIRTY_TRACKING_ENABLE, iommu_hwpt_set_dirty_tracking } from '../../uapi/iommufd';
import { domainOf } from '../hwpt';
import { defineIoctl } from '../ioctl';
import { setDirtyTracking } from '../iopt-dirty';

/**
 * IOMMU_HWPT_SET_DIRTY_TRACKING — whether devices leave a mark in the entries that they write through.
 *
 * Linux: iommufd/hw_pagetable.c iommufd_hwpt_set_dirty_tracking()
 */
export const hwptSetDirtyTracking = defineIoctl({
  name: 'IOMMU_HWPT_SET_DIRTY_TRACKING',
  nr: 0x8b,
  layout: iommu_hwpt_set_dirty_tracking,
  last: '__reserved',
  *execute({ ctx, cmd }) {
    // __reserved is not looked at.
    if ((cmd.flags & ~IOMMU_HWPT_DIRTY_TRACKING_ENABLE) !== 0)
      return err('EOPNOTSUPP', 'an unknown flag is set', { rule: 'iommufd_hwpt_set_dirty_tracking' });
    const found = ctx.objects.get(cmd.hwpt_id, 'hwpt-paging');
    if (!found.ok) return found;
    const hwpt = found.value;
    const enable = (cmd.flags & IOMMU_HWPT_DIRTY_TRACKING_ENABLE) !== 0;
    const result = yield* setDirtyTracking(hwpt.ioas.iopt, domainOf(hwpt), enable);
    ctx.objects.put(hwpt);
    return result;
  },
});
