import type { IommuCore } from '../iommu/core';
import type { DmaOwner, IommuGroup } from '../iommu/group';
import type { IommufdCtx } from '../iommufd/ctx';
import { locked, Mutex, type Task } from '../kernel/task';
import { detachContainer, type VfioContainer } from './container';
import type { VfioGroupFile } from './group-file';
import type { VfioDevice } from './vfio';

/**
 * A group that has a device with a vfio driver: /dev/vfio/N. With a container it is the one who owns the group's DMA.
 *
 * Linux: drivers/vfio/vfio.h struct vfio_group
 */
export class VfioGroup implements DmaOwner {
  readonly worldId: string;
  readonly title: string;
  readonly groupLock: Mutex;
  readonly deviceLock: Mutex;
  readonly devices: VfioDevice[] = [];
  /** Whoever has the node open: one at a time. */
  opened: VfioGroupFile | null = null;
  /** Devices of it that are open by their own nodes, which keep the group's closed. */
  cdevOpenCount = 0;
  /** One of the two, once VFIO_GROUP_SET_CONTAINER was called. */
  container: VfioContainer | null = null;
  iommufd: IommufdCtx | null = null;
  /** One for the container itself, and one for each open device. */
  containerUsers = 0;
  /** Its last vfio device is gone. */
  gone = false;

  constructor(
    readonly core: IommuCore,
    readonly iommuGroup: IommuGroup,
  ) {
    this.worldId = `vfio-group:${iommuGroup.id}`;
    this.title = `/dev/vfio/${iommuGroup.id}`;
    this.groupLock = new Mutex('group->group_lock', { of: iommuGroup.worldId });
    this.deviceLock = new Mutex('group->device_lock', { of: iommuGroup.worldId });
  }

  /** Linux: vfio_group_has_iommu() */
  get hasIommu(): boolean {
    return this.container !== null || this.iommufd !== null;
  }
}

/** Its last device goes: whoever has the node open can do no more with it. Linux: vfio_device_remove_group() */
export const removeGroup = (group: VfioGroup): Task<void> =>
  locked(group.groupLock, function* () {
    if (group.container) yield* detachContainer(group);
    group.gone = true;
  });
