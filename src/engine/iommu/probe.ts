import { done } from '../../lib/result';
import { err, ok, type Failure, type Result } from '../kernel/errno';
import { holding, locked, type Task } from '../kernel/task';
import type { IommuCore } from './core';
import { setupDefaultDomain, setupDmaOps } from './default-domain';
import type { Device } from './device';
import { createDirectMappings } from './direct-mappings';
import type { GroupDecision, IommuGroup } from './group';
import type { IommuOps } from './ops';
import { freeGroupDomains } from './ownership';
import { attachOne, setDeviceDomain, warn } from './set-domain';

/** Decides a device's group; called when its unit has accepted it. Linux: iommu_ops::device_group */
export type GroupFor = (device: Device) => GroupDecision;

/** A device appears while the machine runs: its group gets a default domain at once. Linux: iommu_probe_device() */
export function* probeDevice(core: IommuCore, device: Device, groupFor: GroupFor): Task<Result<undefined>> {
  const probed = yield* locked(core.probeDeviceLock, () => probeOne(core, device, groupFor, null));
  if (probed.ok) device.ops?.probeFinalize?.(device.client);
  return probed;
}

/**
 * All devices of a bus at boot: first every group, then the default domains, so that the wishes of all members count.
 * Devices that no IOMMU serves are no failure.
 *
 * Linux: bus_iommu_probe()
 */
export function* probeBus(
  core: IommuCore,
  devices: readonly Device[],
  groupFor: GroupFor,
): Task<Result<undefined>> {
  const fresh = new Set<IommuGroup>();
  for (const device of devices) {
    const probed = yield* locked(core.probeDeviceLock, () => probeOne(core, device, groupFor, fresh));
    if (!probed.ok && probed.errno !== 'ENODEV') return probed;
  }
  for (const group of fresh) {
    const set = yield* holding(group.mutex, (): Result<undefined> => {
      const made = setupDefaultDomain(core, group, null);
      const domain = group.defaultDomain;
      if (made.ok && domain) for (const device of group.devices) setupDmaOps(core, device, domain);
      return made;
    });
    if (!set.ok) return set;
    for (const device of group.devices) device.ops?.probeFinalize?.(device.client);
  }
  return done;
}

/** Linux: __iommu_probe_device() */
function* probeOne(
  core: IommuCore,
  device: Device,
  groupFor: GroupFor,
  later: Set<IommuGroup> | null,
): Task<Result<undefined>> {
  if (device.group) return done;
  const found = initDevice(core, device, groupFor);
  if (!found.ok) {
    device.ungrouped = found;
    return found;
  }
  const { group, join } = found.value;
  device.group = group;
  device.ungrouped = null;
  if (device.driver) warn(core, '__iommu_probe_device', `late IOMMU probe of ${device.name} at driver bind`);
  const entered = linkDevice(core, group, device);
  const placed = yield* holding(group.mutex, (): Result<undefined> => {
    if (!entered.ok) {
      deinitDevice(core, group, device);
      return entered;
    }
    group.devices.push(device);
    if (join) {
      const { via, rule, why, evidence } = join;
      group.joins.push({ device, via, rule, why, evidence });
    }
    const set = enterGroup(core, group, device, later);
    if (set.ok) {
      if (group.defaultDomain) setupDmaOps(core, device, group.defaultDomain);
      return done;
    }
    dropDevice(core, group, device);
    return set;
  });
  if (!placed.ok) {
    device.ungrouped = placed;
    core.putGroup(group);
  }
  return placed;
}

/** Finds the unit that serves the device, and its group. Linux: iommu_init_device() */
function initDevice(
  core: IommuCore,
  device: Device,
  groupFor: GroupFor,
): Result<{ group: IommuGroup; join: Extract<GroupDecision, { kind: 'join' }> | null }> {
  if (core.fail.hit('dev_iommu_get')) return noMemory('dev_iommu_get', device);
  const unit = findUnit(core, device);
  if (!unit.ok) return unit;
  device.ops = unit.value;
  const decision = core.fail.hit('iommu_device_link')
    ? noMemory('iommu_device_link', device)
    : groupFor(device);
  const group = 'ok' in decision ? decision : groupOf(core, device, decision);
  if (!group.ok) {
    unit.value.releaseDevice(device.client);
    device.ops = null;
    return group;
  }
  core.getGroup(group.value);
  device.maxPasids = Math.min(device.traits.maxPasids ?? 0, unit.value.maxPasids ?? 0);
  device.attachDeferred = unit.value.isAttachDeferred?.(device.client) ?? false;
  const join = !('ok' in decision) && decision.kind === 'join' ? decision : null;
  return ok({ group: group.value, join });
}

const noMemory = (rule: string, device: Device): Failure =>
  err('ENOMEM', `no memory for the IOMMU state of ${device.name}`, { rule, culprit: device.worldId });

function findUnit(core: IommuCore, device: Device): Result<IommuOps> {
  for (const unit of core.units) {
    const probed = unit.probeDevice(device.client);
    if (probed.ok) return ok(unit);
    if (probed.errno !== 'ENODEV') return probed;
  }
  return err('ENODEV', `no IOMMU serves ${device.name}`, {
    rule: 'iommu_init_device',
    culprit: device.worldId,
  });
}

function groupOf(
  core: IommuCore,
  device: Device,
  decision: Exclude<GroupDecision, { ok: false }>,
): Result<IommuGroup> {
  if (decision.kind === 'new') {
    return core.fail.hit('iommu_group_alloc') ? noMemory('iommu_group_alloc', device) : ok(core.allocGroup());
  }
  const group = core.groups.get(decision.group);
  return group
    ? ok(group)
    : err('EINVAL', `there is no group ${decision.group}`, { rule: 'iommu_init_device' });
}

/**
 * The links between a device and its group in sysfs; a name that is taken there gets .0, .1, … behind it.
 *
 * Linux: iommu_group_alloc_device()
 */
function linkDevice(core: IommuCore, group: IommuGroup, device: Device): Result<undefined> {
  if (core.fail.hit('iommu_group_alloc_device')) {
    core.devLog('err', device, `Failed to add to iommu group ${group.id}: -12`);
    return noMemory('iommu_group_alloc_device', device);
  }
  const taken = new Set(group.linkNames.values());
  const base = device.traits.kobjectName ?? device.name;
  let name = base;
  for (let instance = 0; taken.has(name); instance++) name = `${base}.${instance}`;
  group.linkNames.set(device, name);
  core.devLog('info', device, `Adding to iommu group ${group.id}`);
  return done;
}

/**
 * A group that no IOMMU driver stands behind, made by hand: it shows in sysfs, and nothing can be attached to it.
 *
 * Linux: iommu_group_add_device()
 */
export function* addGroupDevice(core: IommuCore, group: IommuGroup, device: Device): Task<Result<undefined>> {
  const linked = linkDevice(core, group, device);
  if (!linked.ok) return linked;
  core.getGroup(group);
  device.group = group;
  device.ungrouped = null;
  yield* holding(group.mutex, () => {
    group.devices.push(device);
  });
  return done;
}

/** Linux: iommu_group_remove_device() */
export function* removeGroupDevice(core: IommuCore, device: Device): Task<void> {
  const { group } = device;
  if (!group) return;
  core.devLog('info', device, `Removing from iommu group ${group.id}`);
  yield* leaveGroup(core, group, device);
}

/** Linux: __iommu_group_remove_device() */
function* leaveGroup(core: IommuCore, group: IommuGroup, device: Device): Task<void> {
  yield* holding(group.mutex, () => {
    dropDevice(core, group, device);
  });
  core.putGroup(group);
}

/** A newcomer shares whatever the group is on right now, be it a user's domain or the blocking one. */
function enterGroup(
  core: IommuCore,
  group: IommuGroup,
  device: Device,
  later: Set<IommuGroup> | null,
): Result<undefined> {
  if (group.defaultDomain && !group.domain)
    warn(core, '__iommu_probe_device', `group ${group.id} has a default domain and is on none`);
  if (group.defaultDomain) createDirectMappings(core, group.defaultDomain, device);
  if (group.domain) return setDeviceDomain(core, group, device, group.domain, null);
  if (group.defaultDomain) return done;
  if (!later) return setupDefaultDomain(core, group, null);
  later.add(group);
  return done;
}

/** A device disappears; its driver is gone by now. Linux: iommu_release_device() */
export function* releaseDevice(core: IommuCore, device: Device): Task<void> {
  const { group } = device;
  if (group) yield* leaveGroup(core, group, device);
  core.devices.delete(device.name);
}

/** Linux: __iommu_group_free_device() */
function dropDevice(core: IommuCore, group: IommuGroup, device: Device): void {
  group.devices.splice(group.devices.indexOf(device), 1);
  group.linkNames.delete(device);
  const join = group.joins.findIndex((each) => each.device === device);
  if (join >= 0) group.joins.splice(join, 1);
  const last = group.devices.length === 0;
  if (last && (group.ownerCnt > 0 || group.domain !== group.defaultDomain)) {
    warn(core, '__iommu_group_free_device', `group ${group.id} is still owned while its last device goes`);
  }
  deinitDevice(core, group, device);
}

/** Linux: iommu_deinit_device() */
function deinitDevice(core: IommuCore, group: IommuGroup, device: Device): void {
  const { ops } = device;
  if (ops) {
    if (!device.attachDeferred) parkForRelease(core, group, device, ops);
    ops.releaseDevice(device.client);
    if (group.devices.length === 0) freeGroupDomains(group);
  }
  device.group = null;
  device.ops = null;
  device.requireDirect = false;
  device.attachDeferred = false;
  device.attached = null;
  device.maxPasids = 0;
  device.dmaIommu = false;
}

/** What must be mapped 1:1 is not blocked even now. */
function parkForRelease(core: IommuCore, group: IommuGroup, device: Device, ops: IommuOps): void {
  const release = ops.releaseDomain;
  if (!release) return;
  const direct = device.requireDirect && ops.identityDomain !== null && release === ops.blockedDomain;
  attachOne(core, direct && ops.identityDomain ? ops.identityDomain : release, device, group.domain);
}
