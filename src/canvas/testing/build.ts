import type {
  AccessObject,
  DeviceObject,
  FaultQueueObject,
  GroupObject,
  HwptObject,
  IdevObject,
  IoasObject,
  IommuObject,
  PciKind,
  ProcessObject,
  VdeviceObject,
  ViommuObject,
  WorldObject,
} from '../../engine/sim/world';
import type { Objects } from '../layout/tree';

/** Small makers of world objects for tests: what is not said is empty. */
export const world = (...objects: readonly WorldObject[]): Objects =>
  Object.fromEntries(objects.map((o) => [o.id, o]));

const BRIDGES: readonly PciKind[] = [
  'root-port',
  'upstream-port',
  'downstream-port',
  'pcie-to-pci',
  'pci-bridge',
];

export function device(
  address: string,
  kind: PciKind,
  rest: Partial<Omit<DeviceObject, 'type' | 'id'>> & {
    readonly parent?: string;
    readonly group?: number;
  } = {},
): DeviceObject {
  const { parent, group, ...given } = rest;
  return {
    type: 'device',
    id: `dev:0000:${address}`,
    name: null,
    place: null,
    bdf: `0000:${address}`,
    kind,
    isBridge: BRIDGES.includes(kind),
    label: null,
    vendorId: 0x8086,
    deviceId: 0x10d3,
    classCode: 0x020000,
    className: BRIDGES.includes(kind) ? 'PCI bridge' : 'Ethernet controller',
    parentId: parent === undefined ? null : `dev:0000:${parent}`,
    acs: null,
    multifunction: false,
    driver: null,
    groupId: group === undefined ? null : `group:${group}`,
    ungrouped: null,
    domain: null,
    services: [],
    deviceTlb: [],
    iommuId: 'iommu:dmar0',
    idevId: null,
    hwptId: null,
    recordedGroup: null,
    ...given,
  };
}

export function group(
  number: number,
  addresses: readonly string[],
  rest: Partial<Omit<GroupObject, 'type' | 'id'>> = {},
): GroupObject {
  return {
    type: 'group',
    id: `group:${number}`,
    name: null,
    place: null,
    number,
    deviceIds: addresses.map((a) => `dev:0000:${a}`),
    joins: [],
    ownerId: null,
    ownerCount: 0,
    defaultType: 'DMA-FQ',
    domain: { label: `domain ${number}`, type: 'DMA-FQ' },
    hwptId: null,
    reserved: [],
    pasids: [],
    resetting: false,
    dmaApi: null,
    mismatches: [],
    ...rest,
  };
}

/** Caches of a VT-d unit, by how much they hold and how much of the IOTLB is stale. */
export const cachesOf = (contexts: number, translations: number, stale = 0): IommuObject['caches'] => [
  { id: 'context', name: 'Context cache', used: contexts, size: 64, stale: 0 },
  { id: 'iotlb', name: 'IOTLB', used: translations, size: 256, stale },
];

export const iommu = (rest: Partial<Omit<IommuObject, 'type'>> = {}): IommuObject => ({
  type: 'iommu',
  id: 'iommu:dmar0',
  name: null,
  place: null,
  vendor: 'vtd',
  title: 'DMAR 0',
  enabled: true,
  addressBits: 48,
  deviceIds: [],
  queues: [{ name: 'Invalidation queue', head: 0, tail: 0, size: 256 }],
  caches: cachesOf(0, 0),
  commands: 0,
  traits: [],
  faults: [],
  ...rest,
});

export const idev = (objectId: number, address: string, hwptId: string | null): IdevObject => ({
  type: 'idev',
  id: `idev:1.${objectId}`,
  name: null,
  place: null,
  contextId: 'ctx:1',
  objectId,
  deviceId: `dev:0000:${address}`,
  hwptId,
  pasids: [],
});

export const hwpt = (objectId: number, rest: Partial<Omit<HwptObject, 'type' | 'id'>> = {}): HwptObject => ({
  type: 'hwpt',
  id: `hwpt:1.${objectId}`,
  name: null,
  place: null,
  contextId: 'ctx:1',
  objectId,
  auto: true,
  nested: false,
  nestParent: false,
  parentId: null,
  viommuId: null,
  faultId: null,
  pasid: false,
  dirtyTracking: false,
  ioasId: 'ioas:1.2',
  iommuId: 'iommu:dmar0',
  domain: `domain ${objectId}`,
  users: 1,
  deviceIds: [],
  format: 'VT-d second stage',
  levels: 4,
  rootPa: 0x10a30000,
  leaves: [],
  tablePages: 4,
  tag: null,
  ...rest,
});

export const ioas = (objectId: number, rest: Partial<Omit<IoasObject, 'type' | 'id'>> = {}): IoasObject => ({
  type: 'ioas',
  id: `ioas:1.${objectId}`,
  name: null,
  place: null,
  contextId: 'ctx:1',
  objectId,
  areas: [],
  reserved: [],
  allowed: [],
  hwptIds: [],
  accessIds: [],
  alignment: 4096,
  hugePages: true,
  ...rest,
});

export const process = (
  title: string,
  rest: Partial<Omit<ProcessObject, 'type' | 'id'>> = {},
): ProcessObject => ({
  type: 'process',
  id: `mm:${title}`,
  name: null,
  place: null,
  title,
  buffers: [],
  pinnedPages: 0,
  ...rest,
});

const inContext = (objectId: number) => ({ name: null, place: null, contextId: 'ctx:1', objectId });

/** A vIOMMU over HWPT 10 with so many vDEVICEs in it. */
export function viommu(objectId: number, parts = 0): readonly WorldObject[] {
  const id = `viommu:1.${objectId}`;
  const vdevices = Array.from({ length: parts }, (_, i): VdeviceObject => ({
    ...inContext(objectId + 1 + i),
    type: 'vdevice',
    id: `vdevice:1.${objectId + 1 + i}`,
    viommuId: id,
    idevId: null,
    virtId: BigInt(i),
  }));
  const frame: ViommuObject = {
    ...inContext(objectId),
    type: 'viommu',
    id,
    kind: 'IOMMU_VIOMMU_TYPE_SELFTEST',
    iommuId: 'iommu:dmar0',
    parentId: 'hwpt:1.10',
    vdeviceIds: vdevices.map((each) => each.id),
    veventqIds: [],
    hwQueueIds: [],
  };
  return [frame, ...vdevices];
}

export const access = (objectId: number, ioasId: string | null): AccessObject => ({
  ...inContext(objectId),
  type: 'access',
  id: `access:1.${objectId}`,
  ioasId,
  needsPins: false,
  internal: false,
});

export const faultQueue = (objectId: number, hwptIds: readonly string[]): FaultQueueObject => ({
  ...inContext(objectId),
  type: 'fault',
  id: `fault:1.${objectId}`,
  hwptIds,
  open: true,
  queued: [],
  pending: [],
});
