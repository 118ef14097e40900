import { err, ok, type Result } from '../kernel/errno';
import { locked, type Task } from '../kernel/task';
import type { IommufdDevice } from './device';
import { allocHwptPaging, type HwptPaging } from './hwpt';
import { hwptAttach, hwptDetach, hwptReplace, putHwpt } from './hwpt-attach';
import type { Ioas } from './ioas';
import type { AnyObject } from './object';

/**
 * Attach and replace by the id of a HWPT, or of an IOAS for which a HWPT is then found or made.
 *
 * Linux: drivers/iommu/iommufd/device.c iommufd_device_change_pt()
 */

type How = 'attach' | 'replace';

/** What the device is served by now, and the HWPT to put when all locks are gone. */
interface Changed {
  readonly hwpt: HwptPaging;
  readonly old: HwptPaging | null;
}

/** Returns the HWPT that serves the device. Linux: iommufd_device_attach() */
export function* attachDeviceTo(idev: IommufdDevice, ptId: number): Task<Result<HwptPaging>> {
  const attached = yield* changePt(idev, ptId, 'attach');
  if (attached.ok) idev.users++;
  return attached;
}

/** Linux: iommufd_device_replace() */
export const replaceDevice = (idev: IommufdDevice, ptId: number): Task<Result<HwptPaging>> =>
  changePt(idev, ptId, 'replace');

/** Nothing happens to a device that is not attached. Linux: iommufd_device_detach() */
export function* detachDeviceFrom(idev: IommufdDevice): Task<void> {
  const hwpt = yield* hwptDetach(idev);
  if (hwpt) idev.users--;
}

function* changePt(idev: IommufdDevice, ptId: number, how: How): Task<Result<HwptPaging>> {
  const { objects } = idev.ctx;
  const pt = objects.get(ptId);
  if (!pt.ok) return pt;
  const object = pt.value;
  const changed = yield* changeTo(idev, object, how);
  objects.put(object);
  if (!changed.ok) return changed;
  if (changed.value.old) yield* putHwpt(changed.value.old);
  return ok(changed.value.hwpt);
}

function* changeTo(idev: IommufdDevice, object: AnyObject, how: How): Task<Result<Changed>> {
  if (object.kind === 'hwpt-paging') return yield* changeOne(idev, object, how);
  if (object.kind === 'ioas') return yield* locked(object.mutex, () => autoDomain(idev, object, how));
  return err('EINVAL', `${object.title} is neither an IOAS nor a HWPT`, {
    rule: 'iommufd_device_change_pt',
    culprit: object.worldId,
  });
}

function* changeOne(idev: IommufdDevice, hwpt: HwptPaging, how: How): Task<Result<Changed>> {
  if (how === 'replace') {
    const replaced = yield* hwptReplace(hwpt, idev);
    return replaced.ok ? ok({ hwpt, old: replaced.value }) : replaced;
  }
  const attached = yield* hwptAttach(hwpt, idev);
  return attached.ok ? ok({ hwpt, old: null }) : attached;
}

/**
 * Any automatic HWPT of the IOAS that takes the device is as good as any other: EINVAL means "next, please". Only
 * when none does is one made. Those that the user made are never chosen.
 *
 * Linux: iommufd_device_auto_get_domain()
 */
function* autoDomain(idev: IommufdDevice, ioas: Ioas, how: How): Task<Result<Changed>> {
  const { objects } = idev.ctx;
  for (const hwpt of ioas.hwpts) {
    if (!hwpt.auto) continue;
    hwpt.users++;
    hwpt.waitCnt++;
    const changed = yield* changeOne(idev, hwpt, how);
    objects.put(hwpt);
    if (changed.ok || changed.errno !== 'EINVAL') return changed;
  }
  const immediateAttach = how === 'attach';
  const made = yield* allocHwptPaging(idev.ctx, {
    ioas,
    idev,
    flags: 0,
    immediateAttach,
    userData: null,
  });
  if (!made.ok) return made;
  const hwpt = made.value;
  let old: HwptPaging | null = null;
  if (!immediateAttach) {
    const replaced = yield* hwptReplace(hwpt, idev);
    if (!replaced.ok) {
      yield* objects.abort(hwpt);
      return replaced;
    }
    old = replaced.value;
  }
  hwpt.auto = true;
  objects.finalize(hwpt);
  return ok({ hwpt, old });
}
