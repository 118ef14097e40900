import type { DeviceObject, PciKind, WorldId, WorldObject, WorldType } from '../engine/sim/world';
import { shortBdf } from './script';
import * as says from '../words/objects';

/** Words for things of the machine that the canvas and the panels share. */

const KIND: Readonly<Record<PciKind, string>> = {
  'root-port': says.rootPort,
  'upstream-port': says.upstreamPort,
  'downstream-port': says.downstreamPort,
  'pcie-to-pci': says.pCIeToPciBridge,
  'pci-to-pcie': says.pciToPCIeBridge,
  endpoint: says.endpoint,
  'legacy-endpoint': says.legacyEndpoint,
  rciep: says.rootComplexEndpoint,
  rcec: says.eventCollector,
  'pci-bridge': says.pciBridge,
  pci: says.pciDevice,
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
  device: says.device,
  group: says.iommuGroup,
  iommu: 'IOMMU',
  context: says.iommufdContext,
  idev: says.iommufdDevice,
  ioas: 'IOAS',
  hwpt: 'HWPT',
  access: says.access,
  fault: says.faultQueue,
  viommu: 'vIOMMU',
  vdevice: 'vDEVICE',
  veventq: 'vEVENTQ',
  'hw-queue': says.hwQueue,
  selftest: says.mockDevice,
  process: says.processMemory,
  task: says.task,
  traffic: says.traffic,
};

export const deviceName = (device: DeviceObject): string =>
  device.label ?? (device.isBridge ? kindName(device.kind) : device.className || kindName(device.kind));

/** What a person would call it, short enough for a line. */
export function titleOf(object: WorldObject): string {
  switch (object.type) {
    case 'device':
      return shortBdf(object.bdf);
    case 'group':
      return says.group(object.number);
    case 'iommu':
    case 'process':
      return object.title;
    case 'context':
      return says.iommufd(object.number);
    case 'idev':
      return says.deviceObject(object.objectId);
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
      return object.name ?? says.line(object.line);
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
