import { done } from '../../lib/result';
import type { IommuCore } from '../iommu/core';
import type { Device } from '../iommu/device';
import type { IommuDomain } from '../iommu/ops';
import { err, type Result } from '../kernel/errno';
import { FlushQueue } from './flush-queue';
import { IovaDomain } from './iova-domain';

/**
 * What the DMA API keeps beside a default domain: who has which IOVA, and what waits to be flushed.
 *
 * Linux: drivers/iommu/dma-iommu.c struct iommu_dma_cookie
 */
export class DmaCookie {
  /** Made when the first device is set up. */
  iovas: IovaDomain | null = null;
  /** Null: strict, every unmap flushes. */
  queue: FlushQueue | null = null;
  /** Newest first. */
  readonly msiPages: MsiPages[] = [];
}

/** Pages that interrupts are written to, and where devices see them. Linux: struct iommu_dma_msi_page */
export interface MsiPages {
  readonly pa: bigint;
  readonly iova: bigint;
  readonly bytes: bigint;
}

/** Of a domain whose owner deals with addresses itself, all but a window for interrupts. Linux: struct iommu_dma_msi_cookie */
export class DmaMsiCookie {
  /** Newest first. */
  readonly msiPages: MsiPages[] = [];

  /** `msiIova`: where the next page goes. */
  constructor(public msiIova: bigint) {}
}

/** Null for a domain that is nobody's default. */
export const cookieOf = (domain: IommuDomain | null): DmaCookie | null =>
  domain?.cookie?.kind === 'dma-iova' && domain.cookie.data instanceof DmaCookie ? domain.cookie.data : null;

/** Linux: iommu_get_dma_cookie() */
export function getDmaCookie(core: IommuCore, domain: IommuDomain): Result<undefined> {
  const rule = 'iommu_get_dma_cookie';
  if (domain.cookie)
    return err('EEXIST', `${domain.label} has a ${domain.cookie.kind} cookie already`, { rule });
  if (core.fail.hit(rule)) return err('ENOMEM', 'no memory for the domain’s DMA API state', { rule });
  domain.cookie = { kind: 'dma-iova', data: new DmaCookie() };
  return done;
}

/** For a window that starts at `base`. Linux: iommu_get_msi_cookie() */
export function getMsiCookie(core: IommuCore, domain: IommuDomain, base: bigint): Result<undefined> {
  const rule = 'iommu_get_msi_cookie';
  if (domain.type !== 'unmanaged')
    return err('EINVAL', `the addresses of ${domain.label} are not its owner's`, { rule });
  if (domain.cookie)
    return err('EEXIST', `${domain.label} has a ${domain.cookie.kind} cookie already`, { rule });
  if (core.fail.hit(rule)) return err('ENOMEM', 'no memory for the interrupt pages', { rule });
  domain.cookie = { kind: 'dma-msi', data: new DmaMsiCookie(base) };
  return done;
}

/** Linux: iommu_put_dma_cookie() */
export function putDmaCookie(domain: IommuDomain): void {
  cookieOf(domain)?.queue?.destroy();
  domain.cookie = null;
}

/**
 * Makes a default domain ready for the DMA API; what a first device reserves is never handed out to any of its group.
 *
 * Linux: iommu_dma_init_domain()
 */
export function initDmaDomain(core: IommuCore, domain: IommuDomain, device: Device): Result<undefined> {
  const rule = 'iommu_dma_init_domain';
  const cookie = cookieOf(domain);
  const { paging } = domain;
  if (!cookie || !paging) return err('EINVAL', `${domain.label} is no domain of the DMA API`, { rule });
  const granuleLg2 = paging.pageSizesLg2[0] ?? 12;
  const startPfn = Math.max(1, Number(paging.apertureStart >> BigInt(granuleLg2)));
  if (cookie.iovas) {
    if (cookie.iovas.granuleLg2 === granuleLg2 && cookie.iovas.startPfn === startPfn) return done;
    core.log('warn', 'Incompatible range for DMA domain');
    return err('EFAULT', `${domain.label} is set up for other page sizes or addresses`, { rule });
  }
  if (core.fail.hit('iova_domain_init_rcaches'))
    return err('ENOMEM', 'no memory for the IOVA caches', { rule: 'iova_domain_init_rcaches' });
  cookie.iovas = new IovaDomain(granuleLg2, startPfn, () => core.fail.hit('alloc_iova_mem'));
  if (domain.type === 'DMA-FQ' && (!supportsQueue(domain, device) || !initFlushQueue(core, domain).ok))
    domain.type = 'DMA';
  return reserveRegions(core, cookie, cookie.iovas, device);
}

/** Linux: iommu_dma_init_fq() */
export function initFlushQueue(core: IommuCore, domain: IommuDomain): Result<undefined> {
  const rule = 'iommu_dma_init_fq';
  const cookie = cookieOf(domain);
  if (!cookie?.iovas || cookie.queue) return done;
  if (core.fail.hit(rule)) {
    core.log('warn', 'iova flush queue initialization failed');
    return err('ENOMEM', 'no memory for the flush queue', { rule });
  }
  cookie.queue = new FlushQueue(cookie.iovas, () => domain.paging?.flushIotlbAll?.());
  return done;
}

/** Linux: iommu_domain_supports_fq() */
const supportsQueue = (domain: IommuDomain, { ops, client }: Device): boolean =>
  domain.paging?.genericPt === true || ops?.capable(client, 'DEFERRED_FLUSH') === true;

/** Linux: iova_reserve_iommu_regions(), iova_reserve_pci_windows() */
function reserveRegions(
  core: IommuCore,
  cookie: DmaCookie,
  iovas: IovaDomain,
  device: Device,
): Result<undefined> {
  const shift = BigInt(iovas.granuleLg2);
  const reserve = (start: bigint, last: bigint): void =>
    iovas.reserve(Number(start >> shift), Number(last >> shift));
  for (const { start, last } of device.traits.hostWindows ?? []) reserve(start, last);
  for (const { kind, start, last } of device.ops?.getResvRegions(device.client) ?? []) {
    // A window that software manages is the DMA API's own.
    if (kind === 'sw-msi') continue;
    reserve(start, last);
    if (kind !== 'msi') continue;
    if (core.fail.hit('cookie_init_hw_msi_region'))
      return err('ENOMEM', 'no memory for the interrupt pages', { rule: 'cookie_init_hw_msi_region' });
    // Hardware takes these writes out before they are translated: devices see the pages where they are.
    const pa = (start >> shift) << shift;
    const bytes = (((last - pa) >> shift) + 1n) << shift;
    cookie.msiPages.unshift({ pa, iova: pa, bytes });
  }
  return done;
}
