import { iommu_ioas_map } from '../../uapi/iommufd';
import { defineIoctl } from '../ioctl';
import { mapUserPages } from '../iopt-map';
import { checkMapFlags, whereTo } from './map-flags';

/** IOMMU_IOAS_MAP — maps user memory into an IOAS. Linux: iommufd/ioas.c iommufd_ioas_map() */
export const ioasMap = defineIoctl({
  name: 'IOMMU_IOAS_MAP',
  nr: 0x85,
  layout: iommu_ioas_map,
  last: 'iova',
  *execute({ ctx, cmd, caller, respond }) {
    const prot = checkMapFlags('iommufd_ioas_map', cmd.flags, cmd.__reserved, [cmd.iova, cmd.length]);
    if (!prot.ok) return prot;
    const found = ctx.objects.get(cmd.ioas_id, 'ioas');
    if (!found.ok) return found;
    const ioas = found.value;
    const mapped = yield* mapUserPages(ctx, ioas.iopt, caller, {
      where: whereTo(cmd.flags, cmd.iova),
      userVa: cmd.user_va,
      length: cmd.length,
      prot: prot.value,
    });
    if (mapped.ok) cmd.iova = mapped.value;
    // A structure that cannot be written back fails the call, but the mapping stays.
    const result = mapped.ok ? respond() : mapped;
    ctx.objects.put(ioas);
    return result;
  },
});
