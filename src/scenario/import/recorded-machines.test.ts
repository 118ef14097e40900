import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { partitionOfText, recordedPartition, withoutGroupLines } from '../../testing/groups-of-text';

/** Groups that real kernels made, recorded: an optional folder beside the checkout. */
const TRAIN = new URL('../../../../shared/conformance/groups/train/', import.meta.url);
const there = existsSync(TRAIN);
const folder = (name: string): string[] => (there ? readdirSync(new URL(name, TRAIN)).sort() : []);
const read = (path: string): string => {
  const bytes = readFileSync(new URL(path, TRAIN));
  return (path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
};

interface Meta {
  readonly multifunction_header: readonly string[];
  readonly steps?: readonly { readonly step: number; readonly multifunction_header: readonly string[] }[];
}

/** Snapshots whose text alone does not decide, by the recordings' own list. */
const hidden: Record<string, string[]> = there
  ? (JSON.parse(read('hidden-inputs.json')) as Record<string, string[]>)
  : {};

describe.skipIf(!there)('recorded real machines (groups made by their own kernels)', () => {
  for (const machine of folder('real/')) {
    const expected = () => recordedPartition(read(`real/${machine}/groups.json`));
    it(`${machine}: the partition agrees`, () => {
      const { groups, members } = expected();
      expect(partitionOfText(read(`real/${machine}/lspci.txt`), members)).toEqual(groups);
    });
    it(`${machine}: it agrees without the kernel's own "IOMMU group" lines`, () => {
      const { groups, members } = expected();
      expect(partitionOfText(withoutGroupLines(read(`real/${machine}/lspci.txt`)), members)).toEqual(groups);
    });
  }
});

describe.skipIf(!there)('recorded QEMU machines (groups made by Linux 7.0)', () => {
  for (const name of folder('qemu/')) {
    const meta = JSON.parse(read(`qemu/${name}/meta.json`)) as Meta;
    const snapshots = [
      { id: name, text: 'lspci.txt.gz', groups: 'groups.json', bits: meta.multifunction_header },
      ...(meta.steps ?? []).map(({ step, multifunction_header: bits }) => ({
        id: `${name}/step${step}`,
        text: `step${step}.lspci.txt.gz`,
        groups: `step${step}.groups.json`,
        bits,
      })),
    ];
    for (const { id, text, groups: file, bits } of snapshots) {
      const reasons = hidden[id] ?? [];
      // A cold boot cannot know what order of hotplug made these.
      if (reasons.includes('history')) {
        it.skip(`${id}: needs ${reasons.join(', ')}`);
        continue;
      }
      // With the header's bits, which text does not show, the others come right too.
      const given = reasons.includes('multifunction-header-bit') ? bits : [];
      it(`${id}: the partition agrees${given.length > 0 ? ' once the hidden header bits are given' : ''}`, () => {
        const { groups, members } = recordedPartition(read(`qemu/${name}/${file}`));
        const lspci = withoutGroupLines(read(`qemu/${name}/${text}`));
        expect(partitionOfText(lspci, members, given)).toEqual(groups);
      });
    }
  }
});

it.skipIf(there)('recorded machines are not beside this checkout (../shared/conformance/groups)', () => {
  expect(there).toBe(false);
});
