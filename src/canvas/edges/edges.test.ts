import { describe, expect, test } from 'vitest';
import { along, boundsOf, contains, flatten, type Rect } from '../layout/geometry';
import { computeLayout } from '../layout/layout';
import type { Objects } from '../layout/tree';
import { device, group, hwpt, idev, ioas, iommu, world } from '../testing/build';
import { desktop, server } from '../testing/worlds';
import { guestWorld } from '../testing/guest-world';
import { cardsOf, linksOf, routesOf } from './edges';
import { treeLinesOf } from './tree-lines';

const routes = (objects: Objects) => {
  const layout = computeLayout(objects);
  const top = boundsOf(layout.blocks.map((b) => b.rect))!.y;
  const { rects, frameOf, devicesRight } = layout;
  const space = { rects, frameOf, cards: cardsOf(objects, rects, frameOf), devicesRight, top };
  return { layout, routes: routesOf(linksOf(objects), space) };
};

const shrunk = (r: Rect): Rect => ({ x: r.x + 1, y: r.y + 1, width: r.width - 2, height: r.height - 2 });

describe('linksOf', () => {
  const has = (id: string) => linksOf(desktop).some((l) => l.id === id);

  test('an attached device has an edge to its HWPT, through its IOMMU', () => {
    const link = linksOf(desktop).find((l) => l.kind === 'attach' && l.source === 'dev:0000:01:00.0');
    expect(link).toMatchObject({ target: 'hwpt:1.4', via: 'iommu:dmar0' });
  });

  test('a device that was never bound follows its group, and says so by another edge', () => {
    expect(has('follow:dev:0000:01:00.1:iommu:dmar0')).toBe(true);
    expect(linksOf(desktop).some((l) => l.kind === 'attach' && l.source === 'dev:0000:01:00.1')).toBe(false);
  });

  test('a bridge of the group has no edge', () => {
    expect(linksOf(desktop).some((l) => l.source === 'dev:0000:00:01.0')).toBe(false);
  });

  test('a group on its default or blocking domain has one edge to the IOMMU; an attached one has none', () => {
    expect(has('default:group:2:iommu:dmar0')).toBe(true);
    expect(has('default:group:11:iommu:dmar0')).toBe(true);
    expect(has('default:group:7:iommu:dmar0')).toBe(false);
  });

  test('a page table leads to its IOAS, an IOAS to each process that it maps, once', () => {
    expect(has('ioas:hwpt:1.4:ioas:1.2')).toBe(true);
    expect(
      linksOf(desktop)
        .filter((l) => l.source === 'ioas:1.2')
        .map((l) => l.target),
    ).toEqual(['mm:qemu']);
  });

  test('a bound device that is attached to nothing has no attach edge', () => {
    const objects = world(
      device('00:02.0', 'rciep', { group: 1, idevId: 'idev:1.1' }),
      group(1, ['00:02.0'], { ownerId: 'ctx:1' }),
      idev(1, '00:02.0', null),
      iommu(),
    );
    expect(linksOf(objects).map((l) => l.kind)).toEqual(['default']);
  });

  test('an edge never leads to what is not there', () => {
    expect(linksOf(world(hwpt(4, { ioasId: 'ioas:1.99' })))).toEqual([]);
  });
});

describe('routesOf', () => {
  test('an attach edge goes in on the left of the IOMMU and out on the right, without a break', () => {
    const { layout, routes: all } = routes(desktop);
    const unit = layout.rects.get('iommu:dmar0')!;
    for (const { link, legs } of all.filter((r) => r.link.kind === 'attach')) {
      const [into, through, out] = legs.map((leg) => flatten(leg));
      expect(into![0]!.x).toBe(layout.rects.get(link.source)!.x + layout.rects.get(link.source)!.width);
      expect(into!.at(-1)!.x).toBe(unit.x);
      expect(through).toEqual([into!.at(-1), out![0]]);
      expect(out![0]!.x).toBe(unit.x + unit.width);
      expect(out!.at(-1)!.x).toBe(layout.rects.get(link.target)!.x);
    }
  });

  test('edges of different devices enter the IOMMU at different heights, all of them on its side', () => {
    const { layout, routes: all } = routes(desktop);
    const unit = layout.rects.get('iommu:dmar0')!;
    const ys = all.filter((r) => r.link.kind === 'attach').map((r) => flatten(r.legs[0]!).at(-1)!.y);
    expect(new Set(ys).size).toBe(ys.length);
    for (const y of ys) expect(y > unit.y && y < unit.y + unit.height).toBe(true);
  });

  test('all default domains come in on one wire', () => {
    const { routes: all } = routes(server(130));
    const ends = all.filter((r) => r.link.kind === 'default').map((r) => flatten(r.legs[0]!).at(-1)!.y);
    expect(ends.length).toBe(130);
    expect(new Set(ends).size).toBe(1);
  });

  test('wires of inner sub-columns run in gutters and above the frames, never across a frame', () => {
    const { layout, routes: all } = routes(server(130));
    const frames = [...layout.rects].filter(([id]) => id.startsWith('group:'));
    const crossed = all.flatMap(({ link, legs }) => {
      const way = flatten(legs[0]!);
      const points = Array.from({ length: 200 }, (_, i) => along(way, i / 199).at);
      return frames
        .filter(([id, f]) => id !== link.source && points.some((p) => contains(shrunk(f), p)))
        .map(([id]) => `${link.id} across ${id}`);
    });
    expect(crossed).toEqual([]);
  });

  test('a guest: nested table and vIOMMU stand on their parent, faults go to a queue, an access goes straight to memory', () => {
    const { routes: all } = routes(guestWorld);
    const ids = all.map(({ link }) => link.id).filter((id) => /^(nest|fault|ioas|pasid|vdevice)/.test(id));
    expect(ids.sort()).toEqual([
      'fault:hwpt:1.5:fault:1.8',
      'ioas:access:1.12:ioas:1.3',
      'ioas:hwpt:1.4:ioas:1.3',
      'nest:hwpt:1.5:hwpt:1.4',
      'nest:hwpt:1.6:hwpt:1.4',
      'nest:viommu:1.7:hwpt:1.4',
      'pasid:dev:0000:02:00.0:hwpt:1.6',
      'vdevice:dev:0000:01:00.0:vdevice:1.9',
    ]);
  });

  test('no wire right of the IOMMU goes behind a card that it does not lead to', () => {
    const { layout, routes: all } = routes(guestWorld);
    const cards = [...layout.rects].filter(([id]) => /^(hwpt|ioas|fault|access|viommu|mm):/.test(id));
    const crossed = all.flatMap(({ link, legs }) => {
      if (link.kind === 'vdevice') return []; // on request only, and dotted
      const points = flatten(legs.at(-1)!, 40);
      return cards
        .filter(
          ([id, card]) => id !== link.source && id !== link.target && points.some((p) => contains(card, p)),
        )
        .map(([id]) => `${link.id} behind ${id}`);
    });
    expect(crossed).toEqual([]);
  });

  test('an IOAS without a device is reached from its page table alone', () => {
    const objects = world(hwpt(4), ioas(2, { hwptIds: ['hwpt:1.4'] }));
    const layout = computeLayout(objects);
    const space = { rects: layout.rects, frameOf: layout.frameOf, cards: [], devicesRight: 0, top: 0 };
    expect(routesOf(linksOf(objects), space).map((r) => r.link.id)).toEqual(['ioas:hwpt:1.4:ioas:1.2']);
  });
});

test('tree lines end at the child, from a bridge above it', () => {
  const layout = computeLayout(desktop);
  const lines = treeLinesOf(layout, layout.rects);
  const line = lines.find((l) => l.childId === 'group:11')!;
  expect(line.points.at(-1)!.x).toBe(layout.rects.get('group:11')!.x);
  expect(line.points[0]!.y).toBe(
    layout.rects.get('dev:0000:00:1d.0')!.y + layout.rects.get('dev:0000:00:1d.0')!.height,
  );
});
