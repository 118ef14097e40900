import { describe, expect, test } from 'vitest';
import type { Lookup } from '../../engine/sim/batch';
import { totalSteps } from '../../store/playback';
import { linksOf, routesOf } from '../edges/edges';
import { distance, type Point } from '../layout/geometry';
import { computeLayout } from '../layout/layout';
import { bufferPoint, contextPoint, iotlbPoint, levelPoint } from '../layout/sizes';
import { guestWorld } from '../testing/guest-world';
import { deviceHit, desktop, fault, hit, kernelDma, nestedWalk, walk } from '../testing/worlds';
import { beatsOf } from './beats';
import { cardAt } from './follow';
import { beatLength, easing, poseAt, shareOfBeat, waysOf } from './poses';
import { stageOf } from './stage';

const layout = computeLayout(desktop);
const space = {
  objects: desktop,
  rects: layout.rects,
  frameOf: layout.frameOf,
  routes: routesOf(linksOf(desktop), { ...layout, cards: [], top: 0 }),
};
const ways = (lookup: Lookup) => waysOf(beatsOf(lookup), stageOf(lookup, space)!);
const box = (id: string) => layout.rects.get(id)!;
const [part] = walk.parts;
const twoPages: Lookup = { ...walk, parts: [part!, { ...part!, iova: 0x301000n }] };
const bypass: Lookup = { ...walk, parts: [{ ...part!, from: 'bypass', steps: [], address: [] }] };
const [gpu, audio] = ['dev:0000:01:00.0', 'dev:0000:01:00.1'];
const peer: Lookup = {
  ...bypass,
  iommuId: null,
  parts: [
    {
      ...bypass.parts[0]!,
      from: 'peer',
      peer: { deviceId: audio, viaId: gpu, path: [gpu, audio], why: 'functions of one device' },
    },
  ],
};
const all = { walk, hit, deviceHit, fault, kernelDma, twoPages, bypass, peer };

describe('beats', () => {
  test.each(Object.entries(all))('%s has as many as the store counts steps', (_name, lookup) => {
    expect(beatsOf(lookup)).toHaveLength(totalSteps(lookup));
  });

  test('labels say what was read and where that led', () => {
    expect(beatsOf(walk).map((b) => b.label.text)).toEqual([
      'context cache miss',
      'root entry [1] → context entry 0x10a02000',
      'context entry [0] → table 0x10a30000',
      'IOTLB miss',
      'L4 [0] → table 0x10a31000',
      'L3 [0] → table 0x10a34000',
      'L2 [1] → leaf 0x120200000',
    ]);
    expect(beatsOf(walk).at(-1)!.endLabel!.text).toBe('PA 0x120200040');
  });

  test('levels are called as the unit’s document does', () => {
    // Arm: the top of four levels is 0.
    expect(beatsOf(walk, 'smmuv3')[4]!.label.text).toBe('L0 [0] → table 0x10a31000');
  });

  test('a fault is named by its address and reason', () => {
    expect(beatsOf(fault).at(-1)).toMatchObject({
      end: 'fault',
      label: { text: 'L2 [111] → fault', tone: 'fault' },
      endLabel: { text: '0xdead000 ✕ Write permission', tone: 'fault' },
    });
  });
});

describe('the token', () => {
  test('waits at the device', () => {
    const gpu = box('dev:0000:01:00.0');
    expect(poseAt(ways(walk), 0).head).toEqual({ x: gpu.x + gpu.width, y: gpu.y + gpu.height / 2 });
  });

  test('stops at the caches of the IOMMU, then once a level, high to low', () => {
    const unit = box('iommu:dmar0');
    const stops = Array.from({ length: 6 }, (_, i) => poseAt(ways(walk), i + 1).head);
    expect(stops).toEqual([
      contextPoint(unit),
      contextPoint(unit),
      contextPoint(unit),
      iotlbPoint(unit),
      levelPoint(box('hwpt:1.4'), 4, 4),
      levelPoint(box('hwpt:1.4'), 3, 4),
    ]);
  });

  test('ends in the buffer that holds the physical address', () => {
    // 0x1_2020_0040 lies in the second buffer, at 0x1_2000_0000
    expect(poseAt(ways(walk), 7)).toMatchObject({ head: bufferPoint(box('mm:qemu'), 1), headTone: 'ok' });
  });

  test('a hit takes the short cut: no level, and above every card', () => {
    const pose = poseAt(ways(hit), 2);
    const table = box('hwpt:1.4');
    const within = (p: Point) => p.x > table.x && p.x < table.x + table.width;
    const over = pose.trail.flat().filter(within);
    expect(pose.looks.map((l) => l.at)).toEqual([
      contextPoint(box('iommu:dmar0')),
      iotlbPoint(box('iommu:dmar0')),
    ]);
    for (const p of over) expect(p.y).toBeLessThan(table.y);
    expect(pose.head).toEqual(bufferPoint(box('mm:qemu'), 1));
  });

  test('a fault stops where the hardware looked last and never reaches memory', () => {
    const pose = poseAt(ways(fault), 5);
    expect(pose).toMatchObject({ head: levelPoint(box('hwpt:1.7'), 2, 4), headTone: 'fault' });
    expect(pose.ends).toEqual([{ at: pose.head, fault: true }]);
  });

  test('a device that has the translation looks at home, and goes past the IOMMU', () => {
    const gpu = box('dev:0000:01:00.0');
    const home = { x: gpu.x + gpu.width, y: gpu.y + gpu.height / 2 };
    const pose = poseAt(ways(deviceHit), 1);
    expect(pose.looks.map(({ at }) => at)).toEqual([home]);
    expect(pose.head).toEqual(bufferPoint(box('mm:qemu'), 1));
  });

  test('from device to device it goes beside the tree, and never to the IOMMU', () => {
    const lookup = { ...peer, deviceId: gpu };
    const [way] = waysOf(beatsOf(lookup), stageOf(lookup, space)!);
    const left = (id: string) => ({ x: box(id).x, y: box(id).y + box(id).height / 2 });
    expect(way!.points[0]).toEqual(left(gpu));
    expect(way!.end).toEqual(left(audio));
    expect(Math.max(...way!.points.map(({ x }) => x))).toBeLessThanOrEqual(left(audio).x);
    expect(way!.label).toMatchObject({ text: 'reached 01:00.1, past the IOMMU', tone: 'past' });
  });

  test('reads of the second stage stop at the parent’s card, and memory is reached from there', () => {
    const guest = computeLayout(guestWorld);
    const routes = routesOf(linksOf(guestWorld), { ...guest, cards: [], top: 0 });
    const stage = stageOf(nestedWalk, { objects: guestWorld, ...guest, routes })!;
    const nested = waysOf(beatsOf(nestedWalk), stage);
    const card = (id: string) => guest.rects.get(id)!;
    expect(nested.map(({ look }) => look)).toEqual([
      levelPoint(card('hwpt:1.4'), 1, 4),
      levelPoint(card('hwpt:1.5'), 1, 4),
      levelPoint(card('hwpt:1.4'), 1, 4),
    ]);
    const [last] = nested.slice(-1);
    const rim = card('hwpt:1.4').x + card('hwpt:1.4').width;
    expect(last!.points.some(({ x }) => x === rim)).toBe(true);
  });

  test('a camera that follows stands where the token does', () => {
    expect([0, 1, 4, 5, 7].map((step) => cardAt(walk, desktop, step))).toEqual([
      'dev:0000:01:00.0',
      'iommu:dmar0',
      'iommu:dmar0',
      'hwpt:1.4',
      'mm:qemu',
    ]);
    expect([1, 2].map((step) => cardAt(nestedWalk, guestWorld, step))).toEqual(['hwpt:1.4', 'hwpt:1.5']);
    expect(cardAt(deviceHit, desktop, 0)).toBe('dev:0000:01:00.0');
  });

  test('kernel DMA walks a table below the IOMMU: a default domain has no node', () => {
    const unit = box('iommu:dmar0');
    expect(poseAt(ways(kernelDma), 5).head!.y).toBeGreaterThan(unit.y + unit.height);
  });

  test('what is not translated goes from the device to memory in one beat', () => {
    expect(poseAt(ways(bypass), 1)).toMatchObject({ head: bufferPoint(box('mm:qemu'), 1), looks: [] });
  });

  test('a second page sets out from the device again, and the end of the first stays marked', () => {
    const pose = poseAt(ways(twoPages), 7.01);
    const gpu = box('dev:0000:01:00.0');
    expect(distance(pose.head!, { x: gpu.x + gpu.width, y: gpu.y + gpu.height / 2 })).toBeLessThan(5);
    expect(pose.ends).toHaveLength(1);
  });

  test.each(Object.entries(all))('%s: it never jumps inside a part', (_name, lookup) => {
    const path = ways(lookup);
    for (let i = 0; i < path.length; i++) {
      const before = poseAt(path, i + 0.999).head!;
      expect(distance(before, poseAt(path, i + 1).head!)).toBeLessThan(0.5);
      if (path[i]!.beat.first) continue;
      expect(distance(path[i]!.points[0]!, path[i - 1]!.look!)).toBeLessThan(0.5);
    }
  });

  test('a label stays until there is news', () => {
    expect(poseAt(ways(walk), 4.5).label!.text).toBe('IOTLB miss');
    expect(poseAt(ways(walk), 4.95).label!.text).toBe('L4 [0] → table 0x10a31000');
  });

  test('a device that has gone takes its look-up along', () => {
    expect(stageOf({ ...walk, deviceId: 'dev:0000:99:00.0' }, space)).toBeNull();
  });
});

describe('timing', () => {
  test('a beat eases in and out and ends at rest', () => {
    expect([easing(0), easing(0.4), easing(0.8), easing(1)]).toEqual([0, 0.5, 1, 1]);
    expect(easing(0.1)).toBeLessThan(0.1);
  });

  test('the share of a beat never leaves 0 … 1, and no time at all is all of it', () => {
    expect([shareOfBeat(-5, 100), shareOfBeat(50, 100), shareOfBeat(500, 100), shareOfBeat(0, 0)]).toEqual([
      0, 0.5, 1, 1,
    ]);
  });

  test.each([0.5, 1, 2, 4, 8])('at %d steps a second a beat is over before the next begins', (speed) => {
    expect(beatLength(true, speed)).toBeLessThan(1000 / speed);
  });
});
