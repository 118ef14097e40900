import { done } from '../../lib/result';
import { hex } from '../../lib/u64';
import type { DirtyOps, IommuDomain } from '../iommu/ops';
import type { UserBytes } from '../kernel/caller';
import { err, type Failure, type Result } from '../kernel/errno';
import { sharing, type Task } from '../kernel/task';
import { contiguous } from './iopt-areas';
import type { IoPagetable } from './iopt';
import { IovaBitmap, type BitmapRequest } from './iova-bitmap';
import { addChecked } from './page';

/**
 * What devices wrote: as domains tell it, for the areas of an I/O page table.
 *
 *   readAndClearDirty(iopt, domain, noClear, { iova, length, pageSize, data }, bytes): Task<Result<undefined>>
 *   setDirtyTracking(iopt, domain, enable): Task<Result<undefined>>
 *
 * Linux: drivers/iommu/iommufd/io_pagetable.c
 */

/**
 * Sets the bits of dirty pages, and makes the pages clean unless `noClear`. Whatever goes wrong in the walk itself (a
 * hole, a bitmap that cannot be written) ends it and is not told.
 *
 * Linux: iopt_read_and_clear_dirty_data(), iommu_read_and_clear_dirty()
 */
export function* readAndClearDirty(
  iopt: IoPagetable,
  domain: IommuDomain,
  noClear: boolean,
  request: BitmapRequest,
  bytes: UserBytes,
): Task<Result<undefined>> {
  const refused = checkRange(iopt, request);
  if (refused) return refused;
  return yield* sharing(iopt.iovaRwsem, (): Result<undefined> => {
    const ops = domain.paging?.dirty;
    if (!ops) return noDirty(domain, 'iommu_read_and_clear_dirty');
    const rule = 'iova_bitmap_alloc';
    // The bitmap itself, and a page for the list of its pages.
    if (iopt.env.fail.hit(rule) || iopt.env.fail.hit(rule)) {
      return err('ENOMEM', 'there is no memory to reach the bitmap', { rule });
    }
    const bitmap = new IovaBitmap(bytes, request);
    readAreas(iopt, ops, noClear, request, bitmap);
    bitmap.flush();
    return done;
  });
}

/** Linux: __iommu_read_and_clear_dirty() */
function readAreas(
  iopt: IoPagetable,
  ops: DirtyOps,
  noClear: boolean,
  { iova, length }: BitmapRequest,
  bitmap: IovaBitmap,
): void {
  const last = BigInt.asUintN(64, iova + length - 1n);
  for (const part of contiguous(iopt, iova, last).parts) {
    const read = ops.readAndClear(part.start, part.last - part.start + 1n, noClear, (at, count) => {
      bitmap.set(at, count);
    });
    if (!read.ok) return;
  }
}

/** Linux: iommufd_check_iova_range() */
function checkRange(iopt: IoPagetable, { iova, length, pageSize }: BitmapRequest): Failure | null {
  const rule = 'iommufd_check_iova_range';
  const last = addChecked(iova, BigInt.asUintN(64, length - 1n));
  if (last === null) {
    const why = `iova ${hex(iova)} plus length ${hex(length)} passes the end of the address space`;
    return err('EOVERFLOW', why, { rule });
  }
  const ends = iova | BigInt.asUintN(64, last + 1n);
  if ((ends & (iopt.alignment - 1n)) !== 0n) {
    return err('EINVAL', `the stretch is not aligned to ${hex(iopt.alignment)}`, { rule });
  }
  if (pageSize === 0n) return err('EINVAL', 'the page size is zero', { rule });
  if ((ends & (pageSize - 1n)) !== 0n) {
    return err('EINVAL', `the stretch is not aligned to its page size ${hex(pageSize)}`, { rule });
  }
  return null;
}

/** From a clean start when it is switched on. Linux: iopt_set_dirty_tracking(), iopt_clear_dirty_data() */
export function* setDirtyTracking(
  iopt: IoPagetable,
  domain: IommuDomain,
  enable: boolean,
): Task<Result<undefined>> {
  const ops = domain.paging?.dirty;
  if (!ops) return noDirty(domain, 'iopt_set_dirty_tracking');
  return yield* sharing(iopt.iovaRwsem, (): Result<undefined> => {
    const cleared = enable ? clearDirty(iopt, ops) : done;
    return cleared.ok ? ops.setTracking(enable) : cleared;
  });
}

function clearDirty(iopt: IoPagetable, ops: DirtyOps): Result<undefined> {
  for (const area of iopt.areas) {
    if (!area.pages) continue;
    const cleared = ops.readAndClear(area.start, area.length, false, () => undefined);
    if (!cleared.ok) return cleared;
  }
  return done;
}

const noDirty = (domain: IommuDomain, rule: string): Failure =>
  err('EOPNOTSUPP', `${domain.label} cannot track dirty pages`, { rule });
