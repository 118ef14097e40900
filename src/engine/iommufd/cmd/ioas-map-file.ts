import { iommu_ioas_map_file } from '../../uapi/iommufd';
import { defineIoctl } from '../ioctl';
import { mapFilePages } from '../map-file';
import { checkMapFlags, whereTo } from './map-flags';

/**
 * IOMMU_IOAS_MAP_FILE — maps a memfd, or a dma-buf, into an IOAS. The pages outlive every mapping of the file.
 * Linux: iommufd/ioas.c iommufd_ioas_map_file()
 */
export const ioasMapFile = defineIoctl({
  name: 'IOMMU_IOAS_MAP_FILE',
  nr: 0x8f,
  layout: iommu_ioas_map_file,
  last: 'iova',
  *execute({ ctx, cmd, caller, respond }) {
    const prot = checkMapFlags('iommufd_ioas_map_file', cmd.flags, 0, [cmd.iova, cmd.length]);
    if (!prot.ok) return prot;
    const found = ctx.objects.get(cmd.ioas_id, 'ioas');
    if (!found.ok) return found;
    const mapped = yield* mapFilePages(ctx, found.value.iopt, caller, {
      where: whereTo(cmd.flags, cmd.iova),
      fd: cmd.fd,
      start: cmd.start,
      length: cmd.length,
      prot: prot.value,
    });
    if (mapped.ok) cmd.iova = mapped.value;
    // As with IOAS_MAP, the mapping stays when this fails.
    const result = mapped.ok ? respond() : mapped;
    ctx.objects.put(found.value);
    return result;
  },
});
