import { cap, ecap } from '../regs';
import type { VtdDomain } from './domain';
import type { IntelIommu } from './intel-iommu';

/** Why a unit cannot use a domain that was made for another; null when it can. Linux: paging_domain_compatible() */

/** Linux: paging_domain_compatible_first_stage() */
export function refuseFirstStage({ parts, table }: VtdDomain, { caps }: IntelIommu): string | null {
  if (!caps.scalable || !ecap.firstStage(caps.ecap)) return 'it has no first stage';
  if (!ecap.scalableCoherent(caps.ecap) && parts.coherent) return 'its walks do not snoop';
  if (!cap.firstStage5Level(caps.cap) && table.vaLg2 > 48) return 'the table has five levels';
  if (!cap.firstStage1G(caps.cap) && table.pageSizesLg2.includes(30)) return 'it has no 1 GiB pages';
  if (caps.writeBufferFlush && !parts.tellsNew) return 'its write buffer must be flushed';
  return null;
}

/** Linux: paging_domain_compatible_second_stage() */
export function refuseSecondStage(domain: VtdDomain, { caps }: IntelIommu): string | null {
  const { parts, table } = domain;
  if (parts.dirtyTracking && !caps.dirty) return 'it cannot track dirty pages';
  if (parts.nestParent && !caps.nested) return 'it cannot nest';
  if (caps.scalable && !ecap.secondStage(caps.ecap)) return 'it has no second stage';
  if (!caps.coherentWalks && parts.coherent) return 'its walks do not snoop';
  if (cap.mgaw(caps.cap) < table.vaLg2) return 'its addresses are narrower';
  if ((cap.sagaw(caps.cap) & (1 << (table.topLevel - 1))) === 0)
    return `it walks no tables of ${table.topLevel + 1} levels`;
  const superpages = cap.superpages(caps.cap);
  if ((superpages & 1) === 0 && table.pageSizesLg2.includes(21)) return 'it has no 2 MiB pages';
  if ((superpages & 2) === 0 && table.pageSizesLg2.includes(30)) return 'it has no 1 GiB pages';
  if ((caps.writeBufferFlush || caps.cachingMode) && !parts.tellsNew)
    return 'it must be told of new mappings';
  if (domain.forceCoherence && !ecap.snoopControl(caps.ecap)) return 'it cannot enforce snooping';
  return null;
}
