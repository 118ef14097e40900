import type { IommuCore } from '../iommu/core';
import type { IommuGroup } from '../iommu/group';
import type { IommuDomain } from '../iommu/ops';
import { Mutex } from '../kernel/task';
import type { FrameRun, UserMemory } from '../memory/user-memory';
import type { VfioContainer } from './container';
import type { IovaList } from './iova-list';
import type { Vfio } from './vfio';

/** A domain and the groups that use it. Linux: struct vfio_domain */
export interface Type1Domain {
  readonly domain: IommuDomain;
  readonly groups: IommuGroup[];
  readonly enforceCacheCoherency: boolean;
}

/** What one VFIO_IOMMU_MAP_DMA mapped. Linux: struct vfio_dma */
export interface Type1Dma {
  readonly iova: bigint;
  readonly size: bigint;
  readonly vaddr: bigint;
  readonly prot: { readonly read: boolean; readonly write: boolean };
  readonly mm: UserMemory;
  /** Whoever has CAP_IPC_LOCK has no limit. */
  readonly lockCap: boolean;
  readonly memlockPages: () => bigint;
  /** Its pinned pages in order, or none while there is no domain to map them in. Linux: iommu_mapped */
  runs: readonly FrameRun[] | null;
}

/** Linux: module parameter dma_entry_limit */
const DMA_ENTRY_LIMIT = 65_535;

/**
 * VFIO's own IOMMU backend: one address space over as many domains as its groups need.
 *
 * Linux: drivers/vfio/vfio_iommu_type1.c struct vfio_iommu
 */
export class Type1 {
  readonly lock: Mutex;
  /** The newest first. */
  readonly domains: Type1Domain[] = [];
  /** By IOVA. */
  dmas: readonly Type1Dma[] = [];
  iovas: IovaList = [];
  readonly core: IommuCore;

  constructor(
    readonly vfio: Vfio,
    readonly container: VfioContainer,
    /** A mapping goes as a whole or not at all; the first version has other ideas. */
    readonly v2: boolean,
  ) {
    this.core = vfio.core;
    this.lock = new Mutex('iommu->lock', { of: container.worldId });
  }

  get dmaAvailable(): number {
    return DMA_ENTRY_LIMIT - this.dmas.length;
  }

  /** What all domains can do; parts of a CPU page do not show. Linux: vfio_update_pgsize_bitmap() */
  get pgsizeBitmap(): bigint {
    let sizes = this.domains.length === 0 ? ALL - PAGE_MASK : ALL;
    for (const { domain } of this.domains) {
      const lg2s = domain.paging?.pageSizesLg2 ?? [];
      sizes &= lg2s.reduce((bits, lg2) => bits | (1n << BigInt(lg2)), 0n);
    }
    return (sizes & PAGE_MASK) === 0n ? sizes : (sizes & ~PAGE_MASK) | PAGE;
  }

  /** Linux: 1 << __ffs(iommu->pgsize_bitmap) */
  get smallestPage(): bigint {
    const sizes = this.pgsizeBitmap;
    return sizes & -sizes;
  }

  /** A mapping that meets a stretch. Linux: vfio_find_dma() */
  findDma(start: bigint, last: bigint): Type1Dma | undefined {
    return this.dmas.find((dma) => dma.iova <= last && lastOf(dma) >= start);
  }
}

const PAGE = 4096n;
const PAGE_MASK = PAGE - 1n;
const ALL = 2n ** 64n - 1n;

export const lastOf = (dma: Type1Dma): bigint => dma.iova + dma.size - 1n;
