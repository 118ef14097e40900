import { done } from '../../lib/result';
import { err, type Failure, type Result } from '../kernel/errno';
import type { Task } from '../kernel/task';
import { unuseContainer, useContainer } from './container-use';
import type { VfioFile } from './device-file';
import { physicalBind, physicalUnbind } from './physical';
import type { VfioDevice } from './vfio';

/**
 * The first who opens a device puts its DMA in the user's hands, the last who closes it takes it back; under the device
 * set's lock.
 *
 * Linux: drivers/vfio/vfio_main.c
 */

/** Linux: vfio_df_open(), vfio_df_device_first_open() */
export function* openDevice(file: VfioFile): Task<Result<undefined>> {
  const { vdev } = file;
  // Who comes through the group may come several times.
  if (vdev.files.length > 0 && !file.group)
    return inUse(vdev, 'a device descriptor is for one user at a time');
  if (vdev.files.length === 0) {
    const begun = file.ctx ? yield* physicalBind(vdev, file.ctx) : useContainer(vdev.group);
    if (!begun.ok) return begun;
  }
  vdev.files.push(file);
  const { device, group } = vdev;
  const by = file.ctx ?? group;
  device.holder = { worldId: by.worldId, why: `it is open and bound to ${by.title}` };
  return done;
}

/** Linux: vfio_df_close(), vfio_df_device_last_close() */
export function* closeDevice(file: VfioFile): Task<void> {
  const { vdev } = file;
  const at = vdev.files.indexOf(file);
  if (at < 0) return;
  if (vdev.files.length === 1) {
    if (file.ctx) yield* physicalUnbind(vdev);
    else unuseContainer(vdev.group);
    vdev.device.holder = null;
  }
  vdev.files.splice(at, 1);
  file.accessGranted = false;
}

/** Who has it open. */
export function inUse(vdev: VfioDevice, what: string): Failure {
  const { device, bound } = vdev;
  const by = bound?.ctx ?? bound?.group ?? null;
  const why = `${device.name} is open for ${by?.title ?? 'another'}: ${what}`;
  return err('EINVAL', why, { rule: 'vfio_df_open', culprit: by?.worldId ?? device.worldId });
}
