import type { ImportSource, LineRange, SourceKind } from './imported';
import * as says from '../../words/scenario/import';

/** Which line was understood as what. */
export class Coverage {
  private kinds = new Uint8Array(4096);
  private lastLine = 0;
  private readonly found = new Map<number, { first: number; lines: number }>();

  /** A line that is not blank. */
  see(line: number): void {
    this.lastLine = line;
    if (line < this.kinds.length) {
      this.kinds[line] = UNKNOWN;
      return;
    }
    const larger = new Uint8Array(this.kinds.length * 2);
    larger.set(this.kinds);
    this.kinds = larger;
    this.see(line);
  }

  /** It was understood; who says so first is believed. */
  mark(line: number, kind: SourceKind): void {
    if (this.kinds[line] !== UNKNOWN) return;
    const code = KINDS.indexOf(kind) + FIRST_KIND;
    this.kinds[line] = code;
    const found = this.found.get(code);
    if (found === undefined) this.found.set(code, { first: line, lines: 1 });
    else {
      found.lines++;
      found.first = Math.min(found.first, line);
    }
  }

  sources(): readonly ImportSource[] {
    return [...this.found]
      .map(([code, { first, lines }]) => {
        const kind = KINDS[code - FIRST_KIND] ?? 'command';
        return { kind, title: TITLES[kind], firstLine: first, lines };
      })
      .toSorted((a, b) => a.firstLine - b.firstLine);
  }

  /** Blank lines between two that are not understood belong to the range. */
  notUnderstood(): readonly LineRange[] {
    const ranges: LineRange[] = [];
    let first = 0;
    let last = 0;
    for (let line = 1; line <= this.lastLine; line++) {
      const kind = this.kinds[line];
      if (kind === UNKNOWN) {
        if (first === 0) first = line;
        last = line;
      } else if (kind !== BLANK && first !== 0) {
        ranges.push({ first, last });
        first = 0;
      }
    }
    if (first !== 0) ranges.push({ first, last });
    return ranges;
  }
}

const BLANK = 0;
const UNKNOWN = 1;
const FIRST_KIND = 2;

const TITLES: Readonly<Record<SourceKind, string>> = {
  lspci: 'lspci',
  'lspci-tree': 'lspci -t',
  'group-listing': says.listOfIommuGroups,
  sysfs: 'sysfs',
  'kernel-log': says.kernelLog,
  cmdline: says.kernelCommandLine,
  acpi: says.acpiTable,
  command: says.commandsTyped,
};
const KINDS = Object.keys(TITLES) as SourceKind[];
