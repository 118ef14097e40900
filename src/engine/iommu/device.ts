import type { Failure, Result } from '../kernel/errno';
import { Mutex, type Task } from '../kernel/task';
import type { IommuGroup } from './group';
import type { IommuClient, IommuDomain, IommuOps } from './ops';
import type { FaultParam } from './page-fault-report';

export interface DeviceTraits {
  /** Behind an external port: must be translated. Linux: pci_dev->untrusted */
  readonly untrusted?: boolean;
  /** Has a type 1 header. */
  readonly bridge?: boolean;
  /** A root, upstream or downstream port, or an event collector: what the port services driver takes. */
  readonly pciePort?: boolean;
  /** World id of what a reset of it would reset too; absent: nothing but itself is. Linux: vfio_pci_core_register_device() */
  readonly resetWith?: string;
  /** SR-IOV functions that it has given birth to. Linux: pci_num_vf() */
  readonly virtualFunctions?: () => number;
  /** PASIDs that it can use, or absent: none. Linux: pci_max_pasids(), `1 << pasid-num-bits` for others */
  readonly maxPasids?: number;
  /** How its PASID capability is enabled. Linux: pci_pasid_status() */
  readonly pasidControl?: { readonly exec: boolean; readonly priv: boolean };
  /** A virtual function: its page requests go through its physical one. Linux: is_virtfn, pci_pri_supported() */
  readonly sharedPri?: boolean;
  /** Its translations are cached in itself, and it is blocked while it is reset. Linux: pci_ats_supported() */
  readonly ats?: boolean;
  /** On no PCI bus. */
  readonly platform?: boolean;
  /** No interrupt controller keeps its messages apart, as it sends none. Linux: dev_get_msi_domain() gives nothing */
  readonly wiredInterrupts?: boolean;
  /** VFIO can reset it, without which its driver for platform devices takes none. Linux: vfio_platform_get_reset() */
  readonly vfioReset?: boolean;
  /** Name in sysfs where another bus has a device of the same. Linux: kobject_name() */
  readonly kobjectName?: string;
  /** Linux: pci_dev->vendor, pci_dev->device */
  readonly pciId?: { readonly vendor: number; readonly device: number };
  /** Addresses that its host bridge sends to devices, not to memory. Linux: pci_host_bridge::windows */
  readonly hostWindows?: readonly { readonly start: bigint; readonly last: bigint }[];
}

/** A PCI driver, as far as DMA ownership cares. */
export interface Driver {
  readonly name: string;
  /** It deals with ownership itself, or does no DMA at all: no user of its group's default domain. Linux: driver_managed_dma */
  readonly managed: boolean;
  /** The bus whose devices it takes; absent: any. */
  readonly bus?: string;
  /** Refuses a device that the bus would let it have. */
  readonly probe?: (device: Device) => Result<undefined>;
  /** Taken off the device. */
  readonly remove?: (device: Device) => Task<void>;
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
  /** It still does DMA by tables of an earlier kernel, until its first map. */
  attachDeferred = false;
  /** The DMA API goes through the group's default domain, not straight to memory. Linux: dev->dma_iommu */
  dmaIommu = false;
  /** Addresses that its driver says it can reach. Linux: dev->dma_mask, dev->coherent_dma_mask */
  dmaMask = 0xffff_ffffn;
  /** Its DMA addresses stay below 4 GiB as long as there are any. Linux: dev_iommu::pci_32bit_workaround */
  pci32bitWorkaround = false;
  /** What the last successful attach_dev gave it; differs from the group's domain only after a failed transition. */
  attached: IommuDomain | null = null;
  /** What device and unit both can tell apart; 0: it sends no PASIDs. */
  maxPasids = 0;
  /** Its membership in a page fault queue, under `paramLock`. */
  faultParam: FaultParam | null = null;
  readonly paramLock: Mutex;
  driver: Driver | null = null;
  /** Who holds it open through its driver, so that the driver cannot be unbound. */
  holder: { readonly worldId: string; readonly why: string } | null = null;

  constructor(
    readonly client: IommuClient,
    readonly traits: DeviceTraits = {},
  ) {
    this.name = client.name;
    this.worldId = `dev:${client.name}`;
    this.paramLock = new Mutex('param->lock', { of: this.worldId });
  }
}

/** Linux: msi_device_has_isolated_msi() */
export const hasIsolatedMsi = ({ ops, traits }: Device): boolean =>
  ops?.isolatedMsi === true && traits.wiredInterrupts !== true;
