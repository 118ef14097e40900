import { done } from '../../lib/result';
import type { Result } from '../kernel/errno';
import { isDmaDomain, type IommuCore } from './core';
import type { Device } from './device';
import { iommuMap } from './map';
import type { IommuDomain, PagingDomain, ResvRegion } from './ops';

/**
 * Enters the regions that firmware asks for (RMRR on Intel machines) one to one in a group's default domain, and
 * remembers that a device must never be blocked.
 *
 * Linux: drivers/iommu/iommu.c iommu_create_device_direct_mappings()
 */
export function createDirectMappings(
  core: IommuCore,
  domain: IommuDomain,
  device: Device,
): Result<undefined> {
  for (const region of device.ops?.getResvRegions(device.client) ?? []) {
    if (region.kind === 'direct') device.requireDirect = true;
    const direct = region.kind === 'direct' || region.kind === 'direct-relaxable';
    if (!direct || !isDmaDomain(domain) || !domain.paging) continue;
    const mapped = mapMissing(core, domain, domain.paging, region);
    if (!mapped.ok) return mapped;
  }
  return done;
}

/** Regions of several devices of a group may overlap: what is mapped already is left alone. */
function mapMissing(
  core: IommuCore,
  domain: IommuDomain,
  paging: PagingDomain,
  region: ResvRegion,
): Result<undefined> {
  const page = 1n << BigInt(paging.pageSizesLg2[0] ?? 12);
  const roundUp = (value: bigint): bigint => (value + page - 1n) & ~(page - 1n);
  const end = roundUp(region.last + 1n);
  let from = roundUp(region.start);
  for (let at = from; at <= end; at += page) {
    if (at !== end && paging.iovaToPhys(at) === null) continue;
    if (at !== from) {
      const both = { read: true, write: true };
      const mapped = iommuMap(core, domain, from, Number(from), Number(at - from), both);
      if (!mapped.ok) return mapped;
    }
    from = at + page;
  }
  return done;
}
