import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { recordedPartition, withoutGroupLines } from '../../testing/groups-of-text';
import { importMachine } from './import-machine';
import type { ImportedMachine } from './imported';
import { FORMS, type Form } from './testing/redact';

/**
 * What is called certain must be so on machines whose kernels told their groups: nothing that is together for certain may
 * be apart in the recording, nothing that is apart for certain together. Recorded under Linux 7.0 in QEMU 7.2.
 */
const FIXTURES = new URL('../../testing/fixtures/groups/', import.meta.url);
/** More recordings, and those of real machines: an optional folder beside the checkout. */
const TRAIN = new URL('../../../../shared/conformance/groups/train/', import.meta.url);

interface Machine {
  readonly name: string;
  readonly lspci: URL;
  readonly groups: URL;
}
const folder = (url: URL): string[] => (existsSync(url) ? readdirSync(url).sort() : []);
const MACHINES: readonly Machine[] = [
  ...folder(FIXTURES)
    .filter((file) => file.endsWith('.lspci.txt.gz'))
    .map((file) => file.slice(0, -'.lspci.txt.gz'.length))
    .map((name) => ({
      name,
      lspci: new URL(`${name}.lspci.txt.gz`, FIXTURES),
      groups: new URL(`${name}.groups.json`, FIXTURES),
    })),
  ...['qemu', 'real'].flatMap((kind) =>
    folder(new URL(`${kind}/`, TRAIN)).map((name) => ({
      name: `${kind}/${name}`,
      lspci: new URL(`${kind}/${name}/lspci.txt${kind === 'qemu' ? '.gz' : ''}`, TRAIN),
      groups: new URL(`${kind}/${name}/groups.json`, TRAIN),
    })),
  ),
];

const read = (url: URL): string => {
  const bytes = readFileSync(url);
  return (url.pathname.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
};
function imported(text: string): ImportedMachine {
  const result = importMachine(text);
  if (result.status === 'failed') throw new Error(result.why);
  return result;
}

/** Pairs that the text calls together, or apart, for certain and that were not so. */
function mistakes({ certainty }: ImportedMachine, groups: readonly (readonly string[])[]): string[] {
  const groupOf = new Map(groups.flatMap((names, index) => names.map((name) => [name, index] as const)));
  const wrong: string[] = [];
  const wideOf = new Map<string, number>();
  certainty.groups.forEach(({ functions, parts }, index) => {
    for (const name of functions) wideOf.set(name, index);
    for (const part of parts) {
      const known = part.filter((name) => groupOf.has(name));
      const other = known.find((name) => groupOf.get(name) !== groupOf.get(known[0]!));
      if (other !== undefined) wrong.push(`${known[0]} and ${other} were apart`);
    }
  });
  for (const names of groups) {
    const known = names.filter((name) => wideOf.has(name));
    const other = known.find((name) => wideOf.get(name) !== wideOf.get(known[0]!));
    if (other !== undefined) wrong.push(`${known[0]} and ${other} were together`);
  }
  return wrong;
}

describe.each(Object.keys(FORMS) as Form[])('%s', (form) => {
  it.each(MACHINES)('$name: what is certain is so', ({ lspci, groups }) => {
    const text = FORMS[form](withoutGroupLines(read(lspci)));
    expect(mistakes(imported(text), recordedPartition(read(groups)).groups)).toEqual([]);
  });
});
