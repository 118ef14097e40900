import type { IommuClient } from '../iommu/ops';
import type { VdeviceHandle } from '../iommu/viommu-ops';
import { assertHeld, locked, type Task } from '../kernel/task';
import type { IommufdCtx } from './ctx';
import type { IommufdDevice } from './device';
import { IommufdObject, type Holders } from './object';
import type { Viommu } from './viommu';

/**
 * A device as a VM numbers it. It keeps the binding of the device in hand for all its life; when the driver unbinds the
 * device, it goes first, and leaves its id as a tombstone, since its user has not destroyed it.
 *
 * Linux: include/linux/iommufd.h struct iommufd_vdevice, drivers/iommu/iommufd/viommu.c
 */
export class Vdevice extends IommufdObject implements VdeviceHandle {
  readonly kind = 'vdevice';
  readonly worldId: string;
  readonly title: string;
  /** Its driver has made its half. */
  initialised = false;

  /** Runs under igroup->lock. */
  constructor(
    ctx: IommufdCtx,
    id: number,
    readonly viommu: Viommu,
    readonly idev: IommufdDevice,
    readonly virtId: bigint,
  ) {
    super(ctx, id);
    this.worldId = `vdevice:${ctx.number}.${id}`;
    this.title = `vDEVICE ${id}`;
    viommu.users++;
    idev.vdev = this;
  }

  get device(): IommuClient {
    return this.idev.device.client;
  }

  /** Linux: iommufd_vdevice_destroy() */
  override *destroy(): Task<void> {
    const { idev } = this;
    yield* locked(idev.igroup.lock, () => this.abort());
    this.ctx.objects.put(idev);
  }

  /** Linux: iommufd_vdevice_abort() */
  override *abort(): Task<void> {
    const { viommu, idev, virtId } = this;
    yield* assertHeld(idev.igroup.lock);
    if (this.initialised) viommu.ops?.vdeviceDestroy?.(this);
    if (viommu.vdevs.get(virtId) === this) viommu.vdevs.delete(virtId);
    viommu.users--;
    idev.vdev = null;
  }

  override holders(): Holders {
    return { why: 'another call works with it' };
  }
}
