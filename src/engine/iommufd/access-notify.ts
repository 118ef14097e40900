import type { Task } from '../kernel/task';
import type { IoPagetable } from './iopt';

/**
 * Asks every access to let go of what it has pinned between `iova` and `iova + length - 1`. None of the I/O page table's
 * locks is held.
 *
 * Linux: drivers/iommu/iommufd/device.c iommufd_access_notify_unmap()
 *
 * The kernel (7.1) takes a reference of an internal access and never gives it back; here it is passed over first.
 */
export function* notifyUnmap(iopt: IoPagetable, iova: bigint, length: bigint): Task<void> {
  for (const number of [...iopt.accesses.keys()].sort((a, b) => a - b)) {
    const access = iopt.accesses.get(number);
    if (!access || access.internal || access.users === 0) continue;
    access.users++;
    access.waitCnt++;
    if (access.ops?.unmap) yield* access.ops.unmap(iova, length);
    access.ctx.objects.put(access);
  }
}
