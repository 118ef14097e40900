import { done } from '../../lib/result';
import { err, type Failure, type Result } from '../kernel/errno';
import type { IommuCore } from './core';
import type { Device } from './device';
import type { IommuGroup } from './group';
import type { IommuDomain } from './ops';

/**
 * Moving a whole group from one domain to another, device by device. Everything here runs under group->mutex.
 *
 * Linux: drivers/iommu/iommu.c __iommu_device_set_domain(), __iommu_group_set_domain_internal()
 */

/** Linux: __iommu_attach_device() */
export function attachOne(
  core: IommuCore,
  domain: IommuDomain,
  device: Device,
  old: IommuDomain | null,
): Result<undefined> {
  const attached = domain.attachDev(device.client, old);
  if (!attached.ok) return attached;
  device.attachDeferred = false;
  device.attached = domain;
  core.trace.emit({ kind: 'domain', device: device.name, from: old?.label ?? null, to: domain.label });
  return done;
}

/** What a caller that cannot cope with failure asks for: go on with the others, park the failing device. */
export interface SetFlags {
  readonly mustSucceed: boolean;
}
const MAY_FAIL: SetFlags = { mustSucceed: false };
const MUST_SUCCEED: SetFlags = { mustSucceed: true };

/** Linux: __iommu_device_set_domain() */
export function setDeviceDomain(
  core: IommuCore,
  group: IommuGroup,
  device: Device,
  next: IommuDomain,
  old: IommuDomain | null,
  flags: SetFlags = MAY_FAIL,
): Result<undefined> {
  if (device.requireDirect && (next.type === 'blocked' || next === group.blockingDomain)) {
    core.devLog(
      'warn',
      device,
      'Firmware has requested this device have a 1:1 IOMMU mapping, rejecting configuring the device without a 1:1 mapping. Contact your platform vendor.',
    );
    return err(
      'EINVAL',
      `firmware asks for 1:1 mappings for ${device.name} (a reserved region of type direct), so its group ${group.id} must never be blocked and cannot be given to a user`,
      { rule: '__iommu_device_set_domain', culprit: device.worldId },
    );
  }
  if (device.attachDeferred) {
    if (next === group.defaultDomain) return done;
    device.attachDeferred = false;
  }
  const attached = attachOne(core, next, device, old);
  if (attached.ok) return attached;
  const { blockingDomain } = group;
  if (flags.mustSucceed && blockingDomain && blockingDomain !== next)
    attachOne(core, blockingDomain, device, old);
  return attached;
}

/**
 * Nobody may move a group while one of its devices is reset.
 *
 * The kernel keeps this per group, so that a sibling of the device has to wait too.
 */
export function resetting(group: IommuGroup, rule: string): Failure | null {
  if (!group.resettingDomain) return null;
  const why = `a device of group ${group.id} is being reset; its domain cannot change until that ends`;
  return err('EBUSY', why, { rule, culprit: group.worldId });
}

/** Linux: __iommu_group_set_domain_internal() */
function setInternal(
  core: IommuCore,
  group: IommuGroup,
  next: IommuDomain,
  flags: SetFlags,
): Result<undefined> {
  if (group.domain === next) return done;
  const busy = resetting(group, '__iommu_group_set_domain_internal');
  if (busy) return busy;
  let result: Result<undefined> = done;
  for (const device of group.devices) {
    const moved = setDeviceDomain(core, group, device, next, group.domain, flags);
    if (moved.ok) continue;
    result = moved;
    if (flags.mustSucceed) continue;
    revert(core, group, next, device);
    return moved;
  }
  group.domain = next;
  return result;
}

/** Puts the devices before the one that failed back where they were. */
function revert(core: IommuCore, group: IommuGroup, next: IommuDomain, failed: Device): void {
  // At a first probe there is no "before": the release of the devices cleans up.
  if (!group.domain) return;
  for (const device of group.devices) {
    if (device === failed) return;
    const back = setDeviceDomain(core, group, device, group.domain, next, MUST_SUCCEED);
    if (!back.ok) warn(core, '__iommu_group_set_domain_internal', `${device.name}: ${back.why}`);
  }
}

/** All devices of the group, or none. Linux: __iommu_group_set_domain() */
export const setGroupDomain = (core: IommuCore, group: IommuGroup, next: IommuDomain): Result<undefined> =>
  setInternal(core, group, next, MAY_FAIL);

/** Goes on after a failure; the group counts as moved even then. */
export const setGroupDomainForced = (
  core: IommuCore,
  group: IommuGroup,
  next: IommuDomain,
): Result<undefined> => setInternal(core, group, next, MUST_SUCCEED);

/** For callers that have nobody to tell. Linux: __iommu_group_set_domain_nofail() */
export function setGroupDomainNofail(core: IommuCore, group: IommuGroup, next: IommuDomain): void {
  const moved = setGroupDomainForced(core, group, next);
  if (!moved.ok) warn(core, '__iommu_group_set_domain_nofail', moved.why);
}

/** Back to the core: to the blocking domain while a user owns the group, else to the default one. Linux: __iommu_group_set_core_domain() */
export function setCoreDomain(core: IommuCore, group: IommuGroup): void {
  const next = group.owner ? group.blockingDomain : group.defaultDomain;
  if (next) setGroupDomainNofail(core, group, next);
}

/** A WARN_ON: something that the kernel holds to be a bug of a driver. */
export function warn(core: IommuCore, where: string, why: string): void {
  core.log('err', `WARNING: ${where}: ${why}`);
}
