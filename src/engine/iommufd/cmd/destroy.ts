import { iommu_destroy } from '../../uapi/iommufd';
import { defineIoctl } from '../ioctl';

/** IOMMU_DESTROY — destroys an object that nobody refers to. Linux: iommufd/main.c iommufd_destroy() */
export const destroy = defineIoctl({
  name: 'IOMMU_DESTROY',
  nr: 0x80,
  layout: iommu_destroy,
  last: 'id',
  *execute({ ctx, cmd }) {
    return yield* ctx.objects.removeById(cmd.id);
  },
});
