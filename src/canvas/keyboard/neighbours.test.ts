import { describe, expect, test } from 'vitest';
import { linksOf } from '../edges/edges';
import { computeLayout } from '../layout/layout';
import { desktop } from '../testing/worlds';
import { neighbour, readingOrder, type Direction } from './neighbours';

const layout = computeLayout(desktop);
const links = linksOf(desktop);
const go = (from: string, ...way: readonly Direction[]) =>
  way.reduce<string | null>((at, direction) => at && neighbour(layout, links, at, direction), from);

describe('arrows', () => {
  test('right follows a DMA: device, IOMMU, HWPT, IOAS, memory', () => {
    expect(go('dev:0000:01:00.0', 'right')).toBe('iommu:dmar0');
    expect(go('hwpt:1.4', 'right')).toBe('ioas:1.2');
    expect(go('hwpt:1.4', 'right', 'right')).toBe('mm:qemu');
  });

  test('right from a device in a frame goes where the frame leads', () => {
    expect(go('dev:0000:00:14.0', 'right')).toBe('iommu:dmar0');
  });

  test('left goes back along the edge', () => {
    expect(go('mm:dpdk', 'left', 'left', 'left')).toBe('iommu:dmar0');
  });

  test('down goes from a frame to its first member, and through the column', () => {
    expect(go('group:7', 'down')).toBe('dev:0000:00:01.0');
    expect(go('group:7', 'down', 'down', 'down', 'down')).toBe('group:1');
    expect(go('group:1', 'up')).toBe('dev:0000:01:00.1');
  });

  test('an object without an edge is left to the nearest one that way', () => {
    expect(go('dev:0000:00:1d.0', 'left')).not.toBeNull();
  });

  test('at the border there is no neighbour', () => {
    expect(go('mm:qemu', 'right')).toBeNull();
    expect(go(readingOrder(layout)[0]!, 'up')).toBeNull();
  });
});

test('every node can be reached, each once', () => {
  const order = readingOrder(layout);
  expect([...order].sort()).toEqual([...layout.rects.keys()].sort());
});
