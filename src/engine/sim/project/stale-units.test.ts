import { expect, it } from 'vitest';
import { ScriptRun } from '../../../testing/run-script';

/**
 * One HWPT over devices behind two units. Linux gives a domain an id per VT-d unit (domain_attach_iommu(): each unit has its
 * own ida); an AMD domain has one id everywhere (pdom_attach_iommu()).
 */
const twoUnits = (kind: 'vtd' | 'amd', second: string): string =>
  [
    `machine t iommu=${kind}`,
    `iommu ${second} ${kind}`,
    'pci 00:02.0 rciep id=8086:15f3 class=020000 driver=vfio-pci',
    `pci 00:03.0 rciep id=8086:15f3 class=020000 driver=vfio-pci iommu=${second}`,
    `pci 00:04.0 rciep id=8086:15f3 class=020000 driver=vfio-pci iommu=${second}`,
    'boot',
    'ctx = open /dev/iommu',
    'ioas = IOAS_ALLOC ctx',
    'a = BIND ctx 00:02.0',
    'b = BIND ctx 00:03.0',
    'hwpt = ATTACH a ioas',
    'ATTACH b hwpt',
    'buf = mmap qemu 64K pages=4K',
    'IOAS_MAP ioas buf iova=0x100000 rw',
  ].join('\n');

/** What is said of the HWPT and of the units that its translations are stale in. */
function staleIn(script: string) {
  const run = ScriptRun.of(script);
  expect(run.wrong).toEqual([]);
  const world = run.simulator.world();
  const hwpt = [...world.values()].find((object) => object.type === 'hwpt');
  const on = hwpt === undefined ? [] : [hwpt, ...(hwpt.alsoOn ?? [])];
  return on.map(({ iommuId, tag }) => {
    const unit = world.get(iommuId);
    return unit?.type === 'iommu' && tag !== null ? (unit.staleBy?.[tag] ?? 0) : 0;
  });
}

it.each([
  ['vtd', 'dmar1'],
  ['amd', 'ivhd1'],
] as const)('%s: an HWPT says under which id each unit with a device of its caches it', (kind, second) => {
  const both = [twoUnits(kind, second), 'dma 00:03.0 write 0x101040 64', 'dma 00:02.0 write 0x100040 64'];
  expect(staleIn(both.join('\n'))).toEqual([0, 0]);
  expect(staleIn([...both, 'poke leaf+8 "0x0"'].join('\n'))).toEqual([0, 1]);
  expect(staleIn([...both, 'poke leaf+8 "0x0"', 'poke leaf "0x0"'].join('\n'))).toEqual([1, 1]);
});

it('a unit whose devices have left does not count', () => {
  expect(staleIn([twoUnits('vtd', 'dmar1'), 'DETACH b'].join('\n'))).toEqual([0]);
});
