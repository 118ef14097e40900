import { expect, test } from 'vitest';
import type { SysfsEntry } from '../../engine/iommu/sysfs';
import { createEngine } from '../../worker/engine';
import { objectAt } from './paths';
import { shownBy } from './shows';

const SCRIPT = `machine "t" iommu=vtd
pci 00:02.0 endpoint id=8086:15f3 class=020000 driver=igc
boot`;

/** Every path of the tree. */
const pathsOf = (entry: SysfsEntry, path = ''): readonly string[] =>
  entry.kind !== 'dir'
    ? [path]
    : [path, ...Object.entries(entry.entries).flatMap(([name, child]) => pathsOf(child, `${path}/${name}`))];

test('of whatever the machine shows, the kernel’s function is named', async () => {
  const engine = createEngine();
  await engine.load(SCRIPT, null);
  const paths = pathsOf((await engine.sysfs())!);
  expect(paths.length).toBeGreaterThan(20);
  // Directories of the bus say nothing by themselves.
  expect(paths.filter((path) => path !== '' && shownBy(path) === null)).toEqual([
    '/sys',
    '/sys/bus',
    '/sys/bus/pci',
    '/sys/bus/pci/devices',
    '/sys/bus/pci/devices/0000:00:02.0',
    '/sys/bus/pci/drivers',
    '/sys/bus/pci/drivers/igc',
    '/sys/class',
    '/sys/kernel',
  ]);
});

// Linux: drivers/iommu/iommu.c IOMMU_GROUP_ATTR()
test.each([
  ['type', 'iommu_group_show_type', 'iommu_group_store_type'],
  ['reserved_regions', 'iommu_group_show_resv_regions', undefined],
  ['name', 'iommu_group_show_name', undefined],
])('%s of a group is printed by %s', (file, show, store) => {
  const found = shownBy(`/sys/kernel/iommu_groups/7/${file}`);
  expect([found?.show, found?.store, found?.file]).toEqual([show, store, 'drivers/iommu/iommu.c']);
});

test('a path leads to its object: group, device or IOMMU', async () => {
  const engine = createEngine();
  await engine.load(SCRIPT, null);
  const objects = Object.fromEntries((await engine.moment(null, 3)).map((object) => [object.id, object]));
  const root = (await engine.sysfs())!;
  const at = (path: string): string | null => objectAt(root, path, objects)?.id ?? null;
  const groups = Object.values(objects).filter(({ type }) => type === 'group');
  expect(groups.length).toBeGreaterThan(0);
  for (const group of groups)
    if (group.type === 'group') {
      expect(at(`/sys/kernel/iommu_groups/${group.number}`)).toBe(group.id);
      expect(at(`/sys/kernel/iommu_groups/${group.number}/type`)).toBe(group.id);
    }
  expect(at('/sys/bus/pci/devices/0000:00:02.0')).toBe('dev:0000:00:02.0');
  expect(at('/sys/bus/pci/devices/0000:00:02.0/iommu_group')).toMatch(/^group:/);
  expect(at('/sys/class/iommu')).toBeNull();
});
