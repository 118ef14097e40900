import type { IommuDomain } from '../../iommu/ops';
import type { HwptPaging } from '../../iommufd/hwpt';
import type { HwptNested } from '../../iommufd/hwpt-nested';
import type { AnyHwpt } from '../../iommufd/object';
import type { Machine } from '../machine';
import type { HwptObject } from '../world';
import { objectBase } from './object-base';

/** Null while it is being made. */
export function projectHwpt(machine: Machine, hwpt: HwptPaging): HwptObject | null {
  const { domain } = hwpt;
  if (!domain) return null;
  return {
    ...common(machine, hwpt),
    ...(machine.unit(domain.owner.unit)?.hw.tables(domain) ?? NO_TABLES),
    iommuId: domain.owner.unit,
    ...otherUnits(machine, domain),
    domain: domain.label,
    auto: hwpt.auto,
    nested: false,
    nestParent: hwpt.nestParent,
    parentId: null,
    viommuId: null,
    dirtyTracking: domain.paging?.dirty != null,
    ioasId: hwpt.ioas.worldId,
  };
}

/** A guest's own table: only the guest knows what is in it. */
export function projectNested(machine: Machine, hwpt: HwptNested): HwptObject | null {
  const { domain } = hwpt;
  if (!domain) return null;
  return {
    ...common(machine, hwpt),
    ...(machine.unit(domain.owner.unit)?.hw.tables(domain) ?? NO_TABLES),
    iommuId: domain.owner.unit,
    ...otherUnits(machine, domain),
    domain: domain.label,
    auto: false,
    nested: true,
    nestParent: false,
    parentId: hwpt.parent.worldId,
    viommuId: hwpt.viommu?.worldId ?? null,
    dirtyTracking: false,
    ioasId: hwpt.parent.ioas.worldId,
  };
}

/** A domain made for one unit may serve devices behind others of its kind: each caches it under an id of its own. */
function otherUnits({ units }: Machine, domain: IommuDomain): Pick<HwptObject, 'alsoOn'> {
  const alsoOn = units.flatMap(({ id, hw }) => {
    const tag = id === domain.owner.unit ? null : (hw.tagOn?.(domain) ?? null);
    return tag === null ? [] : [{ iommuId: id, tag }];
  });
  return alsoOn.length === 0 ? {} : { alsoOn };
}

const NO_TABLES = { format: '', levels: 0, rootPa: 0, leaves: [], tablePages: 0, tag: null };

const common = (machine: Machine, hwpt: AnyHwpt) => ({
  ...objectBase(machine, hwpt),
  type: 'hwpt' as const,
  pasid: hwpt.pasidCompat,
  faultId: hwpt.fault?.worldId ?? null,
  users: hwpt.users - 1,
  deviceIds: hwpt.devices.map((idev) => idev.device.worldId),
});
