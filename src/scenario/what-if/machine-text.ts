import { formatBdf, ridOf, type PciAddress } from '../../engine/pci/address';
import type { PciFunctionSpec } from '../../engine/pci/function-spec';
import { formatStatement } from '../format';
import { normalizeBdf } from '../literal';
import { parseScript } from '../parse';
import { formatPciLine, specOfArgs } from '../pci-line';
import { pciLineArgs } from '../pci-statement';
import type { Line } from '../script';

/** A `pci` line of a script. */
export interface PciLine {
  /** Index of the line. */
  readonly at: number;
  /** `0000:01:00.0` */
  readonly name: string;
  readonly spec: PciFunctionSpec;
}

/** A script as the changes need it: its lines, and the functions that they make. */
export class MachineText {
  readonly lines: readonly Line[];
  readonly functions: readonly PciLine[];
  private readonly byName: ReadonlyMap<string, PciLine>;

  constructor(script: string) {
    this.lines = parseScript(script).lines;
    const functions: PciLine[] = [];
    for (const [at, { statement }] of this.lines.entries()) {
      if (statement?.verb !== 'pci') continue;
      const read = specOfArgs(pciLineArgs(statement.args));
      if (read.ok) functions.push({ at, name: formatBdf(read.spec.address), spec: read.spec });
    }
    this.functions = functions;
    this.byName = new Map(functions.map((each) => [each.name, each]));
  }

  /** By `01:00.0`, with the segment or without. */
  find(bdf: string): PciLine | null {
    return this.byName.get(normalizeBdf(bdf) ?? '') ?? null;
  }

  /** The line of a function said anew; its comment and expectation stay. */
  rewritten({ at }: PciLine, spec: PciFunctionSpec): string {
    const statement = this.lines[at]?.statement;
    const tail = formatStatement({
      verb: '',
      args: [],
      expect: statement?.expect ?? null,
      comment: statement?.comment ?? null,
    });
    return formatPciLine(spec) + tail;
  }

  /** The whole script with some lines replaced; null takes a line out. */
  withLines(replaced: ReadonlyMap<number, string | null>): string {
    const texts: string[] = [];
    for (const [at, { raw }] of this.lines.entries()) {
      const text = replaced.has(at) ? replaced.get(at) : raw;
      if (text !== null && text !== undefined) texts.push(text);
    }
    return `${texts.join('\n')}\n`;
  }
}

/** Requester id with the segment above it. */
export const routingId = ({ domain, bus, devfn }: PciAddress): number =>
  domain * 0x1_0000 + ridOf(bus, devfn);
