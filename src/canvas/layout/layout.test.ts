import { describe, expect, test } from 'vitest';
import { device, group, hwpt, ioas, iommu, process, world } from '../testing/build';
import { guestWorld } from '../testing/guest-world';
import { desktop, server } from '../testing/worlds';
import { boundsOf, contains, overlaps } from './geometry';
import { computeLayout } from './layout';
import { GAPS, IOMMU } from './sizes';
import { blocksOf } from './tree';

const rectOf = (objects: Parameters<typeof computeLayout>[0], id: string) =>
  computeLayout(objects).rects.get(id)!;

describe('the order of columns', () => {
  test('a DMA goes left to right: devices, IOMMU, HWPT, IOAS, memory', () => {
    const { rects } = computeLayout(desktop);
    const ids = ['dev:0000:01:00.0', 'iommu:dmar0', 'hwpt:1.4', 'ioas:1.2', 'mm:qemu'];
    const boxes = ids.map((id) => rects.get(id)!);
    boxes.slice(1).forEach((box, i) => expect(box.x).toBeGreaterThan(boxes[i]!.x + boxes[i]!.width));
  });

  test('only columns that hold something have a heading', () => {
    const titles = (objects: Parameters<typeof computeLayout>[0]) =>
      computeLayout(objects).columns.map((c) => c.title);
    expect(titles(world(device('00:02.0', 'rciep')))).toEqual(['PCIe devices']);
    expect(titles(desktop)).toEqual(['PCIe devices', 'IOMMU', 'HWPT', 'IOAS', 'Memory']);
  });

  test('what guests have stands between the IOMMU and the page tables, and takes room only then', () => {
    const { rects, columns } = computeLayout(guestWorld);
    expect(columns.map((c) => c.title)).toEqual(['PCIe devices', 'IOMMU', 'Guest', 'HWPT', 'IOAS', 'Memory']);
    const boxes = ['iommu:dmar0', 'hwpt:1.5', 'hwpt:1.4', 'fault:1.8'].map((id) => rects.get(id)!);
    boxes.slice(1).forEach((box, i) => expect(box.x).toBeGreaterThan(boxes[i]!.x + boxes[i]!.width));
    // As if there were none.
    const { x } = rectOf(desktop, 'hwpt:1.4');
    expect(x - rectOf(desktop, 'iommu:dmar0').x).toBe(IOMMU.width + GAPS.iommu);
  });

  test('the parts of a vIOMMU stand in it, below each other, and move with it', () => {
    const { rects, frameOf } = computeLayout(guestWorld);
    const frame = rects.get('viommu:1.7')!;
    const parts = ['vdevice:1.9', 'veventq:1.10', 'hwqueue:1.11'];
    for (const id of parts) {
      const part = rects.get(id)!;
      expect(
        contains(frame, part) && contains(frame, { x: part.x + part.width, y: part.y + part.height }),
      ).toBe(true);
      expect(frameOf.get(id)).toBe('viommu:1.7');
    }
    const ys = parts.map((id) => rects.get(id)!.y);
    expect(ys).toEqual([...ys].sort((a, b) => a - b));
  });

  test('page tables stand in the order of the devices that they serve', () => {
    const objects = world(
      device('00:01.0', 'rciep', { group: 1 }),
      device('00:02.0', 'rciep', { group: 2 }),
      group(1, ['00:01.0']),
      group(2, ['00:02.0']),
      iommu(),
      hwpt(8, { deviceIds: ['dev:0000:00:01.0'] }),
      hwpt(4, { deviceIds: ['dev:0000:00:02.0'] }),
    );
    expect(rectOf(objects, 'hwpt:1.8').y).toBeLessThan(rectOf(objects, 'hwpt:1.4').y);
  });
});

describe('devices', () => {
  test('stand inside the frame of their group, and their frame tells where they move', () => {
    const { rects, frameOf } = computeLayout(desktop);
    for (const [id, frameId] of frameOf) {
      const [box, frame] = [rects.get(id)!, rects.get(frameId)!];
      expect(contains(frame, box)).toBe(true);
      expect(contains(frame, { x: box.x + box.width, y: box.y + box.height })).toBe(true);
    }
    expect(frameOf.get('dev:0000:01:00.1')).toBe('group:7');
  });

  test('stand below their bridge and further in, in one group or over groups', () => {
    const inOne = [rectOf(desktop, 'dev:0000:00:01.0'), rectOf(desktop, 'dev:0000:01:00.0')];
    const overTwo = [rectOf(desktop, 'group:10'), rectOf(desktop, 'group:11')];
    for (const [above, below] of [inOne, overTwo]) {
      expect(below!.y).toBeGreaterThan(above!.y);
      expect(below!.x).toBeGreaterThan(above!.x);
    }
  });

  test('a group stands where its first member stands in the PCI tree', () => {
    const order = blocksOf(desktop).map((b) => b.id);
    expect(order.slice(0, 3)).toEqual(['group:0', 'group:7', 'group:1']);
    expect(order.indexOf('group:8')).toBe(order.indexOf('group:5') + 1);
  });

  test('a function without a group stands alone', () => {
    const objects = world(device('00:02.0', 'rciep', { ungrouped: 'no IOMMU' }));
    expect(computeLayout(objects).frameOf.size).toBe(0);
    expect(rectOf(objects, 'dev:0000:00:02.0').width).toBeGreaterThan(100);
  });

  test('parents in a ring, which no real machine has, lose nothing', () => {
    const objects = world(
      device('00:01.0', 'root-port', { parent: '01:00.0' }),
      device('01:00.0', 'root-port', { parent: '00:01.0' }),
    );
    expect(computeLayout(objects).rects.size).toBe(2);
  });

  test('a machine of 130 functions fills a window: no column is much higher than the others', () => {
    const layout = computeLayout(server(130));
    const columns = new Map<number, number>();
    for (const { subColumn, rect } of layout.blocks)
      columns.set(subColumn, Math.max(columns.get(subColumn) ?? 0, rect.y + rect.height));
    const bounds = boundsOf(layout.rects.values())!;
    expect(columns.size).toBeGreaterThan(3);
    expect(bounds.width / bounds.height).toBeGreaterThan(1);
    expect(bounds.width / bounds.height).toBeLessThan(2.2);
    const heights = [...columns.values()].slice(0, -1);
    expect(Math.max(...heights)).toBeLessThan(1.4 * Math.min(...heights));
  });
});

describe('place', () => {
  const placed = (id: string, x: number, y: number) => ({
    ...desktop,
    [id]: { ...desktop[id]!, place: { x, y } },
  });

  test('an object stands exactly where the script placed it, a group with all its members', () => {
    const before = computeLayout(desktop).rects;
    const after = computeLayout(placed('group:7', 3000, 40)).rects;
    expect(after.get('group:7')).toMatchObject({ x: 3000, y: 40 });
    const moved = (id: string) => after.get(id)!.x - before.get(id)!.x;
    expect(moved('dev:0000:01:00.0')).toBe(3000 - before.get('group:7')!.x);
  });

  test('moving one thing aside shuffles nothing else', () => {
    const before = computeLayout(desktop).rects;
    const after = computeLayout(placed('group:7', 3000, 40)).rects;
    const kept = [...before].filter(
      ([id]) => id !== 'group:7' && !id.startsWith('dev:0000:01:') && id !== 'dev:0000:00:01.0',
    );
    for (const [id, rect] of kept) expect(after.get(id), id).toEqual(rect);
  });

  test('what it would cover makes room', () => {
    const other = rectOf(desktop, 'hwpt:1.7');
    const { rects } = computeLayout(placed('hwpt:1.4', other.x + 5, other.y + 5));
    expect(overlaps(rects.get('hwpt:1.4')!, rects.get('hwpt:1.7')!)).toBe(false);
  });
});

test('an empty world has an empty layout', () => {
  expect(computeLayout({}).rects.size).toBe(0);
});

test('objects that are no nodes have no place: contexts and device objects', () => {
  const { rects } = computeLayout(desktop);
  expect(rects.has('ctx:1')).toBe(false);
  expect(rects.has('idev:1.1')).toBe(false);
  const sizes = computeLayout(world(ioas(2), process('qemu'))).rects;
  expect(sizes.size).toBe(2);
});

describe('what was put somewhere by the device in it', () => {
  const at = { x: 900, y: 400 };
  const one = device('01:00.0', 'endpoint', { group: 1, place: at });
  const two = device('01:00.1', 'endpoint', { group: 1 });

  test('a new group stands so that its first device is where it was dropped', () => {
    const objects = world(one, two, group(1, ['01:00.0', '01:00.1']));
    expect(rectOf(objects, one.id)).toMatchObject(at);
  });

  test('a device that came later does not take its group along', () => {
    const late = { ...two, place: at };
    const objects = world({ ...one, place: null }, late, group(1, ['01:00.0', '01:00.1']));
    const without = world({ ...one, place: null }, two, group(1, ['01:00.0', '01:00.1']));
    expect(rectOf(objects, 'group:1')).toEqual(rectOf(without, 'group:1'));
  });

  test('a place of the group itself counts more', () => {
    const objects = world(one, two, group(1, ['01:00.0', '01:00.1'], { place: { x: 5, y: 6 } }));
    expect(rectOf(objects, 'group:1')).toMatchObject({ x: 5, y: 6 });
  });
});
