import type { SectionReader } from '../facts';
import type { TextLine } from '../text-lines';
import { readField } from './disassembly';
import { readHexRow } from './hex-row';
import { AcpiTable, isSignature } from './table';

/** More than a table of these kinds ever has. */
const LARGEST = 1 << 18;
/** `DMAR @ 0x000000007A7F8000`, above every table that acpidump prints. */
const TITLE = /^([A-Z0-9_!]{4}) @ 0x[0-9A-Fa-f]{1,16}$/;
const RAW_DATA = /^Raw Table Data(?:: Length \d+ \(0x[0-9A-F]+\))?$/i;
/** Above a disassembly. */
const PROSE_BEGINS = /^\/\*$/;
const OTHER_ROW = /^[0-9A-F]{4,8}: [0-9A-F]{2} /i;
/** The bits of a field that iasl has printed. */
const FLAG = /^[\w()/., -]{2,60} : [0-9A-F]{1,8}$/i;

/** The tables of a text: of acpidump, iasl -d, xxd and hexdump -C. */
export class TableReader implements SectionReader {
  private readonly found: Draft[] = [];
  private draft: Draft | null = null;
  /** Between a disassembly's first field and its raw data. */
  private disassembled = false;
  private inProse = false;

  /** Other tables that name IOMMUs, which are not read. */
  get unread(): readonly { readonly signature: string; readonly line: number }[] {
    return this.found.filter(({ signature }) => UNREAD.has(signature));
  }

  /** Those of the kinds that are of interest, whole or not. */
  get tables(): readonly AcpiTable[] {
    return this.found.flatMap((draft) => draft.table ?? []);
  }

  take({ text, number, indented }: TextLine): boolean {
    const first = text.charCodeAt(0);
    if (first === BRACKET) return this.takeField(text, number);
    if (this.takeRow(text, number)) return true;
    const title = TITLE.exec(text)?.[1];
    if (title !== undefined) {
      this.begin(title, number);
      return true;
    }
    if (RAW_DATA.test(text)) {
      this.draft = null;
      this.disassembled = false;
      return true;
    }
    if (this.disassembled && indented && FLAG.test(text)) return true;
    if (this.draft !== null && this.draft.count > 0) {
      if (text === '*') {
        this.draft.repeats = true;
        return true;
      }
      // hexdump ends with the length.
      if (/^[0-9a-f]{7,8}$/i.test(text) && this.draft.reach(parseInt(text, 16))) {
        this.draft = null;
        return true;
      }
    }
    return this.takeProse(text);
  }

  end(): void {
    this.draft = null;
    this.disassembled = false;
  }

  private takeProse(text: string): boolean {
    if (PROSE_BEGINS.test(text)) this.inProse = true;
    const taken = this.inProse && /^[/*]/.test(text);
    if (text === '*/' || !taken) this.inProse = false;
    return taken;
  }

  private takeRow(text: string, line: number): boolean {
    // Tables of no interest are passed over.
    if (this.draft?.isWanted === false && OTHER_ROW.test(text)) return true;
    const row = readHexRow(text);
    if (row === null) return false;
    if (row.offset === 0 && this.draft?.count !== 0) {
      const signature = String.fromCharCode(...row.bytes.slice(0, 4));
      // Rows without a title above them could be of anything.
      if (!isSignature(signature)) return false;
      this.begin(signature, line);
    }
    this.draft?.add(row.offset, row.bytes, line);
    return this.draft !== null;
  }

  private takeField(text: string, line: number): boolean {
    const field = readField(text);
    if (field === null) return false;
    if (field.offset === 0) {
      this.begin(String.fromCharCode(...field.bytes), line);
      if (this.draft !== null) this.draft.fields = true;
      this.disassembled = true;
    }
    if (!this.disassembled) return false;
    if (field.bytes.length > 0 && this.draft?.count === field.offset)
      this.draft.add(field.offset, field.bytes, line);
    return true;
  }

  private begin(signature: string, line: number): void {
    this.disassembled = false;
    const before = this.found.at(-1);
    // iasl prints the same table twice; the bytes say it better.
    if (before?.fields === true && before.signature === signature) this.found.pop();
    this.draft = new Draft(signature, line);
    this.found.push(this.draft);
  }
}

const BRACKET = 0x5b;
/** Of virtio-iommu and of RISC-V. */
const UNREAD: ReadonlySet<string> = new Set(['VIOT', 'RIMT']);

/** A table whose rows are coming. */
class Draft {
  count = 0;
  repeats = false;
  /** Put together from a disassembly. */
  fields = false;
  private data = new Uint8Array(1024);
  private readonly rows: { offset: number; line: number }[] = [];
  private lastRow: readonly number[] = [];

  constructor(
    readonly signature: string,
    readonly line: number,
  ) {}

  get isWanted(): boolean {
    return isSignature(this.signature);
  }

  get table(): AcpiTable | null {
    return isSignature(this.signature) && this.count > 0
      ? new AcpiTable(this.signature, this.data.slice(0, this.count), this.rows)
      : null;
  }

  /** What a row out of turn holds is not taken: the table ends where the first is missing. */
  add(offset: number, bytes: readonly number[], line: number): void {
    if (!this.reach(offset)) return;
    this.push(bytes);
    this.rows.push({ offset, line });
    this.lastRow = bytes;
  }

  /** Fills up what a `*` stands for. */
  reach(offset: number): boolean {
    const { lastRow, repeats } = this;
    this.repeats = false;
    if (offset < this.count || offset > LARGEST) return false;
    while (repeats && this.count < offset && lastRow.length > 0)
      this.push(lastRow.slice(0, offset - this.count));
    return offset === this.count;
  }

  private push(bytes: readonly number[]): void {
    if (this.count + bytes.length > LARGEST) return;
    if (this.count + bytes.length > this.data.length) {
      const larger = new Uint8Array(this.data.length * 2);
      larger.set(this.data);
      this.data = larger;
    }
    this.data.set(bytes, this.count);
    this.count += bytes.length;
  }
}
