import type { HwptObject, ViommuObject, WorldId, WorldObject } from '../../engine/sim/world';
import { packBlocks, settle, stack, type PlacedBlock } from './columns';
import { boundsOf, centerOf, moved, type Point, type Rect } from './geometry';
import {
  FRAME,
  GAPS,
  HWPT,
  IOAS,
  IOMMU,
  partsOf,
  PROCESS,
  ROW_GAP,
  sizeOf,
  SUB_COLUMN_WIDTH,
  VIOMMU,
} from './sizes';
import { all, blocksOf, find, type Objects } from './tree';
import * as says from '../../words/canvas/canvas';

export interface Column {
  readonly title: string;
  readonly x: number;
  readonly width: number;
}

export interface Layout {
  /** Everything that is drawn as a node; groups are their frames. */
  readonly rects: ReadonlyMap<WorldId, Rect>;
  /** The device column's blocks, in order: `block → members`, frames and functions without a group. */
  readonly blocks: readonly PlacedBlock[];
  /** Ids that can be moved on their own: a device inside a frame moves with its frame. */
  readonly frameOf: ReadonlyMap<WorldId, WorldId>;
  readonly columns: readonly Column[];
  /** Where the device column ends and the way to the IOMMUs begins. */
  readonly devicesRight: number;
  /** Where the last column would end, once there is something in it. */
  readonly stageRight: number;
}

/**
 * Places the whole world, left to right along a DMA: devices → IOMMU → what guests have of it → HWPT → IOAS → memory.
 *
 * An object that the script placed stands exactly there. Nothing else closes the gap it leaves; only what it would
 * cover moves, downwards. So moving one thing never shuffles the rest.
 */
export function computeLayout(objects: Objects): Layout {
  const blocks = packBlocks(blocksOf(objects));
  const devicesRight = Math.max(SUB_COLUMN_WIDTH, ...blocks.map((b) => b.rect.x + b.rect.width));
  const guests = guestsOf(objects);
  const xs = columnXs(devicesRight, guests.length > 0);
  const rects = new Map<WorldId, Rect>(blocks.map((b) => [b.block.id, b.rect]));

  const middle = boundsOf(rects.values());
  const wantMiddle = middle ? centerOf(middle).y : 0;
  const centre = (ids: readonly WorldId[]): number | null => meanCenter(rects, ids);
  const place = <T extends WorldObject>(
    column: readonly T[],
    x: number,
    want: (o: T) => number | null,
  ): void => {
    const items = column.map((o) => ({ id: o.id, size: sizeOf(o), want: want(o) }));
    items.sort((a, b) => compare(a.want ?? Infinity, b.want ?? Infinity)); // stable: equal wishes keep their order
    stack(items, x, wantMiddle).forEach((rect, i) => rects.set(items[i]?.id ?? '', rect));
  };
  place(byId(all(objects, 'iommu')), xs.iommu, (o) => centre(blockIdsOf(objects, o.deviceIds)));
  place(guests, xs.guest, (o) =>
    o.type === 'viommu' || o.deviceIds.length > 0 ? centre([o.iommuId]) : null,
  );
  const filled = hwptsInOrder(objects, rects).filter((hwpt) => !hwpt.nested);
  place([...filled, ...byId(all(objects, 'access'))], xs.hwpt, (o) => {
    if (o.type === 'access') return null;
    const above = guests.filter((guest) => guest.parentId === o.id).map((guest) => guest.id);
    return centre([...(o.deviceIds.length > 0 ? [o.iommuId] : []), ...above]);
  });
  place([...byId(all(objects, 'ioas')), ...byId(all(objects, 'fault'))], xs.ioas, (o) =>
    centre(o.type === 'ioas' ? [...o.hwptIds, ...o.accessIds] : o.hwptIds.map((id) => beside(objects, id))),
  );
  place(byId(all(objects, 'process')), xs.memory, (o) => centre(mappedBy(objects, o.id)));

  makeRoom(objects, rects, placesOf(objects, blocks));
  const placedBlocks = blocks.map((b) => ({ ...b, rect: rects.get(b.block.id) ?? b.rect }));
  const frameOf = new Map<WorldId, WorldId>();
  for (const { block, rect, members } of placedBlocks) {
    if (!block.group) continue;
    for (const [id, inner] of members) {
      rects.set(id, moved(inner, rect.x, rect.y));
      frameOf.set(id, block.id);
    }
  }
  for (const viommu of all(objects, 'viommu')) {
    const frame = rects.get(viommu.id);
    if (!frame) continue;
    partsOf(viommu).forEach((id, index) => {
      rects.set(id, {
        x: frame.x + VIOMMU.pad,
        y: frame.y + VIOMMU.head + index * (VIOMMU.part + VIOMMU.gap),
        width: frame.width - 2 * VIOMMU.pad,
        height: VIOMMU.part,
      });
      frameOf.set(id, viommu.id);
    });
  }
  return {
    rects,
    blocks: placedBlocks,
    frameOf,
    columns: columnsOf(objects, xs, devicesRight),
    devicesRight,
    stageRight: all(objects, 'iommu').length > 0 ? xs.memory + PROCESS.width : devicesRight,
  };
}

const byId = <T extends WorldObject>(column: readonly T[]): readonly T[] =>
  [...column].sort((a, b) => compareIds(a.id, b.id));
const compareIds = (a: WorldId, b: WorldId): number => a.localeCompare(b, 'en', { numeric: true });

/** Where columns begin. That of guests takes room only when there is one. */
function columnXs(devicesRight: number, withGuests: boolean) {
  const iommu = devicesRight + GAPS.devices;
  const guest = iommu + IOMMU.width + GAPS.iommu;
  const hwpt = withGuests ? guest + VIOMMU.width + GAPS.guest : guest;
  const ioas = hwpt + HWPT.width + GAPS.hwpt;
  return { iommu, guest, hwpt, ioas, memory: ioas + IOAS.width + GAPS.ioas };
}

/** vIOMMUs, each followed by the nested tables made in it, then the others. */
function guestsOf(objects: Objects): readonly (ViommuObject | HwptObject)[] {
  const nested = byId(all(objects, 'hwpt')).filter((hwpt) => hwpt.nested);
  const viommus = byId(all(objects, 'viommu'));
  const inOne = viommus.flatMap((viommu) => [
    viommu,
    ...nested.filter((hwpt) => hwpt.viommuId === viommu.id),
  ]);
  return [...inOne, ...nested.filter((hwpt) => !inOne.includes(hwpt))];
}

/** A queue stands as low as the HWPT that fills it; for a nested one, as the HWPT that it is in front of. */
function beside(objects: Objects, hwptId: WorldId): WorldId {
  return find(objects, hwptId, 'hwpt')?.parentId ?? hwptId;
}

/** Headings of the columns that hold something; a world of devices alone has one. */
function columnsOf(
  objects: Objects,
  xs: ReturnType<typeof columnXs>,
  devicesRight: number,
): readonly Column[] {
  const has = (type: WorldObject['type']): boolean => all(objects, type).length > 0;
  const columns: readonly (Column & { readonly shown: boolean })[] = [
    { title: says.pCIeDevices, x: 0, width: devicesRight, shown: has('device') },
    { title: 'IOMMU', x: xs.iommu, width: IOMMU.width, shown: has('iommu') },
    { title: says.guest, x: xs.guest, width: VIOMMU.width, shown: guestsOf(objects).length > 0 },
    { title: 'HWPT', x: xs.hwpt, width: HWPT.width, shown: has('hwpt') },
    { title: 'IOAS', x: xs.ioas, width: IOAS.width, shown: has('ioas') },
    { title: says.memory, x: xs.memory, width: PROCESS.width, shown: has('process') },
  ];
  return columns.filter((c) => c.shown).map(({ title, x, width }) => ({ title, x, width }));
}

function meanCenter(rects: ReadonlyMap<WorldId, Rect>, ids: readonly WorldId[]): number | null {
  const centers = ids.flatMap((id) => {
    const rect = rects.get(id);
    return rect ? [centerOf(rect).y] : [];
  });
  return centers.length === 0 ? null : centers.reduce((sum, y) => sum + y, 0) / centers.length;
}

const blockIdsOf = (objects: Objects, deviceIds: readonly WorldId[]): readonly WorldId[] => [
  ...new Set(deviceIds.map((id) => find(objects, id, 'device')?.groupId ?? id)),
];

const mappedBy = (objects: Objects, processId: WorldId): readonly WorldId[] =>
  all(objects, 'ioas')
    .filter((ioas) => ioas.areas.some((area) => area.processId === processId))
    .map((ioas) => ioas.id);

/** Top to bottom as the devices they serve, so that edges cross little; unused ones last. */
function hwptsInOrder(objects: Objects, rects: ReadonlyMap<WorldId, Rect>): readonly HwptObject[] {
  const key = (hwpt: HwptObject): number =>
    meanCenter(rects, blockIdsOf(objects, hwpt.deviceIds)) ?? Infinity;
  return [...all(objects, 'hwpt')].sort((a, b) => compare(key(a), key(b)) || compareIds(a.id, b.id));
}
const compare = (a: number, b: number): number => (a < b ? -1 : a > b ? 1 : 0);

/**
 * What stands where the script says. A group whose first device was put somewhere stands around that: whoever plugs a card
 * in does not know yet which number its group will have.
 */
function placesOf(objects: Objects, blocks: readonly PlacedBlock[]): ReadonlyMap<WorldId, Point> {
  const places = new Map<WorldId, Point>();
  for (const { block, members } of blocks) {
    const [first] = block.members;
    const inner = first && members.get(first.device.id);
    const place = first?.device.place;
    if (place && inner) places.set(block.id, { x: place.x - inner.x, y: place.y - inner.y });
  }
  for (const { id, place } of Object.values(objects)) if (place) places.set(id, place);
  return places;
}

/** Puts placed objects where the script says and moves what they would cover. */
function makeRoom(objects: Objects, rects: Map<WorldId, Rect>, places: ReadonlyMap<WorldId, Point>): void {
  const obstacles: Rect[] = [];
  const free: WorldId[] = [];
  for (const [id, rect] of rects) {
    const place = places.get(id);
    if (!place) free.push(id);
    else {
      const placed = { ...rect, x: place.x, y: place.y };
      rects.set(id, placed);
      obstacles.push(placed);
    }
  }
  if (obstacles.length === 0) return;
  for (const id of free) {
    const rect = rects.get(id);
    if (!rect) continue;
    const margin = objects[id]?.type === 'group' ? FRAME.between : ROW_GAP / 2;
    const settled = settle(rect, obstacles, margin);
    rects.set(id, settled);
    obstacles.push(settled);
  }
}
