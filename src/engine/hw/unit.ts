import type { IommuClient, IommuDomain, IommuOps, ResvRegion } from '../iommu/ops';
import type { PhysicalMemory } from '../memory/physical-memory';
import type { FaultEvent, TraceEvent } from '../trace/event';
import type { Trace } from '../trace/trace';
import type { AtsAnswer, AtsQuestion } from './common/rehearsal';
import type { AddressField, FaultRecordView, TableOfStep, UnitView, WalkStep } from './common/view';
import type { DeviceLink, DmaTranslator, IrqSource, RegisterBus } from './port';

/**
 * One IOMMU with its driver on it, of whatever vendor: what a machine is put together from, and what a page can show.
 * hw/<vendor>/unit.ts makes it.
 */
export interface HardwareUnit {
  readonly ops: IommuOps;
  readonly translator: DmaTranslator;
  /** For people who read and write registers by hand; the driver has the same bus. */
  readonly registers: RegisterBus;
  /** Turns translation on: the last step of the driver's start, after every device has its default domain. */
  start(): void;
  /** Everything that the unit holds. Changes nothing, leaves no trace. */
  view(): UnitView;
  /** How much of it a canvas shows. Cheap: asked after every line. */
  summary(): UnitSummary;
  /** Faults and events that the driver's handler has read, oldest first; those still with the hardware are in view(). */
  faultLog(): readonly FaultRecordView[];
  /** What the tables of a domain look like; null for one of another unit, or without a table. */
  tables(domain: IommuDomain): DomainTables | null;
  /**
   * What tags a domain in this unit's caches, as `DomainTables.tag` is written, whichever unit it was made for; null while
   * nothing behind this one uses it. Absent: domains of this kind are of one unit alone.
   */
  tagOn?(domain: IommuDomain): string | null;
  /** The table that the hardware walks for a request by what it has cached; null when nothing is, or it walks none. */
  walkedRoot(rid: number, pasid: number): number | null;
  /**
   * What devices that ask for translations would be told by the tables alone, past every cache; null: refused. Changes
   * nothing, leaves no trace.
   */
  askTables(questions: readonly AtsQuestion[]): readonly (AtsAnswer | null)[];
  /** The domain that serves a device's PASID; null for none. */
  domainOf(device: string, pasid: number): IommuDomain | null;
  /** An IOVA's index fields; a leaf at `leafLevel` (1 holds only leaves) merges what is below it into the offset. */
  addressFields(iova: bigint, leafLevel: number | null, domain: IommuDomain | null): readonly AddressField[];
  /** The hardware's reads and cache look-ups among the events of one request, in words. */
  explain(events: readonly TraceEvent[]): readonly WalkStep[];
  /**
   * Another entry of a table that a step read, as memory has it now; null where no table is. Changes nothing, leaves no trace.
   */
  peek(table: TableOfStep, index: number): WalkStep | null;
  explainFault(
    fault: FaultEvent,
    steps: readonly WalkStep[],
  ): { readonly why: string; readonly kernelLine: string };
}

export interface UnitSummary {
  readonly enabled: boolean;
  /** Bits of the addresses that its tables take in. */
  readonly addressBits: number;
  readonly queues: readonly {
    readonly name: string;
    readonly head: number;
    readonly tail: number;
    readonly size: number;
  }[];
  readonly caches: readonly {
    readonly id: string;
    readonly name: string;
    readonly used: number;
    readonly size: number;
    readonly stale: number;
  }[];
  /** Commands done since power-on. */
  readonly commands: number;
}

export interface DomainTables {
  /** The format's id, e.g. `vtdss`. */
  readonly format: string;
  readonly levels: number;
  readonly rootPa: number;
  readonly leaves: readonly { readonly sizeLg2: number; readonly count: number }[];
  readonly tablePages: number;
  /** What tags it in the hardware's caches, e.g. `DID 3`, `VMID 1`; null while it has none. */
  readonly tag: string | null;
}

/** What every hw/<vendor>/unit.ts takes; a vendor adds `config` (the silicon) and `driver` (its module parameters). */
export interface UnitOptions {
  /** World id, e.g. `iommu:dmar0`. */
  readonly unit: string;
  readonly memory: PhysicalMemory;
  readonly trace?: Trace;
  readonly segment?: number;
  /** Whether a device's requests come to this unit. Default: all do. */
  readonly scope?: (device: IommuClient) => boolean;
  /** What firmware keeps of a device's addresses. */
  readonly reservedOf?: (device: string) => readonly ResvRegion[];
  /** The devices' end of ATS and PRI. Default: none answers. */
  readonly link?: DeviceLink;
  /** Switches of the devices. Default: nobody listens. */
  readonly control?: DeviceControl;
  /** What the device can do, as its config space says. Default: nothing. */
  readonly abilitiesOf?: (device: string) => DeviceAbilities;
  /** Names domains; units of one machine get the same one. */
  readonly nextLabel?: () => string;
  /** Lets a device ask for pages, or no more. Linux: iopf_queue_add_device(), iopf_queue_remove_device() */
  readonly pageRequests?: PageRequestGate;
  /** How an interrupt gets its handler run. Default: at once. */
  readonly deliver?: (source: IrqSource, handler: () => void) => void;
  /** The unit is done with a command of its queue. */
  readonly onCommand?: (name: string) => void;
  /** Every unit of the machine, where a domain may be attached through another one of the same driver. */
  readonly sisters?: () => readonly IommuOps[];
}

/** PCI capabilities that an IOMMU driver looks for. */
export interface DeviceAbilities {
  readonly ats: boolean;
  readonly pri: boolean;
  /** 0: no PASID capability. */
  readonly maxPasids: number;
  /** Behind an external port. Linux: pci_dev::untrusted */
  readonly untrusted?: boolean;
  /** Answers to its page requests carry the PASID. PCIe: PRG Response PASID Required */
  readonly prgResponsePasid?: boolean;
}

/** Linux: pci_enable_ats(), pci_enable_pri(), pci_enable_pasid(), and the same with disable */
export interface DeviceControl {
  ats(device: string, on: boolean): void;
  pri(device: string, on: boolean): void;
  pasid(device: string, on: boolean): void;
}

/** What the core's fault queue offers a driver. */
export interface PageRequestGate {
  allow(device: IommuClient): boolean;
  forbid(device: IommuClient): void;
  /** A fault that hardware reported. Linux: iommu_report_device_fault() */
  report(device: IommuClient, fault: ReportedFault): void;
}

export interface ReportedFault {
  readonly pasid: number;
  readonly group: number;
  readonly iova: bigint;
  readonly read: boolean;
  readonly write: boolean;
  readonly execute: boolean;
  readonly privileged: boolean;
  readonly last: boolean;
}
