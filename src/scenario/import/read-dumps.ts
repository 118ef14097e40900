import { formatBdf, type PciAddress } from '../../engine/pci/address';
import { beginsDetail, beginsDetails, readDetail } from './details';
import { readHexLine } from './hex-dump';
import { formatAddress } from '../pci-line';
import type { LspciRecord } from './record';
import { forEachLine, type TextLine } from './text-lines';
import { mayBeTitle, parsePlace, parseTitle } from './title';
import type { Warnings } from './warnings';

/** One run of lspci: functions in ascending order. */
export interface Dump {
  readonly records: Map<string, LspciRecord>;
  readonly firstLine: number;
}

/** More functions than any machine has: a text that goes on for ever. */
export const MOST_FUNCTIONS = 20_000;

/** Finds every lspci listing in a text, whatever stands around it. */
export function readDumps(
  text: string,
  warnings: Warnings,
): { readonly dumps: readonly Dump[]; readonly lines: number; readonly tooMany: boolean } {
  const reader = new DumpReader(warnings);
  const lines = forEachLine(text, (line) => {
    reader.take(line);
  });
  reader.end(text.endsWith('\n'));
  return { dumps: reader.dumps.filter((dump) => dump.records.size > 0), lines, tooMany: reader.tooMany };
}

class DumpReader {
  readonly dumps: Dump[] = [];
  tooMany = false;
  private count = 0;
  private sawDetails = false;
  private record: LspciRecord | null = null;
  /** A title whose class nobody knows is taken only if lspci's details follow. */
  private doubtful = false;
  private last: PciAddress | null = null;
  /** What is read but not taken yet, as the next line may be its tail. */
  private pending = '';
  private pendingTitle: TextLine | null = null;

  constructor(private readonly warnings: Warnings) {}

  take(line: TextLine): void {
    if (mayBeTitle(line.text) && this.isTitle(line)) {
      this.flush();
      this.pendingTitle = line;
      this.pending = line.text;
      return;
    }
    if (this.record === null && this.pendingTitle === null) return;
    const hex = line.text.charCodeAt(2) === 0x3a || line.text.charCodeAt(3) === 0x3a;
    const begins = this.pendingTitle === null ? beginsDetail(line.text) : beginsDetails(line.text);
    const wrapped = !line.indented && !line.afterBlank && !hex && !begins;
    if (wrapped) {
      if (this.pending !== '' && this.pending.length < 4096) this.pending += ` ${line.text}`;
      return;
    }
    this.flush();
    if (this.record === null) return;
    if (hex && readHexLine(this.record, line.text)) {
      this.keepIfDoubtful();
      return;
    }
    this.pending = line.text;
  }

  /** A text that stops in mid-line stops within the function that it is about, unless that was complete by then. */
  end(lineEnded: boolean): void {
    const last = this.pending;
    // A list of titles has no lines within a function.
    const complete = lineEnded || endsFunction(last) || (this.pendingTitle !== null && !this.sawDetails);
    this.flush();
    if (this.record !== null && !complete) {
      this.record.cutShort = true;
      this.warnings.add(
        this.record.line,
        'the text ends within the lines of %, without a line break; if it was cut off there, the rest is missing',
        nameOf(this.record),
      );
    }
    this.record = null;
  }

  private isTitle(line: TextLine): boolean {
    const place = parsePlace(line.text, (path) => this.busBehind(path));
    return place !== null;
  }

  /** Takes the pending line: a title or a detail. */
  private flush(): void {
    const text = this.pending;
    const title = this.pendingTitle;
    this.pending = '';
    this.pendingTitle = null;
    if (title !== null) this.begin(title, text);
    else if (text !== '' && this.record !== null) {
      if (beginsDetails(text)) {
        this.record.hasDetails = true;
        this.sawDetails = true;
        this.keepIfDoubtful();
      }
      readDetail(this.record, text);
    }
  }

  private begin(line: TextLine, text: string): void {
    this.record = null;
    const place = parsePlace(text, (path) => this.busBehind(path));
    if (place === 'unknown-path') {
      this.warnings.add(
        line.number,
        '% stands behind a bridge whose bus number the text does not tell; left out',
        text.slice(0, 40),
      );
      return;
    }
    if (place === null) return;
    const title = parseTitle(place.address, place.path, place.rest, line.number);
    if (title === null) return;
    this.record = title.record;
    this.doubtful = !title.sure;
    if (title.sure) this.keep(title.record);
  }

  private keepIfDoubtful(): void {
    if (!this.doubtful || this.record === null) return;
    this.doubtful = false;
    this.keep(this.record);
  }

  private keep(record: LspciRecord): void {
    if (this.count >= MOST_FUNCTIONS) {
      this.tooMany = true;
      return;
    }
    this.count++;
    const restarts = this.last === null || compare(record.address, this.last) <= 0;
    this.last = record.address;
    if (restarts) this.dumps.push({ records: new Map(), firstLine: record.line });
    this.dumps.at(-1)?.records.set(formatBdf(record.address), record);
  }

  private busBehind(path: string): number | null {
    // The path's last step names the bridge; -P prints it before what is behind it.
    const name = path.slice(path.lastIndexOf('/') + 1);
    return this.dumps.at(-1)?.records.get(name)?.buses?.secondary ?? null;
  }
}

/** What lspci prints last of a function; a line of a hex dump counts for itself. */
const endsFunction = (text: string): boolean =>
  text === '' || text.startsWith('Kernel driver in use: ') || text.startsWith('Kernel modules: ');

const compare = (a: PciAddress, b: PciAddress): number =>
  a.domain - b.domain || a.bus - b.bus || a.devfn - b.devfn;

/** For warnings. */
export const nameOf = (record: LspciRecord): string => formatAddress(record.address);
