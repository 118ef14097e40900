import { done } from '../../lib/result';
import { NO_PASID } from '../iommu/group';
import { err, ok, type Result } from '../kernel/errno';
import { assertNotHeld, locked, type Task } from '../kernel/task';
import { attachHandle, detachHandle, replaceHandle } from './attach-handle';
import { reserveForDevice, reserveForGroup, undoReserveForGroup, unreserveForGroup } from './attach-reserved';
import type { IommufdDevice } from './device';
import type { Attach } from './igroup';
import type { AnyHwpt } from './object';

/**
 * One device's attachment within its group: the first device moves the group, the others only enter their names and
 * what they keep reserved, the last one to leave moves the group away.
 *
 * Linux: drivers/iommu/iommufd/device.c iommufd_hw_pagetable_attach() and what stands around it
 */

/** Linux: iommufd_hw_pagetable_attach() */
export function* hwptAttach(hwpt: AnyHwpt, idev: IommufdDevice, pasid: number): Task<Result<undefined>> {
  return yield* locked(idev.igroup.lock, () => attachLocked(hwpt, idev, pasid));
}

function* attachLocked(hwpt: AnyHwpt, idev: IommufdDevice, pasid: number): Task<Result<undefined>> {
  const rule = 'iommufd_hw_pagetable_attach';
  const { igroup, device } = idev;
  const { fail } = idev.ctx.core;
  const attach = igroup.attaches.get(pasid);
  if (attach?.devices.has(idev.id)) {
    const why = `${device.name}${byPasid(pasid)} is attached to ${attach.hwpt.title} already; replace it or detach it first`;
    return err('EBUSY', why, { rule, culprit: attach.hwpt.worldId });
  }
  // The place of the PASID and what stands there, if it is the first, and the place of the device in that.
  if ((!attach && (fail.hit(rule) || fail.hit(rule))) || fail.hit(rule))
    return err('ENOMEM', 'no memory for an attachment', { rule });
  if (attach && attach.hwpt !== hwpt) {
    const why = `group ${igroup.group.id} is attached to ${attach.hwpt.title} through ${names(attach)}; all its devices share one HWPT`;
    return err('EINVAL', why, { rule, culprit: attach.hwpt.worldId });
  }
  const reserved = pasid === NO_PASID ? yield* reserveForDevice(idev, hwpt.filled) : done;
  if (!reserved.ok) return reserved;
  // The siblings follow the first one: they are behind the same IOMMU identity.
  const moved = attach ? done : yield* attachHandle(hwpt, idev, pasid);
  if (!moved.ok) {
    if (pasid === NO_PASID) yield* hwpt.filled.ioas.iopt.removeReserved(device);
    return moved;
  }
  hwpt.users++;
  if (attach) attach.devices.set(idev.id, idev);
  else igroup.attaches.set(pasid, { hwpt, devices: new Map([[idev.id, idev]]) });
  return done;
}

/** Does nothing for a device that is not attached; returns what it was attached to. Linux: iommufd_hw_pagetable_detach() */
export function* hwptDetach(idev: IommufdDevice, pasid: number): Task<AnyHwpt | null> {
  const { igroup, device } = idev;
  const hwpt = yield* locked(igroup.lock, function* (): Task<AnyHwpt | null> {
    const attach = igroup.attaches.get(pasid);
    if (!attach?.devices.delete(idev.id)) return null;
    if (attach.devices.size === 0) {
      yield* detachHandle(attach.hwpt, idev, pasid);
      igroup.attaches.delete(pasid);
    }
    if (pasid === NO_PASID) yield* attach.hwpt.filled.ioas.iopt.removeReserved(device);
    return attach.hwpt;
  });
  if (hwpt) yield* putHwpt(hwpt);
  return hwpt;
}

/** An automatic HWPT goes with its last user; ioas->mutex must be free. Linux: iommufd_hw_pagetable_put() */
export function* putHwpt(hwpt: AnyHwpt): Task<void> {
  if (hwpt.kind === 'hwpt-paging' && hwpt.auto) {
    yield* assertNotHeld(hwpt.ioas.mutex);
    yield* hwpt.ctx.objects.putAndTryDestroy(hwpt);
  } else hwpt.users--;
}

/**
 * Moves the whole group, with every attachment in it, straight to another HWPT. The old HWPT comes back with one
 * reference, which the caller puts when it holds no lock any more; null when nothing changed.
 *
 * Linux: iommufd_device_do_replace()
 */
export function* hwptReplace(
  hwpt: AnyHwpt,
  idev: IommufdDevice,
  pasid: number,
): Task<Result<AnyHwpt | null>> {
  return yield* locked(idev.igroup.lock, () => replaceLocked(hwpt, idev, pasid));
}

function* replaceLocked(hwpt: AnyHwpt, idev: IommufdDevice, pasid: number): Task<Result<AnyHwpt | null>> {
  const rule = 'iommufd_device_do_replace';
  const { igroup, device } = idev;
  const attach = igroup.attaches.get(pasid);
  if (!attach?.devices.has(idev.id)) {
    const others = attach ? `; ${names(attach)} of its group is` : '';
    const why = `${device.name}${byPasid(pasid)} is not attached, so there is nothing to replace${others}`;
    return err('EINVAL', why, { rule, culprit: device.worldId });
  }
  const old = attach.hwpt;
  if (old === hwpt) return ok(null);
  // PASIDs are translated by the tables alone: what their device keeps clear, its requests without PASID keep clear.
  const plain = pasid === NO_PASID;
  const reserved = plain ? yield* reserveForGroup(igroup, attach, hwpt.filled) : done;
  if (!reserved.ok) return reserved;
  const moved = yield* replaceHandle(hwpt, old, idev, pasid);
  if (!moved.ok) {
    if (plain) yield* undoReserveForGroup(igroup, attach, hwpt.filled);
    return moved;
  }
  if (plain && hwpt.filled.ioas !== old.filled.ioas) yield* unreserveForGroup(attach, old.filled);
  attach.hwpt = hwpt;
  hwpt.users += attach.devices.size;
  old.users -= attach.devices.size - 1;
  return ok(old);
}

const byPasid = (pasid: number): string => (pasid === NO_PASID ? '' : ` by PASID ${pasid}`);

const names = (attach: Attach): string =>
  [...attach.devices.values()].map((each) => each.device.name).join(', ');
