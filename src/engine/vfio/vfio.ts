import type { IommuCore } from '../iommu/core';
import type { Device, Driver } from '../iommu/device';
import { isManagedDriver, plainDriver } from '../iommu/drivers';
import type { IommuGroup } from '../iommu/group';
import type { IommufdDevice } from '../iommufd/device';
import type { IommufdCtx } from '../iommufd/ctx';
import { err, ok, type Result } from '../kernel/errno';
import { Mutex, type Task } from '../kernel/task';
import { VfioFile } from './device-file';
import { VfioContainer } from './container';
import { removeGroup, VfioGroup } from './group';

/** The table's vfio drivers: what they have in common is that they register a vfio device. */
export const isVfioDriver = (name: string): boolean => isManagedDriver(name) && name.includes('vfio');

/** Functions that one reset hits together, which therefore open and close one at a time. Linux: struct vfio_device_set */
export class DevSet {
  readonly lock: Mutex;
  readonly devices: VfioDevice[] = [];

  /** `key`: what is reset, a function or the bridge above a bus. */
  constructor(readonly key: string) {
    this.lock = new Mutex('device->dev_set->lock', { of: key });
  }
}

/**
 * A device that a vfio driver offers to user space, as /dev/vfio/devices/vfioN and through its group.
 *
 * Linux: include/linux/vfio.h struct vfio_device
 */
export class VfioDevice {
  /** Descriptors that got access: one of its own, or any number through the group. */
  readonly files: VfioFile[] = [];
  idev: IommufdDevice | null = null;
  /** Linux: iommufd_attached */
  attached = false;
  /** PASIDs that were attached through it. Linux: vfio_device::pasids */
  readonly pasids = new Set<number>();

  constructor(
    readonly core: IommuCore,
    readonly device: Device,
    /** N of vfioN. */
    readonly index: number,
    readonly devSet: DevSet,
    readonly group: VfioGroup,
  ) {}

  get devSetLock(): Mutex {
    return this.devSet.lock;
  }

  /** The descriptor by which it is used, the first of them. */
  get bound(): VfioFile | null {
    return this.files[0] ?? null;
  }
}

/** VFIO of one machine. */
export class Vfio {
  readonly groups = new Map<IommuGroup, VfioGroup>();
  readonly containers: VfioContainer[] = [];
  private readonly devices = new Map<Device, VfioDevice>();
  private readonly devSets = new Map<string, DevSet>();
  private opened = 0;

  constructor(
    readonly core: IommuCore,
    /** Linux: module parameter allow_unsafe_interrupts of vfio_iommu_type1 */
    readonly allowUnsafeInterrupts = false,
  ) {}

  /** Any PCI driver by name, with what it does at probe. */
  driver(name: string): Driver {
    const plain = plainDriver(name);
    if (!isVfioDriver(name)) return plain;
    return {
      ...plain,
      probe: (device) => {
        const own = plain.probe?.(device);
        return own?.ok === false ? own : this.register(device);
      },
      remove: (device) => this.unregister(device),
    };
  }

  /** Linux: vfio_pci_core_register_device(), __vfio_register_dev() */
  private register(device: Device): Result<undefined> {
    const refused = refusal(device);
    if (refused) return refused;
    const { group } = device;
    if (!group) {
      return err('EINVAL', `${device.name} is in no IOMMU group, so nothing would keep its DMA apart`, {
        rule: 'vfio_group_find_or_alloc',
        culprit: device.worldId,
      });
    }
    if (!device.ops?.capable(device.client, 'CACHE_COHERENCY')) {
      return err(
        'EINVAL',
        `the IOMMU of ${device.name} does not keep its DMA coherent with the CPU's caches`,
        { rule: '__vfio_register_dev', culprit: device.worldId },
      );
    }
    const vgroup = this.groupOf(group);
    const devSet = this.devSetOf(device);
    const vdev = new VfioDevice(this.core, device, this.freeIndex(), devSet, vgroup);
    devSet.devices.push(vdev);
    vgroup.devices.push(vdev);
    this.devices.set(device, vdev);
    return ok(undefined);
  }

  /** Linux: vfio_unregister_group_dev(), vfio_device_remove_group(), vfio_release_device_set() */
  private *unregister(device: Device): Task<void> {
    const vdev = this.devices.get(device);
    if (!vdev) return;
    const { devSet, group } = vdev;
    this.devices.delete(device);
    group.devices.splice(group.devices.indexOf(vdev), 1);
    devSet.devices.splice(devSet.devices.indexOf(vdev), 1);
    if (devSet.devices.length === 0) this.devSets.delete(devSet.key);
    if (group.devices.length > 0) return;
    this.groups.delete(group.iommuGroup);
    yield* removeGroup(group);
    this.core.putGroup(group.iommuGroup);
  }

  /** The group's node appears with its first device. Linux: vfio_group_find_or_alloc(), vfio_create_group() */
  private groupOf(group: IommuGroup): VfioGroup {
    const known = this.groups.get(group);
    if (known) return known;
    const made = new VfioGroup(this.core, group);
    this.core.getGroup(group);
    this.groups.set(group, made);
    return made;
  }

  /** Linux: vfio_assign_device_set() */
  private devSetOf(device: Device): DevSet {
    const key = device.traits.resetWith ?? device.worldId;
    const set = this.devSets.get(key) ?? new DevSet(key);
    this.devSets.set(key, set);
    return set;
  }

  /** Linux: vfio.device_ida */
  private freeIndex(): number {
    const taken = new Set([...this.devices.values()].map((vdev) => vdev.index));
    let index = 0;
    while (taken.has(index)) index++;
    return index;
  }

  /** Linux: vfio_device_fops_cdev_open() */
  open(device: Device): Result<VfioFile> {
    const vdev = this.devices.get(device);
    if (vdev) return ok(new VfioFile(vdev, null));
    const driven = device.driver ? `is driven by ${device.driver.name}` : 'has no driver';
    return err(
      'ENOENT',
      `${device.name} ${driven}, so it has no /dev/vfio/devices node; bind vfio-pci first`,
      { rule: 'vfio_device_fops_cdev_open', culprit: device.worldId },
    );
  }

  /** The device behind /dev/vfio/devices/vfioN. */
  byIndex(index: number): Device | null {
    for (const vdev of this.devices.values()) if (vdev.index === index) return vdev.device;
    return null;
  }

  /** /dev/vfio/vfio where VFIO serves it itself. Linux: vfio_fops_open() */
  openContainer(): Result<VfioContainer> {
    const rule = 'vfio_fops_open';
    if (this.core.fail.hit(rule)) return err('ENOMEM', 'no memory for a container', { rule });
    const container = new VfioContainer(this, ++this.opened);
    this.containers.push(container);
    return ok(container);
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

/** What vfio-pci does not take. Linux: vfio_pci_core_register_device() */
function refusal(device: Device): Extract<Result<undefined>, { ok: false }> | null {
  const rule = 'vfio_pci_core_register_device';
  const culprit = device.worldId;
  if (device.traits.bridge)
    return err('EINVAL', `${device.name} is a bridge; vfio-pci takes endpoints only`, { rule, culprit });
  if ((device.traits.virtualFunctions?.() ?? 0) === 0) return null;
  const why = `${device.name} has virtual functions; vfio-pci does not take it from under them`;
  return err('EBUSY', why, { rule, culprit });
}
