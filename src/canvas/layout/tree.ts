import type { DeviceObject, GroupObject, WorldId, WorldObject } from '../../engine/sim/world';

export type Objects = Readonly<Record<WorldId, WorldObject>>;

/** The object of that id and type, if the world has it. */
export function find<T extends WorldObject['type']>(
  objects: Objects,
  id: WorldId | null | undefined,
  type: T,
): Extract<WorldObject, { readonly type: T }> | null {
  const object = id == null ? undefined : objects[id];
  return object?.type === type ? (object as Extract<WorldObject, { readonly type: T }>) : null;
}

export function all<T extends WorldObject['type']>(
  objects: Objects,
  type: T,
): readonly Extract<WorldObject, { readonly type: T }>[] {
  const found = Object.values(objects).filter((o) => o.type === type);
  return found as unknown as readonly Extract<WorldObject, { readonly type: T }>[];
}

/** One thing in the device column: a group with its members, or a function that has no group. */
export interface Block {
  readonly id: WorldId;
  readonly group: GroupObject | null;
  /** In tree order, each with its depth below the block's own topmost device. */
  readonly members: readonly { readonly device: DeviceObject; readonly depth: number }[];
  /** How deep the block itself hangs below other blocks. */
  readonly depth: number;
  /** The bridge in another block above its first member. */
  readonly parentId: WorldId | null;
}

const byAddress = (a: DeviceObject, b: DeviceObject): number => (a.bdf < b.bdf ? -1 : a.bdf > b.bdf ? 1 : 0);

/** Devices in the order of the PCI tree, a bridge before what is below it. */
export function inTreeOrder(objects: Objects): readonly DeviceObject[] {
  const devices = [...all(objects, 'device')].sort(byAddress);
  const children = new Map<WorldId, DeviceObject[]>();
  const roots: DeviceObject[] = [];
  for (const device of devices) {
    const parent = device.parentId !== null && device.parentId !== device.id && objects[device.parentId];
    if (!parent) roots.push(device);
    else children.set(parent.id, [...(children.get(parent.id) ?? []), device]);
  }
  const order: DeviceObject[] = [];
  const seen = new Set<WorldId>();
  const visit = (device: DeviceObject): void => {
    if (seen.has(device.id)) return;
    seen.add(device.id);
    order.push(device);
    for (const child of children.get(device.id) ?? []) visit(child);
  };
  roots.forEach(visit);
  devices.forEach(visit); // a ring of parents has no root; nothing may get lost
  return order;
}

/** The device column's blocks in order: a group stands where its first member stands in the tree. */
export function blocksOf(objects: Objects): readonly Block[] {
  const members = new Map<WorldId, DeviceObject[]>();
  const blockOf = new Map<WorldId, WorldId>();
  for (const device of inTreeOrder(objects)) {
    const id = find(objects, device.groupId, 'group')?.id ?? device.id;
    blockOf.set(device.id, id);
    members.set(id, [...(members.get(id) ?? []), device]);
  }
  const depths = new Map<WorldId, number>();
  return [...members].map(([id, devices]) => {
    const parentId = devices[0]?.parentId ?? null;
    const above = parentId === null ? undefined : blockOf.get(parentId);
    const depth = above === undefined || above === id ? 0 : (depths.get(above) ?? 0) + 1;
    depths.set(id, depth);
    return {
      id,
      group: find(objects, id, 'group'),
      members: devices.map((device) => ({ device, depth: depthWithin(objects, device, id, blockOf) })),
      depth,
      parentId: depth > 0 ? parentId : null,
    };
  });
}

/** How many ancestors of a device are in the same block. */
function depthWithin(
  objects: Objects,
  device: DeviceObject,
  block: WorldId,
  blockOf: ReadonlyMap<WorldId, WorldId>,
): number {
  let depth = 0;
  const seen = new Set<WorldId>([device.id]);
  for (let up = find(objects, device.parentId, 'device'); up && !seen.has(up.id);) {
    seen.add(up.id);
    if (blockOf.get(up.id) === block) depth += 1;
    up = find(objects, up.parentId, 'device');
  }
  return depth;
}
