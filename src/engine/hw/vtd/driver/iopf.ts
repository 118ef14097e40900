import { done } from '../../../../lib/result';
import type { IommuDomain } from '../../../iommu/ops';
import { err, type Result } from '../../../kernel/errno';
import type { DeviceInfo } from './device-info';

/**
 * Which devices may ask for pages: those with a domain whose faults somebody handles.
 *
 * Linux: drivers/iommu/intel/iommu.h iopf_for_domain_*(), iommu.c intel_iommu_enable_iopf(), intel_iommu_disable_iopf()
 */

/** Linux: iopf_for_domain_set() */
export function iopfForDomainSet(domain: IommuDomain | null, info: DeviceInfo): Result<undefined> {
  if (!domain?.iopfHandler) return done;
  const rule = 'intel_iommu_enable_iopf';
  const culprit = `dev:${info.name}`;
  if (!info.priEnabled)
    return err('ENODEV', `${info.name} cannot ask for pages: its page request interface is not on`, {
      rule,
      culprit,
    });
  const gate = info.iommu.pageRequestGate;
  if (info.iopfUsers === 0 && gate !== null && !gate.allow(info.client))
    return err('EBUSY', `${info.name} is in a page fault queue already`, {
      rule: 'iopf_queue_add_device',
      culprit,
    });
  info.iopfUsers++;
  return done;
}

/** Linux: iopf_for_domain_remove() */
export function iopfForDomainRemove(domain: IommuDomain | null, info: DeviceInfo): void {
  if (!domain?.iopfHandler || !info.priEnabled || info.iopfUsers === 0) return;
  if (--info.iopfUsers === 0) info.iommu.pageRequestGate?.forbid(info.client);
}

/** Linux: iopf_for_domain_replace() */
export function iopfForDomainReplace(
  domain: IommuDomain | null,
  old: IommuDomain | null,
  info: DeviceInfo,
): Result<undefined> {
  const set = iopfForDomainSet(domain, info);
  if (set.ok) iopfForDomainRemove(old, info);
  return set;
}
