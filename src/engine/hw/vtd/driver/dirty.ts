import { done } from '../../../../lib/result';
import type { Result } from '../../../kernel/errno';
import type { DomainUse } from './dmar-domain';
import type { VtdDomain } from './domain';
import { setupDirtyTracking } from './pasid';

/**
 * Switches the marking of written pages on or off for every PASID entry that uses a second-stage table, also through
 * domains nested in it; all of them, or none.
 *
 * Linux: drivers/iommu/intel/iommu.c intel_iommu_set_dirty_tracking()
 */
export function setDirtyTracking(domain: VtdDomain, enable: boolean): Result<undefined> {
  if (domain.dirtyTracking === enable) return done;
  const set = setOne(domain.use, enable);
  const all = set.ok && domain.parts.nestParent ? setChildren(domain, enable) : set;
  if (all.ok) domain.dirtyTracking = enable;
  else setOne(domain.use, domain.dirtyTracking);
  return all;
}

/** Linux: parent_domain_set_dirty_tracking() */
function setChildren(domain: VtdDomain, enable: boolean): Result<undefined> {
  for (const child of domain.children) {
    const set = setOne(child.use, enable);
    if (set.ok) continue;
    for (const each of domain.children) setOne(each.use, domain.dirtyTracking);
    return set;
  }
  return done;
}

/** Linux: domain_set_dirty_tracking() */
function setOne({ devices, devPasids }: DomainUse, enable: boolean): Result<undefined> {
  for (const info of devices) {
    const set = setupDirtyTracking(info, 0, enable);
    if (!set.ok) return set;
  }
  for (const { info, pasid } of devPasids) {
    const set = setupDirtyTracking(info, pasid, enable);
    if (!set.ok) return set;
  }
  return done;
}
