import type { Device } from '../../iommu/device';
import type { IommuDomain } from '../../iommu/ops';
import type { IommufdDevice } from '../../iommufd/device';
import type { HwptPaging } from '../../iommufd/hwpt';
import type { Machine } from '../machine';

/** From what the core knows to the iommufd objects around it; made once a projection. */
export interface IommufdIndex {
  readonly idevOf: ReadonlyMap<Device, IommufdDevice>;
  readonly hwptOf: ReadonlyMap<IommuDomain, HwptPaging>;
}

export function indexIommufd(machine: Machine): IommufdIndex {
  const idevOf = new Map<Device, IommufdDevice>();
  const hwptOf = new Map<IommuDomain, HwptPaging>();
  for (const ctx of machine.iommufd.contexts) {
    for (const object of ctx.objects.list()) {
      if (object.kind === 'device') idevOf.set(object.device, object);
      if (object.kind === 'hwpt-paging' && object.domain !== null) hwptOf.set(object.domain, object);
    }
  }
  return { idevOf, hwptOf };
}
