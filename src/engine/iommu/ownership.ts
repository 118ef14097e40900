import { done } from '../../lib/result';
import { err, type Failure, type Result } from '../kernel/errno';
import { holding, type Task } from '../kernel/task';
import { freeDomain, type IommuCore } from './core';
import type { Device } from './device';
import type { DmaOwner, IommuGroup } from './group';
import { pagingDomainAlloc } from './map';
import { setGroupDomain, setGroupDomainNofail, warn } from './set-domain';

/**
 * Who owns a group's DMA: native drivers together (`ownerCnt` of them, no owner), or one user (`owner`, `ownerCnt`
 * claims), never both.
 *
 * Linux: drivers/iommu/iommu.c, "DMA ownership"
 */

function announce(core: IommuCore, group: IommuGroup): void {
  core.trace.emit({
    kind: 'ownership',
    group: group.worldId,
    owner: group.owner?.worldId ?? null,
    ownerCount: group.ownerCnt,
  });
}

/** A native driver is about to bind. Linux: iommu_device_use_default_domain() */
export function* useDefaultDomain(core: IommuCore, device: Device): Task<Result<undefined>> {
  const { group } = device;
  if (!group) return done;
  return yield* holding(group.mutex, (): Result<undefined> => {
    const rule = 'iommu_device_use_default_domain';
    if (!group.defaultDomain) {
      return err(
        'EPROBE_DEFER',
        `group ${group.id} has no default domain yet: its bus is still being probed`,
        {
          rule,
          culprit: group.worldId,
        },
      );
    }
    const busy = group.owner !== null || group.domain !== group.defaultDomain || group.pasidArray.size > 0;
    if (group.ownerCnt > 0 && busy) {
      return err('EBUSY', `${device.name} cannot get a kernel driver: ${heldBy(group)}`, {
        rule,
        culprit: group.owner?.worldId ?? group.worldId,
      });
    }
    group.ownerCnt++;
    announce(core, group);
    return done;
  });
}

/** A native driver is gone. Linux: iommu_device_unuse_default_domain() */
export function* unuseDefaultDomain(core: IommuCore, device: Device): Task<void> {
  const { group } = device;
  if (!group) return;
  yield* holding(group.mutex, () => {
    if (group.ownerCnt === 0 || group.pasidArray.size > 0) {
      warn(core, 'iommu_device_unuse_default_domain', `group ${group.id} has no user of its default domain`);
      return;
    }
    group.ownerCnt--;
    announce(core, group);
  });
}

/** Devices of one group may be claimed one by one by the same owner. Linux: iommu_device_claim_dma_owner() */
export function* claimDeviceDmaOwner(
  core: IommuCore,
  device: Device,
  owner: DmaOwner,
): Task<Result<undefined>> {
  const { group } = device;
  const rule = 'iommu_device_claim_dma_owner';
  if (!group) {
    return err('ENODEV', `${device.name} is in no IOMMU group`, { rule, culprit: device.worldId });
  }
  return yield* holding(group.mutex, (): Result<undefined> => {
    if (group.ownerCnt === 0) return takeOwnership(core, group, owner);
    if (group.owner !== owner) return taken(group, rule);
    group.ownerCnt++;
    announce(core, group);
    return done;
  });
}

/** The whole group at once, exclusive even against the same owner. Linux: iommu_group_claim_dma_owner() */
export function* claimGroupDmaOwner(
  core: IommuCore,
  group: IommuGroup,
  owner: DmaOwner,
): Task<Result<undefined>> {
  return yield* holding(group.mutex, (): Result<undefined> => {
    if (group.ownerCnt > 0) return taken(group, 'iommu_group_claim_dma_owner');
    return takeOwnership(core, group, owner);
  });
}

/** Linux: iommu_group_release_dma_owner() */
export function* releaseGroupDmaOwner(core: IommuCore, group: IommuGroup): Task<void> {
  yield* holding(group.mutex, () => {
    releaseOwnership(core, group);
  });
}

/** Somebody, native or not, has the group. Linux: iommu_group_dma_owner_claimed() */
export function* dmaOwnerClaimed(group: IommuGroup): Task<boolean> {
  return yield* holding(group.mutex, () => group.ownerCnt > 0);
}

/** Linux: iommu_device_release_dma_owner() */
export function* releaseDeviceDmaOwner(core: IommuCore, device: Device): Task<void> {
  const { group } = device;
  if (!group) return;
  yield* holding(group.mutex, () => {
    if (group.ownerCnt > 1) {
      group.ownerCnt--;
      announce(core, group);
    } else {
      releaseOwnership(core, group);
    }
  });
}

/** From here on the group's DMA is blocked, of the devices without a driver too. Linux: __iommu_take_dma_ownership() */
function takeOwnership(core: IommuCore, group: IommuGroup, owner: DmaOwner): Result<undefined> {
  if ((group.domain && group.domain !== group.defaultDomain) || group.pasidArray.size > 0) {
    return err(
      'EBUSY',
      `group ${group.id} is not on its default domain but on ${group.domain?.label ?? 'none'}: a kernel driver attached it`,
      { rule: '__iommu_take_dma_ownership', culprit: group.worldId },
    );
  }
  const blocking = allocBlocking(core, group);
  if (!blocking.ok) return blocking;
  if (group.blockingDomain) {
    const moved = setGroupDomain(core, group, group.blockingDomain);
    if (!moved.ok) return moved;
  }
  group.owner = owner;
  group.ownerCnt++;
  announce(core, group);
  return done;
}

/** Linux: __iommu_release_dma_ownership() */
function releaseOwnership(core: IommuCore, group: IommuGroup): void {
  if (group.ownerCnt === 0 || !group.owner || group.pasidArray.size > 0) {
    warn(core, '__iommu_release_dma_ownership', `group ${group.id} is still attached, or owned by nobody`);
    return;
  }
  group.ownerCnt = 0;
  group.owner = null;
  if (group.defaultDomain) setGroupDomainNofail(core, group, group.defaultDomain);
  announce(core, group);
}

/** A driver without a blocked domain gets an empty page table instead. Linux: __iommu_group_alloc_blocking_domain() */
export function allocBlocking(core: IommuCore, group: IommuGroup): Result<undefined> {
  if (group.blockingDomain) return done;
  const device = group.firstDevice;
  if (!device?.ops) return err('ENODEV', `group ${group.id} has no device behind an IOMMU`);
  if (device.ops.blockedDomain) {
    group.blockingDomain = device.ops.blockedDomain;
    return done;
  }
  const empty = pagingDomainAlloc(core, device);
  if (!empty.ok) return empty;
  group.blockingDomain = empty.value;
  return done;
}

function taken(group: IommuGroup, rule: string): Failure {
  const culprit = group.owner?.worldId ?? group.nativeUser?.worldId ?? group.worldId;
  return err('EPERM', `group ${group.id} cannot be claimed: ${heldBy(group)}`, { rule, culprit });
}

/** A sentence's end: who has the group. */
/** In words, for sentences: who has a group's DMA. */
export function heldBy(group: IommuGroup): string {
  if (group.owner) return `${group.owner.title} owns the DMA of the whole group ${group.id}`;
  const user = group.nativeUser;
  if (user?.driver) return `${user.name} of the same group is driven by ${user.driver.name}`;
  return `group ${group.id} is attached to ${group.domain?.label ?? 'nothing'}`;
}

/** Frees what the group's core owned; the last device is gone. */
export function freeGroupDomains(group: IommuGroup): void {
  if (group.defaultDomain) freeDomain(group.defaultDomain);
  if (group.blockingDomain) freeDomain(group.blockingDomain);
  group.defaultDomain = null;
  group.blockingDomain = null;
  group.domain = null;
}
