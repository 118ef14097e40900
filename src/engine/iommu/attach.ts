import { done } from '../../lib/result';
import { err, type Result } from '../kernel/errno';
import { holding, type Task } from '../kernel/task';
import type { IommuCore } from './core';
import type { Device } from './device';
import { NO_PASID, type AttachHandle, type IommuGroup } from './group';
import type { IommuDomain, IommuOps } from './ops';
import { attachOne, resetting, setCoreDomain, setGroupDomain, warn } from './set-domain';

/**
 * Attaching domains that are not the core's own. Detach is no operation of its own: the core's domain takes over.
 *
 * Linux: drivers/iommu/iommu.c
 */

/** A domain fits every unit of the driver that made it; static domains know no owner. Linux: domain_iommu_ops_compatible() */
export const compatible = (ops: IommuOps, domain: IommuDomain): boolean =>
  domain.owner.driver === ops.driver || domain === ops.blockedDomain || domain === ops.identityDomain;

/** Linux: __iommu_attach_group() */
function attachGroupLocked(core: IommuCore, domain: IommuDomain, group: IommuGroup): Result<undefined> {
  const rule = '__iommu_attach_group';
  if (group.domain && group.domain !== group.defaultDomain && group.domain !== group.blockingDomain) {
    return err('EBUSY', `group ${group.id} is attached to ${group.domain.label} already`, {
      rule,
      culprit: group.worldId,
    });
  }
  const device = group.firstDevice;
  if (!device?.ops) return err('EINVAL', `group ${group.id} has no device behind an IOMMU`, { rule });
  if (!compatible(device.ops, domain)) {
    return err(
      'EINVAL',
      `${domain.label} was made by the driver ${domain.owner.driver}, ${device.name} is behind ${device.ops.driver}`,
      {
        rule: 'domain_iommu_ops_compatible',
        culprit: device.worldId,
      },
    );
  }
  return setGroupDomain(core, group, domain);
}

/** Linux: iommu_attach_group() */
export function* attachGroup(
  core: IommuCore,
  domain: IommuDomain,
  group: IommuGroup,
): Task<Result<undefined>> {
  return yield* holding(group.mutex, (): Result<undefined> => {
    return attachGroupLocked(core, domain, group);
  });
}

/** Linux: iommu_detach_group() */
export function* detachGroup(core: IommuCore, group: IommuGroup): Task<void> {
  yield* holding(group.mutex, () => {
    setCoreDomain(core, group);
  });
}

/** Only for a device that is alone in its group. Linux: iommu_attach_device() */
export function* attachDevice(core: IommuCore, domain: IommuDomain, device: Device): Task<Result<undefined>> {
  const { group } = device;
  const rule = 'iommu_attach_device';
  if (!group) return err('ENODEV', `${device.name} is in no IOMMU group`, { rule, culprit: device.worldId });
  return yield* holding(group.mutex, (): Result<undefined> => {
    if (group.devices.length !== 1) {
      return err(
        'EINVAL',
        `${device.name} shares group ${group.id} with ${group.devices.length - 1} more: only the whole group can be attached`,
        {
          rule,
          culprit: group.worldId,
        },
      );
    }
    return attachGroupLocked(core, domain, group);
  });
}

/** Only for a device that is alone in its group. Linux: iommu_detach_device() */
export function* detachDevice(core: IommuCore, domain: IommuDomain, device: Device): Task<void> {
  const { group } = device;
  if (!group) return;
  yield* holding(group.mutex, () => {
    const alone = group.devices.length === 1;
    if (alone && domain === group.domain) setCoreDomain(core, group);
    else {
      const why = alone ? `it is not on ${domain.label}` : 'it is not alone in its group';
      warn(core, 'iommu_detach_device', `${device.name}: ${why}`);
    }
  });
}

/**
 * The first map of a device that still does DMA by tables of an earlier kernel.
 *
 * Linux: iommu_deferred_attach()
 */
export function* deferredAttach(
  core: IommuCore,
  device: Device,
  domain: IommuDomain,
): Task<Result<undefined>> {
  const { group } = device;
  if (!group || !device.attachDeferred) return done;
  return yield* holding(group.mutex, (): Result<undefined> => {
    return resetting(group, 'iommu_deferred_attach') ?? attachOne(core, domain, device, null);
  });
}

/** The handle is stored only after success: faults must not find a domain that is not in use. Linux: iommu_attach_group_handle() */
export function* attachGroupHandle(
  core: IommuCore,
  group: IommuGroup,
  handle: AttachHandle | null,
): Task<Result<undefined>> {
  const rule = 'iommu_attach_group_handle';
  if (!handle) return err('EINVAL', 'there is no attach handle', { rule });
  return yield* holding(group.mutex, (): Result<undefined> => {
    if (group.pasidArray.has(NO_PASID)) {
      const why = `group ${group.id} has an attachment already`;
      return err('EBUSY', why, { rule, culprit: group.worldId });
    }
    if (core.fail.hit(rule)) return err('ENOMEM', 'no memory for the attach handle', { rule });
    const attached = attachGroupLocked(core, handle.domain, group);
    if (attached.ok) group.pasidArray.set(NO_PASID, { kind: 'handle', handle });
    return attached;
  });
}

/** Linux: iommu_detach_group_handle() */
export function* detachGroupHandle(core: IommuCore, group: IommuGroup): Task<void> {
  yield* holding(group.mutex, () => {
    setCoreDomain(core, group);
    group.pasidArray.delete(NO_PASID);
  });
}

/**
 * Straight from one domain to another, never by way of the blocking one; a group on a core domain is attached. Asks
 * nobody whether the new domain is of the right driver: attach_dev refuses.
 *
 * Linux: iommu_replace_group_handle()
 */
export function* replaceGroupHandle(
  core: IommuCore,
  group: IommuGroup,
  handle: AttachHandle | null,
): Task<Result<undefined>> {
  const rule = 'iommu_replace_group_handle';
  if (!handle) return err('EINVAL', 'there is no attach handle', { rule });
  return yield* holding(group.mutex, (): Result<undefined> => {
    // Where an entry stands, reserving one takes no memory.
    if (!group.pasidArray.has(NO_PASID) && core.fail.hit(rule))
      return err('ENOMEM', 'no memory for the attach handle', { rule });
    const moved = setGroupDomain(core, group, handle.domain);
    if (moved.ok) group.pasidArray.set(NO_PASID, { kind: 'handle', handle });
    return moved;
  });
}
