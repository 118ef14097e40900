import type { DmaTranslator } from '../hw/port';
import type { GenericUnit } from '../hw/generic/unit';
import type { IommuDomain, IommuOps } from '../iommu/ops';
import type { IopfQueue } from '../iommu/page-fault-report';
import type { FaultEvent, TraceEvent } from '../trace/event';
import type { AddressField, LookupStep } from './batch';
import type { HwptObject, IommuObject } from './world';

/** What only a unit of no vendor has. */
export interface GenericParts {
  readonly unit: GenericUnit;
  /** Its devices that may ask for pages. */
  readonly queue: IopfQueue;
}

/** One hardware IOMMU with its driver, of whatever vendor: what the rest of the simulator needs of it. */
export interface Unit {
  /** World id, e.g. `iommu:dmar0`. */
  readonly id: string;
  readonly ops: IommuOps;
  /** Absent: a unit of some vendor. */
  readonly generic?: GenericParts;
  /** Turns translation on: the last step of the driver's start. */
  start(): void;
  /** The hardware, as a requester sees it. */
  readonly iommu: DmaTranslator;
  /** The unit's own part of its world object. */
  project(): Omit<IommuObject, 'id' | 'name' | 'place' | 'type' | 'deviceIds'>;
  /** What the tables of a domain look like; null for one of another unit. */
  tables(domain: IommuDomain): Tables | null;
  /** Where the table is that the hardware walks for a requester id by its cached context; null when it has none. */
  walkedRoot(rid: number): number | null;
  /** An IOVA's index fields; a leaf at `leafLevel` merges what is below it into the offset. */
  addressFields(iova: bigint, leafLevel: number | null, domain: IommuDomain | null): readonly AddressField[];
  /** The hardware's reads and cache look-ups among the events, explained. */
  explain(events: readonly TraceEvent[]): readonly LookupStep[];
  /** A fault's reason in one sentence, and the line that Linux prints. */
  explainFault(
    fault: FaultEvent,
    steps: readonly LookupStep[],
  ): { readonly why: string; readonly kernelLine: string };
}

export type Tables = Pick<HwptObject, 'format' | 'levels' | 'rootPa' | 'leaves' | 'tablePages'>;
