import { getDmaCookie, initDmaDomain } from '../dma/cookie';
import { done } from '../../lib/result';
import { err, ok, type Result } from '../kernel/errno';
import { freeDomain, isDmaDomain, type IommuCore } from './core';
import { chooseType, TYPE_NUMBERS, type DefaultType, type TypeChoice } from './default-type';
import { createDirectMappings } from './direct-mappings';
import type { Device } from './device';
import type { IommuGroup } from './group';
import { pagingDomainAlloc } from './map';
import type { IommuDomain } from './ops';
import { setGroupDomain, setGroupDomainForced, warn } from './set-domain';

export type { DefaultType } from './default-type';

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
  if (isDmaDomain(domain)) {
    const cookie = getDmaCookie(core, domain);
    if (!cookie.ok) {
      freeDomain(domain);
      return cookie;
    }
  }

  // Firmware may be using these regions right now: they are mapped before the devices move.
  const directFailed = group.devices
    .map((device) => createDirectMappings(core, domain, device).ok)
    .includes(false);
  if (directFailed) {
    core.log('warn', 'IOMMU driver was not able to establish FW requested direct mapping.');
  }

  group.defaultDomain = domain;
  if (!group.domain) {
    // A first attach has nothing to fall back to; if it fails the probe fails and the domain goes with the group.
    const first = setGroupDomainForced(core, group, domain);
    if (!first.ok) {
      warn(core, 'iommu_setup_default_domain', first.why);
      return first;
    }
  } else {
    const moved = setGroupDomain(core, group, domain);
    if (!moved.ok) return restore(group, old, domain, moved);
  }
  if (directFailed) {
    for (const device of group.devices) {
      const again = createDirectMappings(core, domain, device);
      if (again.ok) continue;
      if (old) setGroupDomainForced(core, group, old);
      return restore(group, old, domain, again);
    }
  }
  if (old) freeDomain(old);
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

/** Through which addresses the device's driver will do DMA. Linux: dma-iommu.c iommu_setup_dma_ops() */
export function setupDmaOps(core: IommuCore, device: Device, domain: IommuDomain): void {
  if (device.traits.platform !== true) device.pci32bitWorkaround = core.options.forcedac !== true;
  device.dmaIommu = isDmaDomain(domain);
  if (!device.dmaIommu || initDmaDomain(core, domain, device).ok) return;
  core.log('warn', `Failed to set up IOMMU for device ${device.name}; retaining platform DMA ops`);
  device.dmaIommu = false;
}

/** Linux: iommu_group_alloc_default_domain() */
function allocDefault(core: IommuCore, group: IommuGroup, type: TypeChoice): Result<IommuDomain> {
  const rule = 'iommu_group_alloc_default_domain';
  const fixed = group.firstDevice?.ops?.defaultDomain;
  if (fixed) {
    if (type === fixed.type) return ok(fixed);
    return err('EINVAL', `the IOMMU driver has one default domain for all, of type ${fixed.type}`, { rule });
  }
  if (type) return allocOfType(core, group, type);
  const preferred = machineDefault(core);
  const first = allocOfType(core, group, preferred);
  if (first.ok) return first;
  if (preferred === 'DMA')
    return err('EINVAL', `no default domain for group ${group.id}: ${first.why}`, { rule });
  const second = allocOfType(core, group, 'DMA');
  if (second.ok) {
    const number = TYPE_NUMBERS[preferred];
    const text = `Failed to allocate default IOMMU domain of type ${number} for group ${group.name ?? '(null)'} - Falling back to IOMMU_DOMAIN_DMA`;
    core.log('warn', text);
  }
  return second;
}

/** Linux: __iommu_group_alloc_default_domain() */
function allocOfType(core: IommuCore, group: IommuGroup, type: NonNullable<TypeChoice>): Result<IommuDomain> {
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
  if (type !== 'DMA' && type !== 'DMA-FQ')
    return err('EINVAL', `${type} is no type of a default domain that is made`, {
      rule: '__iommu_group_alloc_default_domain',
    });
  // Whoever uses the DMA API may want PASIDs beside it.
  const withPasids = device.maxPasids > 0 ? pagingDomainAlloc(core, device, { pasid: true }) : null;
  const domain =
    withPasids === null || (!withPasids.ok && withPasids.errno === 'EOPNOTSUPP')
      ? pagingDomainAlloc(core, device)
      : withPasids;
  if (domain.ok) domain.value.type = type;
  return domain;
}
