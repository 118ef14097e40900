import { readFileSync, statSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { groupTopology } from '../engine/iommu/pci-device-group';
import { PciTopology } from '../engine/pci/topology';
import { readCmdline } from '../engine/pci/cmdline';
import { acpidumpOf } from '../scenario/import/acpi/dump-text';
import { importMachine, LARGEST_TEXT } from '../scenario/import/import-machine';
import type { Findings } from '../scenario/import/imported';
import { parseScript } from '../scenario/parse';
import { specOfArgs } from '../scenario/pci-line';
import { pciLineArgs } from '../scenario/pci-statement';

/**
 * Reads listings that people paste and prints the groups that Linux makes: one JSON object a file. Exit code 0 when
 * every file was read, 1 when one was not, 2 without a file to read.
 */
export function main(argv: readonly string[], out: (line: string) => void): Promise<number> {
  if (argv.length === 0 || argv.some((arg) => arg.startsWith('-'))) {
    out(
      JSON.stringify({
        error: 'usage: groups FILE... (lspci -vvvnn, dmesg, lists of groups, one or several, plain or .gz)',
      }),
    );
    return Promise.resolve(2);
  }
  let code = 0;
  for (const file of argv) {
    const answer = groupsOfFile(file);
    if ('error' in answer) code = 1;
    out(JSON.stringify({ file, ...answer }));
  }
  return Promise.resolve(code);
}

interface Answer {
  readonly groups: readonly {
    readonly id: number;
    readonly devices: readonly string[];
    readonly why: readonly string[];
  }[];
  readonly ungrouped: readonly { readonly device: string; readonly why: string }[];
  readonly warnings: readonly string[];
  /** How far the groups follow from the text, what it contradicts or lacks, and what to run next. */
  readonly findings: Omit<Findings, 'certainty' | 'remarks'> & {
    readonly certainty: Findings['certainty']['state'];
  };
}

function groupsOfFile(file: string): Answer | { readonly error: string } {
  let text: string;
  try {
    text = readText(file);
  } catch (thrown) {
    return { error: thrown instanceof Error ? thrown.message : String(thrown) };
  }
  const imported = importMachine(text);
  if (imported.status === 'failed') return { error: imported.why };
  const { iommu, sources, contradictions, gaps, ask, notUnderstood } = imported;
  // Through the script, as in the page: what a link holds must make the same groups.
  let topology = new PciTopology();
  for (const { statement, error, number } of parseScript(imported.lines.join('\n')).lines) {
    if (error !== null) return { error: `script line ${number}: ${error.message}` };
    if (statement?.verb === 'machine') {
      const cmdline = statement.args.find((arg) => arg.kind === 'option' && arg.key === 'cmdline');
      const { pci } = readCmdline(cmdline?.kind === 'option' ? String(cmdline.value) : '', iommu.kind);
      topology = new PciTopology({ ...pci, ivrs: iommu.kind === 'amd' ? true : null });
    }
    if (statement?.verb !== 'pci') continue;
    const read = specOfArgs(pciLineArgs(statement.args));
    if (!read.ok) return { error: `script line ${number}: ${read.mistake}` };
    const added = topology.addFunction(read.spec);
    if (!added.ok) return { error: `script line ${number}: ${added.why}` };
  }
  const { groups, ungrouped } = groupTopology(topology);
  return {
    groups: groups.map(({ id, functions, joins }) => ({
      id,
      devices: functions.map((fn) => fn.name),
      why: joins.map((join) => join.why),
    })),
    ungrouped: ungrouped.map(({ fn, why }) => ({ device: fn.name, why })),
    warnings: imported.warnings,
    findings: {
      iommu,
      sources,
      contradictions,
      gaps,
      ask,
      notUnderstood,
      certainty: imported.certainty.state,
    },
  };
}

/** UTF-8 can take four bytes a character; beyond that the import refuses anyway. */
const LARGEST_FILE = LARGEST_TEXT * 4;

function readText(file: string): string {
  if (statSync(file).size > LARGEST_FILE)
    throw new Error(`more than ${LARGEST_FILE / (1024 * 1024)} MiB: this is not the listing of one machine`);
  const bytes = readFileSync(file);
  const packed = bytes[0] === 0x1f && bytes[1] === 0x8b;
  const plain = packed ? gunzipSync(bytes, { maxOutputLength: LARGEST_FILE }) : bytes;
  return acpidumpOf(plain) ?? plain.toString('utf8');
}
