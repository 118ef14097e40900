import { placeIn, forEachStructure, type AcpiTable, type Remarks } from './table';
import * as says from '../../../words/scenario/import-acpi';

/**
 * DMAR: the IOMMUs of a machine with VT-d, and what firmware reserves.
 *
 * Spec: Intel VT-d 5.1, 8 "BIOS Considerations"
 * Linux: include/acpi/actbl1.h, drivers/iommu/intel/dmar.c
 */
export interface Dmar {
  readonly table: AcpiTable;
  /** Host Address Width */
  readonly addressBits: number;
  readonly interruptRemapping: boolean;
  readonly units: readonly DmarUnit[];
  readonly reserved: readonly DmarReserved[];
  readonly atsr: readonly DmarPorts[];
  readonly satc: readonly DmarPorts[];
  /** ACPI devices by number, for scopes that name them so. */
  readonly acpiDevices: ReadonlyMap<number, string>;
}

/** DRHD */
export interface DmarUnit {
  readonly offset: number;
  readonly segment: number;
  readonly base: bigint;
  /** INCLUDE_PCI_ALL */
  readonly includeAll: boolean;
  readonly scopes: readonly DmarScope[];
}

/** RMRR */
export interface DmarReserved {
  readonly offset: number;
  readonly segment: number;
  readonly start: bigint;
  readonly last: bigint;
  readonly scopes: readonly DmarScope[];
}

/** ATSR: root ports below which ATS works. SATC: functions with a cache of their own. */
export interface DmarPorts {
  readonly offset: number;
  readonly segment: number;
  /** ATSR: ALL_PORTS; SATC: ATC_REQUIRED. */
  readonly flag: boolean;
  readonly scopes: readonly DmarScope[];
}

export interface DmarScope {
  readonly offset: number;
  readonly type: number;
  readonly enumerationId: number;
  readonly bus: number;
  readonly path: readonly { readonly device: number; readonly fn: number }[];
}

export const SCOPE_ENDPOINT = 1;
export const SCOPE_BRIDGE = 2;
const SCOPE_IOAPIC = 3;
const SCOPE_HPET = 4;
const SCOPE_ACPI = 5;

const DRHD = 0;
const RMRR = 1;
const ATSR = 2;
const RHSA = 3;
const ANDD = 4;
const SATC = 5;
const SIDP = 6;

/** Bytes before the scopes. */
const FIXED: Readonly<Record<number, number>> = {
  [DRHD]: 16,
  [RMRR]: 24,
  [ATSR]: 8,
  [RHSA]: 20,
  [ANDD]: 8,
  [SATC]: 8,
  [SIDP]: 8,
};
const FIRST_STRUCTURE = 48;

export function readDmar(table: AcpiTable, remarks: Remarks): Dmar {
  const { bytes } = table;
  const flags = bytes.u8(37);
  const units: DmarUnit[] = [];
  const reserved: DmarReserved[] = [];
  const atsr: DmarPorts[] = [];
  const satc: DmarPorts[] = [];
  const acpiDevices = new Map<number, string>();
  const addressBits = bytes.u8(36) + 1;
  if (addressBits < 12) remarks.add(table, 36, says.theDmarTableClaimsAddressBits(addressBits));
  const lengthAt = (offset: number): number => bytes.u16(offset + 2);
  forEachStructure(table, FIRST_STRUCTURE, lengthAt, 4, remarks, (offset, end) => {
    const type = bytes.u16(offset);
    const fixed = FIXED[type];
    if (fixed === undefined) {
      remarks.add(table, offset, says.structureTypeIsNotKnown(placeIn(table, offset), type));
      return;
    }
    if (end - offset < fixed) {
      remarks.gap(
        table,
        offset,
        says.aStructureOfTypeNeedsBytes(placeIn(table, offset), type, fixed, end - offset),
      );
      return;
    }
    const segment = bytes.u16(offset + 6);
    const scopes = (): readonly DmarScope[] => readScopes(table, offset + fixed, end, remarks);
    if (type === DRHD) addUnit(units, table, offset, scopes(), remarks);
    else if (type === RMRR)
      reserved.push({
        offset,
        segment,
        start: bytes.u64(offset + 8),
        last: bytes.u64(offset + 16),
        scopes: scopes(),
      });
    else if (type === ATSR)
      atsr.push({ offset, segment, flag: isSet(bytes.u8(offset + 4)), scopes: scopes() });
    else if (type === SATC)
      satc.push({ offset, segment, flag: isSet(bytes.u8(offset + 4)), scopes: scopes() });
    else if (type === ANDD) acpiDevices.set(bytes.u8(offset + 7), bytes.text(offset + 8, end));
  });
  if ((flags & 4) !== 0) remarks.add(table, 37, says.firmwareAsksForProtectionFromBefore);
  if (units.length === 0) remarks.add(table, 0, says.theDmarTableListsNoIommu);
  return {
    table,
    addressBits,
    interruptRemapping: isSet(flags),
    units,
    reserved,
    atsr,
    satc,
    acpiDevices,
  };
}

const isSet = (flags: number): boolean => (flags & 1) !== 0;

/** Linux: dmar_parse_one_drhd(), dmar_validate_one_drhd() */
function addUnit(
  units: DmarUnit[],
  table: AcpiTable,
  offset: number,
  scopes: readonly DmarScope[],
  remarks: Remarks,
): void {
  const segment = table.bytes.u16(offset + 6);
  const base = table.bytes.u64(offset + 8);
  if (units.some((unit) => unit.segment === segment && unit.base === base)) {
    remarks.add(table, offset, says.aSecondIommuAt0xLinux(placeIn(table, offset), base.toString(16)));
    return;
  }
  if (base === 0n) remarks.add(table, offset, says.anIommuAtAddress0Linux(placeIn(table, offset)));
  units.push({ offset, segment, base, includeAll: isSet(table.bytes.u8(offset + 4)), scopes });
}

/** Linux: dmar_alloc_dev_scope() */
function readScopes(table: AcpiTable, start: number, end: number, remarks: Remarks): readonly DmarScope[] {
  const { bytes } = table;
  const scopes: DmarScope[] = [];
  for (let offset = start; offset < end;) {
    const type = bytes.u8(offset);
    const length = bytes.u8(offset + 1);
    if (length < 6 || offset + length > end) {
      remarks.gap(table, offset, says.aDeviceScopeOfBytesCannot(placeIn(table, offset), length));
      break;
    }
    if (type === SCOPE_ENDPOINT || type === SCOPE_BRIDGE || type === SCOPE_ACPI) {
      const path: { device: number; fn: number }[] = [];
      for (let at = offset + 6; at + 1 < offset + length; at += 2)
        path.push({ device: bytes.u8(at), fn: bytes.u8(at + 1) });
      scopes.push({
        offset,
        type,
        enumerationId: bytes.u8(offset + 4),
        bus: bytes.u8(offset + 5),
        path,
      });
    } else if (type !== SCOPE_IOAPIC && type !== SCOPE_HPET)
      remarks.add(table, offset, says.aDeviceScopeOfTheUnknown(placeIn(table, offset), type));
    offset += length;
  }
  return scopes;
}
