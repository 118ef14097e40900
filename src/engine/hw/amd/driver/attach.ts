import { invariant } from '../../../../lib/invariant';
import { done } from '../../../../lib/result';
import { err, type Result } from '../../../kernel/errno';
import { clearEntry, setEntry } from './entry';
import { flushPasid } from './flush';
import { Gcr3Table } from './gcr3';
import type { ProbedDevice } from './globals';
import type { ProtectionDomain } from './protection-domain';
import type { DeviceSwitches } from './switches';

/**
 * A device's way into a domain and out of it.
 *
 * Linux: drivers/iommu/amd/iommu.c amd_iommu_attach_device(), attach_device(), detach_device()
 */

/** Break before make: the device is left with nothing when the second half fails. Linux: amd_iommu_attach_device() */
export function moveTo(
  device: ProbedDevice,
  domain: ProtectionDomain,
  switches: DeviceSwitches,
): Result<undefined> {
  if (device.domain === domain) return done;
  if (domain.domain.paging?.dirty && !device.iommu.features.hostDirty) {
    const why = `${domain.domain.label} tracks dirty pages, which the unit of ${device.client.name} cannot`;
    return err('EINVAL', why, { rule: 'amd_iommu_attach_device', culprit: `dev:${device.client.name}` });
  }
  if (device.domain !== null) detach(device, switches);
  const attached = attach(device, domain, switches);
  if (attached.ok) device.shown = domain.domain;
  return attached;
}

/** Linux: attach_device() */
function attach(device: ProbedDevice, domain: ProtectionDomain, switches: DeviceSwitches): Result<undefined> {
  const { iommu } = device;
  domain.attachUnit(iommu);
  if (domain.takesPasids) {
    const made = initGcr3(device, domain);
    if (!made.ok) {
      domain.detachUnit(iommu);
      return made;
    }
    switches.enableAll(device);
    if (!switches.joinQueue(device)) switches.disablePri(device);
  } else {
    switches.enableAts(device);
  }
  device.domain = domain;
  domain.devices.unshift(device);
  setEntry(device);
  return done;
}

/** Linux: detach_device() */
export function detach(device: ProbedDevice, switches: DeviceSwitches): void {
  const { domain, iommu } = device;
  invariant(domain !== null, `${device.client.name} is attached`);
  if (device.ppr) switches.leaveQueue(device);
  switches.disableAll(device);
  clearEntry(device);
  device.shown = null;
  domain.flushAll();
  domain.devices.splice(domain.devices.indexOf(device), 1);
  if (domain.takesPasids) destroyGcr3(device, domain);
  device.domain = null;
  domain.detachUnit(iommu);
}

/** Linux: init_gcr3_table() */
function initGcr3(device: ProbedDevice, domain: ProtectionDomain): Result<undefined> {
  if (domain.mode === 'identity' && !device.can.pasid) return done;
  const { globals, memory, features } = device.iommu;
  if (device.gcr3 !== null)
    return err('EBUSY', `${device.client.name} has a GCR3 table`, { rule: 'setup_gcr3_table' });
  const unit = memory.ownerAt(device.iommu.eventLogPa);
  const pasids = Math.max(device.maxPasids, 1);
  const table = Gcr3Table.create(memory, globals.ids, pasids, features.maxGlx, unit);
  if (!table.ok) return table;
  device.gcr3 = table.value;
  if (domain.mode !== 'v2') return done;
  const set = updateGcr3(device, 0, (domain.table?.rootPfn ?? 0) * 4096);
  if (set.ok) return set;
  table.value.free();
  device.gcr3 = null;
  return set;
}

/** Linux: destroy_gcr3_table() */
function destroyGcr3(device: ProbedDevice, domain: ProtectionDomain): void {
  if (domain.mode === 'v2') updateGcr3(device, 0, null);
  device.gcr3?.free();
  device.gcr3 = null;
}

/** The root of a PASID's table, null for none; the unit is told. Linux: update_gcr3() */
export function updateGcr3(device: ProbedDevice, pasid: number, rootPa: number | null): Result<undefined> {
  const updated = device.gcr3?.update(pasid, rootPa) ?? done;
  if (updated.ok) flushPasid(device, pasid);
  return updated;
}
