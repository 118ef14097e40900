import { forEachLine, plainText } from '../text-lines';
import { readDmar, type Dmar } from './dmar';
import { readIort, type Iort } from './iort';
import { readIvrs, type Ivrs } from './ivrs';
import { HEADER_BYTES, Remarks, type AcpiRemark, type AcpiTable, type Signature } from './table';
import { TableReader } from './table-reader';
import * as says from '../../../words/scenario/import-acpi';

/** What the ACPI tables of a text say about IOMMUs. */
export interface AcpiFacts {
  readonly dmar: Dmar | null;
  readonly ivrs: Ivrs | null;
  readonly iort: Iort | null;
  /** Tables of which something could not be read: what they do not say, they may not have lacked. */
  readonly damaged: ReadonlySet<AcpiTable>;
  /** Where tables are damaged, strange or not understood. */
  readonly remarks: readonly AcpiRemark[];
}

/** The tables of a text that holds them, whatever else it holds. */
export function readAcpi(text: string): AcpiFacts {
  const reader = new TableReader();
  forEachLine(plainText(text), (line) => {
    reader.take(line);
  });
  reader.end();
  return readTables(reader.tables);
}

export function readTables(tables: readonly AcpiTable[]): AcpiFacts {
  const remarks = new Remarks();
  const one = (signature: Signature): AcpiTable | null => theOne(tables, signature, remarks);
  const [dmar, ivrs, iort] = [one('DMAR'), one('IVRS'), one('IORT')];
  return {
    dmar: dmar && readDmar(dmar, remarks),
    ivrs: ivrs && readIvrs(ivrs, remarks),
    iort: iort && readIort(iort, remarks),
    damaged: remarks.damaged,
    remarks: remarks.list,
  };
}

/** A machine has one table of each kind; the same one may be in a text twice. */
function theOne(tables: readonly AcpiTable[], signature: Signature, remarks: Remarks): AcpiTable | null {
  const [first, ...others] = tables.filter(
    (table) => table.signature === signature && isTable(table, remarks),
  );
  if (first === undefined) return null;
  // Of several the first whole one.
  const taken = [first, ...others].find((table) => table.told <= table.bytes.length) ?? first;
  for (const other of [first, ...others])
    if (other !== taken && !sameBytes(other, taken))
      remarks.contradiction(
        other,
        0,
        says.twoDifferentTablesInLines(signature, taken.lineAt(0), other.lineAt(0)),
      );
  warnOfDamage(taken, remarks);
  return taken;
}

function isTable(table: AcpiTable, remarks: Remarks): boolean {
  const { signature, bytes, told } = table;
  if (bytes.text(0, 4) === signature && told >= HEADER_BYTES + 12 && bytes.length > HEADER_BYTES) return true;
  remarks.gap(
    table,
    0,
    says.noTableLeftOut(
      signature,
      bytes.text(0, 4) === signature
        ? says.itsHeaderTellsALength(told, bytes.length)
        : says.itDoesNotBeginWithItsName,
    ),
  );
  return false;
}

function warnOfDamage(table: AcpiTable, remarks: Remarks): void {
  const { signature, bytes, told } = table;
  if (told > bytes.length)
    remarks.gap(table, bytes.length, says.theTableHasBytes(signature, told, bytes.length));
  else if (!table.checksumHolds)
    remarks.add(table, 9, says.theChecksumOfTheTable(signature, signature === 'IVRS'));
}

const sameBytes = (a: AcpiTable, b: AcpiTable): boolean => {
  const length = Math.min(a.end, b.end);
  for (let at = 0; at < length; at++) if (a.bytes.u8(at) !== b.bytes.u8(at)) return false;
  return true;
};
