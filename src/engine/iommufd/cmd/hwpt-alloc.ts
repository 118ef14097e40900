import { done } from '../../../lib/result';
import { err, type Result } from '../../kernel/errno';
import { locked, type Task } from '../../kernel/task';
import { IOMMU_HWPT_DATA_NONE, IOMMU_HWPT_FAULT_ID_VALID, iommu_hwpt_alloc } from '../../uapi/iommufd';
import type { UserData } from '../../iommu/ops';
import type { FieldsOf } from '../../uapi/struct';
import type { Caller } from '../caller';
import type { IommufdDevice } from '../device';
import { allocHwptPaging } from '../hwpt';
import { checkNested } from '../hwpt-nested';
import { defineIoctl, type Ucmd } from '../ioctl';
import type { Ioas } from '../ioas';
import type { AnyObject } from '../object';

type HwptAlloc = Ucmd<FieldsOf<typeof iommu_hwpt_alloc>>;

/** IOMMU_HWPT_ALLOC — a page table of the user's own for an IOAS. Linux: iommufd/hw_pagetable.c iommufd_hwpt_alloc() */
export const hwptAlloc = defineIoctl({
  name: 'IOMMU_HWPT_ALLOC',
  nr: 0x89,
  layout: iommu_hwpt_alloc,
  last: '__reserved',
  *execute(ucmd) {
    const rule = 'iommufd_hwpt_alloc';
    const { ctx, cmd } = ucmd;
    if (cmd.__reserved !== 0) return err('EOPNOTSUPP', 'a reserved field is set', { rule });
    if ((cmd.data_type === IOMMU_HWPT_DATA_NONE) !== (cmd.data_len === 0)) {
      return err('EINVAL', 'data_type and data_len do not agree on whether there is data', { rule });
    }
    const device = ctx.objects.get(cmd.dev_id, 'device');
    if (!device.ok) return device;
    const pt = ctx.objects.get(cmd.pt_id);
    // Everywhere else an unknown id is ENOENT.
    const result = pt.ok
      ? yield* allocFor(ucmd, device.value, pt.value)
      : err('EINVAL', `${pt.why}, so there is nothing to make a page table for`, { rule });
    if (pt.ok) ctx.objects.put(pt.value);
    ctx.objects.put(device.value);
    return result;
  },
});

function* allocFor(ucmd: HwptAlloc, idev: IommufdDevice, pt: AnyObject): Task<Result<undefined>> {
  if (pt.kind === 'ioas') return yield* locked(pt.mutex, () => allocPaging(ucmd, idev, pt));
  if (pt.kind === 'hwpt-paging') return checkNested(pt, idev, ucmd.cmd);
  return err('EINVAL', `${pt.title} is neither an IOAS nor a HWPT`, {
    rule: 'iommufd_hwpt_alloc',
    culprit: pt.worldId,
  });
}

function* allocPaging(
  { ctx, cmd, caller, respond }: HwptAlloc,
  idev: IommufdDevice,
  ioas: Ioas,
): Task<Result<undefined>> {
  const made = yield* allocHwptPaging(ctx, {
    ioas,
    idev,
    flags: cmd.flags,
    immediateAttach: false,
    userData: cmd.data_len === 0 ? null : userData(cmd, caller),
  });
  if (!made.ok) return made;
  const hwpt = made.value;
  cmd.out_hwpt_id = hwpt.id;
  const responded =
    (cmd.flags & IOMMU_HWPT_FAULT_ID_VALID) === 0
      ? respond()
      : err('ENOENT', `context ${ctx.number} has no fault queue ${cmd.fault_id}`, {
          rule: 'iommufd_get_fault',
        });
  if (!responded.ok) {
    yield* ctx.objects.abort(hwpt);
    return responded;
  }
  ctx.objects.finalize(hwpt);
  return done;
}

const userData = (cmd: HwptAlloc['cmd'], caller: Caller): UserData => ({
  type: cmd.data_type,
  length: cmd.data_len,
  read: () => caller.bytes.read(cmd.data_uptr, cmd.data_len),
});
