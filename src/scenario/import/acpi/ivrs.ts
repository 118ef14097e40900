import { forEachStructure, placeIn, type AcpiTable, type Remarks } from './table';
import * as says from '../../../words/scenario/import-acpi';

/**
 * IVRS: AMD's IOMMUs, the requester ids that each covers, and what firmware reserves.
 *
 * Spec: AMD IOMMU 3.10, 5.2 "I/O Virtualization ACPI Table"
 * Linux: include/acpi/actbl2.h, drivers/iommu/amd/init.c
 */
export interface Ivrs {
  readonly table: AcpiTable;
  /** Those of the type that Linux uses, in the order of the table. */
  readonly units: readonly IvrsUnit[];
  readonly memory: readonly IvrsMemory[];
}

/** IVHD */
export interface IvrsUnit {
  readonly offset: number;
  readonly segment: number;
  readonly base: bigint;
  /** Requester id of the IOMMU itself. */
  readonly rid: number;
  readonly ranges: readonly RidRange[];
  readonly aliases: readonly IvrsAlias[];
}

export interface RidRange {
  readonly first: number;
  readonly last: number;
}

export interface IvrsAlias extends RidRange {
  readonly offset: number;
  /** The requester id that DMA of these carries. */
  readonly to: number;
}

/** IVMD: a range of memory that some functions must reach untranslated. */
export interface IvrsMemory {
  readonly offset: number;
  readonly rids: RidRange;
  readonly segment: number;
  readonly start: bigint;
  readonly last: bigint;
}

/** Bytes before the device entries. Linux: get_ivhd_header_size() */
const IVHD_HEADERS: Readonly<Record<number, number>> = { 0x10: 24, 0x11: 40, 0x40: 40 };
const HIGHEST_IVHD = 0x40;
const IVMD_ALL = 0x20;
const IVMD_ONE = 0x21;
const IVMD_RANGE = 0x22;
const IVMD_BYTES = 32;
const UNITY_OR_EXCLUSION = 0x09;
const FIRST_BLOCK = 48;
const LAST_RID = 0xffff;
const PAGE = 4096n;

export function readIvrs(table: AcpiTable, remarks: Remarks): Ivrs {
  const { bytes } = table;
  const blocks: { readonly offset: number; readonly end: number; readonly type: number }[] = [];
  const lengthAt = (offset: number): number => bytes.u16(offset + 2);
  forEachStructure(table, FIRST_BLOCK, lengthAt, 4, remarks, (offset, end) => {
    const type = bytes.u8(offset);
    const shortest = IVHD_HEADERS[type] ?? (isIvmd(type) ? IVMD_BYTES : undefined);
    if (shortest === undefined)
      remarks.add(table, offset, says.blockType0xIsNotKnown(placeIn(table, offset), type.toString(16)));
    else if (end - offset < shortest)
      remarks.gap(
        table,
        offset,
        says.aBlockOfType0xNeeds(placeIn(table, offset), type.toString(16), shortest, end - offset),
      );
    else blocks.push({ offset, end, type });
  });
  const used = typeInUse(table, blocks);
  const units = blocks
    .filter(({ type }) => type === used)
    .map(({ offset, end, type }) => readUnit(table, offset, end, IVHD_HEADERS[type] ?? 24, remarks));
  if (units.length === 0) remarks.add(table, 0, says.theIvrsTableListsNoIommu);
  const memory = blocks.flatMap(({ offset, type }) =>
    isIvmd(type) ? readMemory(table, offset, type, remarks) : [],
  );
  return { table, units, memory };
}

const isIvmd = (type: number): boolean => type === IVMD_ALL || type === IVMD_ONE || type === IVMD_RANGE;

/** An IOMMU may be described several times, newer forms later. Linux: get_highest_supported_ivhd_type() */
function typeInUse(
  { bytes }: AcpiTable,
  blocks: readonly { readonly offset: number; readonly type: number }[],
): number | null {
  const hardware = blocks.filter(({ type }) => type in IVHD_HEADERS);
  const [first] = hardware;
  if (first === undefined) return null;
  const rid = bytes.u16(first.offset + 4);
  let { type } = first;
  for (const block of hardware) {
    if (block.type > HIGHEST_IVHD) break;
    if (bytes.u16(block.offset + 4) === rid) type = block.type;
  }
  return type;
}

/** Linux: init_iommu_from_acpi() */
function readUnit(table: AcpiTable, block: number, end: number, header: number, remarks: Remarks): IvrsUnit {
  const { bytes } = table;
  const ranges: RidRange[] = [];
  const aliases: IvrsAlias[] = [];
  const one = (rid: number): void => {
    ranges.push({ first: rid, last: rid });
  };
  let start: { readonly offset: number; readonly rid: number; readonly to: number | null } | null = null;
  for (let offset = block + header; offset < end;) {
    const type = bytes.u8(offset);
    const length = entryLength(table, offset);
    if (length === 0 || offset + length > end) {
      remarks.gap(table, offset, says.aDeviceEntryOfType0x(placeIn(table, offset), type.toString(16)));
      break;
    }
    const rid = bytes.u16(offset + 1);
    const other = bytes.u16(offset + 5);
    switch (type) {
      case 0x00: // padding
      case 0x40:
        break;
      case 0x01: // all
        ranges.push({ first: 0, last: LAST_RID });
        break;
      case 0x02: // select
      case 0x46: // extended select
        one(rid);
        break;
      case 0x03: // start of range
      case 0x47: // extended start of range
        start = { offset, rid, to: null };
        break;
      case 0x43: // alias start of range
        start = { offset, rid, to: other };
        break;
      case 0x04: // end of range
        if (start === null || rid < start.rid) {
          remarks.add(table, offset, says.theEndOfARange(placeIn(table, offset)));
          break;
        }
        ranges.push({ first: start.rid, last: rid });
        if (start.to !== null) {
          one(start.to);
          aliases.push({ offset: start.offset, first: start.rid, last: rid, to: start.to });
        }
        start = null;
        break;
      case 0x42: // alias select
        one(rid);
        one(other);
        aliases.push({ offset, first: rid, last: rid, to: other });
        break;
      case 0x48: // an IO-APIC or HPET
        one(other);
        if (bytes.u8(offset + 7) !== 1 && bytes.u8(offset + 7) !== 2)
          remarks.add(table, offset, says.aSpecialDeviceThatIsNeither(placeIn(table, offset)));
        break;
      case 0xf0: // an ACPI device
        one(rid);
        break;
      default:
        remarks.add(table, offset, says.deviceEntryType0x(placeIn(table, offset), type.toString(16)));
    }
    offset += length;
  }
  return {
    offset: block,
    segment: bytes.u16(block + 16),
    base: bytes.u64(block + 8),
    rid: bytes.u16(block + 4),
    ranges,
    aliases,
  };
}

/** Linux: ivhd_entry_length() */
function entryLength({ bytes }: AcpiTable, offset: number): number {
  const type = bytes.u8(offset);
  if (type < 0x80) return 4 << (type >> 6);
  return type === 0xf0 ? 22 + bytes.u8(offset + 21) : 0;
}

/** Linux: init_unity_map_range(); exclusion ranges are treated as unity maps, too. */
function readMemory(table: AcpiTable, offset: number, type: number, remarks: Remarks): readonly IvrsMemory[] {
  const { bytes } = table;
  if ((bytes.u8(offset + 1) & UNITY_OR_EXCLUSION) === 0) return [];
  const start = pageUp(bytes.u64(offset + 16));
  const length = pageUp(bytes.u64(offset + 24));
  if (length === 0n || start + length > 1n << 64n) {
    remarks.add(table, offset, says.aMemoryRangeThatCannot(placeIn(table, offset)));
    return [];
  }
  const rid = bytes.u16(offset + 4);
  const first = type === IVMD_ALL ? 0 : rid;
  const last = type === IVMD_ALL ? LAST_RID : type === IVMD_ONE ? rid : bytes.u16(offset + 6);
  return [
    { offset, segment: bytes.u16(offset + 8), rids: { first, last }, start, last: start + length - 1n },
  ];
}

const pageUp = (address: bigint): bigint => ((address + PAGE - 1n) / PAGE) * PAGE;
