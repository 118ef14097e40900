import type { DomainType, IommuClient, IommuDomain, IommuOps } from '../../iommu/ops';
import type { Result } from '../../kernel/errno';
import type { MockUnit } from './mock-unit';

/** Where every mock device is by default. Linux: selftest.c mock_blocking_domain */
export class MockBlocked implements IommuDomain {
  readonly label = 'mock blocking domain';
  type: DomainType = 'blocked';
  readonly paging = null;

  constructor(private readonly unit: MockUnit) {}

  get owner(): IommuOps {
    return this.unit;
  }

  attachDev(device: IommuClient): Result<undefined> {
    return this.unit.attach(this, device);
  }

  setDevPasid(device: IommuClient, pasid: number, old: IommuDomain | null): Result<undefined> {
    return this.unit.setDevPasid(this, device, pasid, old);
  }
}
