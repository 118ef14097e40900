import type { Device } from '../iommu/device';
import { NO_PASID } from '../iommu/group';
import { claimDeviceDmaOwner, releaseDeviceDmaOwner } from '../iommu/ownership';
import { err, ok, type Failure, type Result } from '../kernel/errno';
import { holding, type Task } from '../kernel/task';
import type { IommufdCtx } from './ctx';
import type { HwptPaging } from './hwpt';
import { Igroup } from './igroup';
import { IommufdObject } from './object';

/**
 * A device under the control of a context: bound, so its whole group's DMA is blocked until something is attached.
 * Made and given back by a driver (VFIO), never by the user.
 *
 * Linux: drivers/iommu/iommufd/device.c struct iommufd_device
 */
export class IommufdDevice extends IommufdObject {
  readonly kind = 'device';
  readonly worldId: string;
  readonly title: string;
  /** Domains made for it must snoop CPU caches. */
  readonly enforceCacheCoherency: boolean;

  constructor(
    ctx: IommufdCtx,
    id: number,
    readonly device: Device,
    readonly igroup: Igroup,
  ) {
    super(ctx, id);
    this.worldId = `idev:${ctx.number}.${id}`;
    this.title = `device ${id} (${device.name})`;
    this.enforceCacheCoherency = device.ops?.capable(device.client, 'ENFORCE_CACHE_COHERENCY') ?? false;
    ctx.get();
    // The driver that bound it.
    this.users++;
  }

  /** What it is attached to itself; its DMA may be served by a sibling's attachment all the same. */
  get hwpt(): HwptPaging | null {
    const attach = this.igroup.attaches.get(NO_PASID);
    return attach?.devices.has(this.id) ? attach.hwpt : null;
  }

  /** Linux: iommufd_device_destroy() */
  override *destroy(): Task<void> {
    yield* releaseDeviceDmaOwner(this.ctx.core, this.device);
    this.igroup.put();
    yield* this.ctx.put();
  }

  override holders(): { readonly why: string; readonly culprit?: string } {
    return {
      why: `the driver that bound ${this.device.name} has it; close the device instead`,
      culprit: this.device.worldId,
    };
  }
}

/**
 * Puts a device, and the DMA of its whole group, under a context's control.
 *
 * Linux: iommufd_device_bind()
 */
export function* bindDevice(ctx: IommufdCtx, device: Device): Task<Result<IommufdDevice>> {
  const rule = 'iommufd_device_bind';
  const { ops, group } = device;
  if (!ops?.capable(device.client, 'CACHE_COHERENCY')) {
    const why = ops
      ? `the IOMMU of ${device.name} does not keep its DMA coherent with the CPU's caches`
      : `${device.name} is behind no IOMMU, so nothing can keep its DMA apart`;
    return err('EINVAL', why, { rule, culprit: device.worldId });
  }
  if (!group) {
    return err('ENODEV', `${device.name} is in no IOMMU group`, {
      rule: 'iommufd_get_group',
      culprit: device.worldId,
    });
  }
  const igroup = Igroup.get(ctx, group);
  const claimed = yield* claim(ctx, device, igroup);
  if (claimed) {
    igroup.put();
    return claimed;
  }
  const idev = new IommufdDevice(ctx, ctx.objects.reserve(), device, igroup);
  ctx.objects.finalize(idev);
  return ok(idev);
}

function* claim(ctx: IommufdCtx, device: Device, igroup: Igroup): Task<Failure | null> {
  const { group } = igroup;
  // Linux: iommu_group_has_isolated_msi()
  const exposed = yield* holding(group.mutex, () => group.devices.find((each) => !each.ops?.isolatedMsi));
  if (exposed) {
    if (!ctx.module.options.allowUnsafeInterrupts) {
      return err(
        'EPERM',
        `a DMA write of ${exposed.name} could raise any interrupt: the platform has no interrupt remapping`,
        {
          rule: 'iommu_group_has_isolated_msi',
          culprit: exposed.worldId,
        },
      );
    }
    ctx.core.devLog(
      'warn',
      device,
      'MSI interrupts are not secure, they cannot be isolated by the platform. Check that platform features like interrupt remapping are enabled. Use the "allow_unsafe_interrupts" module parameter to override',
    );
  }
  const claimed = yield* claimDeviceDmaOwner(ctx.core, device, ctx);
  return claimed.ok ? null : claimed;
}

/** The driver gives the device back; it is detached by now. Linux: iommufd_device_unbind() */
export function* unbindDevice(idev: IommufdDevice): Task<void> {
  yield* idev.ctx.objects.destroyByDriver(idev);
}
