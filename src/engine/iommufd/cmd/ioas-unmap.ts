import { hex, U64_MAX } from '../../../lib/u64';
import { err, type Result } from '../../kernel/errno';
import type { Task } from '../../kernel/task';
import { iommu_ioas_unmap } from '../../uapi/iommufd';
import { defineIoctl } from '../ioctl';
import type { Ioas } from '../ioas';
import { unmapAll, unmapIova } from '../iopt-unmap';

/** IOMMU_IOAS_UNMAP — takes whole mappings out of an IOAS. Linux: iommufd/ioas.c iommufd_ioas_unmap() */
export const ioasUnmap = defineIoctl({
  name: 'IOMMU_IOAS_UNMAP',
  nr: 0x86,
  layout: iommu_ioas_unmap,
  last: 'length',
  *execute({ ctx, cmd, respond }) {
    const found = ctx.objects.get(cmd.ioas_id, 'ioas');
    if (!found.ok) return found;
    const unmapped = yield* unmap(found.value, cmd.iova, cmd.length);
    if (unmapped.ok) cmd.length = unmapped.value;
    const result = unmapped.ok ? respond() : unmapped;
    ctx.objects.put(found.value);
    return result;
  },
});

function* unmap(ioas: Ioas, iova: bigint, length: bigint): Task<Result<bigint>> {
  const rule = 'iommufd_ioas_unmap';
  // Everything: succeeds even when there is nothing.
  if (iova === 0n && length === U64_MAX) return yield* unmapAll(ioas.iopt);
  if (iova === U64_MAX || length === U64_MAX)
    return err('EOVERFLOW', 'iova or length is ULONG_MAX', { rule });
  const unmapped = yield* unmapIova(ioas.iopt, iova, length);
  if (unmapped.ok && unmapped.value === 0n) {
    return err('ENOENT', `${ioas.title} maps nothing between ${hex(iova)} and ${hex(iova + length - 1n)}`, {
      rule,
      culprit: ioas.worldId,
    });
  }
  return unmapped;
}
