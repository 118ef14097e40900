import type { IommuClient, IommuDomain } from '../../../iommu/ops';
import type { Result } from '../../../kernel/errno';
import type { DeviceInfo } from './device-info';
import type { DomainHost } from './dmar-domain';

interface StaticSteps {
  attach(info: DeviceInfo): Result<undefined>;
  setPasid(domain: IommuDomain, info: DeviceInfo, pasid: number, old: IommuDomain | null): Result<undefined>;
}

/** A domain without a table: identity or blocked. Linux: iommu.c identity_domain, blocking_domain */
export function staticDomain(
  host: DomainHost,
  type: 'identity' | 'blocked',
  steps: StaticSteps,
): IommuDomain {
  const domain: IommuDomain = {
    label: type,
    type,
    owner: host.ops,
    paging: null,
    attachDev(device: IommuClient) {
      const info = host.infoOf(device.name);
      return info.ok ? steps.attach(info.value) : info;
    },
    setDevPasid(device, pasid, old) {
      const info = host.infoOf(device.name);
      return info.ok ? steps.setPasid(domain, info.value, pasid, old) : info;
    },
  };
  return domain;
}
