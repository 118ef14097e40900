import { NO_PASID } from '../iommu/group';
import { done } from '../../lib/result';
import type { Result } from '../kernel/errno';
import type { Task } from '../kernel/task';
import type { IommufdDevice } from './device';
import type { HwptPaging } from './hwpt';
import type { Attach, Igroup } from './igroup';
import { setupGroupMsi } from './sw-msi';

/**
 * What devices cannot reach as memory is kept clear in the IOAS that they are attached to. Everything here runs under
 * igroup->lock.
 *
 * Linux: drivers/iommu/iommufd/device.c
 */

/** For one more device; the first one of its group brings the MSI pages along. Linux: iommufd_device_attach_reserved_iova() */
export function* reserveForDevice(idev: IommufdDevice, hwpt: HwptPaging): Task<Result<undefined>> {
  const { igroup, device } = idev;
  const { iopt } = hwpt.ioas;
  const reserved = yield* iopt.enforceDeviceRegions(device, igroup);
  if (!reserved.ok) return reserved;
  if (igroup.attaches.has(NO_PASID)) return done;
  const set = yield* setupGroupMsi(igroup, hwpt);
  if (!set.ok) yield* iopt.removeReserved(device);
  return set;
}

/**
 * For every attached device of a group that is about to move, not just for the one that asked.
 *
 * Linux: iommufd_group_do_replace_reserved_iova()
 */
export function* reserveForGroup(igroup: Igroup, attach: Attach, hwpt: HwptPaging): Task<Result<undefined>> {
  const reserved = isNewIoas(attach, hwpt) ? yield* reserveEach(attach, hwpt) : done;
  const result = reserved.ok ? yield* setupGroupMsi(igroup, hwpt) : reserved;
  if (!result.ok) yield* undoReserveForGroup(igroup, attach, hwpt);
  return result;
}

/** The move did not come about. */
export function* undoReserveForGroup(igroup: Igroup, attach: Attach, hwpt: HwptPaging): Task<void> {
  // What the group keeps clear through its old HWPT of the same IOAS, it still needs.
  const careless = igroup.ctx.module.options.kernelDefects.has('failed-replace-unreserves');
  if (careless || isNewIoas(attach, hwpt)) yield* unreserveForGroup(attach, hwpt);
}

const isNewIoas = (attach: Attach, hwpt: HwptPaging): boolean => attach.hwpt.filled.ioas !== hwpt.ioas;

function* reserveEach(attach: Attach, hwpt: HwptPaging): Task<Result<undefined>> {
  for (const each of attach.devices.values()) {
    const reserved = yield* hwpt.ioas.iopt.enforceDeviceRegions(each.device);
    if (!reserved.ok) return reserved;
  }
  return done;
}

/** Linux: iommufd_group_remove_reserved_iova() */
export function* unreserveForGroup(attach: Attach, hwpt: HwptPaging): Task<void> {
  for (const each of attach.devices.values()) yield* hwpt.ioas.iopt.removeReserved(each.device);
}
