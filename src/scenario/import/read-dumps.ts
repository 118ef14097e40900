import { formatBdf, type PciAddress } from '../../engine/pci/address';
import { formatAddress } from '../pci-line';
import { beginsDetail, beginsDetails, readDetail } from './details';
import { MOST_FUNCTIONS, type SectionReader } from './facts';
import { readHexRow } from './hex-dump';
import type { LspciRecord } from './record';
import type { TextLine } from './text-lines';
import { mayBeTitle, parsePlace, parseTitle } from './title';
import type { Warnings } from './warnings';
import * as says from '../../words/scenario/import';

/** One run of lspci: functions in ascending order, or grouped by a script. */
export interface Dump {
  readonly records: Map<string, LspciRecord>;
  readonly firstLine: number;
  /** Titles under headings of IOMMU groups: no run of its own. */
  readonly grouped: boolean;
}

/** A line shorter than this was not wrapped: the next one is no tail of it. */
const SHORTEST_WRAPPED = 36;
const LONGEST = 4096;

/** Finds every lspci listing among the lines that it is given, whatever stands between. */
export class LspciReader implements SectionReader {
  tooMany = false;
  private readonly found: Dump[] = [];
  private count = 0;
  private sawDetails = false;
  private record: LspciRecord | null = null;
  /** Where the record's title begins: its lines begin further right. */
  private column = 0;
  /** A title whose class nobody knows is taken only if lspci's details follow. */
  private doubtful = false;
  private last: PciAddress | null = null;
  /** What is read but not taken yet, as the next line may be its tail. */
  private pending = '';
  private pendingLine = 0;
  private pendingTitle: TextLine | null = null;
  private pendingGrouped = false;
  private grouped = false;
  private tailMayFollow = false;

  /** `understood` is told of every line that turned out to be lspci's. */
  constructor(
    private readonly warnings: Warnings,
    private readonly understood: (line: number) => void,
  ) {}

  get dumps(): readonly Dump[] {
    return this.found.filter((dump) => dump.records.size > 0);
  }

  /** Behind a title. */
  get inFunction(): boolean {
    return this.record !== null || this.pendingTitle !== null;
  }

  /** Among the lines of a function, behind its title. */
  get inDetails(): boolean {
    return this.record?.hasDetails === true || (this.record !== null && beginsDetails(this.pending));
  }

  /** A title under the heading of an IOMMU group. */
  takeGrouped(line: TextLine): boolean {
    if (!mayBeTitle(line.text) || !this.isTitle(line)) return false;
    this.begins(line, true);
    return true;
  }

  /** A row of bytes, taken from the text as it stands there. */
  takeRow(number: number, text: string, at: number, end: number): boolean {
    this.flush();
    if (this.record === null || !readHexRow(this.record, text, at, end)) return false;
    this.keepIfDoubtful();
    this.understood(number);
    return true;
  }

  take(line: TextLine): boolean {
    const { text } = line;
    if (mayBeTitle(text) && this.isTitle(line)) {
      this.begins(line, false);
      return true;
    }
    if (this.record === null && this.pendingTitle === null) return false;
    const hex = text.charCodeAt(2) === 0x3a || text.charCodeAt(3) === 0x3a;
    const begins = this.pendingTitle === null ? beginsDetail(text) : beginsDetails(text);
    if (!line.indented && !line.afterBlank && !hex && !begins) return this.takeTail(line);
    this.flush();
    if (this.record === null) return false;
    if (hex && readHexRow(this.record, text, 0, text.length)) {
      this.keepIfDoubtful();
      this.understood(line.number);
      return true;
    }
    this.pending = text;
    this.pendingLine = line.number;
    this.tailMayFollow = line.column + text.length >= SHORTEST_WRAPPED;
    if (begins || (line.column > this.column && !this.doubtful)) this.understood(line.number);
    return true;
  }

  /** Another source's line comes: what was pending is complete. */
  interrupt(): void {
    this.flush();
    this.record = null;
  }

  /** A text that stops in mid-line stops within the function that it is about, unless that was complete by then. */
  finish(lineEnded: boolean): void {
    const last = this.pending;
    // A list of titles has no lines within a function.
    const complete = lineEnded || endsFunction(last) || (this.pendingTitle !== null && !this.sawDetails);
    this.flush();
    if (this.record !== null && !complete) {
      this.record.cutShort = true;
      this.warnings.gap(
        this.record.line,
        says.theTextEndsWithinTheLines,
        nameOf(this.record),
        'sudo lspci -vvvnnxxxx',
      );
    }
    this.record = null;
  }

  private begins(line: TextLine, grouped: boolean): void {
    this.flush();
    this.pendingTitle = line;
    this.pendingGrouped = grouped;
    this.pending = line.text;
    this.pendingLine = line.number;
    this.tailMayFollow = line.column + line.text.length >= SHORTEST_WRAPPED;
  }

  /** What mail programs broke off the end of a line, or prose that follows a listing. */
  private takeTail(line: TextLine): boolean {
    if (this.pending === '' || !this.tailMayFollow) return false;
    if (isWhole(this.pending, this.pendingTitle !== null) && !SUFFIX.test(line.text)) return false;
    if (this.pending.length < LONGEST) this.pending += ` ${line.text}`;
    this.tailMayFollow = line.text.length >= SHORTEST_WRAPPED;
    this.understood(line.number);
    return true;
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
    if (title !== null) this.begin(title, text, this.pendingGrouped);
    else if (text !== '' && this.record !== null) {
      if (beginsDetails(text)) {
        this.record.hasDetails = true;
        this.sawDetails = true;
        this.keepIfDoubtful();
      }
      readDetail(this.record, text, this.pendingLine);
    }
  }

  private begin(line: TextLine, text: string, grouped: boolean): void {
    this.record = null;
    const place = parsePlace(text, (path) => this.busBehind(path));
    if (place === 'unknown-path') {
      this.understood(line.number);
      this.warnings.gap(
        line.number,
        says.standsBehindABridgeWhoseBus,
        text.slice(0, 40),
        'sudo lspci -vvvnnxxxx',
      );
      return;
    }
    if (place === null) return;
    const title = parseTitle(place.address, place.path, place.rest, line.number);
    if (title === null) return;
    this.record = title.record;
    this.column = line.column;
    this.doubtful = !title.sure;
    this.grouped = grouped;
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
    this.understood(record.line);
    const name = formatBdf(record.address);
    const dump = this.found.at(-1);
    const restarts = this.grouped
      ? dump?.records.has(name) === true
      : this.last === null || compare(record.address, this.last) <= 0;
    this.last = this.grouped ? null : record.address;
    if (dump === undefined || restarts || dump.grouped !== this.grouped)
      this.found.push({
        records: new Map([[name, record]]),
        firstLine: record.line,
        grouped: this.grouped,
      });
    else dump.records.set(name, record);
  }

  private busBehind(path: string): number | null {
    // The path's last step names the bridge; -P prints it before what is behind it.
    const name = path.slice(path.lastIndexOf('/') + 1);
    return this.found.at(-1)?.records.get(name)?.buses?.secondary ?? null;
  }
}

/** What ends a title with numbers, and what can still follow that. */
const TITLE_END = /(?:\[[0-9a-f]{4}:[0-9a-f]{4}\]|\(rev [0-9a-f]{2}\)|\(prog-if [^)]*\))$/i;
const SUFFIX = /^(?:\((?:rev|prog-if) |\[)/;

/** Nothing can have been broken off its end. */
const isWhole = (text: string, isTitle: boolean): boolean =>
  isTitle ? TITLE_END.test(text) : /^(?:Kernel driver in use|IOMMU group): \S+$/.test(text);

/** What lspci prints last of a function; a line of a hex dump counts for itself. */
const endsFunction = (text: string): boolean =>
  text === '' || text.startsWith('Kernel driver in use: ') || text.startsWith('Kernel modules: ');

const compare = (a: PciAddress, b: PciAddress): number =>
  a.domain - b.domain || a.bus - b.bus || a.devfn - b.devfn;

/** For warnings. */
export const nameOf = (record: LspciRecord): string => formatAddress(record.address);
