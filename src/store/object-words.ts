import type { DeviceObject, PciKind, WorldId, WorldObject, WorldType } from '../engine/sim/world';
import { shortBdf } from './script';

/** Words for things of the machine that the canvas and the panels share. */

const KIND: Readonly<Record<PciKind, string>> = {
  'root-port': 'Root port',
  'upstream-port': 'Upstream port',
  'downstream-port': 'Downstream port',
  'pcie-to-pci': 'PCIe to PCI bridge',
  'pci-to-pcie': 'PCI to PCIe bridge',
  endpoint: 'Endpoint',
  'legacy-endpoint': 'Legacy endpoint',
  rciep: 'Root complex endpoint',
  rcec: 'Event collector',
  'pci-bridge': 'PCI bridge',
  pci: 'PCI device',
};

/** What sort of PCI function it is, short enough for a card. */
export const kindName = (kind: PciKind): string => KIND[kind];

/** Owners of a group's DMA that have no place in the world: VFIO's own group, or a kernel driver's word. */
export const ownerWord = (id: WorldId): string =>
  id.startsWith('vfio-group:') ? 'VFIO' : id.replace(/^owner:/, '');

/** What pci.ids adds to the names of firms: it would fill a line before the name of the device begins. */
const FIRM = /,? (?:Inc\.?|Corporation|Corp\.?|Co\.,? Ltd\.?|Ltd\.?|GmbH)(?=\s|$)/g;
/** The firm, as far as pci.ids marks where its name ends, and the device itself. */
export function firmAndName(title: string): { readonly firm: string; readonly name: string } {
  const last = [...title.matchAll(FIRM)].at(-1);
  const end = last === undefined ? 0 : last.index + last[0].length;
  const name = title.slice(end).trim();
  return name === '' ? { firm: '', name: title } : { firm: title.slice(0, end).replace(FIRM, ''), name };
}

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
  traffic: 'Traffic',
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
    case 'traffic':
      return object.name ?? 'traffic';
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
