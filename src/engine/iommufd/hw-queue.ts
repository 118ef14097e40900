import { hex, U64_MAX } from '../../lib/u64';
import { done } from '../../lib/result';
import type { HwQueueHandle } from '../iommu/viommu-ops';
import { err, ok, type Result } from '../kernel/errno';
import type { Task } from '../kernel/task';
import {
  attachInternalAccess,
  createInternalAccess,
  destroyAccess,
  detachAccess,
  type Access,
} from './access';
import { pinPages, unpinPages } from './access-pages';
import type { IommufdCtx } from './ctx';
import { IommufdObject, type Holders } from './object';
import { PAGE_BYTES, PAGE_SIZE } from './page';
import type { Viommu } from './viommu';

/** What the user asks for. */
export interface HwQueueRequest {
  readonly type: number;
  readonly index: number;
  readonly baseIova: bigint;
  readonly length: bigint;
}

/**
 * A queue that hardware reads straight from a VM's memory, by physical addresses: the memory must be in one piece, and
 * an access keeps it from being unmapped.
 *
 * Linux: include/linux/iommufd.h struct iommufd_hw_queue, drivers/iommu/iommufd/viommu.c
 */
export class HwQueue extends IommufdObject implements HwQueueHandle {
  readonly kind = 'hw-queue';
  readonly worldId: string;
  readonly title: string;
  readonly type: number;
  readonly index: number;
  readonly baseIova: bigint;
  readonly length: bigint;
  /** Its driver has made its half. */
  initialised = false;
  /** Null until the memory is pinned: only then does it keep anything. */
  private access: Access | null = null;

  constructor(
    ctx: IommufdCtx,
    id: number,
    readonly viommu: Viommu,
    request: HwQueueRequest,
  ) {
    super(ctx, id);
    this.worldId = `hwqueue:${ctx.number}.${id}`;
    this.title = `hardware queue ${id}`;
    ({ type: this.type, index: this.index, baseIova: this.baseIova, length: this.length } = request);
  }

  /** The pages that it touches. */
  private get pages(): { readonly iova: bigint; readonly length: bigint } {
    const offset = this.baseIova % PAGE_SIZE;
    const count = (offset + this.length + PAGE_SIZE - 1n) / PAGE_SIZE;
    return { iova: this.baseIova - offset, length: count * PAGE_SIZE };
  }

  /** Pins its memory; the physical address of its first byte. Linux: iommufd_hw_queue_alloc_phys() */
  *pin(): Task<Result<number>> {
    const rule = 'iommufd_hw_queue_alloc_phys';
    const { iova, length } = this.pages;
    if (length > U64_MAX) return err('ERANGE', `${hex(this.length)} bytes pass the end of memory`, { rule });
    // An array of page pointers: of more than INT_MAX bytes the kernel does not even try.
    if ((length / PAGE_SIZE) * 8n > 0x7fff_ffffn || this.ctx.core.fail.hit(rule))
      return err('ENOMEM', `no memory for the addresses of ${hex(length)} bytes of pages`, { rule });
    const access = createInternalAccess(this.ctx);
    if (!access.ok) return access;
    const pinned = yield* this.pinThrough(access.value, iova, length);
    if (!pinned.ok) {
      yield* destroyAccess(access.value);
      return pinned;
    }
    this.access = access.value;
    this.viommu.users++;
    return ok(pinned.value * PAGE_BYTES + Number(this.baseIova - iova));
  }

  /** The first frame. */
  private *pinThrough(access: Access, iova: bigint, length: bigint): Task<Result<number>> {
    const attached = yield* attachInternalAccess(access, this.viommu.hwpt.ioas);
    if (!attached.ok) return attached;
    const pinned = yield* pinPages(access, iova, length, false);
    if (!pinned.ok) {
      yield* detachAccess(access);
      return pinned;
    }
    const [first = 0] = pinned.value;
    if (pinned.value.every((pfn, index) => pfn === first + index)) return ok(first);
    yield* unpinPages(access, iova, length);
    yield* detachAccess(access);
    const why = `the memory at ${hex(iova)} is not in one physical piece, and the hardware knows only one`;
    return err('EFAULT', why, { rule: 'iommufd_hw_queue_alloc_phys' });
  }

  /** Linux: iommufd_hw_queue_destroy() */
  override *destroy(): Task<void> {
    const { viommu, access } = this;
    if (this.initialised) viommu.ops?.hwQueueDestroy?.(this);
    if (!access) return;
    const { iova, length } = this.pages;
    yield* unpinPages(access, iova, length);
    yield* detachAccess(access);
    yield* destroyAccess(access);
    viommu.users--;
  }

  /** Linux: iommufd_hw_queue_depend() */
  dependOn(other: HwQueueHandle): Result<undefined> {
    const rule = '_iommufd_object_depend';
    if (!(other instanceof HwQueue) || other === this || other.viommu !== this.viommu)
      return err('EINVAL', `${this.title} can only depend on another queue of its vIOMMU`, { rule });
    other.users++;
    return done;
  }

  /** Linux: iommufd_hw_queue_undepend() */
  undepend(other: HwQueueHandle): void {
    if (other instanceof HwQueue && other !== this) other.users--;
  }

  override holders(): Holders {
    return { why: 'another queue depends on it', culprit: this.viommu.worldId };
  }
}
