import type { Device } from '../iommu/device';
import type { IommufdCtx } from '../iommufd/ctx';
import { bindDevice, unbindDevice, type IommufdDevice } from '../iommufd/device';
import { attachDeviceTo, detachDeviceFrom, replaceDevice } from '../iommufd/device-attach';
import type { HwptPaging } from '../iommufd/hwpt';
import { err, ok, type Failure, type Result } from '../kernel/errno';
import { locked, type Task } from '../kernel/task';
import type { Vfio, VfioFile } from './vfio';

/**
 * A device through its own descriptor and an iommufd context.
 *
 * Linux: drivers/vfio/device_cdev.c, drivers/vfio/iommufd.c
 */

/** open() and VFIO_DEVICE_BIND_IOMMUFD. */
export function* openAndBind(vfio: Vfio, ctx: IommufdCtx, device: Device): Task<Result<VfioFile>> {
  const file = vfio.open(device);
  if (!file.ok) return file;
  const bound = yield* bindIommufd(file.value, ctx);
  return bound.ok ? file : bound;
}

/** VFIO_DEVICE_BIND_IOMMUFD. Linux: vfio_df_ioctl_bind_iommufd() */
export function* bindIommufd(file: VfioFile, ctx: IommufdCtx): Task<Result<IommufdDevice>> {
  const { vdev } = file;
  const { device } = vdev;
  return yield* locked(vdev.devSetLock, function* (): Task<Result<IommufdDevice>> {
    if (vdev.bound) {
      const by = vdev.bound.ctx?.title ?? 'another';
      return err(
        'EINVAL',
        `${device.name} is bound to ${by} already, and a device descriptor is for one user at a time`,
        {
          rule: 'vfio_df_open',
          culprit: vdev.bound.ctx?.worldId ?? device.worldId,
        },
      );
    }
    ctx.get();
    const idev = yield* bindDevice(ctx, device);
    if (!idev.ok) {
      yield* ctx.put();
      return idev;
    }
    file.ctx = ctx;
    vdev.bound = file;
    vdev.idev = idev.value;
    device.holder = { worldId: ctx.worldId, why: `it is open and bound to ${ctx.title}` };
    return idev;
  });
}

/** VFIO_DEVICE_ATTACH_IOMMUFD_PT: attaches, or replaces what is attached. Linux: vfio_iommufd_physical_attach_ioas() */
export const attachPt = (file: VfioFile, ptId: number): Task<Result<HwptPaging>> =>
  underDevSet(file, (idev) => (file.vdev.attached ? replaceDevice(idev, ptId) : attachDeviceTo(idev, ptId)));

/** Attach and nothing else: a device that is attached stays so (EBUSY). Linux: iommufd_device_attach() */
export const attachOnly = (file: VfioFile, ptId: number): Task<Result<HwptPaging>> =>
  underDevSet(file, (idev) => attachDeviceTo(idev, ptId));

/** Replace and nothing else: a device that is not attached stays so (EINVAL). Linux: iommufd_device_replace() */
export const replaceOnly = (file: VfioFile, ptId: number): Task<Result<HwptPaging>> =>
  underDevSet(file, (idev) => replaceDevice(idev, ptId));

function* underDevSet(
  file: VfioFile,
  change: (idev: IommufdDevice) => Task<Result<HwptPaging>>,
): Task<Result<HwptPaging>> {
  const { vdev } = file;
  return yield* locked(vdev.devSetLock, function* (): Task<Result<HwptPaging>> {
    const idev = boundDevice(file);
    if (!idev.ok) return idev;
    const changed = yield* change(idev.value);
    if (changed.ok) vdev.attached = true;
    return changed;
  });
}

/** VFIO_DEVICE_DETACH_IOMMUFD_PT; nothing happens to a device that is not attached. Linux: vfio_iommufd_physical_detach_ioas() */
export function* detachPt(file: VfioFile): Task<Result<undefined>> {
  const { vdev } = file;
  return yield* locked(vdev.devSetLock, function* (): Task<Result<undefined>> {
    const idev = boundDevice(file);
    if (!idev.ok) return idev;
    yield* detach(file, idev.value);
    return ok(undefined);
  });
}

function* detach({ vdev }: VfioFile, idev: IommufdDevice): Task<void> {
  if (!vdev.attached) return;
  yield* detachDeviceFrom(idev);
  vdev.attached = false;
}

/** Every other call on a descriptor that is not bound. Linux: vfio_device_fops_unl_ioctl() */
function boundDevice(file: VfioFile): Result<IommufdDevice> | Failure {
  const { idev, device } = file.vdev;
  if (idev && file.vdev.bound === file) return ok(idev);
  return err('EINVAL', `this descriptor of ${device.name} is not bound to an iommufd context`, {
    rule: 'vfio_device_fops_unl_ioctl',
    culprit: device.worldId,
  });
}

/** close(). Linux: vfio_df_unbind_iommufd(), vfio_iommufd_physical_unbind() */
export function* closeFile(file: VfioFile): Task<void> {
  const { vdev, ctx } = file;
  const { idev } = vdev;
  if (vdev.bound !== file || !idev || !ctx) return;
  yield* locked(vdev.devSetLock, function* (): Task<void> {
    yield* detach(file, idev);
    yield* unbindDevice(idev);
    vdev.idev = null;
    vdev.bound = null;
    vdev.device.holder = null;
    file.ctx = null;
    yield* ctx.put();
  });
}

/** A process ends: it closes its devices and its context. */
export function* closeContext(vfio: Vfio, ctx: IommufdCtx): Task<void> {
  for (const file of vfio.filesOf(ctx)) yield* closeFile(file);
  yield* ctx.put();
}
