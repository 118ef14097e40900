import type { DomainType, IommuClient, IommuDomain, IommuOps } from '../../../iommu/ops';
import { err, type Result } from '../../../kernel/errno';
import type { UserMemory } from '../../../memory/user-memory';
import { armLpae } from '../../../pt/fmt/arm-lpae';
import { ProcessTable, type ProcessTableObserver } from '../../common/process-table';
import type { IopfGroup } from '../../../iommu/page-fault';
import { setPasid } from './attach-domains';
import { svaCd, type CpuTables } from './cd';
import { DomainState, type SmmuDomainLike } from './domain-state';
import { invalidateDomain, invalidateRange } from './invalidate';
import type { Master } from './master';
import { FEAT, has, type Cpu } from './probe';
import type { Smmu } from './smmu';

const PAGE_LG2 = 12;
const PAGE_BYTES = 4096;
/** ID_AA64MMFR0_EL1.PARange by width. */
const PARANGE: Readonly<Record<number, number>> = { 32: 0, 36: 1, 40: 2, 42: 3, 44: 4, 48: 5, 52: 6 };
/** The processor's MAIR, by the indices that its tables use here. */
const MAIR = 0xf404_ff44n;

const cpuTables = ({ paBits, vaBits }: Cpu): CpuTables => ({
  parange: PARANGE[paBits] ?? 0,
  vaBits,
  tg0: 0,
  mair: MAIR,
});

/** Linux: arm_smmu_sva_domain_alloc() */
export function createSva(
  smmu: Smmu,
  owner: IommuOps,
  label: string,
  mm: UserMemory,
  masterOf: (device: IommuClient) => Result<Master>,
): Result<SvaDomain> {
  const rule = 'arm_smmu_sva_domain_alloc';
  if (!has(smmu.caps, FEAT.SVA))
    return err('EOPNOTSUPP', `${smmu.name} cannot walk what the processor walks`, { rule });
  const asid = smmu.asids.allocate(smmu.caps.asidBits);
  if (asid === null) return err('EBUSY', `${smmu.name} has no ASID left`, { rule });
  const format = armLpae({
    stage: 1,
    granuleLg2: PAGE_LG2,
    iasLg2: smmu.cpu.vaBits,
    oasLg2: smmu.cpu.paBits,
  });
  const table = ProcessTable.of(smmu.memory, mm, format);
  if (!table.ok) {
    smmu.asids.release(asid);
    return table;
  }
  const state = new DomainState(smmu, 'sva', asid, false, PAGE_LG2);
  return { ok: true, value: new SvaDomain(label, owner, state, mm, table.value, masterOf) };
}

/**
 * A process's own page table under an ASID of ours: the unit does not hear what processors broadcast (no BTM), so it is
 * told of every change.
 *
 * Linux: arm-smmu-v3-sva.c arm_smmu_sva_domain_ops, arm_smmu_mmu_notifier_ops
 */
export class SvaDomain implements SmmuDomainLike, ProcessTableObserver {
  type: DomainType = 'sva';
  readonly paging = null;
  iopfHandler: ((group: IopfGroup) => Result<undefined>) | null = null;
  private readonly stop: () => void;

  constructor(
    readonly label: string,
    readonly owner: IommuOps,
    readonly smmuState: DomainState,
    private readonly mm: UserMemory,
    readonly table: ProcessTable,
    private readonly masterOf: (device: IommuClient) => Result<Master>,
  ) {
    this.stop = table.observe(this);
  }

  attachDev(): Result<undefined> {
    return err('EOPNOTSUPP', `${this.label} is for PASIDs alone`, { rule: 'arm_smmu_sva_domain_ops' });
  }

  /** Linux: arm_smmu_sva_set_dev_pasid() */
  setDevPasid(device: IommuClient, pasid: number, old: IommuDomain | null): Result<undefined> {
    const rule = 'arm_smmu_sva_set_dev_pasid';
    const master = this.masterOf(device);
    if (!master.ok) return master;
    if (!has(master.value.smmu.caps, FEAT.SVA))
      return err('EOPNOTSUPP', `the unit of ${device.name} cannot walk what the processor walks`, { rule });
    if (!this.mm.alive) return err('EINVAL', `${this.mm.name} is gone`, { rule });
    const pgd = BigInt(this.table.rootPfn * PAGE_BYTES);
    return setPasid(this, master.value, pasid, this.cd(master.value, pgd), old);
  }

  /** Linux: arm_smmu_mm_arch_invalidate_secondary_tlbs() */
  invalidate(userVa: bigint, bytes: number): void {
    invalidateRange(this.smmuState, Number(userVa), bytes, PAGE_BYTES, false);
  }

  /** DMA may go on: the descriptor stays valid, and translates nothing. Linux: arm_smmu_mm_release() */
  released(): void {
    for (const { master, ssid } of this.smmuState.devices) master.cdTable.write(ssid, this.cd(master, null));
    invalidateDomain(this.smmuState);
  }

  /** Linux: arm_smmu_sva_domain_free() */
  free(): void {
    const { smmu, id } = this.smmuState;
    invalidateDomain(this.smmuState);
    smmu.asids.release(id);
    this.stop();
    this.table.release();
  }

  private cd({ smmu, stallEnabled }: Master, pgd: bigint | null): bigint[] {
    const stallForce = has(smmu.caps, FEAT.STALL_FORCE);
    return svaCd({ stallEnabled, stallForce }, cpuTables(smmu.cpu), pgd, this.smmuState.id);
  }
}
