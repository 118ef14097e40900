import type { IommuDomain, PagingDomain } from '../iommu/ops';
import type { Area } from './area';
import { untrack } from './dma-buf-pages';
import type { IoptPages } from './pages';
import { updateUnpinned } from './pages-account';
import { batchCapacity } from './pfn-reader';
import { pagingOf, unmapArea, unmapExactly } from './unmap-area';

/**
 * Taking areas out of domains. Everything here runs under pages->mutex.
 *
 * Linux: drivers/iommu/iommufd/pages.c
 */

/** Out of every domain. Linux: iopt_area_unfill_domains() */
export function unfillDomains(area: Area, pages: IoptPages, domains: readonly IommuDomain[]): void {
  const { storageDomain } = area;
  if (!storageDomain) return;
  if (!pages.revoked) {
    for (const domain of domains) if (domain !== storageDomain) unmapArea(area, pages, domain);
  }
  unfillLast(area, pages, storageDomain);
  untrack(pages, area, domains);
}

/** Out of the last domain, and unpinned unless others need the pages. Linux: iopt_area_unfill_domain() */
export function unfillLast(area: Area, pages: IoptPages, domain: IommuDomain): void {
  pages.areas.remove(area.span);
  area.storageDomain = null;
  if (pages.address.kind !== 'dma-buf') {
    unmapThenUnpin(area, pages, pagingOf(domain));
    updateUnpinned(pages);
    return;
  }
  if (!pages.revoked) unmapArea(area, pages, domain);
  untrack(pages, area, [domain]);
}

/** Bytes on the stack for a batch when memory is short. Linux: BATCH_BACKUP_SIZE */
const BACKUP_BYTES = 256;

/**
 * Batch by batch, unmapped before unpinned: a page must not change hands while a device can reach it. Every cut is where
 * frames are not contiguous, so that no large page is cut.
 *
 * Linux: __iopt_area_unfill_domain(), iopt_area_unpin_domain()
 */
function unmapThenUnpin(area: Area, pages: IoptPages, paging: PagingDomain): void {
  const { start, last } = area.span;
  const capacity = batchCapacity(pages, last + 1, BACKUP_BYTES) ?? 1;
  let mapped = start;
  const unmapTo = (end: number): void => {
    if (end <= mapped) return;
    unmapExactly(pages.env, paging, area.iovaOfPage(mapped), area.lastIovaOfPage(end - 1));
    mapped = end;
  };
  for (const span of pages.tiers(start, last)) {
    if (span.tier !== 'nowhere') continue;
    for (let at = span.start; at <= span.last;) {
      // Already unmapped with a run that began before.
      const end = mapped > span.last ? span.last + 1 : batchEnd(pages, at, span.last, last, capacity);
      unmapTo(end);
      const unpinned = Math.min(end, span.last + 1);
      pages.unpin(at, unpinned - 1);
      at = unpinned;
    }
  }
  unmapTo(last + 1);
}

/**
 * Where a batch that is read from page `at` on ends: when it is full, or where the first run ends that reaches past
 * `last`, if that is before `areaLast`.
 *
 * Linux: batch_from_domain(), batch_from_domain_continue()
 */
function batchEnd(pages: IoptPages, at: number, last: number, areaLast: number, capacity: number): number {
  let index = at;
  let next = -1;
  let runs = 0;
  return pages.frames.eachRun(at, areaLast, (pfn, count) => {
    if (pfn !== next && (index > last || ++runs > capacity)) return false;
    index += count;
    next = pfn + count;
    return true;
  });
}
