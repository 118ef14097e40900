import { Bytes } from './bytes';
import * as says from '../../../words/scenario/import-acpi';

/** The tables that say which IOMMU covers what. */
export const SIGNATURES = ['DMAR', 'IVRS', 'IORT'] as const;
export type Signature = (typeof SIGNATURES)[number];

export const isSignature = (word: string): word is Signature =>
  SIGNATURES.some((signature) => signature === word);

/** A table as a text holds it. Spec: ACPI 6.5, 5.2.6 "System Description Table Header" */
export class AcpiTable {
  readonly bytes: Bytes;

  constructor(
    readonly signature: Signature,
    data: Uint8Array,
    /** Where rows begin: offset and line, both ascending. */
    private readonly rows: readonly { readonly offset: number; readonly line: number }[],
  ) {
    this.bytes = new Bytes(data);
  }

  /** Length that its header tells. */
  get told(): number {
    return this.bytes.u32(4);
  }

  get revision(): number {
    return this.bytes.u8(8);
  }

  /** Where its structures end: what lies behind is not of this table, what is missing cannot be read. */
  get end(): number {
    return Math.min(this.told, this.bytes.length);
  }

  /** Sum of all bytes is 0 modulo 256. */
  get checksumHolds(): boolean {
    return checksumOf(this.bytes.data.subarray(0, this.end)) === 0;
  }

  /** The line of the text that holds this byte. */
  lineAt(offset: number): number {
    let [low, high] = [0, this.rows.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.rows[middle]?.offset ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return this.rows[low]?.line ?? 1;
  }
}

export function checksumOf(data: Uint8Array): number {
  let sum = 0;
  for (const byte of data) sum = (sum + byte) & 0xff;
  return sum;
}

/** The header that all tables begin with. */
export const HEADER_BYTES = 36;

/** What is to be said about a table. */
export interface AcpiRemark {
  readonly sort: 'remark' | 'gap' | 'contradiction';
  /** A sentence without its full stop; `%` where the functions it is about go. */
  readonly text: string;
  readonly line: number;
  /** `0000:01:00.0` */
  readonly functions: readonly string[];
}

/** `DMAR+0x38`: for sentences. */
export const placeIn = (table: AcpiTable, offset: number): string =>
  `${table.signature}+0x${offset.toString(16)}`;

export class Remarks {
  readonly list: AcpiRemark[] = [];
  /** Tables of which something could not be read. */
  readonly damaged = new Set<AcpiTable>();

  add(table: AcpiTable, offset: number, text: string, functions: readonly string[] = []): void {
    this.push('remark', table, offset, text, functions);
  }

  gap(table: AcpiTable, offset: number, text: string, functions: readonly string[] = []): void {
    this.damaged.add(table);
    this.push('gap', table, offset, text, functions);
  }

  contradiction(table: AcpiTable, offset: number, text: string, functions: readonly string[] = []): void {
    this.push('contradiction', table, offset, text, functions);
  }

  private push(
    sort: AcpiRemark['sort'],
    table: AcpiTable,
    offset: number,
    text: string,
    functions: readonly string[],
  ): void {
    this.list.push({ sort, text, line: table.lineAt(offset), functions });
  }
}

/**
 * Calls `visit` with every structure from `start` on that is whole; a length of 0, or past the end, ends the walk.
 *
 * Linux: drivers/iommu/intel/dmar.c dmar_walk_remapping_entries()
 */
export function forEachStructure(
  table: AcpiTable,
  start: number,
  lengthAt: (offset: number) => number,
  shortest: number,
  remarks: Remarks,
  visit: (offset: number, end: number) => void,
): void {
  for (let offset = start; offset < table.end;) {
    const length = lengthAt(offset);
    if (length < shortest) {
      remarks.gap(table, offset, says.aStructureOfBytesCannot(placeIn(table, offset), length));
      return;
    }
    if (offset + length > table.end) {
      remarks.gap(table, offset, says.aStructureOfBytesDoes(placeIn(table, offset), length));
      return;
    }
    visit(offset, offset + length);
    offset += length;
  }
}
