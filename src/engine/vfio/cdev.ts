import type { Device } from '../iommu/device';
import { NO_PASID } from '../iommu/group';
import type { IommufdCtx } from '../iommufd/ctx';
import type { IommufdDevice } from '../iommufd/device';
import { attachDeviceTo, replaceDevice } from '../iommufd/device-attach';
import type { AnyHwpt } from '../iommufd/object';
import { err, ok, type Failure, type Result } from '../kernel/errno';
import { holding, locked, type Task } from '../kernel/task';
import type { VfioFile } from './device-file';
import { closeDevice, inUse, openDevice } from './device-open';
import { groupClose } from './group-device';
import { pasidAttach, pasidDetach, physicalAttach, physicalDetach } from './physical';
import type { Vfio, VfioDevice } from './vfio';

/**
 * A device through its own descriptor and an iommufd context.
 *
 * Linux: drivers/vfio/device_cdev.c
 */

/** open() and VFIO_DEVICE_BIND_IOMMUFD. */
export function* openAndBind(vfio: Vfio, ctx: IommufdCtx, device: Device): Task<Result<VfioFile>> {
  const file = vfio.open(device);
  if (!file.ok) return file;
  const bound = yield* bindIommufd(file.value, () => ok(ctx));
  return bound.ok ? file : bound;
}

/**
 * VFIO_DEVICE_BIND_IOMMUFD, from where its words are known to be good.
 *
 * Linux: vfio_df_ioctl_bind_iommufd()
 */
export function* bindIommufd(
  file: VfioFile,
  find: () => Result<IommufdCtx>,
  respond: (devid: number) => Result<undefined> = () => ok(undefined),
): Task<Result<IommufdDevice>> {
  const { vdev } = file;
  const blocked = yield* blockGroup(vdev);
  if (blocked) return blocked;
  const bound = yield* locked(vdev.devSetLock, function* (): Task<Result<IommufdDevice>> {
    if (file.accessGranted) return inUse(vdev, 'this descriptor is bound to it already');
    const ctx = find();
    if (!ctx.ok) return ctx;
    return yield* bindTo(file, ctx.value, respond);
  });
  if (!bound.ok) yield* unblockGroup(vdev);
  return bound;
}

function* bindTo(
  file: VfioFile,
  ctx: IommufdCtx,
  respond: (devid: number) => Result<undefined>,
): Task<Result<IommufdDevice>> {
  const { vdev } = file;
  ctx.get();
  file.ctx = ctx;
  const opened = yield* openDevice(file);
  const told = opened.ok && vdev.idev ? respond(vdev.idev.id) : opened;
  if (opened.ok && !told.ok) yield* closeDevice(file);
  if (!told.ok || !vdev.idev) {
    file.ctx = null;
    yield* ctx.put();
    return told.ok ? inUse(vdev, 'it is bound to nothing') : told;
  }
  file.accessGranted = true;
  return ok(vdev.idev);
}

/** Nobody may open the group while a device of it is open by itself. Linux: vfio_device_block_group() */
function* blockGroup({ group, device }: VfioDevice): Task<Failure | null> {
  return yield* holding(group.groupLock, () => {
    if (group.opened) {
      const why = `${group.title} is open, and ${device.name} can be had only through it meanwhile`;
      return err('EBUSY', why, { rule: 'vfio_device_block_group', culprit: group.iommuGroup.worldId });
    }
    group.cdevOpenCount++;
    return null;
  });
}

/** Linux: vfio_device_unblock_group() */
const unblockGroup = ({ group }: VfioDevice): Task<void> =>
  holding(group.groupLock, () => {
    group.cdevOpenCount--;
  });

/** VFIO_DEVICE_ATTACH_IOMMUFD_PT: attaches, or replaces what is attached. Linux: vfio_df_ioctl_attach_pt() */
export const attachPt = (
  file: VfioFile,
  ptId: number,
  pasid: number | null = null,
  respond: (hwptId: number) => Result<undefined> = () => ok(undefined),
): Task<Result<AnyHwpt>> =>
  locked(file.vdev.devSetLock, function* (): Task<Result<AnyHwpt>> {
    const { vdev } = file;
    const attached = yield* pasid === null ? physicalAttach(vdev, ptId) : pasidAttach(vdev, pasid, ptId);
    if (!attached.ok) return attached;
    const told = respond(attached.value.id);
    if (told.ok) return attached;
    // Of the whole device, whatever was attached.
    yield* physicalDetach(vdev);
    return told;
  });

/** Attach and nothing else: what is attached stays so (EBUSY). Linux: iommufd_device_attach() */
export const attachOnly = (
  file: VfioFile,
  ptId: number,
  pasid: number | null = null,
): Task<Result<AnyHwpt>> => underDevSet(file, pasid, (idev) => attachDeviceTo(idev, pasid ?? NO_PASID, ptId));

/** Replace and nothing else: what is not attached stays so (EINVAL). Linux: iommufd_device_replace() */
export const replaceOnly = (
  file: VfioFile,
  ptId: number,
  pasid: number | null = null,
): Task<Result<AnyHwpt>> => underDevSet(file, pasid, (idev) => replaceDevice(idev, pasid ?? NO_PASID, ptId));

function underDevSet(
  file: VfioFile,
  pasid: number | null,
  change: (idev: IommufdDevice) => Task<Result<AnyHwpt>>,
): Task<Result<AnyHwpt>> {
  const { vdev } = file;
  return locked(vdev.devSetLock, function* (): Task<Result<AnyHwpt>> {
    const idev = boundDevice(file);
    if (!idev.ok) return idev;
    const changed = yield* change(idev.value);
    if (!changed.ok) return changed;
    if (pasid === null) vdev.attached = true;
    else vdev.pasids.add(pasid);
    return changed;
  });
}

/** VFIO_DEVICE_DETACH_IOMMUFD_PT; nothing happens to what is not attached. Linux: vfio_df_ioctl_detach_pt() */
export const detachPt = (file: VfioFile, pasid: number | null = null): Task<Result<undefined>> =>
  locked(file.vdev.devSetLock, function* (): Task<Result<undefined>> {
    const idev = boundDevice(file);
    if (!idev.ok) return idev;
    yield* pasid === null ? physicalDetach(file.vdev) : pasidDetach(file.vdev, pasid);
    return ok(undefined);
  });

/** Every other call on a descriptor that is not bound. Linux: vfio_device_fops_unl_ioctl() */
export function boundDevice(file: VfioFile): Result<IommufdDevice> {
  const { idev, device } = file.vdev;
  if (idev && file.accessGranted) return ok(idev);
  return err('EINVAL', `this descriptor of ${device.name} is not bound to an iommufd context`, {
    rule: 'vfio_device_fops_unl_ioctl',
    culprit: device.worldId,
  });
}

/** close(). Linux: vfio_device_fops_release(), vfio_df_unbind_iommufd() */
export function* closeFile(file: VfioFile): Task<void> {
  const { vdev } = file;
  if (!file.accessGranted) return;
  if (file.group) {
    yield* groupClose(file);
    return;
  }
  yield* locked(vdev.devSetLock, function* (): Task<void> {
    const { ctx } = file;
    yield* closeDevice(file);
    file.ctx = null;
    if (ctx) yield* ctx.put();
  });
  yield* unblockGroup(vdev);
}

/** A process ends: it closes its devices and its context. */
export function* closeContext(vfio: Vfio, ctx: IommufdCtx): Task<void> {
  for (const file of vfio.filesOf(ctx)) yield* closeFile(file);
  yield* ctx.put();
}
