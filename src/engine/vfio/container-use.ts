import { done } from '../../lib/result';
import { err, type Result } from '../kernel/errno';
import type { VfioGroup } from './group';

/**
 * A device that is open through a container keeps its group in there, and the group's descriptor open; under group_lock.
 *
 * Linux: drivers/vfio/container.c
 */

/** Linux: vfio_device_group_use_iommu(), vfio_group_use_container() */
export function useContainer(group: VfioGroup): Result<undefined> {
  if (!group.container?.type1) {
    return err('EINVAL', `${group.title} is in a container that no VFIO_SET_IOMMU has been called on`, {
      rule: 'vfio_group_use_container',
      culprit: group.container?.worldId ?? group.iommuGroup.worldId,
    });
  }
  if (group.opened) group.opened.refs++;
  group.containerUsers++;
  return done;
}

/** Linux: vfio_group_unuse_container() */
export function unuseContainer(group: VfioGroup): void {
  group.containerUsers--;
  if (group.opened) group.opened.refs--;
}
