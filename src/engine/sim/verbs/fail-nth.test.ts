import { describe, expect, it } from 'vitest';
import { ScriptRun } from '../../../testing/run-script';

/**
 * Any allocation may fail; then nothing is left behind, and the same call goes through when there is memory again. As
 * tools/testing/selftests/iommu/iommufd_fail_nth.c does it for iommufd alone.
 */
const MACHINE = [
  'iommu smmu generic',
  'pci 00:02.0 rciep id=8086:15f3 class=020000 driver=vfio-pci',
  'pci 00:03.0 rciep id=144d:a80a class=010802 driver=vfio-pci iommu=smmu',
  'boot',
  'buf = mmap qemu 64K',
];
const CONTAINER = ['g = open /dev/vfio/0', 'h = open /dev/vfio/1', 'c = open /dev/vfio/vfio'];
const TYPE1 = [...CONTAINER, 'VFIO_GROUP_SET_CONTAINER g c', 'VFIO_SET_IOMMU c TYPE1v2'];
const MAPPED = [...TYPE1, 'VFIO_IOMMU_MAP_DMA c buf iova=0x100000 rw'];
const BOUND = [
  'ctx = open /dev/iommu',
  'ioas = IOAS_ALLOC ctx',
  'IOAS_MAP ioas buf iova=0x100000 rw',
  'dev = BIND ctx 00:03.0',
];
const COMPAT = ['g = open /dev/vfio/0', 'c = open /dev/iommu', 'VFIO_GROUP_SET_CONTAINER g c'];

/** What a script may look at; open descriptors and the like are no part of it. */
const stateOf = (run: ScriptRun): readonly unknown[] =>
  [...run.simulator.world().values()].filter(({ type }) => type !== 'iommu');

const MOST_POINTS = 200;

describe('every point of failure', () => {
  it.each([
    ['open', [], 'ctx = open /dev/iommu'],
    ['open a container', [], 'c = open /dev/vfio/vfio'],
    ['bind', ['ctx = open /dev/iommu'], 'dev = BIND ctx 00:02.0'],
    ['attach', BOUND, 'hwpt = ATTACH dev ioas'],
    ['make a HWPT', BOUND, 'hwpt = HWPT_ALLOC dev ioas'],
    ['make a fault queue', BOUND, 'faults = FAULT_QUEUE_ALLOC ctx'],
    ['make an access', BOUND, 'mdev = ACCESS ioas pin'],
    ['pin', [...BOUND, 'mdev = ACCESS ioas pin'], 'access_pin mdev 0x100000 8K rw'],
    ['enter a container', CONTAINER, 'VFIO_GROUP_SET_CONTAINER g c'],
    ['turn a container on', [...CONTAINER, 'VFIO_GROUP_SET_CONTAINER g c'], 'VFIO_SET_IOMMU c TYPE1v2'],
    ['map in a container', TYPE1, 'VFIO_IOMMU_MAP_DMA c buf iova=0x100000 rw'],
    ['enter a container with mappings', MAPPED, 'VFIO_GROUP_SET_CONTAINER h c'],
    ['open a device of a container', TYPE1, 'd = VFIO_GROUP_GET_DEVICE_FD g 00:02.0'],
    ['open a device of an iommufd container', COMPAT, 'd = VFIO_GROUP_GET_DEVICE_FD g 00:02.0'],
  ])('of: %s', (_, before, line) => {
    const run = ScriptRun.of([...MACHINE, ...before].join('\n'));
    expect(run.wrong).toEqual([]);
    const start = stateOf(run);
    let failures = 0;
    for (let nth = 1; nth < MOST_POINTS; nth++) {
      run.line(`fail-nth ${nth}`);
      const came = run.line(line);
      if (came.status === 'ok') break;
      failures++;
      expect(came.errno, came.result).toMatch(/^E(NOMEM|FAULT|INVAL|NOENT|MFILE)$/);
      expect(stateOf(run)).toEqual(start);
    }
    expect(failures).toBeGreaterThan(0);
    expect(failures).toBeLessThan(MOST_POINTS - 1);
  });
});
