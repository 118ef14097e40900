import { invariant } from '../../lib/invariant';
import { hex } from '../../lib/u64';
import type { IommuDomain, PagingDomain } from '../iommu/ops';
import type { Area } from './area';

export function pagingOf(domain: IommuDomain): PagingDomain {
  invariant(domain.paging, `${domain.label} has no page table`);
  return domain.paging;
}

/** Exactly what was mapped must go. Linux: drivers/iommu/iommufd/pages.c iommu_unmap_nofail() */
export function unmapExactly(paging: PagingDomain, start: bigint, last: bigint): void {
  const bytes = Number(last - start + 1n);
  const unmapped = paging.unmap(start, bytes);
  invariant(unmapped === bytes, `unmap of ${hex(start)}-${hex(last)} took ${hex(unmapped)} bytes out`);
}

/** Out of one domain, and nothing is unpinned. Linux: iopt_area_unmap_domain() */
export function unmapArea(area: Area, domain: IommuDomain): void {
  unmapExactly(pagingOf(domain), area.start, area.last);
}
