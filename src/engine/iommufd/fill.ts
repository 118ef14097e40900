import { done } from '../../lib/result';
import type { IommuDomain, PagingDomain, Prot } from '../iommu/ops';
import type { Result } from '../kernel/errno';
import type { Area } from './area';
import { trackDomains, untrack } from './dma-buf-pages';
import type { IoptEnv } from './iopt-env';
import { PAGE_BYTES } from './page';
import type { IoptPages } from './pages';
import { updatePinned } from './pages-account';
import { PfnReader, type Batch } from './pfn-reader';
import { pagingOf, unmapExactly } from './unmap-area';

/**
 * Moving the frames of an area into domains. Everything here runs under pages->mutex.
 *
 * Linux: drivers/iommu/iommufd/pages.c
 */

/** One page at a time, for users who will unmap pieces. Linux: batch_iommu_map_small() */
function mapSmall(
  env: IoptEnv,
  paging: PagingDomain,
  iova: bigint,
  pa: number,
  bytes: number,
  prot: Prot,
): Result<undefined> {
  for (let at = 0; at < bytes; at += PAGE_BYTES) {
    const mapped = paging.map(iova + BigInt(at), pa + at, PAGE_BYTES, prot);
    if (mapped.ok) continue;
    if (at > 0) unmapExactly(env, paging, iova, iova + BigInt(at) - 1n);
    return mapped;
  }
  return done;
}

/** Linux: batch_to_domain() */
function mapBatch(
  { env }: IoptPages,
  domain: IommuDomain,
  area: Area,
  batch: Batch,
  small: boolean,
): Result<undefined> {
  const paging = pagingOf(domain);
  const prot: Prot = batch.mmio ? { ...area.prot, mmio: true } : area.prot;
  const start = area.iovaOfPage(batch.start);
  // First and last page of an area may be partial.
  let offset = batch.start === area.span.start ? area.pageOffset : 0;
  let iova = start;
  for (let entry = 0; entry < batch.pfns.length; entry++) {
    const pa = (batch.pfns[entry] as number) * PAGE_BYTES + offset;
    const room = (batch.counts[entry] as number) * PAGE_BYTES - offset;
    const left = Number(area.last - iova) + 1;
    const bytes = Math.min(room, left);
    const mapped = small ? mapSmall(env, paging, iova, pa, bytes, prot) : paging.map(iova, pa, bytes, prot);
    if (!mapped.ok) {
      if (iova > start) unmapExactly(env, paging, start, iova - 1n);
      return mapped;
    }
    iova += BigInt(bytes);
    offset = 0;
  }
  return done;
}

/** Takes out what a fill had entered before page `end`. */
function unmapUpTo({ env }: IoptPages, area: Area, domain: IommuDomain, end: number): void {
  if (end === area.span.start) return;
  unmapExactly(env, pagingOf(domain), area.start, area.lastIovaOfPage(end - 1));
}

/**
 * Pins the area's pages and enters them in the domains, or leaves everything as it was: if the k-th domain refuses, the
 * domains before it lose this batch too, all lose the earlier ones, and the pages are let go. The caller notes down that
 * the pages are held.
 *
 * Linux: iopt_area_fill_domains(), iopt_area_fill_domain()
 */
export function fillDomains(
  area: Area,
  pages: IoptPages,
  domains: readonly IommuDomain[],
  small: boolean,
): Result<undefined> {
  const tracked = trackDomains(pages, area, domains);
  if (!tracked.ok || pages.revoked) return tracked;
  const filled = fill(area, pages, domains, small);
  if (!filled.ok) untrack(pages, area, domains);
  return filled;
}

function fill(
  area: Area,
  pages: IoptPages,
  domains: readonly IommuDomain[],
  small: boolean,
): Result<undefined> {
  const opened = PfnReader.open(pages, area.span);
  if (!opened.ok) return opened;
  const reader = opened.value;
  // Pages before this are in all domains, or in those before `position` only.
  let allEnd = area.span.start;
  const undo = (position: number, someEnd: number): void => {
    domains.forEach((each, index) => {
      unmapUpTo(pages, area, each, index < position ? someEnd : allEnd);
    });
    reader.release();
  };
  for (;;) {
    const batch = reader.next();
    if (!batch.ok) {
      undo(0, allEnd);
      return batch;
    }
    if (batch.value === null) break;
    for (const [position, domain] of domains.entries()) {
      const mapped = mapBatch(pages, domain, area, batch.value, small);
      if (mapped.ok) continue;
      undo(position, reader.end);
      return mapped;
    }
    allEnd = reader.end;
  }
  const counted = updatePinned(pages);
  if (!counted.ok) undo(0, allEnd);
  return counted;
}

/** The first domain that has an area is its storage: from now on the pages stay pinned. */
export function holdArea(area: Area, pages: IoptPages, storage: IommuDomain): void {
  area.storageDomain = storage;
  pages.areas.insert(area.span);
}
