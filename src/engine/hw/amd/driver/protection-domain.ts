import type { IommuDomain } from '../../../iommu/ops';
import type { PageTable } from '../../../pt/page-table';
import { ALL_PAGES, invIommuPages } from './commands';
import type { HostTable } from './dte';
import { flushDeviceIotlb } from './flush';
import type { ProbedDevice } from './globals';
import type { Ivhd } from './ivhd';
import type { AmdViommu } from './viommu';

/** `identity`: no table at all. Linux: enum protection_domain_mode, pdom_is_in_pt_mode() */
export type DomainMode = 'identity' | 'v1' | 'v2' | 'sva';

/** A PASID of a device that uses the domain. Linux: struct pdom_dev_data */
export interface DevicePasid {
  readonly device: ProbedDevice;
  readonly pasid: number;
}

/**
 * What the driver has of a domain, whatever its table: an id, the devices that use it, and the units that they are behind.
 *
 * Linux: drivers/iommu/amd/amd_iommu_types.h struct protection_domain
 */
export class ProtectionDomain {
  /** Newest first. Linux: dev_list */
  readonly devices: ProbedDevice[] = [];
  /** Linux: dev_data_list */
  readonly pasids: DevicePasid[] = [];
  /** VMs whose own tables lie over this one. Linux: viommu_list */
  readonly viommus: AmdViommu[] = [];
  dirtyTracking = false;
  /** Attachments by unit. Linux: iommu_array */
  private readonly units = new Map<Ivhd, number>();

  constructor(
    readonly domain: IommuDomain,
    readonly id: number,
    readonly mode: DomainMode,
    readonly table: PageTable | null,
  ) {}

  /** PASIDs of a device on it can have tables of their own: only host tables are in their way. Linux: pdom_is_sva_capable() */
  get takesPasids(): boolean {
    return this.mode === 'v2' || this.mode === 'identity';
  }

  /** Linux: pt_iommu_amdv1_hw_info() */
  get hostTable(): HostTable {
    const { table } = this;
    return { rootPa: (table?.rootPfn ?? 0) * 4096, mode: (table?.topLevel ?? -1) + 1 };
  }

  /** What tags its translations in the hardware's caches: for guest tables an id of each device's own. */
  get cacheIds(): readonly number[] {
    return this.mode === 'v2' ? this.devices.flatMap(({ gcr3 }) => gcr3?.domid ?? []) : [this.id];
  }

  isBehind(iommu: Ivhd): boolean {
    return this.units.has(iommu);
  }

  /** Linux: pdom_attach_iommu() */
  attachUnit(iommu: Ivhd): void {
    this.units.set(iommu, (this.units.get(iommu) ?? 0) + 1);
  }

  /** Linux: pdom_detach_iommu() */
  detachUnit(iommu: Ivhd): void {
    const left = (this.units.get(iommu) ?? 0) - 1;
    if (left > 0) this.units.set(iommu, left);
    else this.units.delete(iommu);
  }

  /** Linux: amd_iommu_domain_flush_all() */
  flushAll(): void {
    this.flushPages(0n, ALL_PAGES);
  }

  /**
   * Drops translations of a range everywhere, and waits.
   *
   * Linux: amd_iommu_domain_flush_pages()
   */
  flushPages(address: bigint, size: bigint): void {
    if (!this.behindVirtualUnit) {
      this.flushRange(address, size);
      this.flushComplete();
      return;
    }
    // A VM's unit: ranges that are larger than what was changed would cost its host more than many small ones.
    for (let at = address, left = size; left !== 0n;) {
      const fits = left.toString(2).length - 1;
      const lg2 = at === 0n ? fits : Math.min(trailingZeros(at), fits);
      const part = 1n << BigInt(lg2);
      this.flushRange(at, part);
      at += part;
      left -= part;
    }
    this.flushComplete();
  }

  /** Linux: domain_flush_complete() */
  flushComplete(): void {
    for (const iommu of this.unitsInOrder()) iommu.commands.completionWait();
  }

  /** Units that cache what is not present are emulated ones. Linux: amd_iommu_np_cache */
  get behindVirtualUnit(): boolean {
    return [...this.units.keys()].some(({ features }) => features.npCache);
  }

  /** Linux: __domain_flush_pages() */
  private flushRange(address: bigint, size: bigint): void {
    const v2 = this.mode === 'v2';
    if (v2) this.flushGuestTables(address, size);
    else this.flushHostTable(address, size);
    for (const device of this.devices) {
      if (device.atsEnabled) flushDeviceIotlb(device, address, size, v2 ? 0 : null);
    }
  }

  /** Linux: domain_flush_pages_v2() */
  private flushGuestTables(address: bigint, size: bigint): void {
    for (const { iommu, gcr3 } of this.devices) {
      iommu.commands.queue(invIommuPages(address, size, { domid: gcr3?.domid ?? 0, pasid: 0 }));
    }
  }

  /** Linux: domain_flush_pages_v1(), iommu_flush_pages_v1_hdom_ids() */
  private flushHostTable(address: bigint, size: bigint): void {
    for (const iommu of this.unitsInOrder())
      iommu.commands.queue(invIommuPages(address, size, { domid: this.id, pasid: null }));
    for (const viommu of this.viommus) {
      for (const domid of viommu.hostDomainIds())
        viommu.iommu.commands.queue(invIommuPages(address, size, { domid, pasid: null }));
    }
  }

  private unitsInOrder(): readonly Ivhd[] {
    return [...this.units.keys()].sort((a, b) => a.index - b.index);
  }
}

function trailingZeros(n: bigint): number {
  return (n & -n).toString(2).length - 1;
}
