import type { GroupPolicy } from '../../iommu/group-policy';
import type { Errno } from '../../kernel/errno';

/** What a generic IOMMU can do: each a question that the core or iommufd asks a driver. */
export interface GenericOptions {
  /** World id, e.g. `iommu:smmu0`. */
  readonly unit: string;
  /** Units of one driver take each other's domains. */
  readonly driver: string;
  readonly pageSizesLg2: readonly number[];
  readonly apertureStart: bigint;
  readonly apertureLast: bigint;
  /** DMA is coherent with CPU caches. Linux: IOMMU_CAP_CACHE_COHERENCY */
  readonly coherent: boolean;
  /** No-snoop accesses can be made coherent all the same. Linux: IOMMU_CAP_ENFORCE_CACHE_COHERENCY */
  readonly snoopControl: boolean;
  readonly dirtyTracking: boolean;
  /** Interrupt messages of its devices are checked. */
  readonly isolatedMsi: boolean;
  /** Has a domain that blocks everything; without one, an empty page table does. */
  readonly staticBlocked: boolean;
  /** Domains are complete only once attached. */
  readonly finalisesAtAttach: boolean;
  readonly maxPasids: number;
  /** How its driver makes groups. */
  readonly groups: GroupPolicy;
}

export const GENERIC_DEFAULTS: Omit<GenericOptions, 'unit' | 'driver'> = {
  pageSizesLg2: [12, 21, 30],
  apertureStart: 0n,
  apertureLast: 2n ** 48n - 1n,
  coherent: true,
  snoopControl: true,
  dirtyTracking: true,
  isolatedMsi: true,
  staticBlocked: true,
  finalisesAtAttach: false,
  maxPasids: 0,
  groups: 'pci',
};

/** Something that the driver is told to refuse. */
export interface Refusal {
  readonly what: 'attach' | 'map' | 'alloc';
  readonly errno: Errno;
  /** The n-th such call from now on, once; null: every one, of `device`. */
  readonly nth: number | null;
  /** PCI name; null: any. */
  readonly device: string | null;
}
