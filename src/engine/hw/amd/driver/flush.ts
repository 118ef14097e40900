import { done } from '../../../../lib/result';
import type { Result } from '../../../kernel/errno';
import { ALL_PAGES, EVERYTHING, invIommuPages, invIotlbPages } from './commands';
import type { ProbedDevice } from './globals';

/** Invalidations that concern one device. Linux: drivers/iommu/amd/iommu.c */

/** Requests that a device with a TLB takes at once: what its capability says where it says nothing. Linux: PCI_ATS_MAX_QDEP */
const QUEUE_DEPTH = 32;

/** Linux: device_flush_iotlb() */
export const flushDeviceIotlb = (
  device: ProbedDevice,
  address: bigint,
  size: bigint,
  pasid: number | null,
): Result<undefined> =>
  device.iommu.commands.queue(invIotlbPages(device.rid, QUEUE_DEPTH, address, size, pasid));

/** The entries of the device and of its aliases, and the device's own TLB. Nobody waits. Linux: device_flush_dte() */
export function flushDeviceEntry(device: ProbedDevice): Result<undefined> {
  const { iommu, rid } = device;
  for (const alias of device.aliases) {
    const flushed = iommu.flushDte(alias);
    if (!flushed.ok) return flushed;
  }
  const alias = iommu.aliasOf(rid);
  if (alias !== rid) {
    const flushed = iommu.flushDte(alias);
    if (!flushed.ok) return flushed;
  }
  return device.atsEnabled ? flushDeviceIotlb(device, 0n, EVERYTHING, null) : done;
}

/** Linux: amd_iommu_dev_flush_pasid_pages() */
export function flushPasidPages(device: ProbedDevice, pasid: number, address: bigint, size: bigint): void {
  const { iommu, gcr3 } = device;
  iommu.commands.queue(invIommuPages(address, size, { domid: gcr3?.domid ?? 0, pasid }));
  if (device.atsEnabled) flushDeviceIotlb(device, address, size, pasid);
  iommu.commands.completionWait();
}

/** Linux: dev_flush_pasid_all() */
export const flushPasid = (device: ProbedDevice, pasid: number): void =>
  flushPasidPages(device, pasid, 0n, ALL_PAGES);
