import type { Device, Driver } from '../iommu/device';
import { isManagedDriver, plainDriver } from '../iommu/drivers';
import type { IommufdDevice } from '../iommufd/device';
import type { IommufdCtx } from '../iommufd/ctx';
import { err, ok, type Result } from '../kernel/errno';
import { Mutex } from '../kernel/task';

/** The table's vfio drivers: what they have in common is that they register a vfio device. */
export const isVfioDriver = (name: string): boolean => isManagedDriver(name) && name.includes('vfio');

/**
 * A device that a vfio driver offers to user space as /dev/vfio/devices/vfioN.
 *
 * Linux: include/linux/vfio.h struct vfio_device
 */
export class VfioDevice {
  // TODO(vfio): functions that are reset together share one set, and its lock.
  readonly devSetLock = new Mutex('device->dev_set->lock');
  /** The one descriptor that got through BIND_IOMMUFD. */
  bound: VfioFile | null = null;
  idev: IommufdDevice | null = null;
  /** Linux: iommufd_attached */
  attached = false;

  constructor(readonly device: Device) {}
}

/** An open /dev/vfio/devices/vfioN; useless until bound. Linux: struct vfio_device_file */
export class VfioFile {
  /** Set while bound. Linux: access_granted */
  ctx: IommufdCtx | null = null;

  constructor(readonly vdev: VfioDevice) {}
}

/** VFIO of one machine. */
export class Vfio {
  private readonly devices = new Map<Device, VfioDevice>();

  /** Any PCI driver by name, with what it does at probe. */
  driver(name: string): Driver {
    const plain = plainDriver(name);
    if (!isVfioDriver(name)) return plain;
    return {
      ...plain,
      probe: (device) => this.register(device),
      remove: (device) => {
        this.devices.delete(device);
      },
    };
  }

  /** Linux: vfio_pci_core_register_device(), __vfio_register_dev() */
  private register(device: Device): Result<undefined> {
    const culprit = device.worldId;
    if (device.traits.bridge) {
      return err('EINVAL', `${device.name} is a bridge; vfio-pci takes endpoints only`, {
        rule: 'vfio_pci_core_register_device',
        culprit,
      });
    }
    if ((device.traits.virtualFunctions?.() ?? 0) > 0) {
      return err('EBUSY', `${device.name} has virtual functions; vfio-pci does not take it from under them`, {
        rule: 'vfio_pci_core_register_device',
        culprit,
      });
    }
    if (!device.group) {
      return err('EINVAL', `${device.name} is in no IOMMU group, so nothing would keep its DMA apart`, {
        rule: 'vfio_group_find_or_alloc',
        culprit,
      });
    }
    if (!device.ops?.capable(device.client, 'CACHE_COHERENCY')) {
      return err(
        'EINVAL',
        `the IOMMU of ${device.name} does not keep its DMA coherent with the CPU's caches`,
        {
          rule: '__vfio_register_dev',
          culprit,
        },
      );
    }
    this.devices.set(device, new VfioDevice(device));
    return ok(undefined);
  }

  /** Linux: vfio_device_fops_cdev_open() */
  open(device: Device): Result<VfioFile> {
    const vdev = this.devices.get(device);
    if (vdev) return ok(new VfioFile(vdev));
    const driven = device.driver ? `is driven by ${device.driver.name}` : 'has no driver';
    return err(
      'ENOENT',
      `${device.name} ${driven}, so it has no /dev/vfio/devices node; bind vfio-pci first`,
      {
        rule: 'vfio_device_fops_cdev_open',
        culprit: device.worldId,
      },
    );
  }

  /** The vfio device of a device that a vfio driver has. */
  of(device: Device): VfioDevice | undefined {
    return this.devices.get(device);
  }

  /** Descriptors bound to a context, in the order of their binding. */
  filesOf(ctx: IommufdCtx): readonly VfioFile[] {
    const files: VfioFile[] = [];
    for (const { bound } of this.devices.values()) if (bound?.ctx === ctx) files.push(bound);
    return files.sort((a, b) => (a.vdev.idev?.id ?? 0) - (b.vdev.idev?.id ?? 0));
  }
}
