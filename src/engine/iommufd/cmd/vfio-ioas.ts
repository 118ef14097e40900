import { done } from '../../../lib/result';
import { err } from '../../kernel/errno';
import {
  IOMMU_VFIO_IOAS_CLEAR,
  IOMMU_VFIO_IOAS_GET,
  IOMMU_VFIO_IOAS_SET,
  iommu_vfio_ioas,
} from '../../uapi/iommufd';
import { defineIoctl } from '../ioctl';
import { getCompatIoas } from '../vfio-compat/compat-ioas';

/** IOMMU_VFIO_IOAS — the IOAS that VFIO's own commands work on. Linux: iommufd/vfio_compat.c iommufd_vfio_ioas() */
export const vfioIoas = defineIoctl({
  name: 'IOMMU_VFIO_IOAS',
  nr: 0x88,
  layout: iommu_vfio_ioas,
  last: '__reserved',
  *execute({ ctx, cmd, respond }) {
    const rule = 'iommufd_vfio_ioas';
    if (cmd.__reserved !== 0) return err('EOPNOTSUPP', 'a reserved field is set', { rule });
    switch (cmd.op) {
      case IOMMU_VFIO_IOAS_GET: {
        const found = getCompatIoas(ctx);
        if (!found.ok) return found;
        cmd.ioas_id = found.value.id;
        ctx.objects.put(found.value);
        return respond();
      }
      case IOMMU_VFIO_IOAS_SET: {
        const found = ctx.objects.get(cmd.ioas_id, 'ioas');
        if (!found.ok) return found;
        ctx.vfioIoas = found.value;
        ctx.objects.put(found.value);
        return done;
      }
      case IOMMU_VFIO_IOAS_CLEAR:
        ctx.vfioIoas = null;
        return done;
      default:
        return err('EOPNOTSUPP', `there is no operation ${cmd.op}`, { rule });
    }
  },
});
