import { done } from '../../../../lib/result';
import type { IommuDomain } from '../../../iommu/ops';
import { err, type Result } from '../../../kernel/errno';
import { S1DSS_BYPASS, S1DSS_SSID0, S1DSS_TERMINATE, type EntryWords } from './bits';
import { Attach } from './attach';
import { stage1Cd, withAsid } from './cd';
import type { SmmuDomain } from './domain';
import type { SmmuDomainLike } from './domain-state';
import type { Master } from './master';
import { abortSte, bypassSte, cdTableSte, stage2Ste } from './ste';

/** What kinds of domains do with a device. Linux: arm-smmu-v3.c iommu_domain_ops */

/** Linux: arm_smmu_attach_dev() */
export function attachPaging(domain: SmmuDomain, master: Master, old: IommuDomain | null): Result<undefined> {
  const { smmuState: state, stage1, stage2 } = domain;
  const { client, cdTable } = master;
  const about = { rule: 'arm_smmu_attach_dev', culprit: `dev:${client.name}` };
  if (state.smmu !== master.smmu) return err('EINVAL', `${domain.label} belongs to another unit`, about);
  if (stage1) {
    const made = cdTable.allocate(0);
    if (!made.ok) return made;
  } else if (cdTable.ssidsInUse) {
    return err('EBUSY', `PASIDs of ${client.name} are in use: stage 2 has no place for them`, about);
  }
  const attach = new Attach(master, old);
  const prepared = attach.prepare(domain);
  if (!prepared.ok) return prepared;
  if (stage1) {
    cdTable.write(0, stage1Cd(master.stallEnabled, stage1));
    master.installSte(cdTableSte(master.steContext, cdTable.fields, attach.atsEnabled, S1DSS_SSID0));
  } else if (stage2) {
    master.installSte(stage2Ste(master.steContext, stage2, attach.atsEnabled));
    master.clearCd(0);
  }
  attach.commit();
  master.domain = domain;
  return done;
}

/** Linux: arm_smmu_attach_dev_identity() */
export function attachIdentity(domain: IommuDomain, master: Master, old: IommuDomain | null): void {
  const { attrTypesOvr } = master.steContext;
  attachStatic(domain, master, old, bypassSte(attrTypesOvr), S1DSS_BYPASS);
}

/** Linux: arm_smmu_attach_dev_blocked() */
export function attachBlocked(domain: IommuDomain, master: Master, old: IommuDomain | null): void {
  attachStatic(domain, master, old, abortSte(), S1DSS_TERMINATE);
}

/**
 * While PASIDs are in use the table of descriptors stays, and what it says of requests without one has the same meaning;
 * ATS stays on then, because a PASID may use it.
 *
 * Linux: arm_smmu_attach_dev_ste()
 */
function attachStatic(
  domain: IommuDomain,
  master: Master,
  old: IommuDomain | null,
  plain: EntryWords,
  s1dss: number,
): void {
  master.vmaster = null;
  const { cdTable } = master;
  const attach = new Attach(master, old);
  attach.cdNeedsAts = cdTable.ssidsInUse;
  // Nothing in it can fail for a domain that tells no caches.
  attach.prepare(domain);
  const ste = cdTable.ssidsInUse
    ? cdTableSte(master.steContext, cdTable.fields, attach.atsEnabled, s1dss)
    : plain;
  master.installSte(ste);
  attach.commit();
  master.clearCd(0);
  master.domain = domain;
}

/** Linux: arm_smmu_s1_set_dev_pasid() */
export function setPagingPasid(
  domain: SmmuDomain,
  master: Master,
  pasid: number,
  old: IommuDomain | null,
): Result<undefined> {
  const about = { rule: 'arm_smmu_s1_set_dev_pasid', culprit: `dev:${master.client.name}` };
  if (domain.smmuState.smmu !== master.smmu)
    return err('EINVAL', `${domain.label} belongs to another unit`, about);
  if (!domain.stage1) return err('EINVAL', `${domain.label} is of stage 2, which knows no PASIDs`, about);
  return setPasid(domain, master, pasid, stage1Cd(master.stallEnabled, domain.stage1), old);
}

/** Linux: arm_smmu_set_pasid() */
export function setPasid(
  domain: SmmuDomainLike,
  master: Master,
  pasid: number,
  cd: EntryWords,
  old: IommuDomain | null,
): Result<undefined> {
  const { cdTable, client } = master;
  const about = { rule: 'arm_smmu_set_pasid', culprit: `dev:${client.name}` };
  if (domain.smmuState.smmu !== master.smmu)
    return err('EINVAL', `${domain.label} belongs to another unit`, about);
  const sidDomain = master.domain;
  if (!cdTable.inSte && sidDomain?.type !== 'identity' && sidDomain?.type !== 'blocked') {
    const why = `${client.name} is on ${sidDomain?.label ?? 'no domain'}, beside which there is no place for PASIDs`;
    return err('EINVAL', why, about);
  }
  const made = cdTable.allocate(pasid);
  if (!made.ok) return made;
  const attach = new Attach(master, old, pasid);
  const prepared = attach.prepare(domain);
  if (!prepared.ok) return prepared;
  cdTable.write(pasid, withAsid(cd, domain.smmuState.id));
  updateSte(master, sidDomain, attach.atsEnabled);
  attach.commit();
  master.pasidDomains.set(pasid, domain);
  return done;
}

/** Linux: arm_smmu_update_ste() */
function updateSte(master: Master, sidDomain: IommuDomain | null, atsEnabled: boolean): void {
  const { cdTable } = master;
  if (cdTable.inSte && master.steAtsEnabled === atsEnabled) return;
  const s1dss = sidDomain?.type === 'identity' ? S1DSS_BYPASS : S1DSS_TERMINATE;
  master.installSte(cdTableSte(master.steContext, cdTable.fields, atsEnabled, s1dss));
}

/** Linux: arm_smmu_blocking_set_dev_pasid() */
export function blockPasid(master: Master, pasid: number, old: IommuDomain | null): void {
  const attach = new Attach(master, old, pasid);
  attach.prepareInvs(null);
  master.clearCd(pasid);
  if (master.atsEnabled) master.invalidateAtc(pasid);
  attach.removeOld();
  master.pasidDomains.delete(pasid);
  const { cdTable, domain } = master;
  // The last user of the table is gone: back to the plain entry.
  if (!cdTable.ssidsInUse && (domain?.type === 'identity' || domain?.type === 'blocked')) {
    domain.attachDev(master.client, domain);
  }
}
