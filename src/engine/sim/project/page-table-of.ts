import type { IommuDomain } from '../../iommu/ops';
import { PageTable } from '../../pt/page-table';

/** The kernel's own table of a domain, of whatever vendor; null: it has none, or a guest's. */
export function pageTableOf(domain: IommuDomain | null): PageTable | null {
  const table = domain !== null && 'table' in domain ? domain.table : null;
  return table instanceof PageTable ? table : null;
}
