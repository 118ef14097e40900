import { invariant } from '../../lib/invariant';
import { done } from '../../lib/result';
import { hex } from '../../lib/u64';
import type { IommuDomain, PagingDomain } from '../iommu/ops';
import type { Result } from '../kernel/errno';
import type { FrameRun } from '../memory/user-memory';
import type { Area } from './area';
import { PAGE_BYTES } from './page';
import { bytesOf, type IoptPages } from './pages';

/**
 * Moving the frames of an area into domains and out again. Everything here runs under pages->mutex.
 *
 * Linux: drivers/iommu/iommufd/pages.c
 */

/** Runs that the kernel's temporary memory of 64 KiB holds: domains are filled batch by batch. Linux: TEMP_MEMORY_LIMIT */
const BATCH_RUNS = 5461;

export function pagingOf(domain: IommuDomain): PagingDomain {
  invariant(domain.paging, `${domain.label} has no page table`);
  return domain.paging;
}

/** One batch: the runs from page `index` on. */
interface Batch {
  readonly index: number;
  readonly end: number;
  readonly runs: readonly FrameRun[];
}

function* batches(runs: readonly FrameRun[], first: number): Generator<Batch> {
  let index = first;
  for (let at = 0; at < runs.length; at += BATCH_RUNS) {
    const part = runs.slice(at, at + BATCH_RUNS);
    const end = part.reduce((sum, run) => sum + run.count, index);
    yield { index, end, runs: part };
    index = end;
  }
}

/** One page at a time, for users who will unmap pieces. Linux: batch_iommu_map_small() */
function mapSmall(
  paging: PagingDomain,
  iova: bigint,
  pa: number,
  bytes: number,
  area: Area,
): Result<undefined> {
  for (let at = 0; at < bytes; at += PAGE_BYTES) {
    const mapped = paging.map(iova + BigInt(at), pa + at, PAGE_BYTES, area.prot);
    if (mapped.ok) continue;
    if (at > 0) unmapAll(paging, iova, iova + BigInt(at) - 1n);
    return mapped;
  }
  return done;
}

/** Linux: batch_to_domain() */
function mapBatch(domain: IommuDomain, area: Area, batch: Batch, small: boolean): Result<undefined> {
  const paging = pagingOf(domain);
  const start = area.iovaOfPage(batch.index);
  // First and last page of an area may be partial.
  let offset = batch.index === area.span.first ? Number(area.pageOffset) : 0;
  let iova = start;
  for (const run of batch.runs) {
    const end = iova + BigInt(bytesOf(run) - offset);
    const next = end > area.last + 1n ? area.last + 1n : end;
    const map = small ? mapSmall : mapRun;
    const mapped = map(paging, iova, run.pfn * PAGE_BYTES + offset, Number(next - iova), area);
    if (!mapped.ok) {
      if (iova > start) unmapAll(paging, start, iova - 1n);
      return mapped;
    }
    iova = next;
    offset = 0;
  }
  return done;
}

const mapRun = (
  paging: PagingDomain,
  iova: bigint,
  pa: number,
  bytes: number,
  area: Area,
): Result<undefined> => paging.map(iova, pa, bytes, area.prot);

/** Exactly what was mapped must go. Linux: iommu_unmap_nofail() */
function unmapAll(paging: PagingDomain, start: bigint, last: bigint): void {
  const bytes = Number(last - start + 1n);
  const unmapped = paging.unmap(start, bytes);
  invariant(unmapped === bytes, `unmap of ${hex(start)}-${hex(last)} took ${hex(unmapped)} bytes out`);
}

/** Linux: iopt_area_unmap_domain() */
export const unmapArea = (area: Area, domain: IommuDomain): void =>
  unmapAll(pagingOf(domain), area.start, area.last);

/** Takes out what a fill had entered before page `end`. */
function unmapUpTo(area: Area, domain: IommuDomain, end: number): void {
  if (end === area.span.first) return;
  const last = end > area.span.last ? area.last : area.iovaOfPage(end) - 1n;
  unmapAll(pagingOf(domain), area.start, last);
}

/**
 * Pins the area's pages and enters them in every domain, or leaves everything as it was: if the k-th domain refuses,
 * the domains before it lose this batch too, all lose the earlier ones, and the pages are let go.
 *
 * Linux: iopt_area_fill_domains(), iopt_area_fill_domain()
 */
export function fillDomains(
  area: Area,
  pages: IoptPages,
  domains: readonly IommuDomain[],
  small: boolean,
): Result<undefined> {
  const pinned = pages.pin(area.span);
  if (!pinned.ok) return pinned;
  for (const batch of batches(pinned.value, area.span.first)) {
    for (const [position, domain] of domains.entries()) {
      const mapped = mapBatch(domain, area, batch, small);
      if (mapped.ok) continue;
      domains.forEach((each, index) => {
        unmapUpTo(area, each, index < position ? batch.end : batch.index);
      });
      pages.release(area.span);
      return mapped;
    }
  }
  return done;
}

/** The first domain that has an area is its storage: from now on the pages stay pinned. */
export function holdArea(area: Area, pages: IoptPages, storage: IommuDomain): void {
  area.storageDomain = storage;
  pages.hold(area.span);
}

/** Unmapped before unpinned: a page must not change hands while a device can reach it. Linux: iopt_area_unfill_domain() */
export function unfillLast(area: Area, pages: IoptPages, domain: IommuDomain): void {
  unmapArea(area, domain);
  area.storageDomain = null;
  pages.drop(area.span);
}

/** Linux: iopt_area_unfill_domains() */
export function unfillDomains(area: Area, pages: IoptPages, domains: readonly IommuDomain[]): void {
  const { storageDomain } = area;
  if (!storageDomain) return;
  for (const domain of domains) if (domain !== storageDomain) unmapArea(area, domain);
  unfillLast(area, pages, storageDomain);
}
