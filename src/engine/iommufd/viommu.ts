import { done } from '../../lib/result';
import type { IommuClient, IommuOps } from '../iommu/ops';
import type { ViommuHandle, ViommuOps } from '../iommu/viommu-ops';
import { err, type Result } from '../kernel/errno';
import { Mutex, type Task } from '../kernel/task';
import type { IommufdCtx } from './ctx';
import type { HwptPaging } from './hwpt';
import { IommufdObject, type Holders } from './object';
import type { Vdevice } from './vdevice';
import type { Veventq } from './veventq';

/**
 * A slice of an IOMMU that a VM has: devices under the VM's own numbers, page tables and caches of the VM's own.
 *
 * Linux: include/linux/iommufd.h struct iommufd_viommu, drivers/iommu/iommufd/viommu.c, driver.c
 */
export class Viommu extends IommufdObject implements ViommuHandle {
  readonly kind = 'viommu';
  readonly worldId: string;
  readonly title: string;
  /** Its driver's half; null until the driver has made it. */
  ops: ViommuOps | null = null;
  /** By the VM's number. */
  readonly vdevs = new Map<bigint, Vdevice>();
  /** One a type. */
  readonly veventqs: Veventq[] = [];
  readonly veventqsRwsem: Mutex;

  constructor(
    ctx: IommufdCtx,
    id: number,
    readonly type: number,
    /** What every address of the VM is translated by in the end. */
    readonly hwpt: HwptPaging,
    /** The instance that it is a slice of. Linux: viommu->iommu_dev */
    readonly unit: IommuOps,
  ) {
    super(ctx, id);
    this.worldId = `viommu:${ctx.number}.${id}`;
    this.title = `vIOMMU ${id}`;
    this.veventqsRwsem = new Mutex('viommu->veventqs_rwsem', { of: this.worldId });
    hwpt.users++;
  }

  /** Linux: iommufd_viommu_destroy() */
  override *destroy(): Task<void> {
    this.ops?.destroy?.();
    this.hwpt.users--;
  }

  findDevice(virtId: bigint): IommuClient | null {
    return this.vdevs.get(virtId)?.device ?? null;
  }

  virtIdOf(device: IommuClient): bigint | null {
    for (const vdev of this.vdevs.values()) if (vdev.device === device) return vdev.virtId;
    return null;
  }

  reportEvent(type: number, data: Uint8Array): Result<undefined> {
    const rule = 'iommufd_viommu_report_event';
    if (data.length === 0) return err('EINVAL', 'an event without data', { rule });
    const queue = this.veventqs.find((each) => each.type === type);
    if (!queue)
      return err('EOPNOTSUPP', `${this.title} has no queue for events of type ${type}`, {
        rule,
        culprit: this.worldId,
      });
    if (queue.events.isFull) {
      queue.events.lose();
    } else if (this.ctx.core.fail.hit(rule)) {
      queue.events.lose();
      return err('ENOMEM', 'no memory for an event', { rule });
    } else {
      queue.events.push(data.slice());
    }
    return done;
  }

  allocMmap(bytes: Uint8Array): Result<bigint> {
    return this.ctx.mmaps.alloc(this, bytes);
  }

  destroyMmap(offset: bigint): void {
    this.ctx.mmaps.destroy(this, offset);
  }

  override holders(): Holders {
    const child = this.ctx.objects.list().find((each) => 'viommu' in each && each.viommu === this);
    if (child) return { why: `${child.title} is part of it`, culprit: child.worldId };
    return { why: 'its memory is mapped, or another call works with it' };
  }
}
