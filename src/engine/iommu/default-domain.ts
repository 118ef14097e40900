import { done } from '../../lib/result';
import { err, ok, type Result } from '../kernel/errno';
import { freeDomain, type IommuCore } from './core';
import { createDirectMappings } from './direct-mappings';
import type { Device } from './device';
import type { IommuGroup } from './group';
import type { IommuDomain } from './ops';
import { setGroupDomain, setGroupDomainForced } from './set-domain';

/** Domain types that can be asked for; null lets the machine choose. */
export type DefaultType = 'identity' | 'DMA' | 'DMA-FQ';

/** The machine's own choice. Linux: iommu_subsys_init() */
export function machineDefault(core: IommuCore): DefaultType {
  if (core.options.passthrough) return 'identity';
  return core.options.strict ? 'DMA' : 'DMA-FQ';
}

/**
 * Gives a group the domain that native drivers use, and moves the group there. Runs under group->mutex.
 *
 * Linux: drivers/iommu/iommu.c iommu_setup_default_domain()
 */
export function setupDefaultDomain(
  core: IommuCore,
  group: IommuGroup,
  target: DefaultType | null,
): Result<undefined> {
  const old = group.defaultDomain;
  const type = chooseType(core, group, target);
  if (!type.ok) return type;
  const allocated = allocDefault(core, group, type.value);
  if (!allocated.ok) return allocated;
  const domain = allocated.value;
  if (domain === old) return done;

  // Firmware may be using these regions right now: they are mapped before the devices move.
  const directFailed = group.devices.map((device) => createDirectMappings(domain, device).ok).includes(false);
  if (directFailed) {
    core.log('warn', 'IOMMU driver was not able to establish FW requested direct mapping.');
  }

  group.defaultDomain = domain;
  if (!group.domain) {
    // A first attach has nothing to fall back to; if it fails the probe fails and the domain goes with the group.
    const first = setGroupDomainForced(core, group, domain);
    if (!first.ok) return first;
  } else {
    const moved = setGroupDomain(core, group, domain);
    if (!moved.ok) return restore(group, old, domain, moved);
  }
  if (directFailed) {
    for (const device of group.devices) {
      const again = createDirectMappings(domain, device);
      if (again.ok) continue;
      if (old) setGroupDomainForced(core, group, old);
      return restore(group, old, domain, again);
    }
  }
  if (old) freeDomain(old);
  for (const device of group.devices) setupDmaOps(device, domain);
  return done;
}

function restore(
  group: IommuGroup,
  old: IommuDomain | null,
  domain: IommuDomain,
  failure: Result<undefined>,
): Result<undefined> {
  if (old) {
    freeDomain(domain);
    group.defaultDomain = old;
  }
  return failure;
}

/** Lazy invalidation needs the driver's consent. Linux: dma-iommu.c iommu_dma_init_domain() */
export function setupDmaOps(device: Device, domain: IommuDomain): void {
  if (domain.type === 'DMA-FQ' && !device.ops?.capable(device.client, 'DEFERRED_FLUSH')) domain.type = 'DMA';
}

/** What the drivers of all members insist on; conflicts are won by identity. Linux: iommu_get_default_domain_type() */
function chooseType(
  core: IommuCore,
  group: IommuGroup,
  target: DefaultType | null,
): Result<DefaultType | null> {
  let wanted: 'identity' | 'DMA' | null = null;
  let untrusted: Device | null = null;
  for (const device of group.devices) {
    const type = device.ops?.defDomainType(device.client) ?? null;
    if (type && wanted && type !== wanted) {
      core.devLog(
        'err',
        device,
        `IOMMU driver error, requesting conflicting def_domain_type, ${wanted} and ${type}, for devices in group ${group.id}.`,
      );
      wanted = 'identity';
    } else {
      wanted = type ?? wanted;
    }
    if (device.traits.untrusted) untrusted = device;
  }
  const rule = 'iommu_get_default_domain_type';
  if (untrusted) {
    if (wanted && wanted !== 'DMA') {
      core.devLog(
        'err',
        untrusted,
        `Device is not trusted, but driver is overriding group ${group.id} to ${wanted}, refusing to probe.`,
      );
      return err(
        'EINVAL',
        `${untrusted.name} is not trusted and must be translated, but the IOMMU driver insists on identity`,
        {
          rule,
          culprit: untrusted.worldId,
        },
      );
    }
    wanted = 'DMA';
  }
  if (target === null) return ok(wanted);
  if (wanted && target !== wanted) {
    return err('EINVAL', `the IOMMU driver insists on ${wanted} for group ${group.id}`, {
      rule,
      culprit: group.worldId,
    });
  }
  return ok(target);
}

/** Linux: iommu_group_alloc_default_domain() */
function allocDefault(core: IommuCore, group: IommuGroup, type: DefaultType | null): Result<IommuDomain> {
  if (type) return allocOfType(group, type);
  const preferred = machineDefault(core);
  const first = allocOfType(group, preferred);
  if (first.ok) return first;
  if (preferred === 'DMA') {
    return err('EINVAL', `no default domain for group ${group.id}: ${first.why}`, {
      rule: 'iommu_group_alloc_default_domain',
    });
  }
  const second = allocOfType(group, 'DMA');
  if (second.ok) {
    core.log(
      'warn',
      `Failed to allocate default IOMMU domain of type ${preferred} for group ${group.id} - Falling back to IOMMU_DOMAIN_DMA`,
    );
  }
  return second;
}

/** Linux: __iommu_group_alloc_default_domain() */
function allocOfType(group: IommuGroup, type: DefaultType): Result<IommuDomain> {
  if (group.defaultDomain && group.defaultDomain.type === type) return ok(group.defaultDomain);
  const device = group.firstDevice;
  if (!device?.ops) return err('ENODEV', `group ${group.id} has no device behind an IOMMU`);
  if (type === 'identity') {
    const { identityDomain } = device.ops;
    return identityDomain
      ? ok(identityDomain)
      : err('EOPNOTSUPP', 'this IOMMU cannot let DMA pass untranslated', {
          rule: '__iommu_alloc_identity_domain',
        });
  }
  const domain = device.ops.domainAllocPaging(device.client, {});
  if (domain.ok) domain.value.type = type;
  return domain;
}
