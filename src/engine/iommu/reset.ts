import { done } from '../../lib/result';
import { err, type Result } from '../kernel/errno';
import { holding, type Task } from '../kernel/task';
import type { IommuCore } from './core';
import type { Device } from './device';
import { NO_PASID, type IommuGroup, type PasidEntry } from './group';
import type { IommuDomain } from './ops';
import { allocBlocking } from './ownership';
import { domainOfEntry, removeDevicePasid, setGroupPasid } from './pasid';
import { attachOne, warn } from './set-domain';

/**
 * A device with a translation cache of its own is blocked while it is reset; its group's domain pointers stay as they
 * are, and it comes back to them.
 *
 * Linux: drivers/iommu/iommu.c
 *
 * As in the kernel of the 7.1 merge window the state is the group's, which later kernels mend: nobody can move a sibling
 * either meanwhile, a second device of the group cannot be reset, and `done` sets the PASIDs of all members again.
 */

/** EBUSY: another device of the group is being reset. Linux: pci_dev_reset_iommu_prepare() */
export function* resetPrepare(core: IommuCore, device: Device): Task<Result<undefined>> {
  const { group, ops } = device;
  if (device.traits.ats !== true || !group || !ops) return done;
  return yield* holding(group.mutex, (): Result<undefined> => {
    const rule = 'pci_dev_reset_iommu_prepare';
    if (group.resettingDomain) {
      warn(core, rule, `a device of group ${group.id} is being reset already`);
      return err('EBUSY', `a device of group ${group.id} is being reset already`, {
        rule,
        culprit: group.worldId,
      });
    }
    const allocated = allocBlocking(core, group);
    if (!allocated.ok) return allocated;
    const { blockingDomain } = group;
    if (blockingDomain && group.domain !== blockingDomain) {
      const blocked = attachOne(core, blockingDomain, device, group.domain);
      if (!blocked.ok) return blocked;
    }
    for (const [pasid, entry] of pasidsOf(group))
      removeDevicePasid(core, device, pasid, domainOfEntry(entry));
    group.resettingDomain = blockingDomain;
    return done;
  });
}

/** Linux: pci_dev_reset_iommu_done() */
export function* resetDone(core: IommuCore, device: Device): Task<void> {
  const { group, ops } = device;
  if (device.traits.ats !== true || !group || !ops) return;
  yield* holding(group.mutex, () => {
    const { blockingDomain, domain } = group;
    if (!group.resettingDomain || !blockingDomain) return;
    const rule = 'pci_dev_reset_iommu_done';
    if (domain && domain !== blockingDomain) {
      const back = attachOne(core, domain, device, blockingDomain);
      if (!back.ok) warn(core, rule, back.why);
    }
    for (const [pasid, entry] of pasidsOf(group)) {
      const back = setGroupPasid(core, group, pasid, domainOfEntry(entry), blockingDomain);
      if (!back.ok) warn(core, rule, back.why);
    }
    group.resettingDomain = null;
  });
}

/** What a driver's attach finds a device on. Linux: iommu_driver_get_domain_for_dev() */
export const driverDomainFor = (group: IommuGroup): IommuDomain | null =>
  group.resettingDomain ?? group.domain;

const pasidsOf = (group: IommuGroup): readonly (readonly [number, PasidEntry])[] =>
  [...group.pasidArray].filter(([pasid]) => pasid !== NO_PASID).sort(([a], [b]) => a - b);
