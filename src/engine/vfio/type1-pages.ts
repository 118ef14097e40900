import { done } from '../../lib/result';
import { iommuMap, iommuUnmap } from '../iommu/map';
import type { IommuDomain } from '../iommu/ops';
import { err, type Result } from '../kernel/errno';
import { lastOf, type Type1, type Type1Dma } from './type1';

/**
 * Pages of type1: pinned run by run, and each run mapped in every domain.
 *
 * Linux: drivers/vfio/vfio_iommu_type1.c
 */

const PAGE = 4096;

/** All of it, or nothing. Linux: vfio_pin_map_dma() */
export function pinAndMap(type1: Type1, dma: Type1Dma): Result<undefined> {
  const pinned = pin(type1, dma);
  if (!pinned.ok) return pinned;
  for (const [at, { domain }] of type1.domains.entries()) {
    const mapped = mapRuns(type1, domain, dma);
    if (mapped.ok) continue;
    for (const other of type1.domains.slice(0, at)) unmapFrom(type1, other.domain, dma);
    unpin(dma);
    return mapped;
  }
  return done;
}

/** Linux: vfio_pin_pages_remote(), vfio_lock_acct() */
export function pin(type1: Type1, dma: Type1Dma): Result<undefined> {
  const { mm, vaddr, size, prot } = dma;
  const pages = Number(size / BigInt(PAGE));
  const rule = 'vfio_pin_pages_remote';
  if (type1.core.fail.hit(rule)) return err('ENOMEM', 'no memory to pin pages with', { rule });
  if (!mm.alive) return err('EFAULT', `${mm.name} is gone, and its memory with it`, { rule });
  const runs = mm.pin(vaddr, pages, prot.write);
  if (!runs.ok) return runs;
  if (!dma.lockCap && BigInt(mm.lockedVm + pages) > dma.memlockPages()) {
    mm.unpin(runs.value);
    type1.core.log('warn', 'vfio_pin_pages_remote: RLIMIT_MEMLOCK exceeded');
    return err('ENOMEM', `${mm.name} may lock no more memory (RLIMIT_MEMLOCK)`, { rule });
  }
  mm.lockedVm += pages;
  dma.runs = runs.value;
  return done;
}

export function unpin(dma: Type1Dma): void {
  if (!dma.runs) return;
  dma.mm.unpin(dma.runs);
  dma.mm.lockedVm -= Number(dma.size / BigInt(PAGE));
  dma.runs = null;
}

/** Linux: vfio_iommu_map(), vfio_iommu_replay() */
export function mapRuns(type1: Type1, domain: IommuDomain, dma: Type1Dma): Result<undefined> {
  let { iova } = dma;
  for (const { pfn, count } of dma.runs ?? []) {
    const mapped = iommuMap(type1.core, domain, iova, pfn * PAGE, count * PAGE, dma.prot);
    if (!mapped.ok) {
      if (iova > dma.iova) iommuUnmap(type1.core, domain, dma.iova, Number(iova - dma.iova));
      return mapped;
    }
    iova += BigInt(count * PAGE);
  }
  return done;
}

export function unmapFrom(type1: Type1, domain: IommuDomain, dma: Type1Dma): void {
  for (let at = dma.iova; at <= lastOf(dma);) {
    const bytes = iommuUnmap(type1.core, domain, at, Number(lastOf(dma) + 1n - at));
    if (bytes === 0) break;
    at += BigInt(bytes);
  }
}

/** Linux: vfio_remove_dma(), vfio_unmap_unpin() */
export function removeDma(type1: Type1, dma: Type1Dma): void {
  if (dma.runs) for (const { domain } of type1.domains) unmapFrom(type1, domain, dma);
  unpin(dma);
  type1.dmas = type1.dmas.filter((each) => each !== dma);
}
