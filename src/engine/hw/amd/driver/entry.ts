import { invariant } from '../../../../lib/invariant';
import { DTE_DOMAIN_MASK } from '../structs';
import { setGuestTables, setHostTable, setPassThrough, word, type Dte, type HostTable } from './dte';
import { flushDeviceEntry } from './flush';
import type { ProbedDevice } from './globals';

/**
 * Writing the device table entries of a device and of its aliases, and telling the unit.
 *
 * Linux: drivers/iommu/amd/iommu.c set_dte_entry(), clear_dte_entry(), amd_iommu_update_dte(), clone_aliases()
 */

/** `top`: of a host table that is about to get another root. Linux: set_dte_entry() */
export function setEntry(device: ProbedDevice, top: HostTable | null = null): void {
  const { iommu, rid, domain, gcr3 } = device;
  invariant(domain !== null, `${device.client.name} is attached`);
  const { table } = iommu.segment;
  const entry = table.clearEntry(rid);
  const oldDomid = word(table.load(rid), 2) & DTE_DOMAIN_MASK;
  const ats = device.atsEnabled;
  if (gcr3 !== null) {
    const { guestLevels: levels } = iommu.features;
    const { pa: gcr3Pa, glx, domid } = gcr3;
    setGuestTables(entry, { gcr3Pa, glx, domid, giov: domain.mode === 'v2', ppr: device.ppr, ats, levels });
  } else if (domain.mode === 'identity') {
    setPassThrough(entry);
  } else {
    const { id: domid, dirtyTracking } = domain;
    setHostTable(entry, top ?? domain.hostTable, { domid, dirtyTracking, ats });
  }
  updateEntry(device, entry);
  if (oldDomid !== 0) iommu.flushDomain(oldDomid);
}

/** Nothing passes. Linux: clear_dte_entry() */
export function clearEntry(device: ProbedDevice): void {
  updateEntry(device, device.iommu.segment.table.clearEntry(device.rid));
}

/** Linux: amd_iommu_update_dte() */
export function updateEntry(device: ProbedDevice, entry: Dte): void {
  const { iommu, rid } = device;
  iommu.segment.table.update(rid, entry, (changed) => iommu.flushDteSync(changed));
  cloneAliases(device);
  flushDeviceEntry(device);
  iommu.commands.completionWait();
}

/** Linux: clone_aliases() */
export function cloneAliases(device: ProbedDevice): void {
  cloneAlias(device, device.iommu.aliasOf(device.rid));
  for (const alias of device.aliases) cloneAlias(device, alias);
}

/** The alias keeps what its own entry says of interrupts. Linux: clone_alias() */
function cloneAlias({ iommu, rid }: ProbedDevice, alias: number): void {
  if (alias === rid) return;
  const { table } = iommu.segment;
  iommu.globals.find(iommu, alias);
  table.update(alias, table.load(rid), (changed) => iommu.flushDteSync(changed));
}
