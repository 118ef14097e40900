import { createAccess, type Access } from '../iommufd/access';
import { pinPages, unpinPages } from '../iommufd/access-pages';
import type { IommufdCtx } from '../iommufd/ctx';
import type { Result } from '../kernel/errno';
import type { Task } from '../kernel/task';

/** What a driver has pinned. */
interface Pin {
  readonly iova: bigint;
  readonly length: bigint;
}

/**
 * A driver that reaches the memory of an IOAS with the CPU, as one does that plays several devices on one. It keeps
 * what it pins until it is told to let go, or until the mapping is taken from under it: then it does as it must.
 *
 * Linux: drivers/vfio/iommufd.c vfio_emulated_unmap(), struct vfio_device_ops::dma_unmap
 */
export class Mediated {
  readonly pins: Pin[] = [];

  private constructor(readonly access: Access) {}

  static create(ctx: IommufdCtx, needsPinPages: boolean): Result<Mediated> {
    let driver: Mediated | null = null;
    const made = createAccess(ctx, {
      needsPinPages,
      *unmap(iova, length) {
        yield* driver?.letGo(iova, iova + length - 1n) ?? nothing();
      },
    });
    if (!made.ok) return made;
    driver = new Mediated(made.value);
    return { ok: true, value: driver };
  }

  *pin(iova: bigint, length: bigint, write: boolean): Task<Result<readonly number[]>> {
    const pinned = yield* pinPages(this.access, iova, length, write);
    if (pinned.ok) this.pins.push({ iova, length });
    return pinned;
  }

  /** False: nothing is pinned by exactly these words. */
  *unpin(iova: bigint, length: bigint): Task<boolean> {
    const at = this.pins.findIndex((pin) => pin.iova === iova && pin.length === length);
    if (at < 0) return false;
    this.pins.splice(at, 1);
    yield* unpinPages(this.access, iova, length);
    return true;
  }

  *letGo(start: bigint, last: bigint): Task<void> {
    const met = this.pins.filter((pin) => pin.iova <= last && pin.iova + pin.length - 1n >= start);
    for (const { iova, length } of met) yield* this.unpin(iova, length);
  }
}

function* nothing(): Task<void> {
  return;
}
