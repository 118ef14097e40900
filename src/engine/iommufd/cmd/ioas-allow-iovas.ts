import { hex } from '../../../lib/u64';
import { err, ok, type Result } from '../../kernel/errno';
import type { FailPoints } from '../../kernel/fail';
import { iommu_ioas_allow_iovas, iommu_iova_range } from '../../uapi/iommufd';
import { decode } from '../../uapi/struct';
import { defineIoctl } from '../ioctl';
import type { UserCopy } from '../user-copy';
import { IntervalList, type Interval } from '../interval-list';

/**
 * IOMMU_IOAS_ALLOW_IOVAS — the ranges that automatic IOVAs come from, and that no device to come may need to keep clear.
 * Linux: iommufd/ioas.c iommufd_ioas_allow_iovas()
 */
export const ioasAllowIovas = defineIoctl({
  name: 'IOMMU_IOAS_ALLOW_IOVAS',
  nr: 0x82,
  layout: iommu_ioas_allow_iovas,
  last: 'allowed_iovas',
  payload: { field: 'allowed_iovas', bytes: (cmd) => BigInt(cmd.num_iovas * iommu_iova_range.bytes) },
  *execute({ ctx, cmd, user }) {
    if (cmd.__reserved !== 0) {
      return err('EOPNOTSUPP', 'a reserved field is set', { rule: 'iommufd_ioas_allow_iovas' });
    }
    const found = ctx.objects.get(cmd.ioas_id, 'ioas');
    if (!found.ok) return found;
    const ranges = loadRanges(user, ctx.core.fail, cmd.allowed_iovas, cmd.num_iovas);
    const result = ranges.ok ? yield* found.value.iopt.setAllowed(ranges.value) : ranges;
    ctx.objects.put(found.value);
    return result;
  },
});

/** Linux: iommufd_ioas_load_iovas() */
function loadRanges(
  user: UserCopy,
  fail: FailPoints,
  arrayVa: bigint,
  count: number,
): Result<IntervalList<Interval>> {
  const rule = 'iommufd_ioas_load_iovas';
  const ranges = new IntervalList<Interval>();
  for (let index = 0; index < count; index++) {
    const at = BigInt.asUintN(64, arrayVa + BigInt(index * iommu_iova_range.bytes));
    const bytes = user.read(at, iommu_iova_range.bytes);
    if (!bytes.ok) return err('EFAULT', `range ${index} cannot be read at ${hex(at)}`, { rule });
    const { start, last } = decode(iommu_iova_range, bytes.value);
    if (start >= last) {
      return err(
        'EINVAL',
        `range ${index} starts at ${hex(start)} and does not end after it, at ${hex(last)}`,
        { rule },
      );
    }
    if (ranges.first(start, last)) {
      return err('EINVAL', `range ${index}, ${hex(start)}-${hex(last)}, overlaps an earlier one`, { rule });
    }
    if (fail.hit(rule)) return err('ENOMEM', 'there is no memory for a range', { rule });
    ranges.insert({ start, last });
  }
  return ok(ranges);
}
