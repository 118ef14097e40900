import { U64_MAX } from '../../../lib/u64';
import { err, type Result } from '../../kernel/errno';
import { sharing } from '../../kernel/task';
import { iommu_ioas_iova_ranges, iommu_iova_range } from '../../uapi/iommufd';
import { encode } from '../../uapi/struct';
import { defineIoctl } from '../ioctl';
import { holes } from '../interval-list';

/**
 * IOMMU_IOAS_IOVA_RANGES — what is left of the address space between reserved ranges. Writes as many as there is room
 * for, and says how many there are even when they do not fit. What ALLOW_IOVAS allows plays no part.
 *
 * Linux: iommufd/ioas.c iommufd_ioas_iova_ranges()
 */
export const ioasIovaRanges = defineIoctl({
  name: 'IOMMU_IOAS_IOVA_RANGES',
  nr: 0x84,
  layout: iommu_ioas_iova_ranges,
  last: 'out_iova_alignment',
  payload: { field: 'allowed_iovas', bytes: (cmd) => BigInt(cmd.num_iovas * iommu_iova_range.bytes) },
  *execute({ ctx, cmd, user, respond }) {
    const rule = 'iommufd_ioas_iova_ranges';
    if (cmd.__reserved !== 0) return err('EOPNOTSUPP', 'a reserved field is set', { rule });
    const found = ctx.objects.get(cmd.ioas_id, 'ioas');
    if (!found.ok) return found;
    const { iopt } = found.value;
    const result = yield* sharing(iopt.iovaRwsem, (): Result<undefined> => {
      const room = cmd.num_iovas;
      cmd.num_iovas = 0;
      cmd.out_iova_alignment = iopt.alignment;
      for (const hole of holes([iopt.reserved], 0n, U64_MAX)) {
        if (cmd.num_iovas < room) {
          const at = cmd.allowed_iovas + BigInt(cmd.num_iovas * iommu_iova_range.bytes);
          const written = user.write(BigInt.asUintN(64, at), encode(iommu_iova_range, { ...hole }));
          if (!written.ok) return err('EFAULT', 'the array of ranges cannot be written', { rule });
        }
        cmd.num_iovas++;
      }
      const responded = respond();
      if (!responded.ok || cmd.num_iovas <= room) return responded;
      return err('EMSGSIZE', `there are ${cmd.num_iovas} ranges and room for ${room}`, { rule });
    });
    ctx.objects.put(found.value);
    return result;
  },
});
