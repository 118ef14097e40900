import type { IommuClient } from '../../../iommu/ops';
import { err, ok, type Result } from '../../../kernel/errno';
import type { PhysicalMemory } from '../../../memory/physical-memory';
import { DeviceData } from './device-data';
import { DeviceTable } from './device-table';
import { DomainIds } from './ids';
import type { Ivhd } from './ivhd';
import type { IvhdDeviceFlags } from './options';

/** What the units of one PCI segment share. Linux: struct amd_iommu_pci_seg */
export interface PciSegment {
  readonly id: number;
  readonly table: DeviceTable;
  /** By requester id; kept when a device is unplugged. Linux: dev_data_list */
  readonly devices: Map<number, DeviceData>;
}

/** What all units of this driver share. Linux: the globals of init.c and iommu.c */
export class AmdGlobals {
  readonly ids = new DomainIds();
  readonly iommus: Ivhd[] = [];
  /** By PCI name, while the device is probed. Linux: dev_iommu_priv_get() */
  readonly byName = new Map<string, DeviceData>();
  private readonly segments = new Map<number, PciSegment>();

  /** Linux: get_pci_segment(), alloc_pci_segment() */
  segment(
    id: number,
    memory: PhysicalMemory,
    ivrs: { readonly lastBdf: number; readonly deviceFlags: readonly IvhdDeviceFlags[] },
  ): Result<PciSegment> {
    const known = this.segments.get(id);
    if (known !== undefined) return ok(known);
    const table = DeviceTable.create(memory, ivrs.lastBdf, ivrs.deviceFlags);
    if (!table.ok) return table;
    const segment = { id, table: table.value, devices: new Map<number, DeviceData>() };
    this.segments.set(id, segment);
    return ok(segment);
  }

  /** After a failure, if nobody else is on it. Linux: free_pci_segments() */
  forget(segment: PciSegment, memory: PhysicalMemory): void {
    if (this.iommus.some((iommu) => iommu.segment === segment)) return;
    this.segments.delete(segment.id);
    memory.freeFrames(segment.table.pa / 4096, segment.table.frames);
  }

  /** Linux: find_dev_data() */
  find(iommu: Ivhd, rid: number): DeviceData {
    const known = iommu.segment.devices.get(rid);
    if (known !== undefined) return known;
    const made = new DeviceData(rid);
    iommu.segment.devices.set(rid, made);
    return made;
  }

  /** A device that a driver of this kind has probed. */
  dataOf(device: IommuClient): Result<ProbedDevice> {
    const data = this.byName.get(device.name);
    return data !== undefined && isProbed(data)
      ? ok(data)
      : err('EINVAL', `${device.name} is behind no AMD IOMMU`);
  }
}

/** One that has a device and a unit, not just an alias's entry. */
export type ProbedDevice = DeviceData & { readonly client: IommuClient; readonly iommu: Ivhd };

export const isProbed = (data: DeviceData): data is ProbedDevice =>
  data.client !== null && data.iommu !== null;
