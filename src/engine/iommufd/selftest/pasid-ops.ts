import { done } from '../../../lib/result';
import { attachHandleGet } from '../../iommu/pasid';
import { err, type Result } from '../../kernel/errno';
import {
  IOMMU_TEST_OP_PASID_ATTACH,
  IOMMU_TEST_OP_PASID_CHECK_HWPT,
  IOMMU_TEST_OP_PASID_DETACH,
  IOMMU_TEST_OP_PASID_REPLACE,
  pasid_attach,
  pasid_check,
  pasid_detach,
} from '../../uapi/iommufd-test';
import type { IommufdCtx } from '../ctx';
import { attachDeviceTo, detachDeviceFrom, replaceDevice } from '../device-attach';
import { getSelftestObject, type SelftestObject } from './selftest-object';
import { defineTestOp } from './test-op';

/** Linux: iommufd_test_pasid_attach() */
const pasidAttach = defineTestOp({
  nr: IOMMU_TEST_OP_PASID_ATTACH,
  layout: pasid_attach,
  *execute({ ctx, id, args, respond }) {
    const found = getSelftestObject(ctx, id);
    if (!found.ok) return found;
    const { idev } = found.value;
    const attached = yield* attachDeviceTo(idev, args.pasid, args.pt_id);
    if (attached.ok) args.pt_id = attached.value.id;
    const result = attached.ok ? respond() : attached;
    if (attached.ok && !result.ok) yield* detachDeviceFrom(idev, args.pasid);
    ctx.objects.put(found.value);
    return result;
  },
});

/** Linux: iommufd_test_pasid_replace() */
const pasidReplace = defineTestOp({
  nr: IOMMU_TEST_OP_PASID_REPLACE,
  layout: pasid_attach,
  *execute({ ctx, id, args, respond }) {
    const found = getSelftestObject(ctx, id);
    if (!found.ok) return found;
    const replaced = yield* replaceDevice(found.value.idev, args.pasid, args.pt_id);
    if (replaced.ok) args.pt_id = replaced.value.id;
    const result = replaced.ok ? respond() : replaced;
    ctx.objects.put(found.value);
    return result;
  },
});

/** Linux: iommufd_test_pasid_detach() */
const pasidDetach = defineTestOp({
  nr: IOMMU_TEST_OP_PASID_DETACH,
  layout: pasid_detach,
  *execute({ ctx, id, args }) {
    const found = getSelftestObject(ctx, id);
    if (!found.ok) return found;
    yield* detachDeviceFrom(found.value.idev, args.pasid);
    ctx.objects.put(found.value);
    return done;
  },
});

/** Linux: iommufd_test_pasid_check_hwpt() */
const pasidCheck = defineTestOp({
  nr: IOMMU_TEST_OP_PASID_CHECK_HWPT,
  layout: pasid_check,
  *execute({ ctx, id, args }) {
    const found = getSelftestObject(ctx, id);
    if (!found.ok) return found;
    const result = checkAttached(ctx, found.value, args.pasid, args.hwpt_id);
    ctx.objects.put(found.value);
    return result;
  },
});

/** HWPT 0 asks whether nothing is attached. */
function checkAttached(
  ctx: IommufdCtx,
  object: SelftestObject,
  pasid: number,
  hwptId: number,
): Result<undefined> {
  const rule = 'iommufd_test_pasid_check_hwpt';
  const { group } = object.device;
  const handle = group ? attachHandleGet(group, pasid) : null;
  const attached = handle?.ok === true ? handle.value.domain : null;
  const label = attached?.label ?? 'nothing';
  if (hwptId === 0) return attached ? err('EINVAL', `PASID ${pasid} is on ${label}`, { rule }) : done;
  const found = ctx.objects.get(hwptId);
  if (!found.ok) return found;
  const hwpt = found.value;
  ctx.objects.put(hwpt);
  if (hwpt.kind !== 'hwpt-paging' && hwpt.kind !== 'hwpt-nested')
    return err('EINVAL', `${hwpt.title} is no HWPT`, { rule: 'iommufd_get_hwpt' });
  if (hwpt.domain === attached) return done;
  return err('EINVAL', `PASID ${pasid} is on ${label}, not on that of ${hwpt.title}`, { rule });
}

export const pasidOps = [pasidAttach, pasidReplace, pasidDetach, pasidCheck] as const;
