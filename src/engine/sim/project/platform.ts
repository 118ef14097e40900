import type { Machine } from '../machine';
import type { PlatformSpec } from '../platform';
import type { DeviceObject } from '../world';
import type { IommufdIndex } from './iommufd-index';

/** A device on no PCI bus, as the page shows it. */
export function projectPlatform(machine: Machine, index: IommufdIndex, spec: PlatformSpec): DeviceObject {
  const { name, label, streams, stall, msi } = spec;
  const id = `dev:${name}`;
  const device = machine.core.devices.get(name) ?? null;
  const idev = device && (index.idevOf.get(device) ?? null);
  return {
    type: 'device',
    id,
    name: null,
    place: machine.names.placeOf(id, null) ?? machine.names.placeOf(name, null),
    bdf: name,
    kind: 'endpoint',
    isBridge: false,
    label,
    vendorId: 0,
    deviceId: 0,
    classCode: 0,
    className: 'Platform device',
    parentId: null,
    acs: null,
    multifunction: false,
    driver: device?.driver ? { name: device.driver.name, managed: device.driver.managed } : null,
    groupId: device?.group?.worldId ?? null,
    ungrouped: whyNoGroup(machine, name),
    iommuId: device?.ops ? device.ops.unit : null,
    idevId: idev?.worldId ?? null,
    hwptId: idev?.hwpt?.worldId ?? null,
    services: [],
    deviceTlb: [],
    domain: device?.attached?.label ?? null,
    recordedGroup: null,
    platform: { streams, stall, msi },
  };
}

function whyNoGroup({ booted, core, outOfScope }: Machine, name: string): string | null {
  if (!booted) return 'the kernel has not booted yet: `boot` makes the groups';
  const device = core.devices.get(name);
  if (device?.group) return null;
  return outOfScope.get(name) ?? device?.ungrouped?.why ?? 'it was never probed';
}
