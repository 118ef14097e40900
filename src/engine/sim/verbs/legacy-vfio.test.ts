import { describe, expect, it } from 'vitest';
import { parseLine } from '../../../scenario/parse';
import { ScriptRun } from '../../../testing/run-script';
import { simLineOf } from '../../../worker/sim-line';
import type { DomainEvent } from '../../trace/event';

// drivers/vfio/{group,container,vfio_iommu_type1}.c, drivers/iommu/iommufd/vfio_compat.c of the 7.1 merge window.
const MACHINE = [
  'iommu small generic aperture=0x1000000-0x7fffffff',
  'pci 00:01.0 root-port id=8086:1901 bus=01-01 driver=pcieport',
  'pci 01:00.0 endpoint id=10de:2786 class=030000 mf driver=vfio-pci',
  'pci 01:00.1 endpoint id=10de:22bc class=040300 mf driver=vfio-pci',
  'pci 00:02.0 rciep id=8086:15f3 class=020000 driver=vfio-pci',
  'pci 00:03.0 rciep id=144d:a80a class=010802 driver=vfio-pci iommu=small',
  'boot',
  'buf = mmap qemu 64K',
];
const on = (...lines: readonly string[]): ScriptRun => {
  const run = ScriptRun.of([...MACHINE, ...lines].join('\n'));
  expect(run.wrong).toEqual([]);
  return run;
};
const GROUPS = [
  'g0 = open /dev/vfio/0',
  'g1 = open /dev/vfio/1',
  'g2 = open /dev/vfio/2',
  'c = open /dev/vfio/vfio',
];
const TYPE1 = [...GROUPS, 'VFIO_GROUP_SET_CONTAINER g0 c', 'VFIO_SET_IOMMU c TYPE1v2'];

describe('a group', () => {
  it('has a node while a device of it has a vfio driver, and is opened once', () => {
    const run = on('g = open /dev/vfio/0');
    expect(run.line('h = open /dev/vfio/0').errno).toBe('EBUSY');
    expect(run.line('h = open /dev/vfio/9').errno).toBe('ENOENT');
    run.line('driver 01:00.0 none');
    expect(run.line('VFIO_GROUP_GET_STATUS g is "VIABLE"').ok).toBe(true);
    run.line('driver 01:00.1 none');
    expect(run.line('VFIO_GROUP_GET_STATUS g').errno).toBe('ENODEV');
    run.line('close g');
    expect(run.line('g = open /dev/vfio/0').errno).toBe('ENOENT');
  });

  it('is in one container at a time', () => {
    const run = on(...GROUPS, 'ctx = open /dev/iommu');
    expect(run.line('VFIO_GROUP_UNSET_CONTAINER g0').errno).toBe('EINVAL');
    expect(run.line('x = VFIO_GROUP_GET_DEVICE_FD g0 01:00.0').errno).toBe('EINVAL');
    expect(run.line('VFIO_GROUP_SET_CONTAINER g0 g1').errno).toBe('EBADFD');
    expect(run.line('ioctl g0 0x3b68 "63000000"').errno).toBe('EBADF');
    expect(run.line('ioctl g0 0x3b67 "04000000 00000000"').errno).toBe('EINVAL');
    expect(run.line('ioctl g0 0x3b6a').errno).toBe('EFAULT');
    expect(run.line('ioctl g0 0x3b80').errno).toBe('ENOTTY');
    run.line('VFIO_GROUP_SET_CONTAINER g0 c');
    expect(run.line('VFIO_GROUP_SET_CONTAINER g0 ctx').errno).toBe('EINVAL');
    // The container has no IOMMU yet: vfio_group_use_container()
    expect(run.line('x = VFIO_GROUP_GET_DEVICE_FD g0 01:00.0').errno).toBe('EINVAL');
    expect(run.line('x = VFIO_GROUP_GET_DEVICE_FD g0 00:02.0').errno).toBe('ENODEV');
  });

  it('keeps its devices, however often they are opened, and stays open with them', () => {
    const run = on(
      ...TYPE1,
      'd = VFIO_GROUP_GET_DEVICE_FD g0 01:00.0',
      'e = VFIO_GROUP_GET_DEVICE_FD g0 01:00.0',
    );
    expect(run.line('ATTACH d c')).toMatchObject({ errno: 'ENOTTY' });
    run.line('close g0');
    run.line('close d');
    expect(run.line('h = open /dev/vfio/0').errno).toBe('EBUSY');
    expect(run.line('driver 01:00.0 none').errno).toBe('EBUSY');
    run.line('close e');
    expect(run.line('expect group:0 ownerId absent').ok).toBe(true);
    expect(run.line('h = open /dev/vfio/0').status).toBe('ok');
  });

  it('that loses its last vfio device leaves the container', () => {
    const run = on(...TYPE1, 'VFIO_IOMMU_MAP_DMA c buf iova=0x100000 rw');
    run.line('driver 01:00.0 none');
    run.line('driver 01:00.1 none');
    expect(run.line('expect group:0 ownerId absent').ok).toBe(true);
    expect(run.line('expect mm:qemu pinnedPages 0').ok).toBe(true);
    expect(run.line('VFIO_IOMMU_GET_INFO c').errno).toBe('EINVAL');
  });
});

describe('a type1 container', () => {
  it('has an IOMMU only once it has a group, and once', () => {
    const run = on(...GROUPS);
    expect(run.line('VFIO_SET_IOMMU c TYPE1v2').errno).toBe('EINVAL');
    expect(run.line('VFIO_IOMMU_MAP_DMA c buf iova=0x100000 rw').errno).toBe('EINVAL');
    run.line('VFIO_GROUP_SET_CONTAINER g0 c');
    expect(run.line('VFIO_SET_IOMMU c NOIOMMU').errno).toBe('ENODEV');
    expect(run.line('VFIO_SET_IOMMU c TYPE1v2').status).toBe('ok');
    expect(run.line('VFIO_SET_IOMMU c TYPE1v2').errno).toBe('EINVAL');
    expect(run.line('ioctl c 0x3b64').result).toBe('0');
    expect(run.line('ioctl c 0x3b7f').errno).toBe('ENOTTY');
    expect(run.line('VFIO_CHECK_EXTENSION c TYPE1v2 is "1"').ok).toBe(true);
    expect(run.line('VFIO_CHECK_EXTENSION c NOIOMMU is "0"').ok).toBe(true);
  });

  it('maps for all of its groups, pinned once', () => {
    const run = on(
      ...TYPE1,
      'VFIO_IOMMU_MAP_DMA c buf iova=0x2000000 rw',
      'VFIO_GROUP_SET_CONTAINER g1 c',
      'VFIO_GROUP_SET_CONTAINER g2 c',
    );
    for (const bdf of ['01:00.0', '01:00.1', '00:02.0', '00:03.0'])
      expect(run.line(`dma ${bdf} write 0x2000000 64 in=buf`).ok, bdf).toBe(true);
    expect(run.line('expect mm:qemu pinnedPages 16').ok).toBe(true);
    expect(run.line('VFIO_IOMMU_GET_INFO c contains "IOVAs 0x1000000-0x7fffffff"').ok).toBe(true);
    run.line('VFIO_GROUP_UNSET_CONTAINER g2');
    expect(run.line('dma 00:03.0 write 0x2000000 64').status).toBe('fault');
    expect(
      run.line('VFIO_IOMMU_GET_INFO c contains "IOVAs 0x0-0xfedfffff 0xfef00000-0xffffffffffff"').ok,
    ).toBe(true);
    run.line('VFIO_GROUP_UNSET_CONTAINER g1');
    expect(run.line('expect mm:qemu pinnedPages 16').ok).toBe(true);
    run.line('close g0');
    expect(run.line('expect mm:qemu pinnedPages 0').ok).toBe(true);
  });

  it('[D1] tries whether a group will do with a domain that is there: detached, and attached to that', () => {
    const run = on(...TYPE1);
    const { events } = run.simulator.execute(simLineOf(parseLine('VFIO_GROUP_SET_CONTAINER g1 c', 99)));
    const moves = events
      .filter((event): event is DomainEvent => event.kind === 'domain')
      .map(({ from, to }) => `${from ?? ''} > ${to}`);
    // Claim, its own new domain, blocked again, the other group's domain: vfio_iommu_type1_attach_group()
    expect(moves).toEqual([
      expect.stringMatching(/^.* > blocked$/),
      expect.stringMatching(/^blocked > domain \d+$/),
      expect.stringMatching(/^domain \d+ > blocked$/),
      expect.stringMatching(/^blocked > domain \d+$/),
    ]);
    expect(moves[1]).not.toBe(moves[3]);
  });

  it('refuses a group whose addresses do not fit what is mapped, and leaves it as it was', () => {
    const run = on(...TYPE1, 'VFIO_IOMMU_MAP_DMA c buf iova=0x80000000 rw');
    expect(run.line('VFIO_GROUP_SET_CONTAINER g2 c').errno).toBe('EINVAL');
    expect(run.line('expect group:2 ownerId absent').ok).toBe(true);
    expect(run.line('dma 01:00.0 write 0x80000000 64 in=buf').ok).toBe(true);
  });

  it('refuses a group whose interrupts are not checked', () => {
    const run = ScriptRun.of(
      [
        'iommu loose generic no-msi-isolation',
        'pci 00:03.0 rciep id=144d:a80a class=010802 driver=vfio-pci iommu=loose',
        'g = open /dev/vfio/0',
        'c = open /dev/vfio/vfio',
        'VFIO_GROUP_SET_CONTAINER g c',
        'VFIO_SET_IOMMU c TYPE1v2 ! EPERM',
        'expect-log "No interrupt remapping support"',
        'expect group:0 domain.type blocked',
      ].join('\n'),
    );
    expect(run.wrong).toEqual([]);
  });

  it.each([
    ['VFIO_IOMMU_MAP_DMA c buf iova=0x100800 rw', 'EINVAL'],
    ['VFIO_IOMMU_MAP_DMA c buf iova=0x100000 len=0 rw', 'EINVAL'],
    ['VFIO_IOMMU_MAP_DMA c buf iova=0xfffffffffffff000 len=64K rw', 'EOVERFLOW'],
    ['VFIO_IOMMU_MAP_DMA c buf iova=0x20f000 len=4K rw', 'EEXIST'],
    ['VFIO_IOMMU_MAP_DMA c buf iova=0xfee00000 rw', 'EINVAL'],
    ['VFIO_IOMMU_UNMAP_DMA c iova=0x200000 len=4K', 'EINVAL'],
    ['VFIO_IOMMU_UNMAP_DMA c iova=0x201000 len=60K', 'EINVAL'],
    ['VFIO_IOMMU_UNMAP_DMA c iova=0x200000 len=0', 'EINVAL'],
    ['VFIO_IOMMU_UNMAP_DMA c iova=0x200001 len=4K', 'EINVAL'],
    ['ioctl c 0x3b71 "20000000 00000000 0000000000000000 0000000000000000 0010000000000000"', 'EINVAL'],
    ['ioctl c 0x3b71 "20000000 08000000 0000000000000000 0000000000000000 0010000000000000"', 'EINVAL'],
    ['ioctl c 0x3b71 "18000000 03000000 0000000000000000 0000000000000000 0010000000000000"', 'EINVAL'],
    ['ioctl c 0x3b70 "08000000 00000000 0000000000000000"', 'EINVAL'],
  ])('%s is %s', (line, errno) => {
    const run = on(...TYPE1, 'VFIO_IOMMU_MAP_DMA c buf iova=0x200000 rw');
    const came = run.line(line);
    expect(came).toMatchObject({ errno });
    expect(came.why).toMatch(/ /);
    expect(run.line('expect mm:qemu pinnedPages 16').ok).toBe(true);
  });

  it('a mapping that cannot be made everywhere is made nowhere', () => {
    const run = on(...TYPE1, 'VFIO_GROUP_SET_CONTAINER g2 c', 'refuse small map 5 ENOMEM');
    expect(run.line('VFIO_IOMMU_MAP_DMA c buf iova=0x2000000 rw').errno).toBe('ENOMEM');
    expect(run.line('expect mm:qemu pinnedPages 0').ok).toBe(true);
    expect(run.line('dma 01:00.0 write 0x2000000 64').status).toBe('fault');
    expect(run.line('VFIO_IOMMU_MAP_DMA c buf iova=0x2000000 rw').status).toBe('ok');
  });

  it('version 2 unmaps whole mappings, several at once; nothing there is no error', () => {
    const run = on(
      ...TYPE1,
      'VFIO_IOMMU_MAP_DMA c buf iova=0x200000 rw',
      'VFIO_IOMMU_MAP_DMA c buf iova=0x300000 rw',
    );
    expect(run.line('VFIO_IOMMU_UNMAP_DMA c iova=0x400000 len=4K').result).toBe('0 B unmapped');
    expect(run.line('VFIO_IOMMU_UNMAP_DMA c iova=0x100000 len=4M').result).toBe('128 KiB unmapped');
    run.line('VFIO_IOMMU_MAP_DMA c buf iova=0x200000 rw');
    expect(run.line('VFIO_IOMMU_UNMAP_DMA c all').result).toBe('64 KiB unmapped');
    expect(run.line('expect mm:qemu pinnedPages 0').ok).toBe(true);
  });

  it('version 1 unmaps a mapping that begins inside as a whole, and nothing of one that began before', () => {
    const run = on(
      ...GROUPS,
      'VFIO_GROUP_SET_CONTAINER g0 c',
      'VFIO_SET_IOMMU c TYPE1',
      'VFIO_IOMMU_MAP_DMA c buf iova=0x200000 rw',
    );
    expect(run.line('VFIO_IOMMU_UNMAP_DMA c iova=0x201000 len=4K').result).toBe('0 B unmapped');
    expect(run.line('VFIO_IOMMU_UNMAP_DMA c iova=0x200000 len=4K').result).toBe('64 KiB unmapped');
  });
});

describe('an iommufd as the container', () => {
  const COMPAT = (run: ScriptRun): void => {
    for (const line of [
      'VFIO_GROUP_SET_CONTAINER g0 c',
      'VFIO_SET_IOMMU c TYPE1v2',
      'd = VFIO_GROUP_GET_DEVICE_FD g0 01:00.0',
    ])
      expect(run.line(line).status, line).toBe('ok');
    expect(run.line('VFIO_IOMMU_MAP_DMA c buf iova=0x100000 rw').status).toBe('ok');
    expect(run.line('dma 01:00.0 write 0x100000 64 in=buf').ok).toBe(true);
    expect(run.line('VFIO_IOMMU_UNMAP_DMA c iova=0x100000 len=64K').result).toBe('64 KiB unmapped');
  };

  it('serves a program that opens /dev/iommu', () => {
    const run = on('g0 = open /dev/vfio/0', 'c = open /dev/iommu');
    COMPAT(run);
    // Device, automatic HWPT and IOAS are there to be seen.
    expect(run.line('expect c objectIds.length 3').ok).toBe(true);
    run.line('close d');
    run.line('VFIO_GROUP_UNSET_CONTAINER g0');
    expect(run.line('expect group:0 ownerId absent').ok).toBe(true);
  });

  it('serves one that opens /dev/vfio/vfio, where the kernel is built so', () => {
    const run = ScriptRun.of(
      ['machine t container=iommufd', ...MACHINE, 'g0 = open /dev/vfio/0', 'c = open /dev/vfio/vfio'].join(
        '\n',
      ),
    );
    expect(run.wrong).toEqual([]);
    COMPAT(run);
    expect(run.line('expect ctx:1 type context').ok).toBe(true);
  });

  it('[A10] is refused only when a device is opened', () => {
    const run = on(
      'driver 01:00.1 none',
      'driver 01:00.1 snd_hda_intel',
      'g0 = open /dev/vfio/0',
      'c = open /dev/iommu',
    );
    expect(run.line('VFIO_GROUP_SET_CONTAINER g0 c').status).toBe('ok');
    expect(run.line('d = VFIO_GROUP_GET_DEVICE_FD g0 01:00.0').errno).toBe('EPERM');
    expect(run.line('expect c objectIds.length 1').ok).toBe(true);
  });
});
