import { done } from '../../../../lib/result';
import type {
  DomainType,
  IommuClient,
  IommuDomain,
  IommuOps,
  NestedDomain,
  UserData,
} from '../../../iommu/ops';
import type { IopfGroup } from '../../../iommu/page-fault';
import type { ViommuHandle } from '../../../iommu/viommu-ops';
import { err, ok, type Result } from '../../../kernel/errno';
import { Attach } from './attach';
import {
  CFG_ABORT,
  CFG_BYPASS,
  CFG_S1_TRANS,
  EATS_ABT,
  EATS_TRANS,
  get,
  NESTING_ALLOWED_0,
  NESTING_ALLOWED_1,
  STE_0,
  STE_1,
} from './bits';
import type { SmmuDomain } from './domain';
import type { DomainState, SmmuDomainLike } from './domain-state';
import type { Master, Vmaster } from './master';
import { nestedSte } from './ste';

/** IOMMU_HWPT_DATA_ARM_SMMUV3: two 64-bit words of a stream table entry. Linux: struct iommu_hwpt_arm_smmuv3 */
const HWPT_DATA_ARM_SMMUV3 = 2;
const STE_DATA_BYTES = 16;

export interface VirtualSte {
  readonly words: readonly [bigint, bigint];
  readonly enableAts: boolean;
}

/** Linux: arm_vsmmu_alloc_domain_nested(), iommu_copy_struct_from_user() */
export function readVirtualSte(flags: number, data: UserData): Result<VirtualSte> {
  if (flags !== 0)
    return err('EOPNOTSUPP', 'no flag is known here', { rule: 'arm_vsmmu_alloc_domain_nested' });
  const rule = 'iommu_copy_struct_from_user';
  if (data.type !== HWPT_DATA_ARM_SMMUV3)
    return err('EINVAL', `data type ${data.type} is not that of an SMMUv3`, { rule });
  if (data.length !== STE_DATA_BYTES)
    return err('EINVAL', `two words of a stream table entry have 16 bytes, not ${data.length}`, { rule });
  const bytes = data.read();
  if (!bytes.ok) return bytes;
  const view = new DataView(bytes.value.buffer, bytes.value.byteOffset);
  return validateVste(view.getBigUint64(0, true), view.getBigUint64(8, true));
}

/** EIO is for what a VM wrote, and nothing else. Linux: arm_smmu_validate_vste() */
function validateVste(first: bigint, second: bigint): Result<VirtualSte> {
  const refuse = (why: string): Result<never> => err('EIO', why, { rule: 'arm_smmu_validate_vste' });
  if ((first & STE_0.V) === 0n) return ok({ words: [0n, 0n], enableAts: false });
  if ((first & ~NESTING_ALLOWED_0) !== 0n || (second & ~NESTING_ALLOWED_1) !== 0n)
    return refuse("a field is set that is not the VM's to set");
  const config = get(STE_0.CFG, first);
  if (config !== CFG_ABORT && config !== CFG_BYPASS && config !== CFG_S1_TRANS)
    return refuse(`Config ${config} is neither abort, bypass nor stage 1`);
  const eats = get(STE_1.EATS, second);
  if (eats !== EATS_ABT && eats !== EATS_TRANS) return refuse(`EATS ${eats} is neither off nor full`);
  return ok({
    words: [first, second & ~STE_1.EATS],
    enableAts: config === CFG_S1_TRANS && eats === EATS_TRANS,
  });
}

/**
 * A VM's stream table entry over the stage-2 table of its vIOMMU.
 *
 * Linux: arm-smmu-v3-iommufd.c struct arm_smmu_nested_domain, arm_smmu_nested_ops
 */
export class NestedSmmuDomain implements SmmuDomainLike {
  type: DomainType = 'nested';
  readonly paging = null;
  readonly nested: NestedDomain;
  iopfHandler: ((group: IopfGroup) => Result<undefined>) | null = null;

  constructor(
    readonly label: string,
    readonly owner: IommuOps,
    private readonly viommu: ViommuHandle,
    readonly parent: SmmuDomain,
    readonly ste: VirtualSte,
    private readonly masterOf: (device: IommuClient) => Result<Master>,
  ) {
    this.nested = { parent };
  }

  get smmuState(): DomainState {
    return this.parent.smmuState;
  }

  get nestedAts(): boolean {
    return this.ste.enableAts;
  }

  /** Linux: arm_smmu_attach_dev_nested() */
  attachDev(device: IommuClient, old: IommuDomain | null): Result<undefined> {
    const found = this.masterOf(device);
    if (!found.ok) return found;
    const master = found.value;
    const about = { rule: 'arm_smmu_attach_dev_nested', culprit: `dev:${device.name}` };
    const { stage2, smmuState } = this.parent;
    if (smmuState.smmu !== master.smmu || !stage2)
      return err('EINVAL', `the vIOMMU of ${this.label} is of another unit than ${device.name}`, about);
    if (master.cdTable.ssidsInUse) return err('EBUSY', `PASIDs of ${device.name} are in use`, about);
    const attach = new Attach(master, old);
    // Only where the VM knows of ATS will it keep the device's cache in order.
    if (this.config === CFG_S1_TRANS) attach.disableAts = !this.ste.enableAts;
    const prepared = attach.prepare(this, () => this.vmasterOf(device));
    if (!prepared.ok) return prepared;
    master.installSte(nestedSte(master.steContext, stage2, this.ste.words, attach.atsEnabled));
    attach.commit();
    master.domain = this;
    return done;
  }

  private get config(): number {
    return get(STE_0.CFG, this.ste.words[0]);
  }

  /** What is to translate needs a vDEVICE first: invalidations and events name it. Linux: arm_smmu_attach_prepare_vmaster() */
  private vmasterOf(device: IommuClient): Result<Vmaster | null> {
    const vsid = this.viommu.virtIdOf(device);
    if (vsid !== null) return ok({ viommu: this.viommu, vsid });
    if (this.config === CFG_ABORT || this.config === CFG_BYPASS) return ok(null);
    return err('ENOENT', `${device.name} is no vDEVICE of the vIOMMU`, {
      rule: 'arm_smmu_attach_prepare_vmaster',
      culprit: `dev:${device.name}`,
    });
  }
}
