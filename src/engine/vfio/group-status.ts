import { dmaOwnerClaimed } from '../iommu/ownership';
import { err, ok, type Result } from '../kernel/errno';
import { locked, type Task } from '../kernel/task';
import { VFIO_GROUP_FLAGS_CONTAINER_SET, VFIO_GROUP_FLAGS_VIABLE, vfio_group_status } from '../uapi/vfio';
import type { VfioGroup } from './group';
import { tooSmall, type UserCall } from './user-call';

/**
 * VFIO_GROUP_GET_STATUS — viable is a group that nobody has claimed, or that is in a container by now. With an iommufd
 * that says little: who opens a device is the one who claims, and may be refused.
 *
 * Linux: drivers/vfio/group.c vfio_group_ioctl_get_status()
 */
export function* groupStatus(group: VfioGroup, call: UserCall): Task<Result<number>> {
  const rule = 'vfio_group_ioctl_get_status';
  const { bytes } = vfio_group_status;
  const read = call.read(vfio_group_status);
  if (!read.ok) return read;
  const status = read.value;
  if (status.argsz < bytes) return tooSmall(status.argsz, bytes, rule);
  const flags = yield* locked(group.groupLock, function* (): Task<Result<number>> {
    if (group.gone) return err('ENODEV', `the last vfio device of ${group.title} is gone`, { rule });
    if (group.hasIommu) return ok(VFIO_GROUP_FLAGS_CONTAINER_SET | VFIO_GROUP_FLAGS_VIABLE);
    return ok((yield* dmaOwnerClaimed(group.iommuGroup)) ? 0 : VFIO_GROUP_FLAGS_VIABLE);
  });
  if (!flags.ok) return flags;
  status.flags = flags.value;
  const written = call.write(vfio_group_status, status, 0, bytes);
  return written.ok ? ok(0) : written;
}
