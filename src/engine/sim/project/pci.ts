import type { Device } from '../../iommu/device';
import { viewDmaApi } from '../../dma/view';
import type { Endpoint } from '../../hw/common/endpoint';
import { contradicts, questionOf } from '../../hw/common/rehearsal';
import { NO_PASID as NO_PASID_ON_BUS, READ, WRITE } from '../../hw/port';
import { NO_PASID, type IommuGroup } from '../../iommu/group';
import { domainOfEntry } from '../../iommu/pasid';
import { showGroupType } from '../../iommu/group-type';
import { groupReserved } from '../../iommu/reserved';
import { className } from '../../pci/class-names';
import { DWORD_ACS_CTRL, hasDwordAcs } from '../../pci/dword-acs';
import type { PciFunction } from '../../pci/function';
import { isBridgeKind } from '../../pci/function-spec';
import { acsBitNames, PCI_ACS_CTRL } from '../../pci/regs';
import { requesterId } from '../dma';
import type { Machine } from '../machine';
import type { DeviceObject, DeviceTlbView, GroupObject, WorldId } from '../world';
import type { IommufdIndex } from './iommufd-index';
import { recordedMismatches } from './recorded';

export const deviceId = (name: string): WorldId => `dev:${name}`;

export function projectDevice(machine: Machine, index: IommufdIndex, fn: PciFunction): DeviceObject {
  const { spec } = fn;
  const id = deviceId(fn.name);
  const device = machine.core.devices.get(fn.name) ?? null;
  const idev = device && (index.idevOf.get(device) ?? null);
  return {
    type: 'device',
    id,
    name: null,
    place: machine.names.placeOf(id, null) ?? machine.names.placeOf(fn.shortName, null),
    bdf: fn.name,
    kind: spec.kind,
    isBridge: isBridgeKind(spec.kind),
    label: spec.label,
    vendorId: fn.vendorId,
    deviceId: fn.deviceId,
    classCode: fn.classCode,
    className: className(fn.classCode),
    parentId: parentOf(fn),
    acs: acsOf(fn),
    multifunction: fn.multifunction,
    driver: device?.driver ? { name: device.driver.name, managed: device.driver.managed } : null,
    groupId: device?.group?.worldId ?? null,
    ungrouped: whyNoGroup(machine, device, fn),
    iommuId: device?.ops ? device.ops.unit : null,
    idevId: idev?.worldId ?? null,
    hwptId: idev?.hwpt?.worldId ?? null,
    ...endpointOf(machine, device, fn.name),
    domain: device?.attached?.label ?? null,
    recordedGroup: typeof spec.recordedGroup === 'number' ? spec.recordedGroup : null,
  };
}

/** Its end of ATS and PRI. */
function endpointOf(
  machine: Machine,
  device: Device | null,
  name: string,
): Pick<DeviceObject, 'services' | 'deviceTlb'> {
  const endpoint = machine.endpoints.peek(name);
  if (endpoint === null) return { services: [], deviceTlb: [] };
  const { ats, pri, pasid } = endpoint;
  return {
    services: [
      ...(ats ? (['ATS'] as const) : []),
      ...(pri ? (['PRI'] as const) : []),
      ...(pasid ? (['PASID'] as const) : []),
    ],
    deviceTlb: deviceTlbOf(machine, device, endpoint),
  };
}

/** What it keeps of answers to ATS requests, beside what it would be answered now. */
function deviceTlbOf(
  machine: Machine,
  device: Device | null,
  { entries }: Endpoint,
): readonly DeviceTlbView[] {
  if (entries.length === 0) return [];
  const rid = device === null ? 0 : requesterId(machine.topology, device);
  const unit = device === null ? null : machine.unitOf(device);
  const now = unit?.hw.askTables(entries.map((entry) => questionOf(rid, entry))) ?? [];
  return entries.map((entry, n) => ({
    pasid: entry.pasid === NO_PASID_ON_BUS ? null : entry.pasid,
    iova: entry.iova,
    sizeLg2: entry.sizeLg2,
    pa: entry.pa,
    read: (entry.grants & READ) !== 0,
    write: (entry.grants & WRITE) !== 0,
    stale: contradicts(entry, now[n] ?? null),
  }));
}

/** The bridge that leads to its bus; a virtual function hangs below its physical function's bridge. */
function parentOf(fn: PciFunction): WorldId | null {
  for (let { bus } = fn; ; bus = bus.parent) {
    if (bus.self !== null) return deviceId(bus.self.name);
    if (bus.parent === null) return null;
  }
}

function acsOf(fn: PciFunction): DeviceObject['acs'] {
  if (fn.acsCap === 0) return null;
  // Some Intel root ports keep 32-bit registers, so that the control register lies where nobody expects it.
  const at = hasDwordAcs(fn.vendorId, fn.deviceId) ? DWORD_ACS_CTRL : PCI_ACS_CTRL;
  return {
    cap: acsBitNames(fn.acsCapabilities),
    ctrl: acsBitNames(fn.config.read16(fn.acsCap + at)),
  };
}

function whyNoGroup(machine: Machine, device: Device | null, fn: PciFunction): string | null {
  if (!machine.booted) return 'the kernel has not booted yet: `boot` makes the groups';
  if (device?.group) return null;
  return machine.outOfScope.get(fn.name) ?? device?.ungrouped?.why ?? 'it was never probed';
}

export function projectGroup(machine: Machine, index: IommufdIndex, group: IommuGroup): GroupObject {
  const { domain } = group;
  return {
    type: 'group',
    id: group.worldId,
    name: null,
    place: machine.names.placeOf(group.worldId, null),
    number: group.id,
    // Of what was put there by hand from another bus nothing but sysfs tells.
    deviceIds: group.devices
      .filter(({ traits, name }) => traits.platform !== true || machine.platform.has(name))
      .map(({ worldId }) => worldId),
    joins: group.joins.map(({ device, via, rule, why, evidence }) => ({
      deviceId: device.worldId,
      withId: deviceId(via),
      rule,
      why,
      evidence: evidence.map(({ device: name, ...found }) => ({ deviceId: deviceId(name), ...found })),
    })),
    ownerId: group.owner?.worldId ?? null,
    ownerCount: group.ownerCnt,
    defaultType: showGroupType(group),
    domain: {
      label: domain?.label ?? 'none',
      type: domain === group.blockingDomain && domain !== null ? 'blocked' : (domain?.type ?? 'none'),
    },
    hwptId: (domain && index.hwptOf.get(domain)?.worldId) ?? null,
    pasids: [...group.pasidArray]
      .filter(([pasid]) => pasid !== NO_PASID)
      .map(([pasid, entry]) => ({ pasid, domain: domainOfEntry(entry).label })),
    resetting: group.resettingDomain !== null,
    dmaApi: viewDmaApi(group.defaultDomain),
    reserved: groupReserved(group),
    mismatches: recordedMismatches(machine, group),
  };
}
