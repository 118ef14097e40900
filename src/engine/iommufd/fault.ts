import { done } from '../../lib/result';
import { freeGroup, groupResponse } from '../iommu/page-fault-report';
import type { IopfGroup } from '../iommu/page-fault';
import type { AttachHandle } from '../iommu/group';
import type { Caller } from '../kernel/caller';
import { err, ok, type Result } from '../kernel/errno';
import { POLLOUT, type FileTable } from '../kernel/file';
import { locked, Mutex, type Task } from '../kernel/task';
import {
  IOMMU_PGFAULT_FLAGS_LAST_PAGE,
  IOMMU_PGFAULT_FLAGS_PASID_VALID,
  IOMMUFD_PAGE_RESP_INVALID,
  iommu_hwpt_page_response,
  iommu_hwpt_pgfault,
} from '../uapi/iommufd';
import { decode, encode } from '../uapi/struct';
import type { IommufdCtx } from './ctx';
import { Eventq, EventqFile } from './eventq';
import { FaultCookies } from './fault-cookies';
import { IommufdAttachHandle } from './igroup';
import { invariant } from '../../lib/invariant';
import type { Holders } from './object';
import { UserCopy } from './user-copy';

/**
 * Page faults of devices whose HWPTs name this queue, told to the user who answers them.
 *
 * Linux: drivers/iommu/iommufd/eventq.c struct iommufd_fault
 */
export class FaultQueue extends Eventq {
  readonly kind = 'fault';
  readonly worldId: string;
  readonly title: string;
  /** Serialises reads and answers. */
  readonly mutex: Mutex;
  /** Not yet read. */
  deliver: IopfGroup[] = [];
  /** Read, and not yet answered. */
  readonly response = new FaultCookies();

  constructor(ctx: IommufdCtx, id: number) {
    super(ctx, id);
    this.worldId = `fault:${ctx.number}.${id}`;
    this.title = `fault queue ${id}`;
    this.mutex = new Mutex('fault->mutex', { of: this.worldId });
  }

  get ready(): boolean {
    return this.deliver.length > 0;
  }

  open(files: FileTable): Result<number> {
    return this.openFile(files, () => new FaultFile(this));
  }

  /** What a domain's faults are given to. Linux: iommufd_fault_iopf_handler() */
  readonly handle = (group: IopfGroup): Result<undefined> => {
    this.deliver.push(group);
    return done;
  };

  /** An attachment ends: nobody will answer its faults any more. Linux: iommufd_auto_response_faults() */
  *answerAll(handle: AttachHandle): Task<void> {
    yield* locked(this.mutex, () => this.refuse((group) => group.handle === handle));
  }

  /** Linux: iommufd_fault_destroy() */
  override *destroy(): Task<void> {
    yield* this.refuse(() => true);
  }

  private *refuse(which: (group: IopfGroup) => boolean): Task<void> {
    const unread = this.deliver.filter(which);
    this.deliver = this.deliver.filter((group) => !unread.includes(group));
    const unanswered = this.response.list.filter(which);
    for (const group of unanswered) this.response.take(group.cookie);
    for (const group of [...unread, ...unanswered]) {
      yield* groupResponse(group, 'invalid');
      freeGroup(group);
    }
  }

  override holders(): Holders {
    const hwpt = this.ctx.objects
      .list()
      .find((each) => (each.kind === 'hwpt-paging' || each.kind === 'hwpt-nested') && each.fault === this);
    if (hwpt) return { why: `faults of ${hwpt.title} are told to it`, culprit: hwpt.worldId };
    return { why: this.file ? 'its descriptor is open' : 'another call works with it' };
  }
}

const FAULT_BYTES = iommu_hwpt_pgfault.bytes;
const RESPONSE_BYTES = iommu_hwpt_page_response.bytes;

const notSeekable = (rule: string) =>
  err('ESPIPE', 'an offset is given, or the length is not one of whole records', { rule });

/** Linux: iommufd_fault_fops */
class FaultFile extends EventqFile<FaultQueue> {
  override poll(): number {
    return super.poll() | POLLOUT;
  }

  /** Never waits; whole groups only, and none at all when the first does not fit. Linux: iommufd_fault_fops_read() */
  *read(caller: Caller, userVa: bigint, count: number, offset: bigint | null): Task<Result<number>> {
    if (offset !== null || count % FAULT_BYTES !== 0) return notSeekable('iommufd_fault_fops_read');
    const { queue } = this;
    const user = new UserCopy(caller.bytes, queue.ctx.core.fail);
    return yield* locked(queue.mutex, function* (): Task<Result<number>> {
      let read = 0;
      for (let group = queue.deliver[0]; group; group = queue.deliver[0]) {
        const bytes = group.faults.length * FAULT_BYTES;
        if (bytes > count - read) break;
        const delivered = deliver(queue, group, user, userVa + BigInt(read));
        if (!delivered.ok) return read > 0 ? ok(read) : delivered;
        read += bytes;
      }
      return ok(read);
    });
  }

  /** As many answers as are right; the first wrong one ends it. Linux: iommufd_fault_fops_write() */
  *write(caller: Caller, userVa: bigint, count: number, offset: bigint | null): Task<Result<number>> {
    if (offset !== null || count % RESPONSE_BYTES !== 0) return notSeekable('iommufd_fault_fops_write');
    const { queue } = this;
    const user = new UserCopy(caller.bytes, queue.ctx.core.fail);
    return yield* locked(queue.mutex, function* (): Task<Result<number>> {
      let written = 0;
      while (written < count) {
        const answered = yield* answer(queue, user, userVa + BigInt(written));
        if (!answered.ok) return written > 0 ? ok(written) : answered;
        written += RESPONSE_BYTES;
      }
      return ok(written);
    });
  }
}

/**
 * One group moves from the deliver list to those that wait for an answer, unless the user's buffer is not there: then
 * everything is as before. (The kernel tries that same group again, for ever, holding fault->mutex.)
 */
function deliver(queue: FaultQueue, group: IopfGroup, user: UserCopy, userVa: bigint): Result<undefined> {
  const rule = 'iommufd_fault_fops_read';
  if (queue.ctx.core.fail.hit(rule)) return err('ENOMEM', 'no memory for a cookie', { rule });
  const { handle } = group;
  invariant(
    handle instanceof IommufdAttachHandle,
    'a fault came through an attachment that is not iommufd’s',
  );
  queue.response.add(group);
  let at = userVa;
  for (const fault of group.faults) {
    const message = encode(iommu_hwpt_pgfault, {
      flags:
        (fault.pasid === null ? 0 : IOMMU_PGFAULT_FLAGS_PASID_VALID) |
        (fault.lastPage ? IOMMU_PGFAULT_FLAGS_LAST_PAGE : 0),
      dev_id: handle.idev.id,
      pasid: fault.pasid ?? 0,
      grpid: fault.grpid,
      perm: fault.perm,
      addr: fault.addr,
      length: 0,
      cookie: group.cookie,
    });
    const copied = user.write(at, message);
    if (!copied.ok) {
      queue.response.take(group.cookie);
      return copied;
    }
    at += BigInt(FAULT_BYTES);
  }
  queue.deliver.shift();
  return done;
}

function* answer(queue: FaultQueue, user: UserCopy, userVa: bigint): Task<Result<undefined>> {
  const rule = 'iommufd_fault_fops_write';
  const read = user.read(userVa, RESPONSE_BYTES);
  if (!read.ok) return read;
  const { cookie, code } = decode(iommu_hwpt_page_response, read.value);
  if (code > IOMMUFD_PAGE_RESP_INVALID) return err('EINVAL', `there is no response code ${code}`, { rule });
  const group = queue.response.take(cookie);
  if (!group) {
    return err('EINVAL', `no fault of ${queue.title} waits for an answer under the cookie ${cookie}`, {
      rule,
      culprit: queue.worldId,
    });
  }
  yield* groupResponse(group, code === IOMMUFD_PAGE_RESP_INVALID ? 'invalid' : 'success');
  freeGroup(group);
  return done;
}
