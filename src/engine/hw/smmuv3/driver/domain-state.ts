import type { IommuDomain } from '../../../iommu/ops';
import { Invs } from './invs';
import type { Master } from './master';
import type { Smmu } from './smmu';

/** Linux: enum arm_smmu_domain_stage */
export type Stage = 's1' | 's2' | 'sva';

/** A device in a domain, and under what. Linux: struct arm_smmu_master_domain */
export interface MasterDomain {
  readonly master: Master;
  /** Of a nested domain the parent's list has it, so this says which. */
  readonly domain: IommuDomain;
  readonly ssid: number;
  readonly nestedAtsFlush: boolean;
  usingIopf: boolean;
}

/** What a translating domain keeps beside its table. Linux: struct arm_smmu_domain */
export class DomainState {
  invs = new Invs();
  readonly devices: MasterDomain[] = [];
  atsMasters = 0;
  enforceCacheCoherency = false;

  constructor(
    readonly smmu: Smmu,
    readonly stage: Stage,
    /** ASID or VMID. */
    readonly id: number,
    readonly nestParent: boolean,
    /** log2 of its smallest page. */
    readonly pageLg2: number,
  ) {}
}

/** Domains of this driver that tell caches of changes: their own state, or of a nested domain its parent's. */
export interface SmmuDomainLike extends IommuDomain {
  readonly smmuState: DomainState;
  /** Of a nested domain: its VM keeps the ATCs of its devices in order itself. */
  readonly nestedAts?: boolean;
}

const isTracked = (domain: IommuDomain): domain is SmmuDomainLike => 'smmuState' in domain;

/** Null for identity and blocked. Linux: to_smmu_domain_devices() */
export const stateOf = (domain: IommuDomain | null): DomainState | null =>
  domain !== null && isTracked(domain) ? domain.smmuState : null;

export const nestedAtsOf = (domain: IommuDomain): boolean => isTracked(domain) && domain.nestedAts === true;
