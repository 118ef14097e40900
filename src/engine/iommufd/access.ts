/**
 * Accesses: how a driver reaches the memory of an IOAS with the CPU (a mediated device, a queue that hardware reads).
 *
 *   createAccess(ctx, ops): Result<Access>                     iommufd_access_create()
 *   attachAccess(access, ioasId): Task<Result<undefined>>      iommufd_access_attach()
 *   replaceAccess(access, ioasId): Task<Result<undefined>>     iommufd_access_replace()
 *   detachAccess(access): Task<void>                           iommufd_access_detach(), …_detach_internal()
 *   destroyAccess(access): Task<void>                          iommufd_access_destroy(), …_destroy_internal()
 *   createInternalAccess(ctx): Result<Access>                  iommufd_access_create_internal()
 *   attachInternalAccess(access, ioas): Task<Result<undefined>>
 *   pinPages(access, iova, length, write): Task<Result<readonly number[]>>   frame numbers       access-pages.ts
 *   unpinPages(access, iova, length): Task<void>                                                 access-pages.ts
 *   rwAccess(access, caller, iova, data, flags): Task<Result<undefined>>                         access-rw.ts
 */
import { invariant } from '../../lib/invariant';
import { done } from '../../lib/result';
import { U64_MAX } from '../../lib/u64';
import { err, ok, type Result } from '../kernel/errno';
import { locked, Mutex, type Task } from '../kernel/task';
import type { IommufdCtx } from './ctx';
import type { Ioas } from './ioas';
import { addAccess, removeAccess } from './iopt-access';
import { IommufdObject } from './object';
import { PAGE_SIZE } from './page';

/** What a driver promises. Linux: include/linux/iommufd.h struct iommufd_access_ops */
export interface AccessOps {
  /** It pins whole pages, so everything in the IOAS must be aligned to them. */
  readonly needsPinPages: boolean;
  /**
   * Let go of what is pinned between `iova` and `iova + length - 1`, before returning. Runs with no lock of the I/O page
   * table held, nor the access's own.
   */
  unmap?(iova: bigint, length: bigint): Task<void>;
}

/** Linux: drivers/iommu/iommufd/iommufd_private.h struct iommufd_access */
export class Access extends IommufdObject {
  readonly kind = 'access';
  readonly worldId: string;
  readonly title: string;
  readonly ioasLock: Mutex;
  /** What new pins go to; null while detached or on the way out. */
  ioas: Ioas | null = null;
  /** What pins can be undone in: differs from `ioas` only while the access is asked to let go. */
  ioasUnpin: Ioas | null = null;
  readonly iovaAlignment: bigint;
  /** Its number in the list of its I/O page table. Linux: iopt_access_list_id */
  listNumber = 0;

  constructor(
    ctx: IommufdCtx,
    id: number,
    /** Null: the kernel's own, for a hardware queue. It locks what it pins. */
    readonly ops: AccessOps | null,
  ) {
    super(ctx, id);
    this.worldId = `access:${ctx.number}.${id}`;
    this.title = `access ${id}`;
    this.ioasLock = new Mutex('access->ioas_lock', { of: this.worldId });
    this.iovaAlignment = !ops || ops.needsPinPages ? PAGE_SIZE : 1n;
    // The driver that made it.
    this.users++;
  }

  get internal(): boolean {
    return this.ops === null;
  }

  /** Linux: iommufd_access_destroy_object() */
  override *destroy(): Task<void> {
    yield* locked(this.ioasLock, () => this.leave());
    if (!this.internal) yield* this.ctx.put();
  }

  private *leave(): Task<void> {
    if (!this.ioas) return;
    const left = yield* changeIoas(this, null);
    invariant(left.ok, `${this.title} cannot be detached`);
  }

  override holders(): { readonly why: string; readonly culprit?: string } {
    return { why: 'the driver that made it has it' };
  }
}

function newAccess(ctx: IommufdCtx, ops: AccessOps | null): Result<Access> {
  const id = ctx.objects.reserve();
  if (!id.ok) return id;
  const access = new Access(ctx, id.value, ops);
  if (ops) ctx.get();
  ctx.objects.finalize(access);
  return ok(access);
}

/** Linux: drivers/iommu/iommufd/device.c iommufd_access_create() */
export const createAccess = (ctx: IommufdCtx, ops: AccessOps): Result<Access> => newAccess(ctx, ops);

/** For a hardware queue: nobody is asked to let go of it, UNMAP is refused instead. Linux: iommufd_access_create_internal() */
export const createInternalAccess = (ctx: IommufdCtx): Result<Access> => newAccess(ctx, null);

/** The driver gives it back; what it pinned is unpinned by now. Linux: iommufd_access_destroy() */
export const destroyAccess = (access: Access): Task<void> => access.ctx.objects.destroyByDriver(access);

/** Linux: iommufd_access_attach() */
export const attachAccess = (access: Access, ioasId: number): Task<Result<undefined>> =>
  locked(access.ioasLock, () => {
    invariant(!access.ioas, `${access.title} is attached already`);
    return changeIoasId(access, ioasId);
  });

/** Linux: iommufd_access_attach_internal() */
export const attachInternalAccess = (access: Access, ioas: Ioas): Task<Result<undefined>> =>
  locked(access.ioasLock, () => {
    invariant(!access.ioas, `${access.title} is attached already`);
    return changeIoas(access, ioas);
  });

/** Linux: iommufd_access_replace() */
export const replaceAccess = (access: Access, ioasId: number): Task<Result<undefined>> =>
  locked(access.ioasLock, function* (): Task<Result<undefined>> {
    if (access.ioas) return yield* changeIoasId(access, ioasId);
    return err('ENOENT', `${access.title} is attached to nothing`, {
      rule: 'iommufd_access_replace',
      culprit: access.worldId,
    });
  });

/** Linux: iommufd_access_detach() */
export const detachAccess = (access: Access): Task<void> =>
  locked(access.ioasLock, function* () {
    invariant(access.ioas, `${access.title} is attached to nothing`);
    const left = yield* changeIoas(access, null);
    invariant(left.ok, `${access.title} cannot be detached`);
  });

/** Linux: iommufd_access_change_ioas_id() */
function* changeIoasId(access: Access, ioasId: number): Task<Result<undefined>> {
  const { objects } = access.ctx;
  const ioas = objects.get(ioasId, 'ioas');
  if (!ioas.ok) return ioas;
  const changed = yield* changeIoas(access, ioas.value);
  objects.put(ioas.value);
  return changed;
}

/**
 * The new one is entered before the old one is left; while the driver is asked to let go of everything in the old one,
 * ioas_lock is free.
 *
 * Linux: iommufd_access_change_ioas()
 */
function* changeIoas(access: Access, next: Ioas | null): Task<Result<undefined>> {
  const current = access.ioas;
  const number = access.listNumber;
  if (current !== access.ioasUnpin) {
    return err('EBUSY', `${access.title} is being moved already`, {
      rule: 'iommufd_access_change_ioas',
      culprit: access.worldId,
    });
  }
  if (current === next) return done;
  access.ioas = null;
  if (next) {
    const added = yield* addAccess(next.iopt, access);
    if (!added.ok) {
      access.ioas = current;
      return added;
    }
    access.listNumber = added.value;
    next.users++;
  }
  if (current) {
    if (access.ops?.unmap) {
      yield { op: 'release', lock: access.ioasLock };
      yield* access.ops.unmap(0n, U64_MAX);
      yield { op: 'acquire', lock: access.ioasLock };
    }
    yield* removeAccess(current.iopt, access, number);
    current.users--;
  }
  access.ioas = next;
  access.ioasUnpin = next;
  return done;
}
