import type { DeviceObject, WorldId, WorldObject, WorldType } from '../../engine/sim/world';
import { shortBdf } from '../../store/script';
import { kindName } from '../../store/object-words';

export type Objects = Readonly<Record<WorldId, WorldObject>>;

/** What sort of thing it is, as the page calls it. */
export const TYPE_NAME: Readonly<Record<WorldType, string>> = {
  device: 'Device',
  group: 'IOMMU group',
  iommu: 'IOMMU',
  context: 'iommufd context',
  idev: 'iommufd device',
  ioas: 'IOAS',
  hwpt: 'HWPT',
  access: 'Access',
  fault: 'Fault queue',
  viommu: 'vIOMMU',
  vdevice: 'vDEVICE',
  veventq: 'vEVENTQ',
  'hw-queue': 'HW queue',
  selftest: 'Mock device',
  process: 'Process memory',
  task: 'Task',
};

/** The colour of its kind: a custom property of tokens.css. */
export const HUE: Readonly<Record<WorldType, string>> = {
  device: 'var(--device)',
  group: 'var(--group)',
  iommu: 'var(--iommu)',
  context: 'var(--memory)',
  idev: 'var(--device)',
  ioas: 'var(--ioas)',
  hwpt: 'var(--hwpt)',
  access: 'var(--ioas)',
  fault: 'var(--hwpt)',
  viommu: 'var(--iommu)',
  vdevice: 'var(--device)',
  veventq: 'var(--iommu)',
  'hw-queue': 'var(--iommu)',
  selftest: 'var(--device)',
  process: 'var(--memory)',
  task: 'var(--group)',
};

export const deviceName = (device: DeviceObject): string =>
  device.label ?? (device.isBridge ? kindName(device.kind) : device.className || kindName(device.kind));

/** What a person would call it, short enough for a line. */
export function titleOf(object: WorldObject): string {
  switch (object.type) {
    case 'device':
      return shortBdf(object.bdf);
    case 'group':
      return `Group ${object.number}`;
    case 'iommu':
    case 'process':
      return object.title;
    case 'context':
      return `iommufd ${object.number}`;
    case 'idev':
      return `device object ${object.objectId}`;
    case 'ioas':
      return `IOAS ${object.objectId}`;
    case 'hwpt':
    case 'access':
    case 'fault':
    case 'viommu':
    case 'vdevice':
    case 'veventq':
    case 'hw-queue':
      return `${TYPE_NAME[object.type]} ${object.objectId}`;
    case 'selftest':
      return object.title;
    case 'task':
      return object.name ?? `line ${object.line}`;
  }
}

/** What tells it from others with such a title. */
export function detailOf(object: WorldObject): string | null {
  if (object.type === 'device') return deviceName(object);
  return object.type === 'task' ? object.what : object.name;
}

export function find<T extends WorldType>(
  objects: Objects,
  id: WorldId | null | undefined,
  type: T,
): Extract<WorldObject, { type: T }> | null {
  const object = id === null || id === undefined ? undefined : objects[id];
  return isType(object, type) ? object : null;
}

const isType = <T extends WorldType>(
  object: WorldObject | undefined,
  type: T,
): object is Extract<WorldObject, { type: T }> => object?.type === type;

export function all<T extends WorldType>(
  objects: Objects,
  type: T,
): readonly Extract<WorldObject, { type: T }>[] {
  return Object.values(objects).filter((object): object is Extract<WorldObject, { type: T }> =>
    isType(object, type),
  );
}
