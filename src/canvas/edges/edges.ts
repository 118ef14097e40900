import type { DeviceObject, WorldId } from '../../engine/sim/world';
import { servedBy } from '../format';
import {
  line,
  rightOf,
  leftOf,
  rounded,
  sideways,
  type Curve,
  type Point,
  type Rect,
} from '../layout/geometry';
import { past } from './lanes';
import { GUTTER } from '../layout/sizes';
import { all, find, type Objects } from '../layout/tree';

/**
 * - `attach`: a device's own attach to an HWPT, through its IOMMU; can be moved and deleted
 * - `follow`: a device that goes where its group goes, up to the IOMMU
 * - `default`: a group on its default or blocking domain, up to the IOMMU
 * - `pasid`: a device's attach of one PASID to an HWPT, through its IOMMU
 * - `nest`: a guest's table, or a vIOMMU, → the HWPT that it stands on
 * - `ioas`: HWPT → the IOAS it holds; an access → the IOAS it reaches
 * - `fault`: HWPT → the queue that gets its page faults
 * - `vdevice`: a device → what a guest knows it as; seen only when one of them is selected
 * - `memory`: IOAS → the process whose pages it maps
 */
export type LinkKind =
  'attach' | 'follow' | 'default' | 'pasid' | 'nest' | 'ioas' | 'fault' | 'vdevice' | 'memory';

export interface Link {
  readonly id: string;
  readonly kind: LinkKind;
  readonly source: WorldId;
  readonly target: WorldId;
  /** The unit that an attach edge runs through. */
  readonly via: WorldId | null;
}

/** The edges that the world has. Derived, never kept: an edge is there exactly when the engine says so. */
export function linksOf(objects: Objects): readonly Link[] {
  const links: Link[] = [];
  const add = (kind: LinkKind, source: WorldId, target: WorldId, via: WorldId | null = null): void => {
    if (objects[source] && objects[target])
      links.push({ id: `${kind}:${source}:${target}`, kind, source, target, via });
  };
  for (const group of all(objects, 'group')) {
    if (find(objects, group.hwptId, 'hwpt')) continue;
    for (const unit of unitsOf(objects, group.deviceIds)) add('default', group.id, unit);
  }
  for (const device of all(objects, 'device')) {
    const serving = servedBy(objects, device);
    if (serving.kind === 'attached') add('attach', device.id, serving.hwpt.id, device.iommuId);
    if (serving.kind === 'follows' && device.iommuId && !device.isBridge)
      add('follow', device.id, device.iommuId);
  }
  for (const idev of all(objects, 'idev')) {
    const device = find(objects, idev.deviceId, 'device');
    for (const hwptId of new Set(idev.pasids.map((each) => each.hwptId)))
      add('pasid', idev.deviceId, hwptId, device?.iommuId ?? null);
  }
  for (const hwpt of all(objects, 'hwpt')) {
    if (hwpt.parentId === null) add('ioas', hwpt.id, hwpt.ioasId);
    else add('nest', hwpt.id, hwpt.parentId);
    if (hwpt.faultId !== null) add('fault', hwpt.id, hwpt.faultId);
  }
  for (const viommu of all(objects, 'viommu')) add('nest', viommu.id, viommu.parentId);
  for (const vdevice of all(objects, 'vdevice')) {
    const idev = find(objects, vdevice.idevId, 'idev');
    if (idev) add('vdevice', idev.deviceId, vdevice.id);
  }
  for (const access of all(objects, 'access'))
    if (access.ioasId !== null) add('ioas', access.id, access.ioasId);
  for (const ioas of all(objects, 'ioas'))
    for (const process of new Set(ioas.areas.map((a) => a.processId))) add('memory', ioas.id, process);
  return links;
}

function unitsOf(objects: Objects, deviceIds: readonly WorldId[]): readonly WorldId[] {
  const units = deviceIds.flatMap((id) => {
    const device: DeviceObject | null = find(objects, id, 'device');
    return device?.iommuId ? [device.iommuId] : [];
  });
  return [...new Set(units)];
}

/** A link's way over the canvas. An attach edge has three legs: to its IOMMU, behind it, and on to the HWPT. */
export interface Route {
  readonly link: Link;
  readonly legs: readonly (readonly Curve[])[];
}

export interface RouteSpace {
  readonly rects: ReadonlyMap<WorldId, Rect>;
  readonly frameOf: ReadonlyMap<WorldId, WorldId>;
  /** What stands right of the IOMMUs: wires go around it. */
  readonly cards: readonly Rect[];
  /** Sub-columns left of the last one send their edges over the top and down the last gutter. */
  readonly devicesRight: number;
  readonly top: number;
}

/** Devices and groups have gutters; what stands right of the IOMMUs is a card that wires go around. */
export function cardsOf(
  objects: Objects,
  rects: ReadonlyMap<WorldId, Rect>,
  frameOf: ReadonlyMap<WorldId, WorldId>,
): readonly Rect[] {
  return [...rects].flatMap(([id, rect]) => {
    const type = objects[id]?.type;
    return type === 'device' || type === 'group' || type === 'iommu' || frameOf.has(id) ? [] : [rect];
  });
}

/** Leaves the sides of nodes at heights spread so that edges that share a node stay apart. `only`: of these links alone. */
export function routesOf(
  links: readonly Link[],
  space: RouteSpace,
  only: ReadonlySet<string> | null = null,
): readonly Route[] {
  const ports = new Ports();
  for (const link of links) {
    const unit = link.via ?? (link.kind === 'default' || link.kind === 'follow' ? link.target : null);
    const source = space.rects.get(link.source);
    const target = space.rects.get(link.target);
    if (!source || !target) continue;
    // All default domains come in on one wire: the unit is what they share.
    if (unit) ports.ask(`${unit}:in`, link.kind === 'default' ? 'default' : link.id, rightOf(source).y);
    if (link.via) ports.ask(`${link.via}:out`, link.id, leftOf(target).y);
  }
  return links.flatMap((link) => {
    if (only !== null && !only.has(link.id)) return [];
    const source = space.rects.get(link.source);
    const target = space.rects.get(link.target);
    if (!source || !target) return [];
    const outer = space.rects.get(space.frameOf.get(link.source) ?? link.source) ?? source;
    return [{ link, legs: legsOf(link, { source, target, outer }, ports, space) }];
  });
}

interface Ends {
  readonly source: Rect;
  readonly target: Rect;
  /** The frame around the source: its edge is where the gutter begins. */
  readonly outer: Rect;
}

function legsOf(link: Link, { source, target, outer }: Ends, ports: Ports, space: RouteSpace): Route['legs'] {
  const from = rightOf(source);
  const out: Out = { from, right: outer.x + outer.width };
  if (link.kind === 'default' || link.kind === 'follow') {
    const port = ports.at(`${link.target}:in`, link.kind === 'default' ? 'default' : link.id, target, 'left');
    return [link.kind === 'default' ? wired(out, port, space) : direct(out, port, space)];
  }
  const unit = link.via === null ? undefined : space.rects.get(link.via);
  if ((link.kind === 'attach' || link.kind === 'pasid') && link.via !== null && unit) {
    const into = ports.at(`${link.via}:in`, link.id, unit, 'left');
    const onwards = ports.at(`${link.via}:out`, link.id, unit, 'right');
    return [direct(out, into, space), [line(into, onwards)], past(onwards, leftOf(target), space.cards)];
  }
  return [past(from, leftOf(target), space.cards)];
}

/** Where a way starts, and the right side of what has to be left first. */
interface Out {
  readonly from: Point;
  readonly right: number;
}

const isInner = (out: Out, space: RouteSpace): boolean => out.right < space.devicesRight - GUTTER;

/** A curve of its own, unless other sub-columns lie between. */
const direct = (out: Out, to: Point, space: RouteSpace): readonly Curve[] =>
  isInner(out, space) ? wired(out, to, space, 8) : [sideways(out.from, to)];

/** Along the gutters: right, to the trunk above all frames where others are between, and down beside the IOMMU. */
function wired({ from, right }: Out, to: Point, space: RouteSpace, offset = 0): readonly Curve[] {
  const trunkX = Math.min(to.x - 24, space.devicesRight + 40) - offset;
  const gutterX = right + 24 - offset;
  const trunkY = space.top - 26 - offset;
  if (gutterX >= trunkX) return [sideways(from, to)]; // moved to where no gutter is
  const points: Point[] = isInner({ from, right }, space)
    ? [
        from,
        { x: gutterX, y: from.y },
        { x: gutterX, y: trunkY },
        { x: trunkX, y: trunkY },
        { x: trunkX, y: to.y },
        to,
      ]
    : [from, { x: trunkX, y: from.y }, { x: trunkX, y: to.y }, to];
  return rounded(points, 10);
}

/** Places on the sides of nodes: who comes from further up gets in further up. */
class Ports {
  private readonly asked = new Map<string, Map<string, number>>();

  ask(side: string, key: string, otherY: number): void {
    const wishes = this.asked.get(side) ?? new Map<string, number>();
    const before = wishes.get(key);
    wishes.set(key, before === undefined ? otherY : (before + otherY) / 2);
    this.asked.set(side, wishes);
  }

  at(side: string, key: string, rect: Rect, edge: 'left' | 'right'): Point {
    const order = [...(this.asked.get(side) ?? [])].sort((a, b) => a[1] - b[1] || (a[0] < b[0] ? -1 : 1));
    const index = order.findIndex(([k]) => k === key);
    const inset = 18;
    const span = rect.height - 2 * inset;
    // A dozen pixels apart while there is room, about the middle.
    const step = Math.min(12, order.length > 1 ? span / (order.length - 1) : 0);
    const y = rect.y + rect.height / 2 + (index - (order.length - 1) / 2) * step;
    return { x: edge === 'left' ? rect.x : rect.x + rect.width, y };
  }
}
