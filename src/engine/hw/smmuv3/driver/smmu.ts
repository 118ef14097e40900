import type { PhysicalMemory } from '../../../memory/physical-memory';
import type { Trace } from '../../../trace/trace';
import type { DeviceAbilities, DeviceControl, PageRequestGate } from '../../unit';
import type { CommandQueue } from './command-queue';
import type { IdSpace } from './ids';
import type { DeviceLog, LinePrinter } from './log';
import type { Master } from './master';
import type { Cpu, SmmuCaps } from './probe';
import type { RegisterIo } from './register-io';
import type { Ring } from './ring';
import type { StreamTable } from './strtab';

/** What firmware and the bus say of a device. */
export interface DeviceFacts {
  abilitiesOf(device: string): DeviceAbilities;
  /** Its faults may wait for an answer. Device tree, ACPI: `dma-can-stall` */
  canStall(device: string): boolean;
  /** IORT, device tree: its root complex takes ATS. Linux: IOMMU_FWSPEC_PCI_RC_ATS */
  rootComplexAts(device: string): boolean;
  /** IORT: its accesses are coherent whatever they ask for. Linux: IOMMU_FWSPEC_PCI_RC_CANWBS */
  canWbs(device: string): boolean;
}

/** One running unit. Linux: struct arm_smmu_device */
export interface Smmu {
  readonly name: string;
  readonly caps: SmmuCaps;
  readonly cpu: Cpu;
  readonly memory: PhysicalMemory;
  readonly trace: Trace;
  /** Name of its platform device. */
  readonly device: string;
  readonly log: DeviceLog;
  /** Lines that begin with the device already. */
  readonly print: LinePrinter;
  readonly io: RegisterIo;
  readonly cmdq: CommandQueue;
  readonly evtq: Ring;
  /** Null: the unit takes no page requests. */
  readonly priq: Ring | null;
  readonly strtab: StreamTable;
  /** All units of a machine share it: an ASID is the processor's too. */
  readonly asids: IdSpace;
  readonly vmids: IdSpace;
  readonly facts: DeviceFacts;
  readonly control: DeviceControl;
  readonly pageRequests: PageRequestGate;
  /** By StreamID. Linux: smmu->streams */
  readonly streams: Map<number, Master>;
}
