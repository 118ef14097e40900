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
  // Others may come and go while one is asked: the list is looked at anew each time.
  for (let number = nextAfter(iopt, -1); number !== null; number = nextAfter(iopt, number)) {
    const access = iopt.accesses.get(number);
    if (!access || access.internal || !access.lock()) continue;
    if (access.ops?.unmap) yield* access.ops.unmap(iova, length);
    access.ctx.objects.put(access);
  }
}

/** The next number of the list, or null. */
function nextAfter(iopt: IoPagetable, number: number): number | null {
  let next: number | null = null;
  for (const each of iopt.accesses.keys()) if (each > number && (next === null || each < next)) next = each;
  return next;
}
