import type { Task } from '../kernel/task';
import type { IommufdCtx } from './ctx';
import { Hwpt, type HwptPaging } from './hwpt';
import type { Viommu } from './viommu';

/**
 * A user's own page table, whose addresses another HWPT translates on.
 *
 * Linux: drivers/iommu/iommufd/iommufd_private.h struct iommufd_hwpt_nested
 */
export class HwptNested extends Hwpt {
  readonly kind = 'hwpt-nested';
  /** Never made by an attach. */
  readonly auto = false;
  readonly parent: HwptPaging;
  readonly viommu: Viommu | null;

  /** Made straight over a parent, or in a vIOMMU, whose parent it then has and which it keeps in its place. */
  constructor(ctx: IommufdCtx, id: number, over: HwptPaging | Viommu, pasidCompat: boolean) {
    super(ctx, id, pasidCompat);
    this.viommu = over.kind === 'viommu' ? over : null;
    this.parent = over.kind === 'viommu' ? over.hwpt : over;
    over.users++;
  }

  get filled(): HwptPaging {
    return this.parent;
  }

  /** Linux: iommufd_hwpt_nested_destroy() */
  override *destroy(): Task<void> {
    this.destroyDomain();
    const over = this.viommu ?? this.parent;
    over.users--;
  }
}
