import { err, type Result } from '../kernel/errno';
import type { IommuCore } from './core';
import type { Device } from './device';
import type { IommuDomain, PagingDomain, PagingFlags, Prot } from './ops';
import { warn } from './set-domain';

/**
 * Domains as kernel drivers use them: allocate, map, unmap, with the checks that the core makes before a driver.
 *
 * Linux: drivers/iommu/iommu.c
 */

/** Linux: iommu_paging_domain_alloc_flags() */
export function pagingDomainAlloc(
  core: IommuCore,
  device: Device,
  flags: PagingFlags = {},
): Result<IommuDomain> {
  const rule = '__iommu_paging_domain_alloc_flags';
  const { ops } = device;
  if (!ops) return err('ENODEV', `${device.name} is behind no IOMMU`, { rule, culprit: device.worldId });
  if (flags.pasid === true && ops.pagingExtras?.includes('pasid') !== true)
    return err('EOPNOTSUPP', `${ops.driver} makes no domains for PASIDs`, { rule, culprit: device.worldId });
  if (core.fail.hit(rule)) return err('ENOMEM', 'no memory for a domain', { rule });
  return ops.domainAllocPaging(device.client, flags);
}

/**
 * All of it, or nothing.
 *
 * Linux: iommu_map(), iommu_map_nosync()
 *
 * In the kernel of the 7.1 merge window the test after a driver's own map_pages is inverted: a map that failed, and was
 * rolled back, is reported as done. That is fixed here unless `defects.mapReportsSuccess` is asked for.
 */
export function iommuMap(
  core: IommuCore,
  domain: IommuDomain,
  iova: bigint,
  pa: number,
  bytes: number,
  prot: Prot,
): Result<undefined> {
  const { paging } = domain;
  if (paging?.genericPt === true) return paging.map(iova, pa, bytes, prot);
  const mapped = mapDomainPgtbl(core, domain, paging, iova, pa, bytes, prot);
  if (mapped.ok || core.options.defects?.mapReportsSuccess !== true) return mapped;
  return { ok: true, value: undefined };
}

/** Linux: __iommu_map_domain_pgtbl() */
function mapDomainPgtbl(
  core: IommuCore,
  domain: IommuDomain,
  paging: PagingDomain | null,
  iova: bigint,
  pa: number,
  bytes: number,
  prot: Prot,
): Result<undefined> {
  const rule = '__iommu_map_domain_pgtbl';
  if (!isPagingType(domain))
    return err('EINVAL', `nothing can be mapped in a ${domain.type} domain`, { rule });
  const smallest = paging?.pageSizesLg2[0];
  if (!paging || smallest === undefined) {
    warn(core, rule, `${domain.label} has no page table`);
    return err('ENODEV', `${domain.label} has no page table`, { rule });
  }
  if (!isAligned(iova, bytes, smallest) || pa % 2 ** smallest !== 0) {
    const words = `iova 0x${iova.toString(16)} pa 0x${pa.toString(16)} size 0x${bytes.toString(16)}`;
    core.log('err', `unaligned: ${words} min_pagesz 0x${(2 ** smallest).toString(16)}`);
    return err('EINVAL', `${words}: not all multiples of the smallest page`, { rule });
  }
  return bytes === 0 ? { ok: true, value: undefined } : paging.map(iova, pa, bytes, prot);
}

/** Bytes unmapped, the IOTLB flushed. Linux: iommu_unmap() */
export function iommuUnmap(core: IommuCore, domain: IommuDomain, iova: bigint, bytes: number): number {
  const { paging } = domain;
  return paging && mayUnmap(core, domain, paging, iova, bytes) ? paging.unmap(iova, bytes) : 0;
}

/** Whether the core lets the driver see it. Linux: __iommu_unmap_domain_pgtbl() */
export function mayUnmap(
  core: IommuCore,
  domain: IommuDomain,
  paging: PagingDomain,
  iova: bigint,
  bytes: number,
): boolean {
  if (paging.genericPt === true) return true;
  const smallest = paging.pageSizesLg2[0];
  if (!isPagingType(domain) || smallest === undefined) return false;
  if (isAligned(iova, bytes, smallest)) return true;
  const words = `iova 0x${iova.toString(16)} size 0x${bytes.toString(16)}`;
  core.log('err', `unaligned: ${words} min_pagesz 0x${(2 ** smallest).toString(16)}`);
  return false;
}

const isPagingType = ({ type }: IommuDomain): boolean =>
  type === 'unmanaged' || type === 'DMA' || type === 'DMA-FQ';

const isAligned = (iova: bigint, bytes: number, lg2: number): boolean =>
  (iova & ((1n << BigInt(lg2)) - 1n)) === 0n && bytes % 2 ** lg2 === 0;
