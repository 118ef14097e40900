import { err, type Failure, type Result } from '../../kernel/errno';
import type { UserDataArray } from '../../iommu/ops';
import { iommu_hwpt_invalidate } from '../../uapi/iommufd';
import type { FieldsOf } from '../../uapi/struct';
import type { IommufdCtx } from '../ctx';
import { defineIoctl } from '../ioctl';
import type { AnyObject } from '../object';
import { userDataArray } from '../user-data';

const RULE = 'iommufd_hwpt_invalidate';

/**
 * IOMMU_HWPT_INVALIDATE — a VM changed its own page table: what caches hold of it must go. How many entries were worked
 * off is told even when one failed.
 *
 * Linux: iommufd/hw_pagetable.c iommufd_hwpt_invalidate()
 */
export const hwptInvalidate = defineIoctl({
  name: 'IOMMU_HWPT_INVALIDATE',
  nr: 0x8d,
  layout: iommu_hwpt_invalidate,
  last: '__reserved',
  payload: { field: 'data_uptr', bytes: (cmd) => BigInt(cmd.entry_len) * BigInt(cmd.entry_num) },
  *execute({ ctx, cmd, user, respond }) {
    const array = userDataArray(user, cmd);
    const result = checkRequest(cmd) ?? invalidate(ctx, cmd.hwpt_id, array);
    cmd.entry_num = array.handled;
    const responded = respond();
    return responded.ok ? result : responded;
  },
});

function checkRequest(cmd: FieldsOf<typeof iommu_hwpt_invalidate>): Failure | null {
  if (cmd.__reserved !== 0) return err('EOPNOTSUPP', 'a reserved field is set', { rule: RULE });
  if (cmd.entry_num === 0 || (cmd.data_uptr !== 0n && cmd.entry_len !== 0)) return null;
  return err('EINVAL', 'there are entries, but they are nowhere or have no length', { rule: RULE });
}

function invalidate(ctx: IommufdCtx, id: number, array: UserDataArray): Result<undefined> {
  const found = ctx.objects.get(id);
  if (!found.ok) return found;
  const object = found.value;
  const result = invalidateIn(object, array);
  ctx.objects.put(object);
  return result;
}

function invalidateIn(object: AnyObject, array: UserDataArray): Result<undefined> {
  const about = { rule: RULE, culprit: object.worldId };
  if (object.kind !== 'hwpt-nested' && object.kind !== 'viommu')
    return err('EINVAL', `${object.title} is no nested HWPT and no vIOMMU`, about);
  const invalidated =
    object.kind === 'viommu'
      ? object.ops?.cacheInvalidate?.(array)
      : object.domain?.nested?.cacheInvalidate?.(array);
  return (
    invalidated ?? err('EOPNOTSUPP', `the IOMMU driver of ${object.title} has no caches to invalidate`, about)
  );
}
