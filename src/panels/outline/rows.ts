import type { DeviceObject, WorldId, WorldObject } from '../../engine/sim/world';
import { all, find, titleOf, type Objects } from '../shared/words';
import { OUTLINE } from '../../words/panels/outline';

/** A row of the tree: a heading, or an object. */
export interface Row {
  readonly id: string;
  /** Null: a heading. */
  readonly object: WorldObject | null;
  readonly title: string;
  /** What stands behind it. */
  readonly note: string;
  /** 1 is the outermost. */
  readonly level: number;
  readonly parentId: string | null;
  /** Whether it has rows below it. */
  readonly isParent: boolean;
  readonly open: boolean;
  /** Its place among its siblings, from 1, and how many they are. */
  readonly place: number;
  readonly of: number;
}

interface Branch {
  readonly id: string;
  readonly object: WorldObject | null;
  readonly title: string;
  readonly note: string;
  readonly below: readonly Branch[];
}

/** Everything on the canvas as one tree; what is closed shows nothing below it. */
export function rowsOf(objects: Objects, closed: ReadonlySet<string>): readonly Row[] {
  return rowsBelow(branchesOf(objects), null, 1, closed);
}

/** Found objects, all of one level. */
export const flatRows = (objects: Objects, found: readonly WorldObject[]): readonly Row[] =>
  rowsBelow(
    found.map((object) => leaf(object, placeOf(objects, object))),
    null,
    1,
    new Set(),
  );

function rowsBelow(
  branches: readonly Branch[],
  parentId: string | null,
  level: number,
  closed: ReadonlySet<string>,
): readonly Row[] {
  return branches.flatMap(({ below, ...branch }, at) => {
    const open = !closed.has(branch.id);
    const row: Row = {
      ...branch,
      level,
      parentId,
      isParent: below.length > 0,
      open,
      place: at + 1,
      of: branches.length,
    };
    return [row, ...(open ? rowsBelow(below, branch.id, level + 1, closed) : [])];
  });
}

const leaf = (object: WorldObject, note = '', below: readonly Branch[] = []): Branch => ({
  id: object.id,
  object,
  title: titleOf(object),
  note,
  below,
});

function heading(title: string, below: readonly Branch[]): readonly Branch[] {
  return below.length === 0
    ? []
    : [{ id: `heading:${title}`, object: null, title, note: String(below.length), below }];
}

function branchesOf(objects: Objects): readonly Branch[] {
  const children = childrenOf(objects);
  const devices = (of: WorldId | null): readonly Branch[] =>
    (children.get(of) ?? []).map((device) => leaf(device, placeOf(objects, device), devices(device.id)));
  return [
    ...heading(OUTLINE.headings.devices, devices(null)),
    ...heading(
      OUTLINE.headings.groups,
      all(objects, 'group').map((group) => leaf(group, placeOf(objects, group))),
    ),
    ...heading(
      OUTLINE.headings.iommus,
      all(objects, 'iommu').map((iommu) => leaf(iommu)),
    ),
    ...heading(
      OUTLINE.headings.iommufd,
      all(objects, 'context').map((context) =>
        leaf(
          context,
          '',
          context.objectIds
            .flatMap((id) => objects[id] ?? [])
            .map((object) => leaf(object, attachmentOf(objects, object))),
        ),
      ),
    ),
    ...heading(
      OUTLINE.headings.tasks,
      all(objects, 'task').map((task) => leaf(task, task.deadlocked ? OUTLINE.deadlock : task.state)),
    ),
    ...heading(
      OUTLINE.headings.traffic,
      all(objects, 'traffic').map((traffic) => leaf(traffic, shortTitle(objects, traffic.deviceId))),
    ),
    ...heading(
      OUTLINE.headings.memory,
      all(objects, 'process').map((process) =>
        leaf(process, process.buffers.flatMap((each) => each.name ?? []).join(', ')),
      ),
    ),
  ];
}

/** Devices by the bridge above them; null is above those that have none. */
function childrenOf(objects: Objects): ReadonlyMap<WorldId | null, readonly DeviceObject[]> {
  const below = new Map<WorldId | null, DeviceObject[]>();
  for (const device of all(objects, 'device')) {
    const parent = device.parentId !== null && device.parentId in objects ? device.parentId : null;
    const siblings = below.get(parent);
    if (siblings) siblings.push(device);
    else below.set(parent, [device]);
  }
  return below;
}

export const shortTitle = (objects: Objects, id: WorldId): string => {
  const object = objects[id];
  return object === undefined ? id : titleOf(object);
};

/** Where an iommufd object leads. */
export function attachmentOf(objects: Objects, object: WorldObject): string {
  const target = targetOf(objects, object);
  switch (object.type) {
    case 'idev': {
      const device = shortTitle(objects, object.deviceId);
      return object.hwptId === null
        ? OUTLINE.bound(device)
        : OUTLINE.attached(device, shortTitle(objects, object.hwptId));
    }
    case 'hwpt':
      return object.parentId === null ? OUTLINE.over(target) : OUTLINE.on(target);
    case 'access':
      return object.ioasId === null ? target : OUTLINE.on(target);
    case 'fault':
      return OUTLINE.waiting(object.queued.length + object.pending.length);
    case 'viommu':
      return OUTLINE.on(target);
    case 'vdevice':
    case 'veventq':
    case 'hw-queue':
      return OUTLINE.of(target);
    default:
      return '';
  }
}

/** What it leads to, alone. */
export function targetOf(objects: Objects, object: WorldObject): string {
  switch (object.type) {
    case 'hwpt':
      return shortTitle(objects, object.parentId ?? object.ioasId);
    case 'access':
      return object.ioasId === null ? OUTLINE.detached : shortTitle(objects, object.ioasId);
    case 'viommu':
      return shortTitle(objects, object.parentId);
    case 'vdevice':
    case 'veventq':
    case 'hw-queue':
      return shortTitle(objects, object.viommuId);
    default:
      return '';
  }
}

/** What stands behind an object on its own. */
function placeOf(objects: Objects, object: WorldObject): string {
  if (object.type === 'group') return object.deviceIds.map((id) => shortTitle(objects, id)).join(', ');
  if (object.type !== 'device') return attachmentOf(objects, object);
  const number = find(objects, object.groupId, 'group')?.number;
  return number === undefined ? OUTLINE.noGroup : OUTLINE.group(number);
}

/** The next row after `from` whose title begins with what was typed, going round; -1 when none does. */
export function rowBeginning(rows: readonly Row[], typed: string, from: number): number {
  const wanted = typed.toLowerCase();
  const order = [...rows.keys()].map((at) => (from + at) % rows.length);
  return order.find((at) => rows[at]?.title.toLowerCase().startsWith(wanted)) ?? -1;
}
