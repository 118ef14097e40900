import { done } from '../../lib/result';
import { err, type Result } from '../kernel/errno';
import type { Task } from '../kernel/task';
import type { UserMemory } from '../memory/user-memory';
import type { IopfGroup, PageFault, PageResponse } from './page-fault';
import { freeGroup, groupResponse, ReportedGroup } from './page-fault-report';

/**
 * Page requests for a process's memory: answered as the process's own faults would be.
 *
 * Linux: drivers/iommu/iommu-sva.c
 */

/** Linux: include/uapi/linux/iommufd.h IOMMU_PGFAULT_PERM_* */
const PERM_WRITE = 2;
const PERM_EXEC = 4;

/** The queue's thread does the work (iopfQueueFlush). Linux: iommu_sva_iopf_handler() */
export function svaIopfHandler(group: IopfGroup): Result<undefined> {
  if (!(group instanceof ReportedGroup)) return err('EINVAL', 'nobody reported these page requests');
  group.param.queue.work.push(() => handleIopf(group));
  return done;
}

/** After a first error the rest of the group is not looked at. Linux: iommu_sva_handle_iopf() */
function* handleIopf(group: ReportedGroup): Task<void> {
  const { cookie } = group.handle.domain;
  const fits =
    cookie?.kind === 'sva' && group.faults.every((fault) => handleMm(cookie.mm, fault) === 'success');
  yield* groupResponse(group, fits ? 'success' : 'invalid');
  freeGroup(group);
}

/**
 * Whether the process may do at that address what the device wants to; its pages are there then.
 *
 * Linux: iommu_sva_handle_mm()
 *
 * No memory of a process is executable here.
 */
function handleMm(mm: UserMemory, fault: PageFault): PageResponse {
  if (fault.pasid === null || !mm.alive || (fault.perm & PERM_EXEC) !== 0) return 'invalid';
  const page = fault.addr & ~0xfffn;
  const there = mm.pin(page, 1, (fault.perm & PERM_WRITE) !== 0);
  if (!there.ok) return 'invalid';
  mm.unpin(there.value);
  return 'success';
}
