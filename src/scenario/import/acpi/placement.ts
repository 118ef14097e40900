import type { PciFunction } from '../../../engine/pci/function';
import type { UnitKind } from '../facts';
import { placeIn, type AcpiTable, type Remarks } from './table';
import * as says from '../../../words/scenario/import-acpi';

/** An IOMMU that a table lists. */
export interface AcpiUnit {
  /** As its kernel names it: `dmar0`, `ivhd0`, `arm-smmu-v3.0.auto`. */
  readonly name: string;
  readonly kind: UnitKind;
  readonly base: bigint;
  readonly segment: number;
  /** It covers what no other of its segment does. */
  readonly includeAll: boolean;
  /** Line of the text. */
  readonly line: number;
}

export interface AcpiReserved {
  /** `0000:00:02.0` */
  readonly name: string;
  readonly start: bigint;
  readonly last: bigint;
  readonly kind: 'direct' | 'direct-relaxable';
  readonly line: number;
}

/** Who is behind which IOMMU by the rules of its driver. */
export interface Placement {
  readonly units: readonly AcpiUnit[];
  /** The table names functions at all; else nothing is behind its IOMMUs. */
  readonly namesFunctions: boolean;
  /** The unit of `units` by function; null: none covers it. Every function is in it. */
  readonly unitOf: ReadonlyMap<PciFunction, AcpiUnit | null>;
  readonly reserved: readonly AcpiReserved[];
  /** Devfns of its own bus that the DMA of a function carries too. */
  readonly aliases: ReadonlyMap<PciFunction, readonly number[]>;
}

/** No firmware reserves more for a device; what does would be a mistake, and its page tables have no end. */
const MOST_BYTES = 64n << 30n;
/** Nor so many ranges. */
const MOST_RANGES = 20_000;

/** Collects reserved memory, and says what cannot be. */
export class ReservedList {
  readonly list: AcpiReserved[] = [];

  constructor(
    private readonly table: AcpiTable,
    private readonly remarks: Remarks,
  ) {}

  /** Whether the range is one that a device can have. */
  isPossible(offset: number, start: bigint, last: bigint): boolean {
    if (last > start && last - start < MOST_BYTES) return true;
    const range = `0x${start.toString(16)}-0x${last.toString(16)}`;
    this.remarks.add(
      this.table,
      offset,
      says.reservedMemoryCannotBeLeftOut(placeIn(this.table, offset), range),
    );
    return false;
  }

  add(offset: number, fn: PciFunction, { start, last }: MemoryRange, kind: AcpiReserved['kind']): void {
    if (this.list.length < MOST_RANGES)
      this.list.push({ name: fn.name, start, last, kind, line: this.table.lineAt(offset) });
  }
}

interface MemoryRange {
  readonly start: bigint;
  readonly last: bigint;
}
