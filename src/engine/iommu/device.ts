import type { Failure, Result } from '../kernel/errno';
import type { IommuGroup } from './group';
import type { IommuClient, IommuDomain, IommuOps } from './ops';

export interface DeviceTraits {
  /** Behind an external port: must be translated. Linux: pci_dev->untrusted */
  readonly untrusted?: boolean;
  /** Has a type 1 header. */
  readonly bridge?: boolean;
  /** A root, upstream or downstream port, or an event collector: what the port services driver takes. */
  readonly pciePort?: boolean;
  /** SR-IOV functions that it has given birth to. Linux: pci_num_vf() */
  readonly virtualFunctions?: () => number;
}

/** A PCI driver, as far as DMA ownership cares. */
export interface Driver {
  readonly name: string;
  /** It deals with ownership itself, or does no DMA at all: no user of its group's default domain. Linux: driver_managed_dma */
  readonly managed: boolean;
  /** Refuses a device that the bus would let it have. */
  readonly probe?: (device: Device) => Result<undefined>;
  /** Taken off the device. */
  readonly remove?: (device: Device) => void;
}

/** A device as the IOMMU core sees it. Linux: struct device with dev->iommu, dev->iommu_group and dev->driver */
export class Device {
  readonly worldId: string;
  readonly name: string;
  /** The IOMMU unit's driver; null when no IOMMU serves the device. */
  ops: IommuOps | null = null;
  group: IommuGroup | null = null;
  /** Why it has no group. */
  ungrouped: Failure | null = null;
  /** Firmware asked for 1:1 mappings, so it must never be blocked. */
  requireDirect = false;
  /** What the last successful attach_dev gave it; differs from the group's domain only after a failed transition. */
  attached: IommuDomain | null = null;
  driver: Driver | null = null;
  /** Who holds it open through its driver, so that the driver cannot be unbound. */
  holder: { readonly worldId: string; readonly why: string } | null = null;

  constructor(
    readonly client: IommuClient,
    readonly traits: DeviceTraits = {},
  ) {
    this.name = client.name;
    this.worldId = `dev:${client.name}`;
  }
}
