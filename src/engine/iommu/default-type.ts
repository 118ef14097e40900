import { err, ok, type Result } from '../kernel/errno';
import type { IommuCore } from './core';
import type { Device } from './device';
import type { IommuGroup } from './group';
import type { DomainType } from './ops';

/** Domain types that can be asked for; null lets the machine choose. */
export type DefaultType = 'identity' | 'DMA' | 'DMA-FQ';
/** As drivers choose: one with a static default domain may have any type. Null: the machine's own choice. */
export type TypeChoice = DomainType | null;

/** Linux: include/linux/iommu.h IOMMU_DOMAIN_* */
export const TYPE_NUMBERS: Readonly<Record<DefaultType, number>> = { identity: 4, DMA: 3, 'DMA-FQ': 11 };

/** Linux: iommu_domain_type_str() */
function typeWord(type: DomainType): string {
  switch (type) {
    case 'blocked':
      return 'Blocked';
    case 'identity':
      return 'Passthrough';
    case 'unmanaged':
      return 'Unmanaged';
    case 'DMA':
    case 'DMA-FQ':
      return 'Translated';
    case 'platform':
      return 'Platform';
    case 'sva':
    case 'nested':
      return 'Unknown';
  }
}

/** What the drivers of all members insist on, and whether that is what is asked for. Linux: iommu_get_default_domain_type() */
export function chooseType(
  core: IommuCore,
  group: IommuGroup,
  target: DefaultType | null,
): Result<TypeChoice> {
  let wanted: TypeChoice = null;
  let untrusted: Device | null = null;
  for (const device of group.devices) {
    wanted = combine(core, group, device, wanted);
    if (device.traits.untrusted) untrusted = device;
  }
  const rule = 'iommu_get_default_domain_type';
  if (untrusted) {
    if (wanted && wanted !== 'DMA') {
      const text = `Device is not trusted, but driver is overriding group ${group.id} to ${typeWord(wanted)}, refusing to probe.`;
      core.devLog('err', untrusted, text);
      const why = `${untrusted.name} is not trusted and must be translated, but the IOMMU driver insists on ${wanted}`;
      return err('EINVAL', why, { rule, culprit: untrusted.worldId });
    }
    wanted = 'DMA';
  }
  if (target !== null && wanted && target !== wanted) {
    const why = `group ${group.id} must be ${wanted}: ${untrusted ? 'it has a device that is not trusted' : 'the IOMMU driver insists'}`;
    return err('EINVAL', why, { rule, culprit: group.worldId });
  }
  return ok(target ?? wanted);
}

/** Conflicts are an error of the driver, won by identity. Linux: iommu_get_def_domain_type() */
function combine(core: IommuCore, group: IommuGroup, device: Device, current: TypeChoice): TypeChoice {
  const { ops } = device;
  const type = ops?.defaultDomain?.type ?? ops?.defDomainType(device.client) ?? null;
  if (!type || current === type) return current;
  if (!current) return type;
  const types = `${typeWord(current)} and ${typeWord(type)}`;
  core.devLog(
    'err',
    device,
    `IOMMU driver error, requesting conflicting def_domain_type, ${types}, for devices in group ${group.id}.`,
  );
  return type === 'identity' ? type : current;
}
