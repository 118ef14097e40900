import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { importMachine } from '../../scenario/import/import-machine';
import { partitionOf } from '../../worker/partition';
import { previewMachine, readMachine, type MachinePreview } from './machine-preview';

const fixture = (name: string): Buffer =>
  readFileSync(new URL(`../../testing/fixtures/groups/${name}`, import.meta.url));
const lspciOf = (name: string): string => gunzipSync(fixture(`${name}.lspci.txt.gz`)).toString();
/** Sizes of the groups that Linux made on that machine, the largest first. */
function recordedSizes(name: string): readonly number[] {
  const groups = JSON.parse(fixture(`${name}.groups.json`).toString()) as Record<string, string[]>;
  return Object.values(groups)
    .map(({ length }) => length)
    .toSorted((a, b) => b - a);
}

function previewOf(text: string): MachinePreview {
  const read = importMachine(text);
  if (read.status !== 'ok') throw new Error(read.why);
  return previewMachine(readMachine(read.lines), partitionOf(read.lines.join('\n')));
}

describe.each(['acs-032', 'big-012', 'pxb-018', 'switch-010', 'odd-004'])(
  '%s, as Linux grouped it',
  (name) => {
    it('has as many groups, and the largest are the largest', () => {
      const { groups, largest, moreShared, recorded } = previewOf(lspciOf(name));
      const sizes = recordedSizes(name);
      const shared = sizes.filter((size) => size > 1);
      expect(groups).toBe(sizes.length);
      expect(largest.map(({ members }) => members.length)).toEqual(shared.slice(0, 3));
      expect(moreShared).toBe(Math.max(0, shared.length - 3));
      expect(recorded).toEqual({ groups: sizes.length, moved: [] });
    });
  },
);

const MACHINE = [
  'machine "Bench" iommu=vtd',
  'pci 00:01.0 root-port class=060400 bus=01-01 group=1 "Port"',
  'pci 01:00.0 endpoint id=10de:2786 class=030000 mf group=1 "NVIDIA Corporation AD104 [GeForce RTX 4070]"',
  'pci 01:00.1 endpoint id=10de:22bc class=040300 mf group=2',
  'pci 00:1f.0 rciep class=060100 iommu=none group=none',
  'boot',
];
const bench = readMachine(MACHINE);

it('reads the title, the names without their firms, and the recorded groups', () => {
  expect(bench.title).toBe('Bench');
  expect(bench.functions.get('0000:01:00.0')).toEqual({
    bdf: '0000:01:00.0',
    name: 'AD104 [GeForce RTX 4070]',
    isBridge: false,
    recorded: 1,
  });
});

describe('a machine whose recorded groups are others', () => {
  // A port without ACS: what is behind it is one group with it. Linux: pci_device_group()
  const preview = previewMachine(bench, partitionOf(MACHINE.join('\n')));

  it('names who is in other company', () => {
    expect(preview.recorded).toEqual({
      groups: 2,
      moved: ['0000:00:01.0', '0000:01:00.0', '0000:01:00.1'],
    });
  });

  it('shows devices before bridges, and who has no group', () => {
    expect(preview.largest[0]?.members.map(({ bdf }) => bdf)).toEqual([
      '0000:01:00.0',
      '0000:01:00.1',
      '0000:00:01.0',
    ]);
    expect(preview.ungrouped.map(({ bdf }) => bdf)).toEqual(['0000:00:1f.0']);
  });
});
