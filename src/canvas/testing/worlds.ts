import type { Lookup, WalkStep } from '../../engine/sim/batch';
import type { WorldObject } from '../../engine/sim/world';
import type { Objects } from '../layout/tree';
import { cachesOf, device, group, hwpt, idev, ioas, iommu, process, world } from './build';

const ROOT_PORT_ACS = { cap: ['SV', 'TB', 'RR', 'CR', 'UF'], ctrl: ['SV', 'RR', 'CR', 'UF'] };

/** A desktop with 20 functions in 12 groups; one group holds a port without ACS and the GPU and audio below it. */
export const desktop: Objects = world(
  device('00:00.0', 'rciep', {
    group: 0,
    label: 'Host bridge',
    className: 'Host bridge',
    classCode: 0x060000,
  }),
  device('00:01.0', 'root-port', { group: 7 }),
  device('01:00.0', 'endpoint', {
    parent: '00:01.0',
    group: 7,
    label: 'NVIDIA AD104 [GeForce RTX 4070]',
    className: 'VGA compatible controller',
    vendorId: 0x10de,
    deviceId: 0x2786,
    driver: { name: 'vfio-pci', managed: true },
    idevId: 'idev:1.1',
    hwptId: 'hwpt:1.4',
  }),
  device('01:00.1', 'endpoint', {
    parent: '00:01.0',
    group: 7,
    label: 'NVIDIA AD104 High Definition Audio',
    className: 'Audio device',
    vendorId: 0x10de,
    deviceId: 0x22bc,
    hwptId: 'hwpt:1.4',
  }),
  device('00:02.0', 'rciep', {
    group: 1,
    label: 'Raptor Lake-S GT1 [UHD Graphics 770]',
    className: 'Display controller',
    driver: { name: 'i915', managed: false },
  }),
  device('00:14.0', 'rciep', {
    group: 2,
    label: 'Raptor Lake USB 3.2 Gen 2x2 (20 Gb/s) XHCI Host Controller',
    className: 'USB controller',
    driver: { name: 'xhci_hcd', managed: false },
  }),
  device('00:14.2', 'rciep', { group: 2, label: 'Raptor Lake-S PCH Shared SRAM', className: 'RAM memory' }),
  device('00:16.0', 'rciep', {
    group: 3,
    label: 'CSME HECI #1',
    className: 'Communication controller',
    driver: { name: 'mei_me', managed: false },
  }),
  device('00:17.0', 'rciep', {
    group: 4,
    label: 'SATA Controller',
    className: 'SATA controller',
    driver: { name: 'ahci', managed: false },
  }),
  device('00:1a.0', 'root-port', { group: 5, acs: ROOT_PORT_ACS }),
  device('02:00.0', 'endpoint', {
    parent: '00:1a.0',
    group: 8,
    label: 'Samsung NVMe SSD 990 PRO',
    className: 'Non-Volatile memory controller',
    vendorId: 0x144d,
    deviceId: 0xa80c,
    driver: { name: 'nvme', managed: false },
  }),
  device('00:1c.0', 'root-port', { group: 6, acs: ROOT_PORT_ACS }),
  device('03:00.0', 'endpoint', {
    parent: '00:1c.0',
    group: 12,
    label: 'Intel I225-V',
    className: 'Ethernet controller',
    vendorId: 0x8086,
    deviceId: 0x15f3,
    driver: { name: 'vfio-pci', managed: true },
    idevId: 'idev:1.6',
    hwptId: 'hwpt:1.7',
  }),
  device('00:1f.0', 'rciep', { group: 9, label: 'Z790 LPC/eSPI Controller', className: 'ISA bridge' }),
  device('00:1f.3', 'rciep', {
    group: 9,
    label: 'HD Audio',
    className: 'Audio device',
    driver: { name: 'snd_hda_intel', managed: false },
  }),
  device('00:1f.4', 'rciep', {
    group: 9,
    label: 'SMBus',
    className: 'SMBus',
    driver: { name: 'i801_smbus', managed: false },
  }),
  device('00:1f.5', 'rciep', { group: 9, label: 'SPI Controller', className: 'Serial bus controller' }),
  device('00:1d.0', 'root-port', { group: 10, acs: ROOT_PORT_ACS }),
  device('04:00.0', 'pcie-to-pci', { parent: '00:1d.0', group: 11, label: 'ASM1083 PCIe to PCI bridge' }),
  device('05:00.0', 'pci', {
    parent: '04:00.0',
    group: 11,
    label: 'CMI8788 [Oxygen HD Audio]',
    className: 'Multimedia audio controller',
  }),
  group(0, ['00:00.0']),
  group(1, ['00:02.0'], {
    ownerCount: 1,
    domain: { label: 'identity', type: 'identity' },
    defaultType: 'identity',
  }),
  group(2, ['00:14.0', '00:14.2'], {
    ownerCount: 1,
    mismatches: ['The dump puts 00:14.2 in group 3; Linux joins it here.'],
  }),
  group(3, ['00:16.0'], { ownerCount: 1 }),
  group(4, ['00:17.0'], { ownerCount: 1 }),
  group(5, ['00:1a.0']),
  group(6, ['00:1c.0']),
  group(7, ['00:01.0', '01:00.0', '01:00.1'], {
    ownerId: 'ctx:1',
    ownerCount: 1,
    hwptId: 'hwpt:1.4',
    domain: { label: 'domain 20', type: 'unmanaged' },
  }),
  group(8, ['02:00.0'], { ownerCount: 1 }),
  group(9, ['00:1f.0', '00:1f.3', '00:1f.4', '00:1f.5'], { ownerCount: 2 }),
  group(10, ['00:1d.0']),
  group(11, ['04:00.0', '05:00.0'], {
    domain: { label: 'blocking', type: 'blocked' },
    ownerId: 'ctx:1',
    ownerCount: 1,
  }),
  group(12, ['03:00.0'], {
    ownerId: 'ctx:1',
    ownerCount: 1,
    hwptId: 'hwpt:1.7',
    domain: { label: 'domain 21', type: 'unmanaged' },
  }),
  iommu({
    deviceIds: ['01:00.0', '03:00.0', '00:02.0', '00:14.0', '00:1f.3'].map((a) => `dev:0000:${a}`),
    caches: cachesOf(1, 3, 1),
    faults: [
      {
        index: 0,
        device: '0000:03:00.0',
        access: 'write',
        iova: 0xdead000n,
        reason: 5,
        name: 'write permission',
        words: [0n, 0n],
        fields: [],
        kernelLine:
          'DMAR: [DMA Write NO_PASID] Request device [03:00.0] fault addr 0xdead000 [fault reason 0x05] PTE Write access is not set',
      },
    ],
  }),
  { type: 'context', id: 'ctx:1', name: 'ctx', place: null, number: 1, processId: 'mm:qemu', objectIds: [] },
  idev(1, '01:00.0', 'hwpt:1.4'),
  idev(6, '03:00.0', 'hwpt:1.7'),
  hwpt(4, {
    name: 'hwpt',
    users: 2,
    deviceIds: ['dev:0000:01:00.0'],
    leaves: [
      { sizeLg2: 12, count: 12 },
      { sizeLg2: 21, count: 1022 },
      { sizeLg2: 30, count: 3 },
    ],
  }),
  hwpt(7, {
    auto: false,
    ioasId: 'ioas:1.5',
    deviceIds: ['dev:0000:03:00.0'],
    leaves: [{ sizeLg2: 12, count: 512 }],
  }),
  ioas(2, {
    name: 'guest',
    hwptIds: ['hwpt:1.4'],
    areas: [
      area(0x0n, 0x9ffffn, 'low'),
      area(0x100000n, 0x7fffffffn, 'ram'),
      area(0x1_0000_0000n, 0x1_ffff_ffffn, 'high'),
    ],
    reserved: [{ start: 0xfee00000n, last: 0xfeefffffn, why: 'MSI' }],
  }),
  ioas(5, {
    hwptIds: ['hwpt:1.7'],
    areas: [{ ...area(0x300000n, 0x4fffffn, 'rx'), processId: 'mm:dpdk' }],
    reserved: [{ start: 0xfee00000n, last: 0xfeefffffn, why: 'MSI' }],
  }),
  process('qemu', {
    pinnedPages: 1_048_576,
    buffers: [
      { name: 'low', userVa: 0x7f0000000000n, bytes: 0xa0000, pageSizeLg2: 12, pa: 0x1_1000_0000 },
      { name: 'ram', userVa: 0x7f0000100000n, bytes: 0x7ff00000, pageSizeLg2: 21, pa: 0x1_2000_0000 },
      { name: 'high', userVa: 0x7f0100000000n, bytes: 0x1_0000_0000, pageSizeLg2: 30, pa: 0x2_0000_0000 },
    ],
  }),
  process('dpdk', {
    pinnedPages: 512,
    buffers: [{ name: 'rx', userVa: 0x7e0000000000n, bytes: 0x200000, pageSizeLg2: 21, pa: 0x4_0000_0000 }],
  }),
);

function area(iova: bigint, last: bigint, buffer: string) {
  return {
    iova,
    last,
    read: true,
    write: true,
    processId: 'mm:qemu',
    buffer,
    userVa: 0x7f0000000000n + iova,
    pinnedPages: Number((last - iova + 1n) >> 12n),
    accessPins: 0,
    locks: 0,
    pages: null,
  };
}

const step = (
  structure: string,
  outcome: WalkStep['outcome'],
  level = 0,
  index: number | null = null,
  pa: number | null = null,
): WalkStep => ({
  kind: outcome === 'hit' || outcome === 'miss' ? 'cache' : 'read',
  structure,
  stage: null,
  forLevel: null,
  outcome,
  level,
  title: structure,
  index,
  pa,
  words: [],
  fields: [],
  occupancy: null,
});

const address = [4, 3, 2, 1, 0].map((level) => ({
  label: level ? `level ${level}` : 'offset',
  level,
  bits: level ? 9 : 12,
  value: 0,
}));

/** A cold walk from the GPU: caches miss, two context reads, four levels. */
export const walk: Lookup = {
  line: 11,
  deviceId: 'dev:0000:01:00.0',
  iommuId: 'iommu:dmar0',
  hwptId: 'hwpt:1.4',
  ioasId: 'ioas:1.2',
  processId: 'mm:qemu',
  access: 'write',
  iova: 0x300040n,
  bytes: 64,
  parts: [
    {
      iova: 0x300040n,
      bytes: 64,
      pa: 0x1_2020_0040,
      from: 'walk',
      peer: null,
      denied: false,
      interrupt: false,
      address,
      fault: null,
      steps: [
        step('context', 'miss'),
        step('root', 'table', 0, 1, 0x10a01010),
        step('context', 'table', 0, 0, 0x10a02000),
        step('iotlb', 'miss'),
        step('table', 'table', 4, 0, 0x10a30000),
        step('table', 'table', 3, 0, 0x10a31000),
        step('table', 'leaf', 2, 1, 0x10a34008),
      ],
    },
  ],
};

const [part] = walk.parts;
/** The same page again: the IOTLB has it. */
export const hit: Lookup = {
  ...walk,
  line: 12,
  parts: part ? [{ ...part, from: 'iotlb', steps: [step('context', 'hit'), step('iotlb', 'hit')] }] : [],
};

/** And again, when the device keeps what it was told. */
export const deviceHit: Lookup = {
  ...walk,
  line: 12,
  parts: part ? [{ ...part, from: 'device-tlb', steps: [step('device-tlb', 'hit')] }] : [],
};

const staged = (stage: 1 | 2, forLevel: number | null): WalkStep => ({
  ...step('table', 'leaf', 1, 0, 0x10a34008),
  stage,
  forLevel,
});

/** The GPU of `guestWorld`: one table of the guest's, whose address the parent has to translate, and then the page's. */
export const nestedWalk: Lookup = {
  ...walk,
  hwptId: 'hwpt:1.5',
  ioasId: 'ioas:1.3',
  parts: part ? [{ ...part, steps: [staged(2, 1), staged(1, null), staged(2, 0)] }] : [],
};

/** The network card writes where nothing is mapped. */
export const fault: Lookup = {
  ...walk,
  line: 13,
  deviceId: 'dev:0000:03:00.0',
  hwptId: 'hwpt:1.7',
  ioasId: 'ioas:1.5',
  processId: null,
  iova: 0xdead000n,
  parts: [
    {
      iova: 0xdead000n,
      bytes: 64,
      pa: null,
      from: 'walk',
      peer: null,
      denied: false,
      interrupt: false,
      address,
      fault: { reason: 5, name: 'Write permission', why: 'no leaf', kernelLine: 'DMAR: …' },
      steps: [
        step('context', 'hit'),
        step('iotlb', 'miss'),
        step('table', 'table', 4, 0, 0x10b30000),
        step('table', 'table', 3, 0, 0x10b31000),
        step('table', 'fault', 2, 0x6f, 0x10b34378),
      ],
    },
  ],
};

/** Kernel DMA of the USB controller: its table belongs to a default domain, which no node shows. */
export const kernelDma: Lookup = {
  ...walk,
  line: 14,
  deviceId: 'dev:0000:00:14.0',
  hwptId: null,
  ioasId: null,
  processId: null,
};

/** A server: root ports with a switch or an endpoint below each, every function in a group of its own. */
export function server(functions: number): Objects {
  const objects: WorldObject[] = [iommu()];
  let number = 0;
  let made = 0;
  const add = (address: string, kind: Parameters<typeof device>[1], parent?: string): void => {
    if (made++ >= functions) return;
    const label = kind === 'endpoint' ? `Adapter ${number}, a name as long as dumps like to have them` : null;
    objects.push(
      device(address, kind, {
        group: number,
        label,
        acs: kind === 'endpoint' ? null : ROOT_PORT_ACS,
        ...(parent === undefined ? {} : { parent }),
      }),
      group(number, [address], { ownerCount: number % 3 === 0 ? 1 : 0 }),
    );
    number += 1;
  };
  const hex = (n: number): string => n.toString(16).padStart(2, '0');
  for (let port = 0, bus = 1; made < functions; port++) {
    const root = `${hex(Math.floor(port / 32) * 0x80)}:${hex(port % 32)}.0`;
    add(root, 'root-port');
    if (port % 4 === 3) {
      const up = `${hex(bus)}:00.0`;
      add(up, 'upstream-port', root);
      for (let down = 0; down < 3; down++) {
        add(`${hex(bus + 1)}:${hex(down)}.0`, 'downstream-port', up);
        add(`${hex(bus + 2 + down)}:00.0`, 'endpoint', `${hex(bus + 1)}:${hex(down)}.0`);
      }
      bus += 5;
    } else add(`${hex(bus++)}:00.0`, 'endpoint', root);
  }
  return world(...objects);
}
