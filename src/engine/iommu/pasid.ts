import { done } from '../../lib/result';
import { err, ok, type Result } from '../kernel/errno';
import { holding, type Task } from '../kernel/task';
import { compatible } from './attach';
import type { IommuCore } from './core';
import type { Device } from './device';
import { NO_PASID, type AttachHandle, type IommuGroup, type PasidEntry } from './group';
import type { DomainType, IommuDomain } from './ops';
import { resetting, warn } from './set-domain';

/**
 * Domains for single PASIDs of a group. All devices of the group that know PASIDs move together.
 *
 * Linux: drivers/iommu/iommu.c iommu_attach_device_pasid() and its sisters
 */

/** Linux: pasid_array_entry_to_domain() */
export const domainOfEntry = (entry: PasidEntry): IommuDomain =>
  entry.kind === 'handle' ? entry.handle.domain : entry.domain;

/** Linux: iommu_make_pasid_array_entry() */
export function makeEntry(domain: IommuDomain, handle: AttachHandle | null): PasidEntry {
  if (!handle) return { kind: 'domain', domain };
  handle.domain = domain;
  return { kind: 'handle', handle };
}

/**
 * The handle that something is attached through; ENOENT when there is none, EBUSY when it is of another type than asked.
 *
 * Linux: iommu_attach_handle_get()
 */
export function attachHandleGet(
  group: IommuGroup,
  pasid: number,
  type: DomainType | null = null,
): Result<AttachHandle> {
  const entry = group.pasidArray.get(pasid);
  const rule = 'iommu_attach_handle_get';
  if (entry?.kind !== 'handle') {
    const why = `nothing is attached through a handle to PASID ${pasid} of group ${group.id}`;
    return err('ENOENT', why, { rule, culprit: group.worldId });
  }
  const { handle } = entry;
  if (type !== null && handle.domain.type !== type) {
    const why = `PASID ${pasid} of group ${group.id} is on a ${handle.domain.type} domain, not on one of type ${type}`;
    return err('EBUSY', why, { rule, culprit: group.worldId });
  }
  return ok(handle);
}

/** `handle` must be a new one: the old may be in use without a lock. Linux: iommu_attach_device_pasid() */
export function* attachDevicePasid(
  core: IommuCore,
  device: Device,
  pasid: number,
  domain: IommuDomain,
  handle: AttachHandle | null = null,
): Task<Result<undefined>> {
  const rule = 'iommu_attach_device_pasid';
  const { group, ops } = device;
  if (!group || !ops) return noGroup(device, rule);
  if (!domain.setDevPasid || !ops.blockedDomain?.setDevPasid) {
    const what = domain.setDevPasid ? 'this IOMMU driver' : domain.label;
    return err('EOPNOTSUPP', `${what} knows no PASIDs`, { rule, culprit: device.worldId });
  }
  const checked = checkPasid(device, pasid, domain, rule);
  if (!checked.ok) return checked;
  return yield* holding(group.mutex, (): Result<undefined> => {
    const busy = resetting(group, rule);
    if (busy) return busy;
    // Devices without PASIDs cannot send any, so they do not matter to the group's.
    const narrow = group.devices.find(({ maxPasids }) => maxPasids > 0 && pasid >= maxPasids);
    if (narrow) {
      const why = `PASID ${pasid} is too large for ${narrow.name}, which knows ${narrow.maxPasids}`;
      return err('EINVAL', why, { rule, culprit: narrow.worldId });
    }
    const entry = makeEntry(domain, handle);
    if (group.pasidArray.has(pasid)) {
      const why = `PASID ${pasid} of group ${group.id} is attached already`;
      return err('EBUSY', why, { rule, culprit: group.worldId });
    }
    if (core.fail.hit(rule)) return err('ENOMEM', 'no memory for the PASID entry', { rule });
    const set = setGroupPasid(core, group, pasid, domain, null);
    // Only now: page requests must not find a domain that is not in use.
    if (set.ok) group.pasidArray.set(pasid, entry);
    return set;
  });
}

/** Straight from one domain to another. Linux: iommu_replace_device_pasid() */
export function* replaceDevicePasid(
  core: IommuCore,
  device: Device,
  pasid: number,
  domain: IommuDomain,
  handle: AttachHandle | null,
): Task<Result<undefined>> {
  const rule = 'iommu_replace_device_pasid';
  const { group } = device;
  if (!group) return noGroup(device, rule);
  if (!domain.setDevPasid)
    return err('EOPNOTSUPP', `${domain.label} knows no PASIDs`, { rule, culprit: device.worldId });
  const checked = checkPasid(device, pasid, domain, rule);
  if (!checked.ok) return checked;
  if (!handle) return err('EINVAL', 'a replacement needs an attach handle', { rule });
  return yield* holding(group.mutex, (): Result<undefined> => {
    const busy = resetting(group, rule);
    if (busy) return busy;
    const entry = makeEntry(domain, handle);
    const current = group.pasidArray.get(pasid);
    if (!current) {
      if (core.fail.hit(rule)) return err('ENOMEM', 'no memory for the PASID entry', { rule });
      const why = `PASID ${pasid} of group ${group.id} is not attached, so there is nothing to replace`;
      return err('EINVAL', why, { rule, culprit: group.worldId });
    }
    if (current.kind === 'handle' && current.handle === handle) {
      warn(core, rule, `the handle of PASID ${pasid} is used again`);
      return err('EINVAL', 'an attach handle cannot be replaced by itself', { rule });
    }
    const old = domainOfEntry(current);
    const set = old === domain ? done : setGroupPasid(core, group, pasid, domain, old);
    if (set.ok) group.pasidArray.set(pasid, entry);
    return set;
  });
}

/** Linux: iommu_detach_device_pasid() */
export function* detachDevicePasid(
  core: IommuCore,
  device: Device,
  pasid: number,
  domain: IommuDomain,
): Task<void> {
  const { group } = device;
  if (!group) return;
  yield* holding(group.mutex, () => {
    for (const each of group.devices) {
      if (each.maxPasids > 0) removeDevicePasid(core, each, pasid, domain);
    }
    group.pasidArray.delete(pasid);
  });
}

/** There is no detach: the blocking domain takes over. Linux: iommu_remove_dev_pasid() */
export function removeDevicePasid(core: IommuCore, device: Device, pasid: number, old: IommuDomain): void {
  const blocked = device.ops?.blockedDomain;
  const removed = blocked?.setDevPasid?.(device.client, pasid, old);
  if (removed?.ok === true) announce(core, device, pasid, old, blocked ?? null);
  else
    warn(core, 'iommu_remove_dev_pasid', removed?.why ?? `${device.name} has no blocking domain for PASIDs`);
}

/** All devices of the group, or none. Linux: __iommu_set_group_pasid() */
export function setGroupPasid(
  core: IommuCore,
  group: IommuGroup,
  pasid: number,
  domain: IommuDomain,
  old: IommuDomain | null,
): Result<undefined> {
  const moved: Device[] = [];
  for (const device of group.devices) {
    if (device.maxPasids === 0) continue;
    const set = domain.setDevPasid?.(device.client, pasid, old) ?? done;
    if (set.ok) {
      announce(core, device, pasid, old, domain);
      moved.push(device);
      continue;
    }
    for (const each of moved) putBack(core, each, pasid, domain, old);
    return set;
  }
  return done;
}

function putBack(
  core: IommuCore,
  device: Device,
  pasid: number,
  domain: IommuDomain,
  old: IommuDomain | null,
): void {
  const back = old?.setDevPasid?.(device.client, pasid, domain);
  if (back?.ok === true) {
    announce(core, device, pasid, domain, old);
    return;
  }
  if (back) warn(core, '__iommu_set_group_pasid', `${device.name}: ${back.why}`);
  removeDevicePasid(core, device, pasid, domain);
}

const announce = (
  core: IommuCore,
  device: Device,
  pasid: number,
  from: IommuDomain | null,
  to: IommuDomain | null,
): void =>
  core.trace.emit({
    kind: 'domain',
    device: device.name,
    pasid,
    from: from?.label ?? null,
    to: to?.label ?? 'none',
  });

function checkPasid(device: Device, pasid: number, domain: IommuDomain, rule: string): Result<undefined> {
  if (!device.ops || !compatible(device.ops, domain)) {
    const why = `${domain.label} was made by the driver ${domain.owner.driver}, ${device.name} is behind ${device.ops?.driver ?? 'none'}`;
    return err('EINVAL', why, { rule: 'domain_iommu_ops_compatible', culprit: device.worldId });
  }
  if (pasid === NO_PASID)
    return err('EINVAL', 'PASID 0 stands for requests without a PASID', { rule, culprit: device.worldId });
  return done;
}

const noGroup = (device: Device, rule: string): Result<undefined> =>
  err('ENODEV', `${device.name} is in no IOMMU group`, { rule, culprit: device.worldId });
