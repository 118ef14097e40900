import { NO_PASID } from '../iommu/group';
import type { IommufdCtx } from '../iommufd/ctx';
import { bindDevice, unbindDevice, type IommufdDevice } from '../iommufd/device';
import { attachDeviceTo, detachDeviceFrom, replaceDevice } from '../iommufd/device-attach';
import type { AnyHwpt } from '../iommufd/object';
import { err, type Failure, type Result } from '../kernel/errno';
import type { Task } from '../kernel/task';
import type { VfioDevice } from './vfio';

/**
 * How a driver of a real device uses iommufd: all of it under the device set's lock.
 *
 * Linux: drivers/vfio/iommufd.c vfio_iommufd_physical_*()
 */

/** Linux: vfio_iommufd_physical_bind() */
export function* physicalBind(vdev: VfioDevice, ctx: IommufdCtx): Task<Result<IommufdDevice>> {
  const idev = yield* bindDevice(ctx, vdev.device);
  if (idev.ok) vdev.idev = idev.value;
  return idev;
}

/** Linux: vfio_iommufd_physical_unbind() */
export function* physicalUnbind(vdev: VfioDevice): Task<void> {
  const { idev } = vdev;
  if (!idev) return;
  for (const pasid of [...vdev.pasids].sort((a, b) => a - b)) yield* pasidDetach(vdev, pasid);
  yield* physicalDetach(vdev);
  yield* unbindDevice(idev);
  vdev.idev = null;
}

/** Attaches, or replaces what is attached. Linux: vfio_iommufd_physical_attach_ioas() */
export function* physicalAttach(vdev: VfioDevice, ptId: number): Task<Result<AnyHwpt>> {
  const { idev } = vdev;
  if (!idev) return unbound(vdev);
  const changed = yield* vdev.attached
    ? replaceDevice(idev, NO_PASID, ptId)
    : attachDeviceTo(idev, NO_PASID, ptId);
  if (changed.ok) vdev.attached = true;
  return changed;
}

/** Nothing happens to a device that is not attached. Linux: vfio_iommufd_physical_detach_ioas() */
export function* physicalDetach(vdev: VfioDevice): Task<void> {
  if (!vdev.idev || !vdev.attached) return;
  yield* detachDeviceFrom(vdev.idev, NO_PASID);
  vdev.attached = false;
}

/** Linux: vfio_iommufd_physical_pasid_attach_ioas() */
export function* pasidAttach(vdev: VfioDevice, pasid: number, ptId: number): Task<Result<AnyHwpt>> {
  const { idev } = vdev;
  if (!idev) return unbound(vdev);
  if (vdev.pasids.has(pasid)) return yield* replaceDevice(idev, pasid, ptId);
  const rule = 'vfio_iommufd_physical_pasid_attach_ioas';
  if (pasid > 0x7fff_ffff) return err('ENOSPC', `${pasid} is beyond every PASID`, { rule });
  if (vdev.core.fail.hit(rule)) return err('ENOMEM', 'no memory for a PASID', { rule });
  const attached = yield* attachDeviceTo(idev, pasid, ptId);
  if (attached.ok) vdev.pasids.add(pasid);
  return attached;
}

/** Linux: vfio_iommufd_physical_pasid_detach_ioas() */
export function* pasidDetach(vdev: VfioDevice, pasid: number): Task<void> {
  if (!vdev.idev || !vdev.pasids.has(pasid)) return;
  yield* detachDeviceFrom(vdev.idev, pasid);
  vdev.pasids.delete(pasid);
}

const unbound = ({ device }: VfioDevice): Failure =>
  err('EINVAL', `${device.name} is not bound to an iommufd context`, { culprit: device.worldId });
