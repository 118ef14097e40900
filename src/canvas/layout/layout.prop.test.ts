import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { WorldObject } from '../../engine/sim/world';
import {
  access,
  device,
  faultQueue,
  group,
  hwpt,
  ioas,
  iommu,
  process,
  viommu,
  world,
} from '../testing/build';
import { contains, overlaps } from './geometry';
import { computeLayout } from './layout';

/** Any world: a random tree of bridges and endpoints, random groups over it, some objects placed by hand. */
const anyWorld = fc
  .record({
    functions: fc.array(
      fc.record({ parent: fc.nat(), bridge: fc.boolean(), group: fc.option(fc.nat(14), { nil: null }) }),
      { maxLength: 40 },
    ),
    hwpts: fc.nat(4),
    ioases: fc.nat(3),
    units: fc.nat(2),
    viommus: fc.array(fc.nat(3), { maxLength: 2 }),
    others: fc.nat(2),
    places: fc.array(
      fc.record({
        which: fc.nat(),
        x: fc.integer({ min: -500, max: 2500 }),
        y: fc.integer({ min: -500, max: 2500 }),
      }),
      { maxLength: 3 },
    ),
  })
  .map(({ functions, hwpts, ioases, units, viommus, others, places }) => {
    const address = (i: number): string => `${i.toString(16).padStart(2, '0')}:00.0`;
    const members = new Map<number, string[]>();
    const bridges: string[] = [];
    const objects: WorldObject[] = functions.map((f, i) => {
      const parent = bridges.length > 0 && f.parent % 3 > 0 ? bridges[f.parent % bridges.length]! : undefined;
      if (f.bridge) bridges.push(address(i));
      if (f.group !== null) members.set(f.group, [...(members.get(f.group) ?? []), address(i)]);
      return device(address(i), f.bridge ? 'root-port' : 'endpoint', {
        ...(parent === undefined ? {} : { parent }),
        ...(f.group === null ? {} : { group: f.group }),
        iommuId: units > 0 ? `iommu:dmar${i % units}` : null,
      });
    });
    for (const [number, addresses] of members) objects.push(group(number, addresses));
    for (let i = 0; i < units; i++) objects.push(iommu({ id: `iommu:dmar${i}` }));
    for (let i = 0; i < hwpts; i++)
      objects.push(hwpt(10 + i, { iommuId: 'iommu:dmar0', ioasId: `ioas:1.${2 + i}` }));
    for (let i = 0; i < ioases; i++) objects.push(ioas(2 + i, { hwptIds: [`hwpt:1.${10 + i}`] }));
    viommus.forEach((parts, i) => objects.push(...viommu(40 + 10 * i, parts)));
    for (let i = 0; i < others; i++) {
      objects.push(hwpt(80 + i, { nested: true, parentId: 'hwpt:1.10', iommuId: 'iommu:dmar0' }));
      objects.push(access(84 + i, 'ioas:1.2'), faultQueue(88 + i, [`hwpt:1.${80 + i}`]));
    }
    objects.push(process('qemu'));
    for (const { which, x, y } of places) {
      const i = which % objects.length;
      objects[i] = { ...objects[i]!, place: { x, y } };
    }
    return objects;
  });

/** Frames, and everything that stands on its own; what is inside a frame is checked against its frame. */
const outerOf = ({ rects, frameOf }: ReturnType<typeof computeLayout>) =>
  [...rects].filter(([id]) => !frameOf.has(id));

test('nothing lies on anything else, but where a person put it there', () => {
  fc.assert(
    fc.property(anyWorld, (objects) => {
      const all = world(...objects);
      const layout = computeLayout(all);
      const outer = outerOf(layout);
      const byDevice = new Set(
        layout.blocks.flatMap(({ block }) => (block.members[0]?.device.place ? [block.id] : [])),
      );
      const isPut = (id: string): boolean => all[id]?.place != null || byDevice.has(id);
      for (const [i, [a, boxA]] of outer.entries())
        for (const [b, boxB] of outer.slice(i + 1))
          if (!(isPut(a) && isPut(b))) expect(overlaps(boxA, boxB), `${a} on ${b}`).toBe(false);
    }),
    { numRuns: 150 },
  );
});

test('members stand inside their frame and not on each other', () => {
  fc.assert(
    fc.property(anyWorld, (objects) => {
      const { rects, frameOf } = computeLayout(world(...objects));
      const inside = [...frameOf].map(([id, frame]) => ({ box: rects.get(id)!, frame }));
      for (const [i, a] of inside.entries()) {
        expect(contains(rects.get(a.frame)!, { x: a.box.x + a.box.width, y: a.box.y + a.box.height })).toBe(
          true,
        );
        for (const b of inside.slice(i + 1))
          if (a.frame === b.frame) expect(overlaps(a.box, b.box)).toBe(false);
      }
    }),
    { numRuns: 100 },
  );
});

test('the same world gives the same layout, in whatever order its objects came', () => {
  fc.assert(
    fc.property(anyWorld, fc.nat(), (objects, by) => {
      const turn = by % Math.max(1, objects.length);
      const turned = [...objects.slice(turn), ...objects.slice(0, turn)];
      const [a, b] = [computeLayout(world(...objects)), computeLayout(world(...turned))];
      expect([...b.rects].sort()).toEqual([...a.rects].sort());
    }),
    { numRuns: 100 },
  );
});

test('whatever is made, nothing that a person put somewhere is moved by it', () => {
  fc.assert(
    fc.property(anyWorld, fc.nat(), (objects, few) => {
      const before = computeLayout(world(...objects.slice(0, 1 + (few % objects.length)))).rects;
      const after = computeLayout(world(...objects));
      for (const { id, place } of objects)
        if (place && before.has(id) && after.rects.has(id) && !after.frameOf.has(id))
          expect(after.rects.get(id), id).toMatchObject(place);
    }),
    { numRuns: 150 },
  );
});
