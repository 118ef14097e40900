import type { PciFunctionSpec } from '../../engine/pci/function-spec';
import { formatStatement, option, text as quoted } from '../format';
import { formatPciLine } from '../pci-line';
import { buildSpecs } from './build-specs';
import { mergeDumps } from './merge-dumps';
import { MOST_FUNCTIONS, readDumps } from './read-dumps';
import { Warnings } from './warnings';

/** What a text came to. */
export type Imported =
  | {
      readonly status: 'ok';
      readonly lines: readonly string[];
      readonly functions: number;
      /** What could not be read or decided, each with where: `line 312: …`. */
      readonly warnings: readonly string[];
    }
  | { readonly status: 'failed'; readonly why: string };

export type ImportedSpecs =
  | {
      readonly status: 'ok';
      readonly specs: readonly PciFunctionSpec[];
      readonly warnings: readonly string[];
    }
  | { readonly status: 'failed'; readonly why: string };

const MIB = 1024 * 1024;
/** A machine of a thousand functions dumped with -xxxx has about 14 MiB. */
export const LARGEST_TEXT = 32 * MIB;

/** Text that people paste → script lines: one `machine`, one `pci` a function, and `boot`. */
export function importMachine(text: string): Imported {
  const read = importSpecs(text);
  if (read.status === 'failed') return read;
  const { specs, warnings } = read;
  const host = specs.find((spec) => spec.classCode >> 8 === HOST_BRIDGE && spec.label !== null);
  const machine = formatStatement({ verb: 'machine', args: [quoted(titleOf(host)), option('iommu', 'vtd')] });
  return {
    status: 'ok',
    lines: [machine, ...specs.map(formatPciLine), 'boot'],
    functions: specs.length,
    warnings: host === undefined || host.vendorId === INTEL ? warnings : [...warnings, OTHER_IOMMU],
  };
}

const HOST_BRIDGE = 0x0600;
const INTEL = 0x8086;
const OTHER_IOMMU =
  "this machine's own IOMMU is not VT-d; its groups are computed as Linux does, its look-ups are shown on a VT-d unit";

/** lspci knows no machine's name: that of its host bridge says at least which generation it is. */
const titleOf = (host: PciFunctionSpec | undefined): string =>
  host?.label?.replace(/\s+(?:Host Bridge|Root Complex|(?:Express )?DRAM Controller).*$/i, '') ?? 'imported';

/** The functions that a text tells of, in an order in which they can be added. */
export function importSpecs(text: string): ImportedSpecs {
  if (text.length > LARGEST_TEXT)
    return failed(
      `this text has ${Math.ceil(text.length / MIB)} MiB; at most ${LARGEST_TEXT / MIB} MiB are read, enough for a thousand functions with every register. Keep only the output of lspci`,
    );
  if (isBinary(text))
    return failed(
      'this is no plain text: it holds characters that no listing has. Save the output of lspci as UTF-8 text',
    );
  const warnings = new Warnings();
  const { dumps, lines, tooMany } = readDumps(text, warnings);
  if (tooMany) return failed(`more than ${MOST_FUNCTIONS} functions: this is not the listing of one machine`);
  if (dumps.length === 0)
    return failed(
      `no lspci output in these ${lines} lines: a function begins like "00:1f.0 ISA bridge [0601]: …". Run sudo lspci -vvvnn and paste what it prints`,
    );
  const specs = buildSpecs(mergeDumps(dumps, warnings), warnings);
  return { status: 'ok', specs, warnings: warnings.list() };
}

const failed = (why: string): { readonly status: 'failed'; readonly why: string } => ({
  status: 'failed',
  why,
});

const SAMPLE = 65536;

/** Characters that text never has, in its beginning: NUL at all, or one in a hundred of other controls or broken UTF-8. */
function isBinary(text: string): boolean {
  const length = Math.min(text.length, SAMPLE);
  let strange = 0;
  for (let at = 0; at < length; at++) {
    const code = text.charCodeAt(at);
    if (code === 0) return true;
    const control =
      code < 0x20 && code !== 0x09 && code !== 0x0a && code !== 0x0d && code !== 0x0c && code !== 0x1b;
    if (control || code === 0xfffd) strange++;
  }
  return strange * 100 > length;
}
