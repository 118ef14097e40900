import { err, type Failure } from '../kernel/errno';
import { IOMMU_HWPT_ALLOC_PASID, IOMMU_HWPT_FAULT_ID_VALID } from '../uapi/iommufd';
import type { IommufdDevice } from './device';
import type { HwptPaging } from './hwpt';

/**
 * Why there is no nested HWPT over this one. No driver here has nested translation yet; VT-d in legacy mode never has,
 * as the real one answers.
 *
 * Linux: drivers/iommu/iommufd/hw_pagetable.c iommufd_hwpt_nested_alloc()
 */
export function checkNested(
  parent: HwptPaging,
  idev: IommufdDevice,
  cmd: { readonly flags: number; readonly data_len: number },
): Failure {
  const rule = 'iommufd_hwpt_nested_alloc';
  const known = IOMMU_HWPT_FAULT_ID_VALID | IOMMU_HWPT_ALLOC_PASID;
  const { device } = idev;
  if ((cmd.flags & ~known) !== 0) return err('EOPNOTSUPP', 'an unknown flag is set', { rule });
  if (cmd.data_len === 0) return err('EOPNOTSUPP', 'a nested page table needs data of its driver', { rule });
  if (!device.ops?.domainAllocNested) {
    return err('EOPNOTSUPP', `the IOMMU of ${device.name} cannot nest page tables`, {
      rule,
      culprit: device.worldId,
    });
  }
  if (parent.auto || !parent.nestParent || parent.domain?.owner.driver !== device.ops.driver) {
    return err('EINVAL', `${parent.title} was not made as a nesting parent for this kind of IOMMU`, {
      rule,
      culprit: parent.worldId,
    });
  }
  return err('EOPNOTSUPP', `the IOMMU of ${device.name} cannot nest page tables`, {
    rule,
    culprit: device.worldId,
  });
}
