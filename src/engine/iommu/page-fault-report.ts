import { done } from '../../lib/result';
import { err, type Failure, type Result } from '../kernel/errno';
import { holding, Mutex, type Task } from '../kernel/task';
import type { IommuCore } from './core';
import type { Device } from './device';
import { NO_PASID, type AttachHandle } from './group';
import type { IommuClient } from './ops';
import type { IopfGroup, PageFault, PageResponse } from './page-fault';
import { attachHandleGet } from './pasid';
import { warn } from './set-domain';

/**
 * Page requests on their way from a device to whoever handles its domain, and the answers on their way back.
 *
 * Linux: drivers/iommu/io-pgfault.c
 *
 * What a driver calls from within its own operations (adding a device to a queue, removing it) is one step here: its
 * locks nest within each other and nobody sleeps under them.
 */

/** Devices of one unit whose page requests are handled. Linux: struct iopf_queue */
export class IopfQueue {
  readonly lock = new Mutex('queue->lock');
  readonly members = new Set<FaultParam>();
  /** What its kernel thread will do next. Linux: iopf_queue::wq */
  readonly work: (() => Task<void>)[] = [];

  constructor(readonly name: string) {}
}

/** One device in a queue. Linux: struct iommu_fault_param */
export class FaultParam {
  readonly lock: Mutex;
  /** Requests of groups whose last is still to come, newest first. */
  partial: readonly PageFault[] = [];
  /** Groups that nobody has answered, newest first. Linux: iommu_fault_param::faults */
  pending: readonly ReportedGroup[] = [];
  /** The queue's reference, and one of each group that is not freed. */
  users = 1;

  constructor(
    readonly device: Device,
    readonly queue: IopfQueue,
  ) {
    this.lock = new Mutex('fault_param->lock', { of: device.worldId });
  }
}

/** Linux: struct iopf_group */
export class ReportedGroup implements IopfGroup {
  readonly device: IommuClient;
  cookie = 0;
  /** Whoever looks at it after this looks at memory that is somebody else's by now. */
  freed = false;

  constructor(
    readonly param: FaultParam,
    readonly faults: readonly PageFault[],
    readonly handle: AttachHandle,
  ) {
    this.device = param.device.client;
  }

  get last(): PageFault | undefined {
    return this.faults.at(-1);
  }
}

/**
 * A driver has taken a page request from its hardware. EINVAL: nobody handles it, and it is answered already.
 *
 * Linux: iommu_report_device_fault()
 */
export function* reportDeviceFault(
  core: IommuCore,
  device: Device,
  fault: PageFault,
): Task<Result<undefined>> {
  const handler = findFaultHandler(device, fault);
  if (!handler.ok) return refuse(device, fault, handler);
  const { faultParam: param } = device;
  if (!param) {
    warn(core, 'iommu_report_device_fault', `${device.name} has a domain for page faults but is in no queue`);
    return refuse(
      device,
      fault,
      err('EINVAL', `${device.name} is in no page fault queue`, { rule: 'iommu_report_device_fault' }),
    );
  }
  if (!fault.lastPage) return yield* parkPartial(core, param, fault);
  param.users++;
  const { group, aborted } = yield* allocGroup(core, param, fault, handler.value);
  const handled = aborted ? null : handler.value.domain.iopfHandler?.(group);
  if (handled?.ok === true) return done;
  core.devLog('warn', device, `iopf with pasid ${fault.pasid ?? NO_PASID} aborted`);
  yield* groupResponse(group, 'failure');
  freeGroup(group);
  return done;
}

/** Requests with a PASID go to whoever attached it; a user's own PASID table takes all. Linux: find_fault_handler() */
function findFaultHandler(device: Device, fault: PageFault): Result<AttachHandle> {
  const { group, ops } = device;
  const rule = 'find_fault_handler';
  if (!group) return err('EINVAL', `${device.name} is in no IOMMU group`, { rule });
  let found = attachHandleGet(group, fault.pasid ?? NO_PASID);
  if (!found.ok && fault.pasid !== null && ops?.userPasidTable === true)
    found = attachHandleGet(group, NO_PASID, 'nested');
  if (!found.ok) return { ...found, errno: 'EINVAL' };
  if (found.value.domain.iopfHandler) return found;
  const why = `${found.value.domain.label} of ${device.name} takes no page faults`;
  return err('EINVAL', why, { rule, culprit: device.worldId });
}

/** Linux: iommu_report_device_fault() err_bad_iopf, iopf_error_response() */
function refuse(device: Device, fault: PageFault, why: Failure): Failure {
  device.ops?.pageResponse?.(device.client, fault, 'invalid');
  return why;
}

/** A request that is not the last of its group needs no answer. Linux: report_partial_fault() */
function* parkPartial(core: IommuCore, param: FaultParam, fault: PageFault): Task<Result<undefined>> {
  const rule = 'report_partial_fault';
  if (core.fail.hit(rule)) return err('ENOMEM', 'no memory for a page request', { rule });
  yield* holding(param.lock, () => {
    param.partial = [fault, ...param.partial];
  });
  return done;
}

/** Without memory the group is made all the same: its answer has to be sent. Linux: iopf_group_alloc() */
function* allocGroup(
  core: IommuCore,
  param: FaultParam,
  last: PageFault,
  handle: AttachHandle,
): Task<{ readonly group: ReportedGroup; readonly aborted: boolean }> {
  const aborted = core.fail.hit('iopf_group_alloc');
  const group = yield* holding(param.lock, () => {
    const earlier = param.partial.filter(({ grpid }) => grpid === last.grpid);
    param.partial = param.partial.filter(({ grpid }) => grpid !== last.grpid);
    const made = new ReportedGroup(param, [...earlier.reverse(), last], handle);
    param.pending = [made, ...param.pending];
    return made;
  });
  return { group, aborted };
}

/** Answers a group through the driver; a second answer goes nowhere. Linux: iopf_group_response() */
export function* groupResponse(group: IopfGroup, code: PageResponse): Task<void> {
  if (!(group instanceof ReportedGroup)) return;
  yield* holding(group.param.lock, () => {
    respond(group, code);
  });
}

function respond(group: ReportedGroup, code: PageResponse): void {
  const { param, last } = group;
  if (!last || !param.pending.includes(group)) return;
  param.device.ops?.pageResponse?.(group.device, last, code);
  param.pending = param.pending.filter((each) => each !== group);
}

/** The handler is through with it. Linux: iopf_free_group() */
export function freeGroup(group: IopfGroup): void {
  if (!(group instanceof ReportedGroup) || group.freed) return;
  group.freed = true;
  group.param.users--;
}

/** From a driver's attach, under group->mutex. Linux: iopf_queue_add_device() */
export function iopfQueueAddDevice(core: IommuCore, queue: IopfQueue, device: Device): Result<undefined> {
  const rule = 'iopf_queue_add_device';
  if (!device.ops?.pageResponse) {
    const why = `the IOMMU driver of ${device.name} cannot answer page requests`;
    return err('ENODEV', why, { rule, culprit: device.worldId });
  }
  return atOnce(core, [queue.lock, device.paramLock], (): Result<undefined> => {
    if (device.faultParam)
      return err('EBUSY', `${device.name} is in a page fault queue already`, {
        rule,
        culprit: device.worldId,
      });
    if (core.fail.hit(rule)) return err('ENOMEM', 'no memory for the page fault queue', { rule });
    device.faultParam = new FaultParam(device, queue);
    queue.members.add(device.faultParam);
    return done;
  });
}

/**
 * Drops requests without their last, answers whole groups INVALID, and frees those even while a handler still has them.
 *
 * Linux: iopf_queue_remove_device()
 */
export function iopfQueueRemoveDevice(core: IommuCore, queue: IopfQueue, device: Device): void {
  atOnce(core, [queue.lock, device.paramLock], () => {
    const { faultParam: param } = device;
    if (param?.queue !== queue) {
      warn(core, 'iopf_queue_remove_device', `${device.name} is not in the queue ${queue.name}`);
      return;
    }
    atOnce(core, [param.lock], () => {
      param.partial = [];
      for (const group of param.pending) {
        respond(group, 'invalid');
        freeGroup(group);
      }
    });
    queue.members.delete(param);
    device.faultParam = null;
    param.users--;
  });
}

/** Linux: iopf_queue_discard_partial() */
export function iopfQueueDiscardPartial(core: IommuCore, queue: IopfQueue): void {
  atOnce(core, [queue.lock], () => {
    for (const param of queue.members) atOnce(core, [param.lock], () => (param.partial = []));
  });
}

/** Linux: iopf_queue_free() */
export function iopfQueueFree(core: IommuCore, queue: IopfQueue): void {
  for (const { device } of queue.members) iopfQueueRemoveDevice(core, queue, device);
}

/** The queue's thread works off what the handlers have left to it. Linux: iopf_queue_flush_dev(), flush_workqueue() */
export function* iopfQueueFlush(queue: IopfQueue): Task<void> {
  for (let next = queue.work.shift(); next; next = queue.work.shift()) yield* next();
}

/** A critical section that is one step of the model, shown in the trace like any other. */
function atOnce<T>(core: IommuCore, locks: readonly Mutex[], body: () => T): T {
  for (const { name } of locks) core.trace.emit({ kind: 'lock', op: 'acquire', lock: name });
  const result = body();
  for (const { name } of locks.toReversed()) core.trace.emit({ kind: 'lock', op: 'release', lock: name });
  return result;
}
