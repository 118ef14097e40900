import type { Lookup } from '../../engine/sim/batch';
import type { WorldId } from '../../engine/sim/world';
import type { Route } from '../edges/edges';
import { flatten, leftOf, rightOf, rounded, sideways, type Point, type Rect } from '../layout/geometry';
import {
  PROCESS,
  bufferPoint,
  contextPoint,
  iotlbPoint,
  levelPoint,
  levelPointBelow,
  stripPoint,
} from '../layout/sizes';
import { shareOf, stripOf } from '../layout/strip';
import { find, type Objects } from '../layout/tree';
import { levelsOf, type Stop } from './beats';

/**
 * Where the stops of one look-up are, and the ways between them. Ways keep to edges and to the rims of cards, so that
 * the trail never crosses what a card says.
 */
export interface Stage {
  readonly pointOf: (stop: Stop, part: number) => Point;
  readonly wayBetween: (from: Stop, to: Stop, part: number) => readonly Point[];
  /** On to the memory that the part ends in; over all columns when no table was walked. */
  readonly wayToMemory: (from: Stop, part: number, shortCut: boolean) => readonly Point[];
  /** The card that a label must not cover, and the side of it where there is room. */
  readonly besides: (stop: Stop) => Beside | null;
  /** Whatever stands on the canvas, but for frames around others. */
  readonly cards: readonly Rect[];
}

interface Beside {
  readonly card: Rect;
  readonly side: 'above' | 'below';
}

export interface StageSpace {
  readonly objects: Objects;
  readonly rects: ReadonlyMap<WorldId, Rect>;
  readonly frameOf: ReadonlyMap<WorldId, WorldId>;
  readonly routes: readonly Route[];
}

/** Null when the device that started the look-up is not on the canvas any more. */
export function stageOf(lookup: Lookup, space: StageSpace): Stage | null {
  const { objects, rects, routes } = space;
  const device = rects.get(lookup.deviceId);
  if (!device) return null;
  const box = (id: WorldId | null): Rect | null => (id === null ? null : (rects.get(id) ?? null));
  const unit = box(lookup.iommuId);
  const hwpt = box(lookup.hwptId);
  const ioas = box(lookup.ioasId);
  const process = box(lookup.processId);
  // A unit without caches has no lamps for them: what it does by itself is seen on its rim, beside its words.
  const lamps = find(objects, lookup.iommuId, 'iommu')?.vendor !== 'generic';
  const table = find(objects, lookup.hwptId, 'hwpt');
  const levels = table?.levels || levelsOf(lookup);
  // What a nested table gives is translated again by the one that lies under it.
  const parent = find(objects, table?.parentId ?? null, 'hwpt');
  const parentBox = box(parent?.id ?? null);
  const start = rightOf(device);
  // Without a unit, the bus is left a little beside the device's frame.
  const open: Point = { x: start.x + 60, y: start.y };
  const attach = routes.find((r) => r.link.kind === 'attach' && r.link.source === lookup.deviceId);

  // Under a guest's own table there is always the other one. Where only one stage was walked it is that: the guest's says bypass.
  const underneath = (stop: Stop): boolean => stop.kind === 'level' && stop.stage !== 1 && parentBox !== null;

  const memoryOf = (part: number): Point => {
    const pa = lookup.parts[part]?.pa ?? null;
    if (process) return bufferPoint(process, bufferRow(objects, lookup.processId, pa));
    const from = ioas ?? hwpt;
    if (from) return { x: rightOf(from).x + 44, y: rightOf(from).y };
    // No page table is shown, nor whose memory it is: it ends where the levels end, below the unit.
    return unit
      ? { x: rightOf(unit).x + 24, y: levelPointBelow(unit, 1, levels).y }
      : { x: open.x + 60, y: open.y };
  };
  const pointOf: Stage['pointOf'] = (stop, part) => {
    if (stop.kind === 'device') return start;
    if (stop.kind === 'memory') return memoryOf(part);
    if (stop.kind === 'peer') return leftOf(box(lookup.parts[part]?.peer?.deviceId ?? null) ?? device);
    if (!unit) return open;
    if (!lamps && stop.kind !== 'level') return { x: unit.x + 18, y: unit.y + unit.height };
    if (stop.kind === 'context') return contextPoint(unit);
    if (stop.kind === 'iotlb') return iotlbPoint(unit);
    if (underneath(stop) && parent && parentBox) return levelPoint(parentBox, stop.level, parent.levels);
    return hwpt ? levelPoint(hwpt, stop.level, levels) : levelPointBelow(unit, stop.level, levels);
  };

  /** The cards of a request that went from device to device. */
  const pathRects = (part: number): readonly Rect[] =>
    (lookup.parts[part]?.peer?.path ?? []).flatMap((id) => box(id) ?? []);
  /** From a lamp of the unit along its lower rim to its right side. */
  const outOfUnit = (from: Point, box: Rect, y: number): readonly Point[] => [
    from,
    { x: from.x, y: box.y + box.height },
    { x: box.x + box.width, y: box.y + box.height },
    { x: box.x + box.width, y },
  ];
  const intoTables = (from: Point, to: Point): readonly Point[] => {
    if (!unit || !hwpt) return [from, { x: from.x, y: to.y }, to];
    const drawn = attach?.link.target === lookup.hwptId ? attach?.legs[2] : undefined;
    const leg = flatten(drawn ?? [sideways(rightOf(unit), leftOf(hwpt))]);
    const port = leg[0] ?? rightOf(unit);
    return [...bent(outOfUnit(from, unit, port.y)), ...leg, { x: hwpt.x + 1.5, y: to.y }, to];
  };
  /** Between a guest's card and the one that it lies on: out at the one's side, in at the other's, the same way each time. */
  const across = (a: Point, b: Point, down: boolean): readonly Point[] => {
    if (!hwpt || !parentBox) return [a, b];
    const rim = { x: parentBox.x + 1.5, y: (down ? b : a).y };
    const side = { x: hwpt.x + hwpt.width, y: (down ? a : b).y };
    const wire = curve(rightOf(hwpt), leftOf(parentBox));
    const way = [side, ...wire, rim];
    return [a, ...(down ? way : way.toReversed()), b];
  };
  const wayBetween: Stage['wayBetween'] = (from, to, part) => {
    const [a, b] = [pointOf(from, part), pointOf(to, part)];
    if (from.kind === 'device') {
      // Its own translations it has with it.
      if (to.kind === 'device') return [a, b];
      if (to.kind === 'peer') return besideTheTree(pathRects(part));
      const way = wayIn(lookup, space, unit ? leftOf(unit) : open);
      if (!unit) return way;
      const port = way.at(-1) ?? leftOf(unit);
      // A unit without caches has nothing to stop at: around its words, along its rim.
      if (to.kind === 'level') return [...way, ...intoTables({ x: unit.x + 1.5, y: port.y }, b)];
      return [...way, { x: unit.x + 1.5, y: b.y }, b];
    }
    if (to.kind === 'level' && from.kind !== 'level') {
      if (!underneath(to) || !hwpt) return intoTables(a, b);
      const over = { x: hwpt.x + hwpt.width / 2, y: hwpt.y + hwpt.height - 4 };
      return [...intoTables(a, over), ...across(over, b, true).slice(1)];
    }
    return underneath(from) !== underneath(to) && to.kind === 'level' ? across(a, b, underneath(to)) : [a, b];
  };

  const wayToMemory: Stage['wayToMemory'] = (from, part, shortCut) => {
    const [here, memory] = [pointOf(from, part), memoryOf(part)];
    // The stage that was read last gave the physical address.
    const table = underneath(from) ? parentBox : hwpt;
    if (from.kind === 'level' && table && !shortCut) {
      const rim = { x: table.x + table.width, y: here.y };
      const way: Point[] = [here, rim, rightOf(table)];
      const object = find(objects, lookup.ioasId, 'ioas');
      if (ioas && object) {
        const share = shareOf(stripOf(object), lookup.parts[part]?.iova ?? lookup.iova);
        way.push(...curve(rightOf(table), leftOf(ioas)), stripPoint(ioas, share), rightOf(ioas));
      }
      const last = way.at(-1) ?? rim;
      return process ? [...way, ...curve(last, leftOf(process)), memory] : [...way, ...curve(last, memory)];
    }
    if (!unit) return [here, memory];
    // Of a table that is not on the canvas any more: around whatever stands between.
    if (from.kind === 'level')
      return process ? overTheTop(here, memory, unit, [unit, ioas, process]) : [here, memory];
    if (from.kind === 'device') {
      // Already translated: past the unit, which looks nothing up.
      const way = wayIn(lookup, space, leftOf(unit));
      const port = { x: unit.x + 1.5, y: way.at(-1)?.y ?? here.y };
      return [...way, ...overTheTop(port, memory, unit, [unit, hwpt, ioas, process])];
    }
    return overTheTop(here, memory, unit, [unit, hwpt, ioas, process]);
  };
  const besides: Stage['besides'] = (stop) => {
    if (stop.kind === 'peer') {
      const reached = box(lookup.parts[0]?.peer?.deviceId ?? null);
      return reached && { card: reached, side: 'below' };
    }
    if (stop.kind === 'memory' && process) return { card: process, side: 'above' };
    if (underneath(stop) && parentBox) return { card: parentBox, side: 'below' };
    if (stop.kind === 'memory' || stop.kind === 'level') return hwpt && { card: hwpt, side: 'below' };
    return stop.kind === 'device' || !unit ? null : { card: unit, side: 'above' };
  };
  return { pointOf, wayBetween, wayToMemory, besides, cards: cardsIn(space) };
}

const framed = new WeakMap<StageSpace['rects'], readonly Rect[]>();

/** Made once for a layout: every look-up of a line's traffic asks. */
function cardsIn({ rects }: StageSpace): readonly Rect[] {
  const known = framed.get(rects);
  if (known !== undefined) return known;
  const cards = [...rects].flatMap(([id, rect]) => (id.startsWith('group:') ? [] : [rect]));
  framed.set(rects, cards);
  return cards;
}

/** The edge that is drawn; a device that has none of its own joins its group's edge beside the frame. */
function wayIn(lookup: Lookup, { rects, frameOf, routes }: StageSpace, to: Point): readonly Point[] {
  const device = rects.get(lookup.deviceId);
  if (!device) return [to];
  const start = rightOf(device);
  const ends = (r: Route): boolean => r.link.via === lookup.iommuId || r.link.target === lookup.iommuId;
  const own = routes.find((r) => r.link.source === lookup.deviceId && ends(r));
  if (own?.legs[0]) return flatten(own.legs[0]);
  const frameId = frameOf.get(lookup.deviceId);
  const frame = frameId === undefined ? undefined : rects.get(frameId);
  const shared = routes.find((r) => r.link.source === frameId && ends(r));
  if (!frame || !shared?.legs[0]) return curve(start, to);
  const way = flatten(shared.legs[0]).filter((p) => p.x > frame.x + frame.width + 12);
  // On at the device's own height, if the wire passes there on its way up or down.
  const passing = way.findIndex((p, i) => i > 0 && (p.y - start.y) * ((way[i - 1]?.y ?? p.y) - start.y) <= 0);
  const rest = way.slice(Math.max(0, passing));
  return rest[0] ? [start, { x: rest[0].x, y: start.y }, ...rest] : curve(start, to);
}

const curve = (from: Point, to: Point): readonly Point[] => flatten([sideways(from, to)]);
const bent = (points: readonly Point[]): readonly Point[] => flatten(rounded(points, 8), 6);

/** Past bridges, on the side where their lines are. */
function besideTheTree(cards: readonly Rect[]): readonly Point[] {
  const rail = Math.min(...cards.map(({ x }) => x)) - 14;
  const [first, last] = [cards[0], cards.at(-1)];
  if (!first || !last) return [];
  const middle = cards.slice(1, -1).flatMap((card) => {
    const at = leftOf(card);
    return [
      { x: rail, y: at.y },
      { x: at.x, y: at.y },
      { x: rail, y: at.y },
    ];
  });
  const [from, to] = [leftOf(first), leftOf(last)];
  return bent([from, { x: rail, y: from.y }, ...middle, { x: rail, y: to.y }, to]);
}

/** Above every card that was not needed: the short cut of a hit, and of what is not translated at all. */
function overTheTop(from: Point, to: Point, unit: Rect, cards: readonly (Rect | null)[]): readonly Point[] {
  const top = Math.min(...cards.flatMap((c) => (c ? [c.y] : []))) - 24;
  const out = unit.x + unit.width + 18;
  const down = to.x - 26;
  if (down <= out)
    return bent([from, { x: from.x, y: unit.y + unit.height }, { x: out, y: unit.y + unit.height }, to]);
  return bent([
    from,
    { x: from.x, y: unit.y + unit.height },
    { x: out, y: unit.y + unit.height },
    { x: out, y: top },
    { x: down, y: top },
    { x: down, y: to.y },
    to,
  ]);
}

function bufferRow(objects: Objects, processId: WorldId | null, pa: number | null): number {
  const buffers = find(objects, processId, 'process')?.buffers ?? [];
  const row = buffers.findIndex((b) => pa !== null && b.pa <= pa && pa < b.pa + b.bytes);
  return Math.min(PROCESS.rows - 1, Math.max(0, row));
}
