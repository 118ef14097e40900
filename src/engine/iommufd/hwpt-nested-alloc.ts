import { done } from '../../lib/result';
import type { IommuDomain, UserData } from '../iommu/ops';
import { err, ok, type Result } from '../kernel/errno';
import type { Task } from '../kernel/task';
import { IOMMU_HWPT_ALLOC_PASID, IOMMU_HWPT_FAULT_ID_VALID } from '../uapi/iommufd';
import type { IommufdCtx } from './ctx';
import type { IommufdDevice } from './device';
import type { HwptPaging } from './hwpt';
import { HwptNested } from './hwpt-nested';
import type { Viommu } from './viommu';

/**
 * Making nested HWPTs, not yet to be seen by others: finalize or abort them.
 *
 * Linux: drivers/iommu/iommufd/hw_pagetable.c
 */

const KNOWN_FLAGS = IOMMU_HWPT_FAULT_ID_VALID | IOMMU_HWPT_ALLOC_PASID;

/** What asks the driver for its domain. */
type AllocDomain = (flags: number, data: UserData) => Result<IommuDomain>;

/** Straight over a parent. Linux: iommufd_hwpt_nested_alloc() */
export function* allocHwptNested(
  parent: HwptPaging,
  idev: IommufdDevice,
  flags: number,
  data: UserData,
): Task<Result<HwptNested>> {
  const rule = 'iommufd_hwpt_nested_alloc';
  const { ops, client, name, worldId } = idev.device;
  const checked = checkRequest(flags, data, rule);
  if (!checked.ok) return checked;
  const parentDomain = parent.domain;
  const cannot = err('EOPNOTSUPP', `the IOMMU of ${name} cannot nest page tables`, {
    rule,
    culprit: worldId,
  });
  if (!ops?.domainAllocNested) return cannot;
  if (parent.auto || !parent.nestParent || !parentDomain || parentDomain.owner.driver !== ops.driver) {
    return err('EINVAL', `${parent.title} was not made as a nesting parent for this kind of IOMMU`, {
      rule,
      culprit: parent.worldId,
    });
  }
  return yield* make(
    parent,
    flags,
    data,
    (known, words) => ops.domainAllocNested?.(client, parentDomain, known, words) ?? cannot,
  );
}

/** In a vIOMMU. Linux: iommufd_viommu_alloc_hwpt_nested() */
export function* allocHwptInViommu(viommu: Viommu, flags: number, data: UserData): Task<Result<HwptNested>> {
  const rule = 'iommufd_viommu_alloc_hwpt_nested';
  const checked = checkRequest(flags, data, rule);
  if (!checked.ok) return checked;
  const { ops } = viommu;
  const culprit = viommu.worldId;
  const cannot = err('EOPNOTSUPP', `${viommu.title} has no page tables of the VM's own`, { rule, culprit });
  if (!ops?.allocDomainNested) return cannot;
  return yield* make(viommu, flags, data, (known, words) => ops.allocDomainNested?.(known, words) ?? cannot);
}

function checkRequest(flags: number, data: UserData, rule: string): Result<undefined> {
  if ((flags & ~KNOWN_FLAGS) !== 0) return err('EOPNOTSUPP', 'an unknown flag is set', { rule });
  if (data.length === 0) return err('EOPNOTSUPP', 'a nested page table needs data of its driver', { rule });
  return done;
}

function* make(
  over: HwptPaging | Viommu,
  flags: number,
  data: UserData,
  allocDomain: AllocDomain,
): Task<Result<HwptNested>> {
  const ctx: IommufdCtx = over.ctx;
  const id = ctx.objects.reserve();
  if (!id.ok) return id;
  const hwpt = new HwptNested(ctx, id.value, over, (flags & IOMMU_HWPT_ALLOC_PASID) !== 0);
  const domain = allocDomain(flags & ~IOMMU_HWPT_FAULT_ID_VALID, data);
  if (domain.ok) hwpt.setDomain(domain.value);
  if (domain.ok && domain.value.type === 'nested') return ok(hwpt);
  yield* ctx.objects.abort(hwpt);
  if (!domain.ok) return domain;
  return err('EOPNOTSUPP', 'the IOMMU driver made a domain of another type', {
    rule: 'iommufd_hwpt_nested_alloc',
  });
}
