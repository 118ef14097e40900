import { err, ok, type Result } from '../kernel/errno';
import { Mutex } from '../kernel/task';
import type { IommufdCtx } from './ctx';

/** A page that MSIs are written to, and where in the window for such pages it is seen. Linux: struct iommufd_sw_msi_map */
export interface SwMsiPage {
  readonly id: number;
  readonly windowStart: bigint;
  readonly msiPa: bigint;
  readonly index: number;
}

/** Bits in a set of ids. Linux: struct iommufd_sw_msi_maps */
const MAX_PAGES = 64;

/**
 * MSI pages of a context: whoever has the same window sees the same page at the same IOVA, in every domain.
 *
 * Linux: drivers/iommu/iommufd/driver.c iommufd_sw_msi_get_map()
 */
export class SwMsiPages {
  readonly lock: Mutex;
  readonly pages: SwMsiPage[] = [];

  constructor(private readonly ctx: IommufdCtx) {
    this.lock = new Mutex('ictx->sw_msi_lock', { of: ctx.worldId });
  }

  /** Runs under `lock`. */
  find(msiPa: bigint, windowStart: bigint): Result<SwMsiPage> {
    const rule = 'iommufd_sw_msi_get_map';
    const ofWindow = this.pages.filter((page) => page.windowStart === windowStart);
    const known = ofWindow.find((page) => page.msiPa === msiPa);
    if (known) return ok(known);
    if (this.pages.length >= MAX_PAGES)
      return err('EOVERFLOW', `${this.ctx.title} has ${MAX_PAGES} MSI pages already`, { rule });
    if (this.ctx.core.fail.hit(rule)) return err('ENOMEM', 'no memory for one more MSI page', { rule });
    const page = { id: this.pages.length, windowStart, msiPa, index: ofWindow.length };
    this.pages.push(page);
    return ok(page);
  }
}
