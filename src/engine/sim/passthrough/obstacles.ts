import { hasIsolatedMsi, type Device } from '../../iommu/device';
import type { IommuGroup } from '../../iommu/group';
import { isVfioDriver } from '../../vfio/vfio';
import { heldBy } from '../../iommu/ownership';
import { routeOf } from '../../pci/fabric';
import type { Machine } from '../machine';
import type { Obstacle } from './verdict';

/**
 * What is in the way of giving a device to a VM, each thing by the check of the kernel that would refuse because of it, in
 * the order in which a person meets them. A try on a copy has the last word: see the worker's passthrough().
 */
export function obstaclesOf(machine: Machine, device: Device): readonly Obstacle[] {
  const { group } = device;
  if (!group) return [noGroup(device)];
  const found = [
    bridge(device),
    virtualFunctions(device),
    coherency(device),
    interrupts(machine, group),
    reserved(group),
    owned(machine, device, group),
    ownDriver(device),
    siblingDrivers(device, group),
    company(device, group),
    leaks(machine, device, group),
  ];
  return found.filter((each) => each !== null);
}

const shortName = (device: Device): string => device.name.replace(/^0000:/, '');
const listed = (devices: readonly Device[]): string => {
  const names = devices.slice(0, 4).map(shortName);
  const more = devices.length - names.length;
  return names.join(', ') + (more > 0 ? ` and ${more} more` : '');
};
const ids = (devices: readonly Device[]): readonly string[] => devices.map(({ worldId }) => worldId);
/** The line that gives a device to VFIO. */
export const toVfio = (device: Device): string =>
  `driver ${shortName(device)} ${device.traits.platform === true ? 'vfio-platform' : 'vfio-pci'}`;

function noGroup(device: Device): Obstacle {
  return {
    kind: 'no-group',
    weight: 'blocks',
    why: `${shortName(device)} is in no IOMMU group, so nothing keeps its DMA apart`,
    errno: 'EINVAL',
    rule: 'vfio_group_find_or_alloc',
    deviceIds: [device.worldId],
    remedy:
      'Switch the IOMMU on in firmware and kernel (intel_iommu=on), or use a slot that an IOMMU has in its scope.',
    lines: [],
  };
}

function bridge(device: Device): Obstacle | null {
  if (device.traits.bridge !== true) return null;
  return {
    kind: 'bridge',
    weight: 'blocks',
    why: `${shortName(device)} is a bridge: vfio-pci takes endpoints only`,
    errno: 'EINVAL',
    rule: 'vfio_pci_core_register_device',
    deviceIds: [device.worldId],
    remedy: 'Pass through a device behind it; the bridge stays with the host, whatever group it is in.',
    lines: [],
  };
}

function virtualFunctions(device: Device): Obstacle | null {
  const count = device.traits.virtualFunctions?.() ?? 0;
  if (count === 0) return null;
  return {
    kind: 'virtual-functions',
    weight: 'blocks',
    why: `${shortName(device)} has ${count} virtual function${count === 1 ? '' : 's'}, and vfio-pci does not take it from under them`,
    errno: 'EBUSY',
    rule: 'vfio_pci_core_register_device',
    deviceIds: [device.worldId],
    remedy: 'Pass a virtual function through instead, or set sriov_numvfs to 0 first.',
    lines: [],
  };
}

function coherency(device: Device): Obstacle | null {
  if (device.ops?.capable(device.client, 'CACHE_COHERENCY')) return null;
  return {
    kind: 'coherency',
    weight: 'blocks',
    why: `the IOMMU of ${shortName(device)} does not keep its DMA coherent with the CPU's caches`,
    errno: 'EINVAL',
    rule: '__vfio_register_dev',
    deviceIds: [device.worldId],
    remedy: null,
    lines: [],
  };
}

function interrupts(machine: Machine, group: IommuGroup): Obstacle | null {
  const exposed = group.devices.filter((each) => !hasIsolatedMsi(each));
  if (exposed.length === 0) return null;
  const allowed = machine.options.unsafeInterrupts;
  return {
    kind: 'interrupts',
    weight: allowed ? 'warns' : 'blocks',
    why: `a DMA write of ${listed(exposed)} could raise any interrupt: the platform does not remap them`,
    errno: allowed ? null : 'EPERM',
    rule: 'iommu_group_has_isolated_msi',
    deviceIds: ids(exposed),
    remedy: allowed
      ? 'Allowed by allow_unsafe_interrupts; a guest can send interrupts to the host.'
      : 'Switch interrupt remapping on in firmware; or vfio_iommu_type1.allow_unsafe_interrupts=1, if the guest is trusted.',
    lines: [],
  };
}

function reserved(group: IommuGroup): Obstacle | null {
  const direct = group.devices.filter((each) => each.requireDirect);
  if (direct.length === 0) return null;
  return {
    kind: 'reserved',
    weight: 'blocks',
    why: `firmware wants memory of ${listed(direct)} mapped 1:1 at all times (RMRR, IVMD or RMR), so its DMA can never be blocked`,
    errno: 'EINVAL',
    rule: '__iommu_device_set_domain',
    deviceIds: ids(direct),
    remedy:
      'A firmware setting may free it (USB legacy support, a management controller’s shared memory); graphics and USB regions are relaxable by themselves.',
    lines: [],
  };
}

function owned(machine: Machine, device: Device, group: IommuGroup): Obstacle | null {
  const { owner } = group;
  if (!owner) return null;
  const mine = machine.vfio.of(device)?.bound !== null && machine.vfio.of(device) !== undefined;
  if (mine)
    return {
      kind: 'owned',
      weight: 'warns',
      why: `${shortName(device)} is in use: ${heldBy(group)}`,
      errno: null,
      rule: null,
      deviceIds: [device.worldId],
      remedy: null,
      lines: [],
    };
  return {
    kind: 'owned',
    weight: 'blocks',
    why: `group ${group.id} has an owner: ${heldBy(group)}`,
    errno: 'EPERM',
    rule: 'iommu_device_claim_dma_owner',
    deviceIds: ids(group.devices),
    remedy: 'The same owner may take this device too; another has to wait until the group is free.',
    lines: [],
  };
}

function ownDriver(device: Device): Obstacle | null {
  const { driver } = device;
  if (device.traits.bridge === true || (driver && isVfioDriver(driver.name))) return null;
  return {
    kind: 'own-driver',
    weight: 'blocks',
    why: driver
      ? `${shortName(device)} is driven by ${driver.name}`
      : `${shortName(device)} has no driver, so it has no node under /dev/vfio/devices`,
    errno: 'ENOENT',
    rule: 'vfio_device_fops_cdev_open',
    deviceIds: [device.worldId],
    remedy: driver ? `Unbind ${driver.name} and bind vfio-pci.` : 'Bind vfio-pci.',
    lines: [toVfio(device)],
  };
}

function siblingDrivers(device: Device, group: IommuGroup): Obstacle | null {
  const natives = group.devices.filter((each) => each !== device && each.driver?.managed === false);
  if (natives.length === 0) return null;
  const named = natives.map((each) => `${shortName(each)} (${each.driver?.name ?? ''})`);
  const shown = named.slice(0, 4).join(', ') + (named.length > 4 ? ` and ${named.length - 4} more` : '');
  return {
    kind: 'sibling-driver',
    weight: 'blocks',
    why: `the kernel itself does DMA with other devices of group ${group.id}: ${shown}`,
    errno: 'EPERM',
    rule: 'iommu_device_claim_dma_owner',
    deviceIds: ids(natives),
    remedy: 'Every native driver of the group has to let go; bridges may stay with pcieport.',
    lines: natives.map((each) =>
      each.traits.bridge === true ? `driver ${shortName(each)} none` : toVfio(each),
    ),
  };
}

function company(device: Device, group: IommuGroup): Obstacle | null {
  const others = group.devices.filter((each) => each !== device && each.traits.bridge !== true);
  if (others.length === 0) return null;
  return {
    kind: 'sibling-goes-along',
    weight: 'warns',
    why: `${listed(others)} may exchange data with ${shortName(device)} past the IOMMU: the whole group goes to one VM, or stays idle`,
    errno: null,
    rule: null,
    deviceIds: ids(others),
    remedy: 'Another slot, or ACS on the way, makes smaller groups: see What if.',
    lines: [],
  };
}

/** Devices of other groups whose memory its requests reach without asking the IOMMU: groups that only claim to be apart. */
function leaks(machine: Machine, device: Device, group: IommuGroup): Obstacle | null {
  const from = machine.topology.findByName(device.name);
  if (from === null) return null;
  const reached: Device[] = [];
  let why = '';
  let shownBy = '';
  for (const { name, spec } of machine.topology.functions) {
    const other = machine.core.devices.get(name);
    const [bar] = spec.bars;
    if (other === undefined || bar === undefined || other.group === group) continue;
    const route = routeOf(from, bar.start);
    if (route.to !== 'peer' || route.peer.name !== name) continue;
    if (reached.length === 0) {
      ({ why } = route);
      shownBy = `dma ${shortName(device)} write 0x${bar.start.toString(16)} 64 reaches=${shortName(other)}`;
    }
    reached.push(other);
  }
  if (reached.length === 0) return null;
  return {
    kind: 'peer-to-peer',
    weight: 'warns',
    why: `${shortName(device)} can reach ${listed(reached)} of other groups past the IOMMU: ${why}`,
    errno: null,
    rule: null,
    deviceIds: ids(reached),
    remedy:
      'Linux asks the bridges above each device, its table of quirks and pcie_acs_override=, not the wires: a guest could read and write those devices. Between ports of the root complex it depends on the chip; without ACS nothing forbids it.',
    lines: [],
    shownBy,
  };
}
