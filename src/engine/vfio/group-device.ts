import { done } from '../../lib/result';
import { getCompatIoas } from '../iommufd/vfio-compat/compat-ioas';
import { err, type Result } from '../kernel/errno';
import { locked, type Task } from '../kernel/task';
import type { VfioFile } from './device-file';
import { closeDevice, openDevice } from './device-open';
import type { VfioGroup } from './group';
import { physicalAttach } from './physical';

/**
 * A device that is opened through its group.
 *
 * Linux: drivers/vfio/group.c
 */

/** Linux: vfio_df_group_open() */
export const groupOpen = (file: VfioFile, group: VfioGroup): Task<Result<undefined>> =>
  locked(group.groupLock, function* (): Task<Result<undefined>> {
    if (!group.hasIommu) {
      return err('EINVAL', `${group.title} is in no container yet: VFIO_GROUP_SET_CONTAINER comes first`, {
        rule: 'vfio_df_group_open',
        culprit: group.iommuGroup.worldId,
      });
    }
    return yield* locked(file.vdev.devSetLock, () => openLocked(file, group));
  });

function* openLocked(file: VfioFile, group: VfioGroup): Task<Result<undefined>> {
  const { vdev } = file;
  file.ctx = group.iommufd;
  const opened = yield* openDevice(file);
  if (!opened.ok) {
    file.ctx = null;
    return opened;
  }
  if (file.ctx && vdev.files.length === 1) {
    const attached = yield* attachCompat(file);
    if (!attached.ok) {
      yield* closeDevice(file);
      file.ctx = null;
      return attached;
    }
  }
  file.accessGranted = true;
  return done;
}

/** To the IOAS that stands for the container's only address space. Linux: vfio_iommufd_compat_attach_ioas() */
function* attachCompat({ vdev, ctx }: VfioFile): Task<Result<undefined>> {
  if (!ctx) return done;
  const found = getCompatIoas(ctx);
  if (!found.ok) return found;
  const { id } = found.value;
  ctx.objects.put(found.value);
  const attached = yield* physicalAttach(vdev, id);
  return attached.ok ? done : attached;
}

/** Linux: vfio_df_group_close() */
export function* groupClose(file: VfioFile): Task<void> {
  const { vdev, group } = file;
  if (!group) return;
  const { opened } = group;
  yield* locked(group.groupLock, () =>
    locked(vdev.devSetLock, function* () {
      yield* closeDevice(file);
      file.ctx = null;
    }),
  );
  // The device kept the group's descriptor open.
  if (opened?.refs === 0) yield* opened.lastPut();
}
