import type { Failure } from '../kernel/errno';
import { Mutex } from '../kernel/task';
import type { Evidence } from '../pci/evidence';
import type { Device } from './device';
import type { IommuDomain } from './ops';

/** Who may own a group's DMA: an iommufd context, a VFIO container. Compared by identity, like the kernel's `void *owner`. */
export interface DmaOwner {
  /** World id, e.g. `ctx:1`. */
  readonly worldId: string;
  /** For sentences, e.g. `iommufd context 1`. */
  readonly title: string;
}

/** What whoever attaches a domain through a handle gets back on faults. Linux: struct iommu_attach_handle */
export interface AttachHandle {
  /** Entered by the attach. */
  domain: IommuDomain;
}

/** What a PASID of a group is attached through: a handle, or a bare domain. Linux: IOMMU_PASID_ARRAY_HANDLE, _DOMAIN */
export type PasidEntry =
  | { readonly kind: 'handle'; readonly handle: AttachHandle }
  | { readonly kind: 'domain'; readonly domain: IommuDomain };

/** Requests without a PASID are kept under this one. Linux: IOMMU_NO_PASID */
export const NO_PASID = 0;

/** Why a device is in a group that was there before it. */
export interface GroupJoin {
  readonly device: Device;
  /** PCI name of the device whose group it joined. */
  readonly via: string;
  readonly rule: string;
  readonly why: string;
  /** What the rule looked at, nearest first. */
  readonly evidence: readonly Evidence[];
}

/**
 * Into which group a device goes: decided outside (a bus knows its topology), carried out here.
 * Linux: iommu_ops::device_group
 */
export type GroupDecision =
  | {
      readonly kind: 'join';
      /** Number of the group. */
      readonly group: number;
      readonly via: string;
      readonly rule: string;
      readonly why: string;
      readonly evidence: readonly Evidence[];
    }
  | { readonly kind: 'new' }
  | Failure;

/**
 * The smallest set of devices that the IOMMU can isolate, hence one domain and one owner for all of them.
 *
 * Linux: drivers/iommu/iommu.c struct iommu_group
 */
export class IommuGroup {
  readonly worldId: string;
  readonly mutex: Mutex;
  readonly devices: Device[] = [];
  /** What its devices are called in `devices/`: two of one name are told apart. Linux: struct group_device::name */
  readonly linkNames = new Map<Device, string>();
  /** Set by a driver that has one for it. */
  name: string | null = null;
  readonly joins: GroupJoin[] = [];
  /** What native drivers use. Null until every device of a bus has been seen. */
  defaultDomain: IommuDomain | null = null;
  /** Where a claimed, unattached group is parked. Made at the first claim. */
  blockingDomain: IommuDomain | null = null;
  /** Where the group is now. */
  domain: IommuDomain | null = null;
  /** Null while the kernel's DMA API owns the group (or nobody). */
  owner: DmaOwner | null = null;
  /** Native drivers bound, or claims of `owner`. */
  ownerCnt = 0;
  /** Where a device of the group is parked while it is reset; nobody may move the group meanwhile. */
  resettingDomain: IommuDomain | null = null;
  /** Index 0 holds the handle of an attachment made through one. */
  readonly pasidArray = new Map<number, PasidEntry>();
  /** References to the kobject: one a device, and one for each who keeps the group alive. */
  refs = 0;

  constructor(readonly id: number) {
    this.worldId = `group:${id}`;
    this.mutex = new Mutex('group->mutex', { of: this.worldId });
  }

  /** Linux: iommu_group_first_dev() */
  get firstDevice(): Device | undefined {
    return this.devices[0];
  }

  /** The device whose native driver keeps users out, if that is what does. */
  get nativeUser(): Device | undefined {
    return this.devices.find((device) => device.driver !== null && !device.driver.managed);
  }
}
