import { done } from '../../lib/result';
import { deferredAttach } from '../iommu/attach';
import type { IommuCore } from '../iommu/core';
import type { Device } from '../iommu/device';
import { iommuMap, iommuUnmap, mayUnmap } from '../iommu/map';
import type { IommuDomain, Prot, QueuedUnmap } from '../iommu/ops';
import { warn } from '../iommu/set-domain';
import { err, ok, type Result } from '../kernel/errno';
import type { Task } from '../kernel/task';
import { cookieOf, type DmaCookie } from './cookie';
import type { IovaDomain } from './iova-domain';

/**
 * What a native driver calls: memory in, an address for its device out. A group's default domain decides whether that is
 * an IOVA or the physical address itself; who owns the group is not asked, for then no native driver is there to call.
 *
 * Linux: kernel/dma/mapping.c, drivers/iommu/dma-iommu.c
 *
 * Not modelled: bounce buffers (swiotlb), caches that DMA does not snoop, scatterlists.
 */

/** As the device sees it. Linux: enum dma_data_direction */
export type DmaDirection = 'bidirectional' | 'to-device' | 'from-device';

/** Linux: dma_info_to_prot() */
const PROT: Readonly<Record<DmaDirection, Prot>> = {
  bidirectional: { read: true, write: true },
  'to-device': { read: true, write: false },
  'from-device': { read: false, write: true },
};

export interface DmaMapOrder {
  /** Physical address of the first byte. */
  readonly pa: number;
  readonly bytes: number;
  readonly direction: DmaDirection;
}

/** A device that the DMA API serves through page tables. */
export interface DmaTarget {
  readonly domain: IommuDomain;
  readonly cookie: DmaCookie;
  readonly iovas: IovaDomain;
}

/** Null: addresses are physical. Linux: use_dma_iommu(), iommu_get_dma_domain() */
export function dmaTarget(device: Device): DmaTarget | null {
  const domain = device.group?.defaultDomain ?? null;
  const cookie = cookieOf(domain);
  return device.dmaIommu && domain && cookie?.iovas ? { domain, cookie, iovas: cookie.iovas } : null;
}

/**
 * The kernel tells its callers no errno, only DMA_MAPPING_ERROR, which dma_mapping_error() makes ENOMEM.
 *
 * Linux: dma_map_phys(), iommu_dma_map_phys(), __iommu_dma_map()
 */
export function* dmaMap(core: IommuCore, device: Device, order: DmaMapOrder): Task<Result<bigint>> {
  const target = dmaTarget(device);
  if (!target) return mapDirect(core, device, order);
  const { domain, iovas } = target;
  const attached = yield* deferredAttach(core, device, domain);
  if (!attached.ok) return mappingError(`${device.name} could not be attached: ${attached.why}`);
  const offset = order.pa % 2 ** iovas.granuleLg2;
  if (device.traits.untrusted === true && (offset | (order.bytes % 2 ** iovas.granuleLg2)) !== 0) {
    const text = `${device.name} is not trusted: the kernel would copy this buffer to a page of its own; here it sees the whole page`;
    core.trace.emit({ kind: 'unimplemented', unit: device.ops?.unit ?? device.worldId, text });
  }
  const bytes = alignUp(order.bytes + offset, iovas.granuleLg2);
  const iova = allocIova(core, device, target, bytes);
  if (iova === null) return mappingError(`no IOVA is left below ${device.name}’s DMA limit`);
  const mapped = iommuMap(core, domain, iova, order.pa - offset, bytes, PROT[order.direction]);
  if (mapped.ok) return ok(iova + BigInt(offset));
  freeIova(target, iova, bytes);
  return mappingError(mapped.why);
}

/** Linux: dma_unmap_phys(), iommu_dma_unmap_phys() */
export function dmaUnmap(core: IommuCore, device: Device, address: bigint, bytes: number): void {
  const target = dmaTarget(device);
  if (!target) return;
  if (target.domain.paging?.iovaToPhys(address) == null) {
    warn(core, 'iommu_dma_unmap_phys', `nothing is mapped at 0x${address.toString(16)} for ${device.name}`);
    return;
  }
  unmapRange(core, target, address, bytes);
}

/** With a flush queue the IOTLB is told later, and the range stays taken until then. Linux: __iommu_dma_unmap() */
export function unmapRange(core: IommuCore, target: DmaTarget, address: bigint, bytes: number): void {
  const { domain, cookie, iovas } = target;
  const offset = address & ((1n << BigInt(iovas.granuleLg2)) - 1n);
  const iova = address - offset;
  const length = alignUp(bytes + Number(offset), iovas.granuleLg2);
  const gone = cookie.queue
    ? unmapQueued(core, domain, iova, length)
    : { bytes: iommuUnmap(core, domain, iova, length), release: NOTHING };
  if (gone.bytes !== length) {
    const figures = `0x${gone.bytes.toString(16)} of 0x${length.toString(16)} bytes`;
    warn(core, '__iommu_dma_unmap', `${figures} unmapped at 0x${iova.toString(16)}`);
  }
  const pfn = Number(iova >> BigInt(iovas.granuleLg2));
  const pages = length / 2 ** iovas.granuleLg2;
  if (cookie.queue) cookie.queue.add(pfn, pages, gone.release);
  else iovas.freeFast(pfn, pages);
}

const NOTHING = (): void => undefined;

/** Linux: iommu_unmap_fast() */
function unmapQueued(core: IommuCore, domain: IommuDomain, iova: bigint, bytes: number): QueuedUnmap {
  const { paging } = domain;
  if (!paging?.unmapQueued) return { bytes: iommuUnmap(core, domain, iova, bytes), release: NOTHING };
  if (!mayUnmap(core, domain, paging, iova, bytes)) return { bytes: 0, release: NOTHING };
  return paging.unmapQueued(iova, bytes);
}

/**
 * PCI devices get 32-bit addresses while there are any, whatever their mask says.
 *
 * Linux: iommu_dma_alloc_iova()
 */
export function allocIova(
  core: IommuCore,
  device: Device,
  { domain, iovas }: DmaTarget,
  bytes: number,
): bigint | null {
  const shift = BigInt(iovas.granuleLg2);
  const pages = bytes / 2 ** iovas.granuleLg2;
  const aperture = domain.paging?.apertureLast ?? device.dmaMask;
  const limit = device.dmaMask < aperture ? device.dmaMask : aperture;
  const below = (last: bigint, flush: boolean): number =>
    iovas.allocFast(pages, Number(last >> shift), flush);
  if (limit > MASK_32 && device.pci32bitWorkaround) {
    const low = below(MASK_32, false);
    if (low > 0) return BigInt(low) << shift;
    device.pci32bitWorkaround = false;
    core.devLog('info', device, `Using ${limit.toString(2).length}-bit DMA addresses`);
  }
  const pfn = below(limit, true);
  return pfn === 0 ? null : BigInt(pfn) << shift;
}

const MASK_32 = 0xffff_ffffn;

/** It was never used. Linux: iommu_dma_free_iova() */
export function freeIova({ iovas }: DmaTarget, iova: bigint, bytes: number): void {
  iovas.freeFast(Number(iova >> BigInt(iovas.granuleLg2)), bytes / 2 ** iovas.granuleLg2);
}

/** Linux: dma_direct_map_phys() */
function mapDirect(core: IommuCore, device: Device, { pa, bytes }: DmaMapOrder): Result<bigint> {
  if (BigInt(pa + bytes - 1) <= device.dmaMask) return ok(BigInt(pa));
  const mask = device.dmaMask.toString(16);
  core.devLog(
    'warn',
    device,
    `DMA addr 0x${pa.toString(16).padStart(16, '0')}+${bytes} overflow (mask ${mask}, bus limit 0).`,
  );
  return mappingError(`${device.name} does not reach 0x${pa.toString(16)}: its DMA mask is 0x${mask}`);
}

/** Linux: dma_set_mask_and_coherent(); any mask that reaches memory will do where an IOMMU translates */
export function setDmaMask(device: Device, mask: bigint): Result<undefined> {
  const rule = 'dma_set_mask';
  // The smallest zone of x86 is 24 bits wide. Linux: dma_direct_supported()
  if (!dmaTarget(device) && mask < 0xff_ffffn)
    return err('EIO', 'no memory is below that mask', { rule, culprit: device.worldId });
  device.dmaMask = mask;
  return done;
}

const mappingError = (why: string): Result<never> => err('ENOMEM', why, { rule: 'dma_mapping_error' });

export const alignUp = (bytes: number, lg2: number): number => Math.ceil(bytes / 2 ** lg2) * 2 ** lg2;
