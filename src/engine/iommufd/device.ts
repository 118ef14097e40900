import { hasIsolatedMsi, type Device } from '../iommu/device';
import { NO_PASID } from '../iommu/group';
import { claimDeviceDmaOwner, releaseDeviceDmaOwner } from '../iommu/ownership';
import { err, ok, type Failure, type Result } from '../kernel/errno';
import { holding, type Task } from '../kernel/task';
import type { IommufdCtx } from './ctx';
import { Igroup } from './igroup';
import { IommufdObject, type AnyHwpt, type Holders } from './object';
import type { Vdevice } from './vdevice';

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
  /** As a VM numbers it. Under igroup->lock. */
  vdev: Vdevice | null = null;
  /** Its driver is giving it back: no vDEVICE can be made of it any more. */
  destroying = false;

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
    if (this.holdsContext) ctx.get();
    // The driver that bound it.
    this.users++;
  }

  /** A real device keeps its context open. */
  private get holdsContext(): boolean {
    return this.device.client.selftestMock !== true;
  }

  /** What it is attached to itself; its DMA may be served by a sibling's attachment all the same. */
  get hwpt(): AnyHwpt | null {
    return this.hwptOf(NO_PASID);
  }

  hwptOf(pasid: number): AnyHwpt | null {
    const attach = this.igroup.attaches.get(pasid);
    return attach?.devices.has(this.id) ? attach.hwpt : null;
  }

  /** The vDEVICE has it in hand for as long as it lives. Linux: iommufd_device_pre_destroy(), iommufd_device_remove_vdev() */
  override *preDestroy(): Task<void> {
    const vdev = yield* holding(this.igroup.lock, () => {
      this.destroying = true;
      // One that its user is destroying at this moment is not found; whoever waits for us waits for that too.
      const found = this.vdev && this.ctx.objects.peek(this.vdev.id) === this.vdev ? this.vdev : null;
      if (found) found.users++;
      return found;
    });
    if (vdev) yield* this.ctx.objects.destroyByDriver(vdev, { tombstone: true });
  }

  /** Linux: iommufd_device_destroy() */
  override *destroy(): Task<void> {
    yield* releaseDeviceDmaOwner(this.ctx.core, this.device);
    this.igroup.put();
    if (this.holdsContext) yield* this.ctx.put();
  }

  override holders(): Holders {
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
  const got = Igroup.get(ctx, group);
  if (!got.ok) return got;
  const igroup = got.value;
  const claimed = yield* claim(ctx, device, igroup);
  if (claimed) {
    igroup.put();
    return claimed;
  }
  const id = ctx.objects.reserve();
  if (!id.ok) {
    yield* releaseDeviceDmaOwner(ctx.core, device);
    igroup.put();
    return id;
  }
  const idev = new IommufdDevice(ctx, id.value, device, igroup);
  ctx.objects.finalize(idev);
  return ok(idev);
}

function* claim(ctx: IommufdCtx, device: Device, igroup: Igroup): Task<Failure | null> {
  const { group } = igroup;
  // Linux: iommu_group_has_isolated_msi()
  const mock = device.client.selftestMock === true;
  const exposed = mock
    ? undefined
    : yield* holding(group.mutex, () => group.devices.find((each) => !hasIsolatedMsi(each)));
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
