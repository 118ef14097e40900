import { iopfQueueFlush, reportDeviceFault } from '../iommu/page-fault-report';
import type { Task } from '../kernel/task';
import type { Machine } from './machine';
import type { Unit } from './unit';

/**
 * What the thread of an IOMMU's page-request interrupt does: each request goes to the core, and its handlers run.
 *
 * Linux: intel/prq.c prq_event_thread(), amd/ppr.c amd_iommu_poll_ppr_log(), arm_smmu_evtq_thread()
 */
export function* handlePageRequests(machine: Machine, { pageRequests, generic }: Unit): Task<void> {
  const { queue, reported } = pageRequests;
  for (let next = reported.shift(); next !== undefined; next = reported.shift()) {
    const device = machine.core.devices.get(next.device);
    if (device === undefined) continue;
    yield* reportDeviceFault(machine.core, device, {
      pasid: next.pasid < 0 ? null : next.pasid,
      grpid: next.group,
      perm: next.perm,
      addr: next.iova,
      lastPage: next.last,
    });
  }
  if (generic === undefined || queue.work.length > 0) yield* iopfQueueFlush(queue);
}
