import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { nameFunctions, wantNames } from './name-functions';
import { PciIds } from './pci-ids';

const ids = new PciIds(
  gunzipSync(readFileSync(new URL('../../worker/pci-ids.gz', import.meta.url))).toString('utf8'),
);

describe('the PCI ID database', () => {
  // Names as pci-ids.ucw.cz has them.
  it.each([
    [0x8086, 0x10d3, 'Intel Corporation 82574L Gigabit Network Connection'],
    [0x10de, 0x1b80, 'NVIDIA Corporation GP104 [GeForce GTX 1080]'],
    [0x1b36, 0x000c, 'Red Hat, Inc. QEMU PCIe Root port'],
    [0x8086, 0xfffe, 'Intel Corporation Device fffe'],
    [0x0001, 0x0000, 'SafeNet (wrong ID) Device 0000'],
    [0xfff0, 0x0000, null],
  ])('%x:%x', (vendor, device, name) => {
    expect(ids.nameOf(vendor, device)).toBe(name);
  });

  it('names what has a number alone, and nothing else', () => {
    const lines = [
      'machine "m" iommu=vtd',
      'pci 00:01.0 root-port id=1b36:000c bus=01-01',
      'pci 01:00.0 endpoint id=8086:10d3 "mine"',
      'pci 02:00.0 endpoint',
      'boot',
    ];
    expect(wantNames(lines)).toBe(true);
    const named = nameFunctions(lines, ids);
    expect(named).toEqual([
      lines[0],
      'pci 00:01.0 root-port id=1b36:000c bus=01-01 "Red Hat, Inc. QEMU PCIe Root port"',
      ...lines.slice(2),
    ]);
    expect(wantNames(named)).toBe(false);
  });
});
