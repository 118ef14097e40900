import type { Device } from '../../iommu/device';
import type { IommuDomain } from '../../iommu/ops';
import type { IommufdDevice } from '../../iommufd/device';
import type { AnyHwpt } from '../../iommufd/object';
import type { IoptPages } from '../../iommufd/pages';
import type { Machine } from '../machine';

/** From what the core knows to the iommufd objects around it; made once a projection. */
export interface IommufdIndex {
  readonly idevOf: ReadonlyMap<Device, IommufdDevice>;
  readonly hwptOf: ReadonlyMap<IommuDomain, AnyHwpt>;
  /** A number for each pages object, in the order in which they are asked for. */
  readonly numberOf: (pages: IoptPages) => number;
}

export function indexIommufd(machine: Machine): IommufdIndex {
  const idevOf = new Map<Device, IommufdDevice>();
  const hwptOf = new Map<IommuDomain, AnyHwpt>();
  for (const ctx of machine.iommufd.contexts) {
    for (const object of ctx.objects.list()) {
      if (object.kind === 'device') idevOf.set(object.device, object);
      const isHwpt = object.kind === 'hwpt-paging' || object.kind === 'hwpt-nested';
      if (isHwpt && object.domain !== null) hwptOf.set(object.domain, object);
    }
  }
  const numbers = new Map<IoptPages, number>();
  const numberOf = (pages: IoptPages): number => {
    const number = numbers.get(pages) ?? numbers.size + 1;
    numbers.set(pages, number);
    return number;
  };
  return { idevOf, hwptOf, numberOf };
}
