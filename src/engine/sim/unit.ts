import type { GenericUnit } from '../hw/generic/unit';
import type { HardwareUnit } from '../hw/unit';
import type { IopfQueue } from '../iommu/page-fault-report';
import type { UnitVendor } from './vendor';

/** What only a unit of no vendor has. */
export interface GenericParts {
  readonly unit: GenericUnit;
}

/** One hardware IOMMU of the machine, with its driver. */
export interface Unit {
  /** World id, e.g. `iommu:dmar0`. */
  readonly id: string;
  readonly vendor: UnitVendor | 'generic';
  /** e.g. `DMAR 0` */
  readonly title: string;
  readonly hw: HardwareUnit;
  /** What a scenario chose of it, in words. */
  readonly traits: readonly string[];
  /** Its devices that may ask for pages, and what they asked for. */
  readonly pageRequests: PageRequests;
  /** Absent: a unit of some vendor. */
  readonly generic?: GenericParts;
}

/** Linux: struct iopf_queue, and the faults that an interrupt handler has taken from its hardware. */
export interface PageRequests {
  readonly queue: IopfQueue;
  /** Reported by the driver, and not yet by the core: what its interrupt thread does next. */
  readonly reported: ReportedRequest[];
}

export interface ReportedRequest {
  /** PCI name. */
  readonly device: string;
  readonly pasid: number;
  readonly group: number;
  readonly iova: bigint;
  /** IOMMU_PGFAULT_PERM_* bits. */
  readonly perm: number;
  readonly last: boolean;
}
