import { done } from '../../../lib/result';
import { err } from '../../kernel/errno';
import { sharing } from '../../kernel/task';
import { iommu_ioas_alloc } from '../../uapi/iommufd';
import { defineIoctl } from '../ioctl';
import { Ioas } from '../ioas';

/** IOMMU_IOAS_ALLOC — a new, empty I/O address space. Linux: iommufd/ioas.c iommufd_ioas_alloc_ioctl() */
export const ioasAlloc = defineIoctl({
  name: 'IOMMU_IOAS_ALLOC',
  nr: 0x81,
  layout: iommu_ioas_alloc,
  last: 'out_ioas_id',
  *execute({ ctx, cmd, respond }) {
    if (cmd.flags !== 0)
      return err('EOPNOTSUPP', 'an unknown flag is set', { rule: 'iommufd_ioas_alloc_ioctl' });
    const id = ctx.objects.reserve();
    if (!id.ok) return id;
    const ioas = new Ioas(ctx, id.value);
    cmd.out_ioas_id = ioas.id;
    const responded = respond();
    if (!responded.ok) {
      yield* ctx.objects.abort(ioas);
      return responded;
    }
    yield* sharing(ctx.ioasCreationLock, () => {
      ctx.objects.finalize(ioas);
    });
    return done;
  },
});
