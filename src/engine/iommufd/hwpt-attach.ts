import { invariant } from '../../lib/invariant';
import { done } from '../../lib/result';
import { attachGroupHandle, detachGroupHandle, replaceGroupHandle } from '../iommu/attach';
import { NO_PASID } from '../iommu/group';
import type { IommuDomain } from '../iommu/ops';
import { err, ok, type Result } from '../kernel/errno';
import { locked, type Task } from '../kernel/task';
import type { IommufdDevice } from './device';
import type { HwptPaging } from './hwpt';
import type { Attach, IommufdAttachHandle } from './igroup';

/**
 * One device's attachment within its group: the first device moves the group, the others only enter their names and
 * what they keep reserved, the last one to leave moves the group away.
 *
 * Linux: drivers/iommu/iommufd/device.c iommufd_hw_pagetable_attach() and what stands around it
 */

function domainOf(hwpt: HwptPaging): IommuDomain {
  invariant(hwpt.domain, `${hwpt.title} has no domain`);
  return hwpt.domain;
}

const handleFor = (hwpt: HwptPaging, idev: IommufdDevice): IommufdAttachHandle => ({
  domain: domainOf(hwpt),
  idev,
});

/** Linux: iommufd_hw_pagetable_attach() */
export function* hwptAttach(hwpt: HwptPaging, idev: IommufdDevice): Task<Result<undefined>> {
  return yield* locked(idev.igroup.lock, () => attachLocked(hwpt, idev));
}

function* attachLocked(hwpt: HwptPaging, idev: IommufdDevice): Task<Result<undefined>> {
  const rule = 'iommufd_hw_pagetable_attach';
  const { igroup, device } = idev;
  const attach = igroup.attaches.get(NO_PASID);
  if (attach?.devices.has(idev.id)) {
    return err(
      'EBUSY',
      `${device.name} is attached to ${attach.hwpt.title} already; replace it or detach it first`,
      {
        rule,
        culprit: attach.hwpt.worldId,
      },
    );
  }
  if (attach && attach.hwpt !== hwpt) {
    return err(
      'EINVAL',
      `group ${igroup.group.id} is attached to ${attach.hwpt.title} through ${names(attach)}; all its devices share one HWPT`,
      {
        rule,
        culprit: attach.hwpt.worldId,
      },
    );
  }
  const { iopt } = hwpt.ioas;
  const reserved = yield* iopt.enforceDeviceRegions(device);
  if (!reserved.ok) return reserved;
  // The siblings follow the first one: they are behind the same IOMMU identity.
  if (!attach) {
    const moved = yield* attachGroupHandle(idev.ctx.core, igroup.group, handleFor(hwpt, idev));
    if (!moved.ok) {
      yield* iopt.removeReserved(device);
      return moved;
    }
    igroup.attaches.set(NO_PASID, { hwpt, devices: new Map() });
  }
  hwpt.users++;
  igroup.attaches.get(NO_PASID)?.devices.set(idev.id, idev);
  return done;
}

/** Does nothing for a device that is not attached; returns what it was attached to. Linux: iommufd_hw_pagetable_detach() */
export function* hwptDetach(idev: IommufdDevice): Task<HwptPaging | null> {
  const { igroup, device } = idev;
  const hwpt = yield* locked(igroup.lock, function* (): Task<HwptPaging | null> {
    const attach = igroup.attaches.get(NO_PASID);
    if (!attach?.devices.delete(idev.id)) return null;
    if (attach.devices.size === 0) {
      yield* detachGroupHandle(idev.ctx.core, igroup.group);
      igroup.attaches.delete(NO_PASID);
    }
    yield* attach.hwpt.ioas.iopt.removeReserved(device);
    return attach.hwpt;
  });
  if (hwpt) yield* putHwpt(hwpt);
  return hwpt;
}

/** An automatic HWPT goes with its last user; ioas->mutex must be free. Linux: iommufd_hw_pagetable_put() */
export function* putHwpt(hwpt: HwptPaging): Task<void> {
  if (hwpt.auto) yield* hwpt.ctx.objects.putAndTryDestroy(hwpt);
  else hwpt.users--;
}

/**
 * Moves the whole group, with every attachment in it, straight to another HWPT. The old HWPT comes back with one
 * reference, which the caller puts when it holds no lock any more; null when nothing changed.
 *
 * Linux: iommufd_device_do_replace()
 */
export function* hwptReplace(hwpt: HwptPaging, idev: IommufdDevice): Task<Result<HwptPaging | null>> {
  return yield* locked(idev.igroup.lock, () => replaceLocked(hwpt, idev));
}

function* replaceLocked(hwpt: HwptPaging, idev: IommufdDevice): Task<Result<HwptPaging | null>> {
  const rule = 'iommufd_device_do_replace';
  const { igroup, device } = idev;
  const attach = igroup.attaches.get(NO_PASID);
  if (!attach?.devices.has(idev.id)) {
    const others = attach ? `; ${names(attach)} of its group is` : '';
    return err('EINVAL', `${device.name} is not attached, so there is nothing to replace${others}`, {
      rule,
      culprit: device.worldId,
    });
  }
  const old = attach.hwpt;
  if (old === hwpt) return ok(null);
  const sameIoas = old.ioas === hwpt.ioas;
  const reserved = sameIoas ? done : yield* reserveForAll(attach, hwpt);
  if (!reserved.ok) return reserved;
  const moved = yield* replaceGroupHandle(idev.ctx.core, igroup.group, handleFor(hwpt, idev));
  if (!moved.ok) {
    // The kernel takes the regions out even when both HWPTs share the IOAS, though the old attachment needs them.
    if (!sameIoas) yield* unreserveForAll(attach, hwpt);
    return moved;
  }
  if (!sameIoas) yield* unreserveForAll(attach, old);
  attach.hwpt = hwpt;
  hwpt.users += attach.devices.size;
  old.users -= attach.devices.size - 1;
  return ok(old);
}

/** Every attached device of the group, not just the one that asked. Linux: iommufd_group_do_replace_reserved_iova() */
function* reserveForAll(attach: Attach, hwpt: HwptPaging): Task<Result<undefined>> {
  for (const each of attach.devices.values()) {
    const reserved = yield* hwpt.ioas.iopt.enforceDeviceRegions(each.device);
    if (reserved.ok) continue;
    yield* unreserveForAll(attach, hwpt);
    return reserved;
  }
  return done;
}

/** Linux: iommufd_group_remove_reserved_iova() */
function* unreserveForAll(attach: Attach, hwpt: HwptPaging): Task<void> {
  for (const each of attach.devices.values()) yield* hwpt.ioas.iopt.removeReserved(each.device);
}

const names = (attach: Attach): string =>
  [...attach.devices.values()].map((each) => each.device.name).join(', ');
