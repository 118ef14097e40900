import { NO_PASID, type IommuGroup } from '../iommu/group';
import { iommuMap } from '../iommu/map';
import { attachHandleGet } from '../iommu/pasid';
import { done } from '../../lib/result';
import { ok, type Result } from '../kernel/errno';
import { holding, type Task } from '../kernel/task';
import type { Hwpt, HwptPaging } from './hwpt';
import { IommufdAttachHandle, type Igroup } from './igroup';
import { PAGE_BYTES, PAGE_SIZE } from './page';
import type { SwMsiPage } from './sw-msi-pages';

/**
 * MSIs that go through the IOMMU like any other write: the page that they are written to is mapped in the window that
 * the driver reserved for it.
 *
 * Linux: drivers/iommu/iommufd/driver.c, device.c
 */

/** Runs under sw_msi_lock. Linux: iommufd_sw_msi_install() */
function install(hwpt: HwptPaging, page: SwMsiPage): Result<undefined> {
  const { domain } = hwpt;
  if (hwpt.presentSwMsi.has(page.id) || !domain) return done;
  const prot = { read: true, write: true, mmio: true };
  const mapped = iommuMap(hwpt.ctx.core, domain, iovaOf(page), Number(page.msiPa), PAGE_BYTES, prot);
  if (mapped.ok) hwpt.presentSwMsi.add(page.id);
  return mapped;
}

const iovaOf = ({ windowStart, index }: SwMsiPage): bigint => windowStart + BigInt(index) * PAGE_SIZE;

/** What the group's devices write their MSIs to must be in a HWPT before they move there. Linux: iommufd_group_setup_msi() */
export function* setupGroupMsi(igroup: Igroup, hwpt: HwptPaging): Task<Result<undefined>> {
  const { swMsiStart, requiredSwMsi } = igroup;
  if (swMsiStart === null) return done;
  const { swMsi } = igroup.ctx;
  return yield* holding(swMsi.lock, (): Result<undefined> => {
    for (const page of swMsi.pages) {
      if (page.windowStart !== swMsiStart || !requiredSwMsi.has(page.id)) continue;
      const installed = install(hwpt, page);
      if (!installed.ok) return installed;
    }
    return done;
  });
}

/**
 * A device of the group is given an interrupt whose message is written to `msiPa`: under which IOVA it is to write.
 * Null: as it stands. Runs under group->mutex, which keeps the attachment from changing.
 *
 * Linux: iommufd_sw_msi()
 */
export function* swMsi(hwpt: Hwpt, group: IommuGroup, msiPa: bigint): Task<Result<bigint | null>> {
  const found = attachHandleGet(group, NO_PASID);
  if (!found.ok || !(found.value instanceof IommufdAttachHandle)) return ok(null);
  const { ctx, igroup } = found.value.idev;
  const { swMsiStart } = igroup;
  if (swMsiStart === null) return ok(null);
  return yield* holding(ctx.swMsi.lock, (): Result<bigint | null> => {
    const page = ctx.swMsi.find(msiPa - (msiPa % PAGE_SIZE), swMsiStart);
    if (!page.ok) return page;
    const installed = install(hwpt.filled, page.value);
    if (!installed.ok) return installed;
    igroup.requiredSwMsi.add(page.value.id);
    return ok(iovaOf(page.value));
  });
}
