import { done } from '../../../../lib/result';
import type { IommuDomain } from '../../../iommu/ops';
import { err, type Result } from '../../../kernel/errno';
import { clearContexts, setContexts, setPassThroughContexts } from './contexts';
import type { DeviceInfo } from './device-info';
import { isDmarDomain, type DmarDomain } from './dmar-domain';
import type { VtdDomain } from './domain';
import { iopfForDomainRemove, iopfForDomainReplace, iopfForDomainSet } from './iopf';
import { setupPassThrough, tearDown } from './pasid';

/**
 * What attaching comes to, whoever serves the device.
 *
 * Linux: drivers/iommu/intel/iommu.c
 */

/** Requests without PASID. */
const RID = 0;

/** All DMA without PASID ends. Linux: device_block_translation() */
export function blockTranslation(info: DeviceInfo): void {
  if (!info.attached) return;
  const { domain, iommu } = info;
  domain?.use.unassignTags(info, RID);
  if (!info.subdevice) {
    if (iommu.caps.scalable) tearDown(info, RID, false);
    else clearContexts(info);
  }
  info.attached = false;
  if (domain === null) return;
  domain.use.removeDevice(info);
  domain.use.detachUnit(iommu);
  info.domain = null;
}

/** Linux: blocking_domain_attach_dev() */
export function attachBlocked(info: DeviceInfo): void {
  iopfForDomainRemove(info.domain, info);
  blockTranslation(info);
}

/**
 * Break before make: the device is blocked first, and stays so when the rest fails.
 *
 * Linux: intel_iommu_attach_device()
 *
 * Page requests of the domain before stay allowed: only the blocking domain's attach ends them.
 */
export function attachPaging(domain: VtdDomain, info: DeviceInfo): Result<undefined> {
  blockTranslation(info);
  const fits = domain.compatible(info.iommu);
  if (!fits.ok) return fits;
  const asks = iopfForDomainSet(domain, info);
  if (!asks.ok) return asks;
  const attached = attachTable(domain, info);
  if (!attached.ok) iopfForDomainRemove(domain, info);
  return attached;
}

/** Linux: dmar_domain_attach_device() */
function attachTable(domain: VtdDomain, info: DeviceInfo): Result<undefined> {
  const { use } = domain;
  const { iommu } = info;
  const counted = use.attachUnit(iommu);
  if (!counted.ok) return counted;
  info.domain = domain;
  info.attached = true;
  use.addDevice(info);
  if (info.subdevice) return done;
  const set = iommu.caps.scalable
    ? domain.setupPasid(info, RID)
    : setContexts(info, domain.contextRoot(iommu));
  if (set.ok) use.assignTags(info, RID);
  else blockTranslation(info);
  return set;
}

/** Linux: identity_domain_attach_dev() */
export function attachIdentity(info: DeviceInfo): Result<undefined> {
  blockTranslation(info);
  if (info.subdevice) return done;
  const set = info.iommu.caps.scalable ? setupPassThrough(info, RID) : setPassThroughContexts(info);
  if (set.ok) info.attached = true;
  return set;
}

/** Whether a PASID can have a domain of its own. */
function pasidUsable(info: DeviceInfo, rule: string): Result<undefined> {
  if (info.iommu.caps.pasid && !info.subdevice) return done;
  const why = `${info.iommu.name} knows no PASIDs: it is in legacy mode, or without the capability`;
  return err('EOPNOTSUPP', why, { rule, culprit: `dev:${info.name}` });
}

/**
 * One PASID of a device gets a domain; `old` has it until then. `setup` fills the PASID entry.
 *
 * Linux: intel_iommu_set_dev_pasid(), nested.c intel_nested_set_dev_pasid()
 */
export function setDevPasid(
  domain: DmarDomain,
  info: DeviceInfo,
  pasid: number,
  old: IommuDomain | null,
  steps: { readonly compatible: () => Result<undefined>; readonly setup: () => Result<undefined> },
): Result<undefined> {
  const usable = pasidUsable(info, 'intel_iommu_set_dev_pasid');
  if (!usable.ok) return usable;
  const fits = steps.compatible();
  if (!fits.ok) return fits;
  return movePasid(domain, info, pasid, old, { setup: steps.setup, faults: true });
}

/** `faults`: whether the unit's page requests are the domain's concern. Linux: domain_add_dev_pasid() and what follows it */
export function movePasid(
  domain: DmarDomain,
  info: DeviceInfo,
  pasid: number,
  old: IommuDomain | null,
  { setup, faults }: { readonly setup: () => Result<undefined>; readonly faults: boolean },
): Result<undefined> {
  const added = addDevPasid(domain, info, pasid);
  if (!added.ok) return added;
  const asks = faults ? iopfForDomainReplace(domain, old, info) : done;
  if (!asks.ok) {
    removeDevPasid(domain, info, pasid);
    return asks;
  }
  if (old !== null) tearDown(info, pasid, false);
  const set = setup();
  if (!set.ok) {
    if (faults) iopfForDomainReplace(old, domain, info);
    removeDevPasid(domain, info, pasid);
    return set;
  }
  removeDevPasid(old, info, pasid);
  info.pasids.set(pasid, domain);
  return done;
}

/** Linux: identity_domain_set_dev_pasid() */
export function setIdentityPasid(
  domain: IommuDomain,
  info: DeviceInfo,
  pasid: number,
  old: IommuDomain | null,
): Result<undefined> {
  const usable = pasidUsable(info, 'identity_domain_set_dev_pasid');
  if (!usable.ok) return usable;
  const asks = iopfForDomainReplace(domain, old, info);
  if (!asks.ok) return asks;
  if (old !== null) tearDown(info, pasid, false);
  const set = setupPassThrough(info, pasid);
  if (!set.ok) {
    iopfForDomainReplace(old, domain, info);
    return set;
  }
  removeDevPasid(old, info, pasid);
  info.pasids.set(pasid, domain);
  return done;
}

/** Linux: blocking_domain_set_dev_pasid() */
export function setBlockedPasid(info: DeviceInfo, pasid: number, old: IommuDomain | null): void {
  tearDown(info, pasid, false);
  iopfForDomainRemove(old, info);
  removeDevPasid(old, info, pasid);
  info.pasids.delete(pasid);
}

/** Linux: domain_add_dev_pasid() */
function addDevPasid({ use }: DmarDomain, info: DeviceInfo, pasid: number): Result<undefined> {
  const counted = use.attachUnit(info.iommu);
  if (!counted.ok) return counted;
  use.assignTags(info, pasid);
  use.devPasids = [{ info, pasid }, ...use.devPasids];
  return done;
}

/** Static domains have nothing to give back. Linux: domain_remove_dev_pasid() */
function removeDevPasid(domain: IommuDomain | null, info: DeviceInfo, pasid: number): void {
  if (domain === null || !isDmarDomain(domain)) return;
  const { use } = domain;
  const at = use.devPasids.findIndex((each) => each.info === info && each.pasid === pasid);
  use.devPasids = use.devPasids.filter((_, n) => n !== at);
  use.unassignTags(info, pasid);
  use.detachUnit(info.iommu);
}
