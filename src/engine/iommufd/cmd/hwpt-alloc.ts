import { done } from '../../../lib/result';
import { err, type Result } from '../../kernel/errno';
import { locked, type Task } from '../../kernel/task';
import { IOMMU_HWPT_DATA_NONE, IOMMU_HWPT_FAULT_ID_VALID, iommu_hwpt_alloc } from '../../uapi/iommufd';
import type { UserData } from '../../iommu/ops';
import type { FieldsOf } from '../../uapi/struct';
import { NO_PASID } from '../../iommu/group';
import type { IommufdDevice } from '../device';
import { allocHwptInViommu, allocHwptNested } from '../hwpt-nested-alloc';
import { allocHwptPaging } from '../hwpt-paging-alloc';
import { defineIoctl, type Ucmd } from '../ioctl';
import type { Ioas } from '../ioas';
import type { AnyHwpt, AnyObject } from '../object';
import { userData } from '../user-data';
import type { Viommu } from '../viommu';

type HwptAlloc = Ucmd<FieldsOf<typeof iommu_hwpt_alloc>>;

const RULE = 'iommufd_hwpt_alloc';

/**
 * IOMMU_HWPT_ALLOC — a page table of the user's own: for an IOAS, or nested in another or in a vIOMMU.
 *
 * Linux: iommufd/hw_pagetable.c iommufd_hwpt_alloc()
 */
export const hwptAlloc = defineIoctl({
  name: 'IOMMU_HWPT_ALLOC',
  nr: 0x89,
  layout: iommu_hwpt_alloc,
  last: '__reserved',
  payload: { field: 'data_uptr', bytes: (cmd) => BigInt(cmd.data_len) },
  *execute(ucmd) {
    const { ctx, cmd } = ucmd;
    // __reserved2 is not looked at.
    if (cmd.__reserved !== 0) return err('EOPNOTSUPP', 'a reserved field is set', { rule: RULE });
    if ((cmd.data_type === IOMMU_HWPT_DATA_NONE) !== (cmd.data_len === 0)) {
      return err('EINVAL', 'data_type and data_len do not agree on whether there is data', { rule: RULE });
    }
    const device = ctx.objects.get(cmd.dev_id, 'device');
    if (!device.ok) return device;
    const pt = ctx.objects.get(cmd.pt_id);
    // Everywhere else an unknown id is ENOENT.
    const result = pt.ok
      ? yield* allocFor(ucmd, device.value, pt.value)
      : err('EINVAL', `${pt.why}, so there is nothing to make a page table for`, { rule: RULE });
    if (pt.ok) ctx.objects.put(pt.value);
    ctx.objects.put(device.value);
    return result;
  },
});

function* allocFor(ucmd: HwptAlloc, idev: IommufdDevice, pt: AnyObject): Task<Result<undefined>> {
  const { cmd, user } = ucmd;
  const data = userData(user, cmd.data_type, cmd.data_uptr, cmd.data_len);
  switch (pt.kind) {
    case 'ioas':
      return yield* locked(pt.mutex, () => allocPaging(ucmd, idev, pt, data));
    case 'hwpt-paging':
      return yield* publish(ucmd, yield* allocHwptNested(pt, idev, cmd.flags, data));
    case 'viommu':
      return yield* allocInViommu(ucmd, idev, pt, data);
    default:
      return err('EINVAL', `${pt.title} is no IOAS, HWPT or vIOMMU`, { rule: RULE, culprit: pt.worldId });
  }
}

/** The caller holds ioas->mutex until others can see the HWPT. */
function* allocPaging(
  ucmd: HwptAlloc,
  idev: IommufdDevice,
  ioas: Ioas,
  data: UserData,
): Task<Result<undefined>> {
  const made = yield* allocHwptPaging(ucmd.ctx, {
    ioas,
    idev,
    pasid: NO_PASID,
    flags: ucmd.cmd.flags,
    immediateAttach: false,
    userData: data.length === 0 ? null : data,
  });
  return yield* publish(ucmd, made);
}

function* allocInViommu(
  ucmd: HwptAlloc,
  idev: IommufdDevice,
  viommu: Viommu,
  data: UserData,
): Task<Result<undefined>> {
  if (viommu.unit !== idev.device.ops) {
    const why = `${idev.device.name} is behind another IOMMU than that of ${viommu.title}`;
    return err('EINVAL', why, { rule: RULE, culprit: viommu.worldId });
  }
  return yield* publish(ucmd, yield* allocHwptInViommu(viommu, ucmd.cmd.flags, data));
}

/** Gives it its fault queue, tells the user, and lets others see it; or undoes it. */
function* publish(ucmd: HwptAlloc, made: Result<AnyHwpt>): Task<Result<undefined>> {
  if (!made.ok) return made;
  const { ctx, cmd } = ucmd;
  const hwpt = made.value;
  cmd.out_hwpt_id = hwpt.id;
  const reports = (cmd.flags & IOMMU_HWPT_FAULT_ID_VALID) !== 0;
  const queued = reports ? setFaultQueue(ucmd, hwpt) : done;
  const responded = queued.ok ? ucmd.respond() : queued;
  if (!responded.ok) {
    yield* ctx.objects.abort(hwpt);
    return responded;
  }
  ctx.objects.finalize(hwpt);
  return done;
}

function setFaultQueue({ ctx, cmd }: HwptAlloc, hwpt: AnyHwpt): Result<undefined> {
  const found = ctx.objects.get(cmd.fault_id, 'fault');
  if (!found.ok) return found;
  const fault = found.value;
  hwpt.fault = fault;
  if (hwpt.domain) hwpt.domain.iopfHandler = fault.handle;
  fault.users++;
  ctx.objects.put(fault);
  return done;
}
