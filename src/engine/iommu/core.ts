import { neverFails, type FailPoints } from '../kernel/fail';
import { Mutex } from '../kernel/task';
import type { KernelLogEvent } from '../trace/event';
import type { Trace } from '../trace/trace';
import { putDmaCookie } from '../dma/cookie';
import { invariant } from '../../lib/invariant';
import { Device, type DeviceTraits } from './device';
import { IommuGroup } from './group';
import type { IommuClient, IommuDomain, IommuOps } from './ops';

/** Kernel command line. Linux: iommu.passthrough, iommu.strict, iommu.forcedac */
export interface IommuOptions {
  readonly passthrough: boolean;
  readonly strict: boolean;
  /** PCI devices get addresses above 4 GiB from the start. */
  readonly forcedac?: boolean;
  /** What is plainly wrong in the kernel of the 7.1 merge window, and right here unless asked for. */
  readonly defects?: {
    /** iommu_map_nosync(): a map that failed in a driver with page-table code of its own counts as done. */
    readonly mapReportsSuccess?: boolean;
  };
}

/** x86 distributions: translated, lazy invalidation. */
export const DEFAULT_OPTIONS: IommuOptions = { passthrough: false, strict: false };

/**
 * What is global in the IOMMU core: units, devices, groups and their numbers.
 *
 * Linux: drivers/iommu/iommu.c iommu_group_ida, iommu_device_list
 */
export class IommuCore {
  readonly units: IommuOps[] = [];
  readonly devices = new Map<string, Device>();
  readonly groups = new Map<number, IommuGroup>();
  readonly probeDeviceLock = new Mutex('iommu_probe_device_lock');
  readonly svaLock = new Mutex('iommu_sva_lock');
  /** PASIDs that mean the same for every device. Linux: iommu_global_pasid_ida */
  readonly globalPasids = new Set<number>();

  constructor(
    readonly trace: Trace,
    readonly options: IommuOptions = DEFAULT_OPTIONS,
    /** Asked at every place where the kernel allocates, or may be told to fail. */
    readonly fail: FailPoints = neverFails,
  ) {}

  /** Linux: iommu_device_register() */
  registerUnit(ops: IommuOps): void {
    this.units.push(ops);
  }

  /** Makes a device known; probing it is another step. */
  addDevice(client: IommuClient, traits: DeviceTraits = {}): Device {
    invariant(!this.devices.has(client.name), `device ${client.name} added twice`);
    const device = new Device(client, traits);
    this.devices.set(client.name, device);
    return device;
  }

  /** The lowest free number, over all buses and drivers. Linux: iommu_group_alloc() */
  allocGroup(): IommuGroup {
    let id = 0;
    while (this.groups.has(id)) id++;
    const group = new IommuGroup(id);
    this.groups.set(id, group);
    return group;
  }

  getGroup(group: IommuGroup): void {
    group.refs++;
  }

  /** The number is free again when nobody refers to the group any more. Linux: iommu_group_release() */
  putGroup(group: IommuGroup): void {
    invariant(group.refs > 0, `group ${group.id} put too often`);
    if (--group.refs === 0) this.groups.delete(group.id);
  }

  log(level: KernelLogEvent['level'], text: string): void {
    this.trace.emit({ kind: 'log', level, text });
  }

  /** A line that starts with the device, as dev_warn() and its sisters print it. */
  devLog(level: KernelLogEvent['level'], device: Device, text: string): void {
    const bus = device.client.selftestMock ? 'iommufd_mock' : device.traits.platform ? 'platform' : 'pci';
    this.log(level, `${device.driver?.name ?? bus} ${device.name}: ${text}`);
  }
}

/** Static domains are nobody's to free. Linux: iommu_domain_free() */
export function freeDomain(domain: IommuDomain): void {
  if (domain.cookie?.kind === 'dma-iova') putDmaCookie(domain);
  domain.paging?.free();
  // A driver may make both of one object.
  if (!Object.is(domain.paging, domain)) domain.free?.();
}

/** Linux: iommu_is_dma_domain() */
export const isDmaDomain = (domain: IommuDomain): boolean =>
  domain.type === 'DMA' || domain.type === 'DMA-FQ';
