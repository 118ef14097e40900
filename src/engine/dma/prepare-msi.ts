import type { IommuCore } from '../iommu/core';
import type { Device } from '../iommu/device';
import { iommuMap } from '../iommu/map';
import type { IommuDomain } from '../iommu/ops';
import { err, ok, type Result } from '../kernel/errno';
import { locked, type Task } from '../kernel/task';
import { cookieOf, DmaMsiCookie, type MsiPages } from './cookie';
import { allocIova, freeIova } from './map';

/**
 * Interrupts that go through the IOMMU like any other write: before a device is told where to write its MSIs, that page
 * is entered in the domain that its group is on.
 *
 * Linux: drivers/iommu/iommu.c, drivers/iommu/dma-iommu.c
 */

/** CPU pages. */
const PAGE_LG2 = 12;

/**
 * The address that the device is to write its MSIs to, when they are meant for `msiPa`.
 *
 * Linux: iommu_dma_prepare_msi(), include/linux/msi.h msi_msg_set_addr()
 *
 * Interrupt controllers whose doorbells are translated (Arm's, RISC-V's) call this; x86 takes MSIs out before that.
 */
export function* prepareMsi(core: IommuCore, device: Device, msiPa: bigint): Task<Result<bigint>> {
  const { group } = device;
  if (!group) return ok(msiPa);
  return yield* locked(group.mutex, function* (): Task<Result<bigint>> {
    const { domain } = group;
    if (!domain || domain.type === 'identity') return ok(msiPa);
    const { cookie } = domain;
    switch (cookie?.kind) {
      case 'dma-iova':
      case 'dma-msi':
        return dmaSwMsi(core, device, domain, msiPa);
      case 'iommufd': {
        const page = cookie.swMsi ? yield* cookie.swMsi(group, msiPa) : ok(null);
        return page.ok ? ok(page.value === null ? msiPa : within(page.value, msiPa, PAGE_LG2)) : page;
      }
      default:
        return err('EOPNOTSUPP', `nobody maps interrupt pages in ${domain.label}`, {
          rule: 'iommu_dma_prepare_msi',
          culprit: group.worldId,
        });
    }
  });
}

/** A doorbell keeps its place in the page. */
const within = (pageIova: bigint, msiPa: bigint, lg2: number): bigint =>
  pageIova | (msiPa & ((1n << BigInt(lg2)) - 1n));

/** Linux: iommu_dma_sw_msi() */
function dmaSwMsi(core: IommuCore, device: Device, domain: IommuDomain, msiPa: bigint): Result<bigint> {
  const dma = cookieOf(domain);
  const granuleLg2 = dma ? (dma.iovas?.granuleLg2 ?? PAGE_LG2) : PAGE_LG2;
  const pagePa = (msiPa >> BigInt(granuleLg2)) << BigInt(granuleLg2);
  const pages = pagesOf(domain);
  const known = pages?.find(({ pa, bytes }) => pagePa >= pa && pagePa < pa + bytes);
  if (known) return ok(within(known.iova + (pagePa - known.pa), msiPa, granuleLg2));
  const entered = enter(core, device, domain, pagePa, 2 ** granuleLg2);
  if (entered === null)
    return err('ENOMEM', `the interrupt page 0x${pagePa.toString(16)} cannot be entered in ${domain.label}`, {
      rule: 'iommu_dma_get_msi_page',
      culprit: device.worldId,
    });
  pages?.unshift({ pa: pagePa, iova: entered, bytes: 1n << BigInt(granuleLg2) });
  return ok(within(entered, msiPa, granuleLg2));
}

/** Linux: cookie_msi_pages() */
function pagesOf(domain: IommuDomain): MsiPages[] | null {
  const { cookie } = domain;
  if (cookie?.kind === 'dma-msi') return cookie.data instanceof DmaMsiCookie ? cookie.data.msiPages : null;
  return cookieOf(domain)?.msiPages ?? null;
}

/** Null: no memory, no address, or the page table has no room; callers hear ENOMEM for all. Linux: iommu_dma_get_msi_page() */
function enter(
  core: IommuCore,
  device: Device,
  domain: IommuDomain,
  pa: bigint,
  bytes: number,
): bigint | null {
  if (core.fail.hit('iommu_dma_get_msi_page')) return null;
  const place = placeFor(core, device, domain, bytes);
  // Address 0 counts as none, also where a window begins there.
  if (!place || place.iova === 0n) return null;
  const prot = { read: false, write: true, mmio: true };
  if (iommuMap(core, domain, place.iova, Number(pa), bytes, prot).ok) return place.iova;
  place.giveBack();
  return null;
}

/** Linux: iommu_dma_alloc_iova(), iommu_dma_free_iova() */
function placeFor(
  core: IommuCore,
  device: Device,
  domain: IommuDomain,
  bytes: number,
): { readonly iova: bigint; readonly giveBack: () => void } | null {
  const { cookie } = domain;
  if (cookie?.kind === 'dma-msi') {
    const { data } = cookie;
    if (!(data instanceof DmaMsiCookie)) return null;
    const iova = data.msiIova;
    data.msiIova += BigInt(bytes);
    return { iova, giveBack: () => (data.msiIova = iova) };
  }
  const dma = cookieOf(domain);
  if (!dma?.iovas) return null;
  const target = { domain, cookie: dma, iovas: dma.iovas };
  const iova = allocIova(core, device, target, bytes);
  return iova === null
    ? null
    : {
        iova,
        giveBack: () => {
          freeIova(target, iova, bytes);
        },
      };
}
