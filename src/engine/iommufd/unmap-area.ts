import { invariant } from '../../lib/invariant';
import { hex } from '../../lib/u64';
import type { IommuDomain, PagingDomain } from '../iommu/ops';
import type { Area } from './area';
import type { IoptEnv } from './iopt-env';
import type { IoptPages } from './pages';

export function pagingOf(domain: IommuDomain): PagingDomain {
  invariant(domain.paging, `${domain.label} has no page table`);
  return domain.paging;
}

/**
 * Exactly what was mapped must go; less goes when somebody else has written to the table.
 *
 * Linux: drivers/iommu/iommufd/pages.c iommu_unmap_nofail()
 */
export function unmapExactly(env: IoptEnv, paging: PagingDomain, start: bigint, last: bigint): void {
  const bytes = Number(last - start + 1n);
  const unmapped = paging.unmap(start, bytes);
  if (unmapped !== bytes)
    env.warn(`iommu_unmap_nofail: of ${hex(start)}-${hex(last)} only ${hex(unmapped)} bytes were mapped`);
}

/** Out of one domain, and nothing is unpinned. Linux: iopt_area_unmap_domain() */
export function unmapArea(area: Area, { env }: IoptPages, domain: IommuDomain): void {
  unmapExactly(env, pagingOf(domain), area.start, area.last);
}
