import { err } from '../../kernel/errno';
import { IOMMU_HWPT_GET_DIRTY_BITMAP_NO_CLEAR, iommu_hwpt_get_dirty_bitmap } from '../../uapi/iommufd';
import { domainOf } from '../hwpt';
import { defineIoctl } from '../ioctl';
import { readAndClearDirty } from '../iopt-dirty';

/**
 * IOMMU_HWPT_GET_DIRTY_BITMAP — which pages devices wrote to, one bit for each.
 *
 * Linux: iommufd/hw_pagetable.c iommufd_hwpt_get_dirty_bitmap()
 */
export const hwptGetDirtyBitmap = defineIoctl({
  name: 'IOMMU_HWPT_GET_DIRTY_BITMAP',
  nr: 0x8c,
  layout: iommu_hwpt_get_dirty_bitmap,
  last: 'data',
  *execute({ ctx, cmd, caller }) {
    const rule = 'iommufd_hwpt_get_dirty_bitmap';
    if ((cmd.flags & ~IOMMU_HWPT_GET_DIRTY_BITMAP_NO_CLEAR) !== 0 || cmd.__reserved !== 0)
      return err('EOPNOTSUPP', 'an unknown flag or a reserved field is set', { rule });
    const found = ctx.objects.get(cmd.hwpt_id, 'hwpt-paging');
    if (!found.ok) return found;
    const hwpt = found.value;
    const noClear = (cmd.flags & IOMMU_HWPT_GET_DIRTY_BITMAP_NO_CLEAR) !== 0;
    const { iova, length, page_size: pageSize, data } = cmd;
    const request = { iova, length, pageSize, data };
    const result = yield* readAndClearDirty(hwpt.ioas.iopt, domainOf(hwpt), noClear, request, caller.bytes);
    ctx.objects.put(hwpt);
    return result;
  },
});
