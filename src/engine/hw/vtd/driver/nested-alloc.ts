import type { IommuDomain, UserData } from '../../../iommu/ops';
import { err, ok, type Result } from '../../../kernel/errno';
import type { DomainHost } from './dmar-domain';
import { VtdDomain } from './domain';
import type { IntelIommu } from './intel-iommu';
import { NestedDomain } from './nested-domain';
import { HWPT_ALLOC_PASID, HWPT_TYPE_VTD_S1, readFirstStage } from './user-structs';

export interface NestedRequest {
  readonly host: DomainHost;
  readonly nextLabel: () => string;
  readonly parent: IommuDomain;
  readonly flags: number;
  readonly data: UserData;
}

/** Linux: drivers/iommu/intel/nested.c intel_iommu_domain_alloc_nested() */
export function allocNestedDomain(
  { caps }: IntelIommu,
  { host, nextLabel, parent, flags, data }: NestedRequest,
): Result<NestedDomain> {
  const rule = 'intel_iommu_domain_alloc_nested';
  if (!caps.nested || (flags & ~HWPT_ALLOC_PASID) !== 0)
    return err('EOPNOTSUPP', 'the unit cannot nest tables, or a flag is unknown', { rule });
  if (data.type !== HWPT_TYPE_VTD_S1)
    return err('EOPNOTSUPP', `data type ${data.type} is not of a VT-d first-stage table`, { rule });
  if (!(parent instanceof VtdDomain) || parent.stage !== 2 || !parent.parts.nestParent)
    return err('EINVAL', `${parent.label} is no second-stage table made as a nesting parent`, { rule });
  const config = readFirstStage(data);
  return config.ok ? ok(new NestedDomain(nextLabel(), host, parent, config.value)) : config;
}
