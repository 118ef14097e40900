import { readTables, type AcpiFacts } from './acpi/read-acpi';
import { TableReader } from './acpi/table-reader';
import { tellUnits, tellUnread } from './acpi/tell';
import { BootLineReader, isCommand } from './commands';
import { Coverage } from './coverage';
import { Facts, type SectionReader } from './facts';
import { GroupListingReader } from './group-listing';
import { rowColon } from './hex-dump';
import type { SourceKind } from './imported';
import { KernelLogReader } from './kernel-log';
import { TreeReader } from './lspci-tree';
import { LspciReader, type Dump } from './read-dumps';
import { SysfsReader } from './sysfs';
import { forEachLine, plainText, type TextLine } from './text-lines';
import type { Warnings } from './warnings';

/** All that the sources of a text tell. */
export interface ReadText {
  readonly dumps: readonly Dump[];
  readonly facts: Facts;
  readonly acpi: AcpiFacts;
  readonly coverage: Coverage;
  readonly lines: number;
  /** The last line ends as lines do: nothing of it can be missing. */
  readonly lineEnded: boolean;
  readonly tooMany: boolean;
}

/** Hands every line to the source that it is of. */
export function readText(text: string, warnings: Warnings): ReadText {
  const splitter = new Splitter(warnings);
  const plain = plainText(text);
  const lines = forEachLine(
    plain,
    (line) => {
      splitter.take(line);
    },
    (number, whole, at, last) => splitter.takeRow(number, whole, at, last),
  );
  return splitter.finish(lines, plain.endsWith('\n'));
}

class Splitter {
  private readonly facts = new Facts();
  private readonly coverage = new Coverage();
  private readonly lspci: LspciReader;
  private readonly tables = new TableReader();
  /** Whoever understands a line first has it: from the most peculiar form to the most general. */
  private readonly others: readonly (readonly [SourceKind, SectionReader])[];

  constructor(private readonly warnings: Warnings) {
    const { facts } = this;
    this.lspci = new LspciReader(warnings, (line) => {
      this.coverage.mark(line, 'lspci');
    });
    this.others = [
      ['acpi', this.tables],
      ['lspci-tree', new TreeReader(facts.tree, facts.rootBuses)],
      ['group-listing', new GroupListingReader(this.lspci, facts)],
      ['sysfs', new SysfsReader(facts)],
      ['kernel-log', new KernelLogReader(facts)],
      ['cmdline', new BootLineReader(facts)],
    ];
  }

  /** Most lines of the largest texts are rows of bytes. */
  takeRow(number: number, text: string, at: number, last: number): boolean {
    if (rowColon(text, at) === 0 || !this.lspci.inFunction) return false;
    this.coverage.see(number);
    return this.lspci.takeRow(number, text, at, last);
  }

  take(line: TextLine): void {
    this.coverage.see(line.number);
    if (this.isLspciOwn(line.text) && this.lspci.take(line)) return;
    for (const [kind, reader] of this.others) {
      if (!reader.take(line)) continue;
      this.coverage.mark(line.number, kind);
      // Titles under a heading are lspci's too, and what may follow them is.
      if (kind !== 'group-listing') this.lspci.interrupt();
      return;
    }
    if (isCommand(line.text)) {
      this.coverage.mark(line.number, 'command');
      this.lspci.interrupt();
      for (const [, reader] of this.others) reader.end?.();
      return;
    }
    this.lspci.take(line);
  }

  finish(lines: number, lineEnded: boolean): ReadText {
    this.lspci.finish(lineEnded);
    for (const [, reader] of this.others) reader.end?.();
    const { facts, coverage, lspci } = this;
    const acpi = readTables(this.tables.tables);
    tellUnits(acpi, facts, this.warnings);
    tellUnread(this.tables.unread, this.warnings);
    return { dumps: lspci.dumps, facts, acpi, coverage, lines, lineEnded, tooMany: lspci.tooMany };
  }

  /** What only lspci prints where it prints it, and others might take for theirs. */
  private isLspciOwn(text: string): boolean {
    return this.lspci.inDetails && OWN.test(text);
  }
}

const OWN =
  /^(?:IOMMU group:? \d|Capabilities: |Kernel (?:driver in use|modules): |ACSC|Subsystem: |Flags: |Control: |Status: |Region \d|(?:Dev|Lnk|Slt|Root|AER)\w*\d?:)/;
