import { err, ok, type Result } from '../kernel/errno';
import { locked, type Task } from '../kernel/task';
import type { IommufdDevice } from './device';
import { allocHwptPaging } from './hwpt-paging-alloc';
import { hwptAttach, hwptDetach, hwptReplace, putHwpt } from './hwpt-attach';
import type { Ioas } from './ioas';
import type { AnyHwpt, AnyObject } from './object';

/**
 * Attach and replace by the id of a HWPT, or of an IOAS for which a HWPT is then found or made.
 *
 * Linux: drivers/iommu/iommufd/device.c iommufd_device_change_pt()
 */

type How = 'attach' | 'replace';

/** What the device is served by now, and the HWPT to put when all locks are gone. */
interface Changed {
  readonly hwpt: AnyHwpt;
  readonly old: AnyHwpt | null;
}

/** One move that is asked for. */
interface Change {
  readonly idev: IommufdDevice;
  readonly pasid: number;
  readonly how: How;
}

/** Returns the HWPT that serves the device. Linux: iommufd_device_attach() */
export function* attachDeviceTo(idev: IommufdDevice, pasid: number, ptId: number): Task<Result<AnyHwpt>> {
  const attached = yield* changePt({ idev, pasid, how: 'attach' }, ptId);
  if (attached.ok) idev.users++;
  return attached;
}

/** Linux: iommufd_device_replace() */
export const replaceDevice = (idev: IommufdDevice, pasid: number, ptId: number): Task<Result<AnyHwpt>> =>
  changePt({ idev, pasid, how: 'replace' }, ptId);

/** Nothing happens to a device that is not attached. Linux: iommufd_device_detach() */
export function* detachDeviceFrom(idev: IommufdDevice, pasid: number): Task<void> {
  const hwpt = yield* hwptDetach(idev, pasid);
  if (hwpt) idev.users--;
}

function* changePt(change: Change, ptId: number): Task<Result<AnyHwpt>> {
  const { objects } = change.idev.ctx;
  const pt = objects.get(ptId);
  if (!pt.ok) return pt;
  const object = pt.value;
  const changed = yield* changeTo(change, object);
  objects.put(object);
  if (!changed.ok) return changed;
  if (changed.value.old) yield* putHwpt(changed.value.old);
  return ok(changed.value.hwpt);
}

function* changeTo(change: Change, object: AnyObject): Task<Result<Changed>> {
  if (object.kind === 'hwpt-paging' || object.kind === 'hwpt-nested') return yield* changeOne(change, object);
  if (object.kind === 'ioas') return yield* locked(object.mutex, () => autoDomain(change, object));
  return err('EINVAL', `${object.title} is neither an IOAS nor a HWPT`, {
    rule: 'iommufd_device_change_pt',
    culprit: object.worldId,
  });
}

function* changeOne({ idev, pasid, how }: Change, hwpt: AnyHwpt): Task<Result<Changed>> {
  if (how === 'replace') {
    const replaced = yield* hwptReplace(hwpt, idev, pasid);
    return replaced.ok ? ok({ hwpt, old: replaced.value }) : replaced;
  }
  const attached = yield* hwptAttach(hwpt, idev, pasid);
  return attached.ok ? ok({ hwpt, old: null }) : attached;
}

/**
 * Any automatic HWPT of the IOAS that takes the device is as good as any other: EINVAL means "next, please". Only
 * when none does is one made. Those that the user made are never chosen.
 *
 * Linux: iommufd_device_auto_get_domain()
 */
function* autoDomain(change: Change, ioas: Ioas): Task<Result<Changed>> {
  const { idev, pasid, how } = change;
  const { objects } = idev.ctx;
  for (const hwpt of ioas.hwpts) {
    if (!hwpt.auto || !hwpt.lock()) continue;
    const changed = yield* changeOne(change, hwpt);
    objects.put(hwpt);
    if (changed.ok || changed.errno !== 'EINVAL') return changed;
  }
  const immediateAttach = how === 'attach';
  const request = { ioas, idev, pasid, flags: 0, immediateAttach, userData: null };
  const made = yield* allocHwptPaging(idev.ctx, request);
  if (!made.ok) return made;
  const hwpt = made.value;
  const replaced = immediateAttach ? ok(null) : yield* hwptReplace(hwpt, idev, pasid);
  if (!replaced.ok) {
    yield* objects.abort(hwpt);
    return replaced;
  }
  hwpt.auto = true;
  objects.finalize(hwpt);
  return ok({ hwpt, old: replaced.value });
}
