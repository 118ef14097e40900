import type { Machine } from '../machine';
import type { DeviceObject, IommuObject } from '../world';
import type { IommufdIndex } from './iommufd-index';

/** What the kernel's self-tests bring along: a bus with devices, and the IOMMU that they are behind. */
export function projectMocks(machine: Machine, index: IommufdIndex): readonly (DeviceObject | IommuObject)[] {
  const mocks = machine.iommufd.contexts.flatMap((ctx) =>
    ctx.objects.list().flatMap((object) => (object.kind === 'selftest' ? object.device : [])),
  );
  const unit = mocks[0]?.ops?.unit;
  if (unit === undefined) return [];
  const devices = mocks.map((device): DeviceObject => {
    const idev = index.idevOf.get(device);
    return {
      type: 'device',
      id: device.worldId,
      name: null,
      place: machine.names.placeOf(device.worldId, null),
      bdf: device.name,
      kind: 'endpoint',
      isBridge: false,
      label: 'Mock device',
      vendorId: 0,
      deviceId: 0,
      classCode: 0,
      className: '',
      parentId: null,
      acs: null,
      multifunction: false,
      driver: null,
      groupId: device.group?.worldId ?? null,
      ungrouped: null,
      iommuId: unit,
      idevId: idev?.worldId ?? null,
      hwptId: idev?.hwpt?.worldId ?? null,
      services: [],
      deviceTlb: [],
      domain: device.attached?.label ?? null,
      recordedGroup: null,
    };
  });
  return [
    ...devices,
    {
      type: 'iommu',
      id: unit,
      name: null,
      place: machine.names.placeOf(unit, null),
      vendor: 'generic',
      title: 'mock',
      enabled: true,
      addressBits: 31,
      deviceIds: devices.map(({ id }) => id),
      queues: [],
      caches: [],
      commands: 0,
      faults: [],
      traits: ["the kernel's own, for its tests: it translates no DMA"],
    },
  ];
}
