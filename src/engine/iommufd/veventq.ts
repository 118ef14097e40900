import type { Caller } from '../kernel/caller';
import { err, ok, type Result } from '../kernel/errno';
import type { FileTable } from '../kernel/file';
import { assertHeld, locked, type Task } from '../kernel/task';
import { IOMMU_VEVENTQ_FLAG_LOST_EVENTS, iommufd_vevent_header } from '../uapi/iommufd';
import { encode } from '../uapi/struct';
import type { IommufdCtx } from './ctx';
import { Eventq, EventqFile } from './eventq';
import type { Holders } from './object';
import { UserCopy } from './user-copy';
import { VeventList, type Vevent } from './vevents';
import type { Viommu } from './viommu';

/**
 * Events of one type of a vIOMMU, on their way to its VM.
 *
 * Linux: drivers/iommu/iommufd/eventq.c struct iommufd_veventq
 */
export class Veventq extends Eventq {
  readonly kind = 'veventq';
  readonly worldId: string;
  readonly title: string;
  readonly events: VeventList;

  /** Runs under veventqs_rwsem. */
  constructor(
    ctx: IommufdCtx,
    id: number,
    readonly viommu: Viommu,
    readonly type: number,
    readonly depth: number,
  ) {
    super(ctx, id);
    this.worldId = `veventq:${ctx.number}.${id}`;
    this.title = `event queue ${id}`;
    this.events = new VeventList(depth);
    viommu.users++;
    viommu.veventqs.push(this);
  }

  get ready(): boolean {
    return this.events.size > 0;
  }

  open(files: FileTable): Result<number> {
    return this.openFile(files, () => new VeventqFile(this));
  }

  /** Linux: iommufd_veventq_destroy() */
  override destroy(): Task<void> {
    return locked(this.viommu.veventqsRwsem, () => this.abort());
  }

  /** Linux: iommufd_veventq_abort() */
  override *abort(): Task<void> {
    const { viommu } = this;
    yield* assertHeld(viommu.veventqsRwsem);
    viommu.users--;
    viommu.veventqs.splice(viommu.veventqs.indexOf(this), 1);
  }

  override holders(): Holders {
    return { why: this.file ? 'its descriptor is open' : 'another call works with it' };
  }
}

const HEADER_BYTES = iommufd_vevent_header.bytes;

/** Linux: iommufd_veventq_fops */
class VeventqFile extends EventqFile<Veventq> {
  /** Never waits, and takes no lock that sleeps. Linux: iommufd_veventq_fops_read() */
  *read(caller: Caller, userVa: bigint, count: number, offset: bigint | null): Task<Result<number>> {
    if (offset !== null) return err('ESPIPE', 'an offset is given', { rule: 'iommufd_veventq_fops_read' });
    const { events, ctx } = this.queue;
    const { fail } = ctx.core;
    const user = new UserCopy(caller.bytes, fail);
    let read = 0;
    for (let event = events.fetch(fail); event; event = events.fetch(fail)) {
      const bytes = HEADER_BYTES + (event.data?.length ?? 0);
      if (bytes > count - read) {
        events.restore(event);
        break;
      }
      const copied = copyOut(user, userVa + BigInt(read), event);
      read += copied.bytes;
      if (!copied.result.ok) {
        events.restore(event);
        return read > 0 ? ok(read) : copied.result;
      }
      events.finish(event);
    }
    return ok(read);
  }
}

/** A header whose data could not follow counts as read all the same, though the event stays. */
function copyOut(
  user: UserCopy,
  userVa: bigint,
  { data, sequence }: Vevent,
): { readonly bytes: number; readonly result: Result<undefined> } {
  const flags = data === null ? IOMMU_VEVENTQ_FLAG_LOST_EVENTS : 0;
  const header = user.write(userVa, encode(iommufd_vevent_header, { flags, sequence }));
  if (!header.ok || data === null) return { bytes: header.ok ? HEADER_BYTES : 0, result: header };
  const body = user.write(userVa + BigInt(HEADER_BYTES), data);
  return { bytes: body.ok ? HEADER_BYTES + data.length : HEADER_BYTES, result: body };
}
