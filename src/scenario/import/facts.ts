import type { PciAddress } from '../../engine/pci/address';
import type { LspciRecord } from './record';
import type { TextLine } from './text-lines';

/** Reads the lines of one source out of a text that holds many. */
export interface SectionReader {
  /** Whether the line was its own. */
  take(line: TextLine): boolean;
  /** The text, or this source's part of it, is over. */
  end?(): void;
}

/** Functions as one source tells of them, by `0000:01:00.0`. */
export type Records = Map<string, LspciRecord>;

/** `name` is in a group, says a line; `group` null: it left its group. */
export interface GroupFact {
  readonly name: string;
  readonly group: number | null;
  readonly line: number;
  readonly source: 'sysfs' | 'group-listing' | 'kernel-log';
}

/** An IOMMU of the machine, as far as told. */
export interface UnitFact {
  /** As its kernel names it: `dmar0`, `ivhd0`, `arm-smmu-v3.0.auto`. */
  readonly name: string;
  readonly kind: UnitKind;
  readonly line: number;
  /** Address of its registers. */
  base: bigint | null;
  /** Address bits of its tables; null when not told. */
  width: number | null;
  /** It covers all of its segment that no other unit covers. Null: not told. */
  includeAll: boolean | null;
  /** PCI segment that it serves. */
  domain: number;
  /** Names of functions that it covers, of those that are told. */
  readonly scope: string[];
}

export type UnitKind = 'vtd' | 'amd' | 'smmuv3' | 'smmuv2' | 'riscv' | 'virtio';

export interface ReservedFact {
  readonly start: bigint;
  readonly last: bigint;
  readonly kind: 'direct' | 'direct-relaxable' | 'reserved' | 'msi' | 'sw-msi';
  readonly line: number;
  /** Null: the line does not tell for whom. */
  readonly scope: readonly string[] | null;
  /** Instead of a scope: all of a group. */
  readonly group: number | null;
}

/** What the sources of a text tell, before anything is compared. */
export class Facts {
  /** Functions of the kernel log, in the end state of what it tells. */
  readonly kernel: Records = new Map();
  readonly tree: Records = new Map();
  readonly sysfs: Records = new Map();
  readonly groups: GroupFact[] = [];
  readonly units: UnitFact[] = [];
  readonly reserved: ReservedFact[] = [];
  /** Names of root buses: `0000:40`. */
  readonly rootBuses = new Set<string>();
  readonly bootLines: { readonly text: string; readonly line: number }[] = [];
  /** Of devices that are not on a PCI bus. */
  readonly platformDevices: { readonly name: string; readonly group: number; readonly line: number }[] = [];
  machineName: { readonly text: string; readonly line: number } | null = null;
  passthrough: { readonly on: boolean; readonly line: number } | null = null;
  strict: { readonly on: boolean; readonly line: number } | null = null;
  interruptRemapping: { readonly on: boolean; readonly line: number } | null = null;
  /** The kernel says that it has no IOMMU on. */
  iommuOff: { readonly line: number } | null = null;

  reserve(region: ReservedFact): void {
    if (region.start <= region.last && this.reserved.length < MOST_REGIONS) this.reserved.push(region);
  }

  platformDevice(name: string, group: number, line: number): void {
    if (
      this.platformDevices.length < MOST_REGIONS &&
      !this.platformDevices.some((known) => known.name === name)
    )
      this.platformDevices.push({ name, group, line });
  }

  unit(kind: UnitKind, name: string, line: number): UnitFact {
    const known = this.units.find((unit) => unit.name === name);
    if (known !== undefined) return known;
    const unit: UnitFact = {
      name,
      kind,
      line,
      base: null,
      width: null,
      includeAll: null,
      domain: 0,
      scope: [],
    };
    if (this.units.length < MOST_UNITS) this.units.push(unit);
    return unit;
  }
}

/** A machine has some dozens; a text can name them without end. */
const MOST_UNITS = 256;
const MOST_REGIONS = 1000;

/** Room for a text that lists without end. */
export const MOST_FUNCTIONS = 20_000;

export const isBefore = (a: PciAddress, b: PciAddress): boolean =>
  (a.domain - b.domain || a.bus - b.bus || a.devfn - b.devfn) < 0;
