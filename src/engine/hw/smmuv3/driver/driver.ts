import { done } from '../../../../lib/result';
import type {
  DomainType,
  IommuCap,
  IommuClient,
  IommuDomain,
  IommuOps,
  PagingFlags,
  ResvRegion,
  UserData,
} from '../../../iommu/ops';
import type { PageFault, PageResponse } from '../../../iommu/page-fault';
import type { ViommuHandle, ViommuOps } from '../../../iommu/viommu-ops';
import { err, ok, type Result } from '../../../kernel/errno';
import type { UserMemory } from '../../../memory/user-memory';
import type { TableShape } from '../../common/address-fields';
import type { IrqSource } from '../../port';
import type { DomainTables } from '../../unit';
import { AIDR, IDR0, IIDR } from '../regs';
import { attachBlocked, attachIdentity, attachPaging, blockPasid, setPagingPasid } from './attach-domains';
import { RESUME_ABORT, RESUME_RETRY, resume } from './commands';
import { SmmuDomain, type DomainHost } from './domain';
import { DomainState } from './domain-state';
import { EventHandler } from './events';
import { createSmmu, type SmmuDriverOptions } from './init';
import { probeMaster, releaseMaster, type Master } from './master';
import { NestedSmmuDomain } from './nested';
import { createStage1, createStage2 } from './pgtable';
import { FEAT, has } from './probe';
import { disable, reset } from './reset';
import type { Smmu } from './smmu';
import { createSva, SvaDomain } from './sva';
import { VIOMMU_TYPE_ARM_SMMUV3, Vsmmu } from './vsmmu';

export type { SmmuDriverOptions } from './init';

/** Where a user's devices write MSIs: what is there is chosen by software. Linux: MSI_IOVA_BASE, MSI_IOVA_LENGTH */
const SW_MSI: ResvRegion = { start: 0x800_0000n, last: 0x80f_ffffn, kind: 'sw-msi' };
/** Linux: IOMMU_HW_INFO_TYPE_ARM_SMMUV3 */
const HW_INFO_DEFAULT = 0;
const HW_INFO_ARM_SMMUV3 = 2;

/** Brings a unit up as the kernel does at boot. Linux: arm_smmu_device_probe() */
export function createSmmuDriver(options: SmmuDriverOptions): Result<SmmuDriver> {
  const smmu = createSmmu(options);
  if (!smmu.ok) return smmu;
  const ready = reset(smmu.value);
  if (ready.ok) return ok(new SmmuDriver(options, smmu.value));
  disable(smmu.value);
  return ready;
}

/**
 * The Linux side of one SMMUv3.
 *
 * Linux: drivers/iommu/arm/arm-smmu-v3/arm-smmu-v3.c arm_smmu_ops
 */
export class SmmuDriver implements IommuOps, DomainHost {
  readonly unit: string;
  readonly driver = 'arm-smmu-v3';
  /**
   * The SMMU does not look at MSIs; the GIC's ITS does, which takes them from each device apart. Platforms with an SMMUv3
   * have one. Linux: IRQ_DOMAIN_FLAG_ISOLATED_MSI, its_pci_msi_prepare()
   */
  readonly isolatedMsi = true;
  readonly identityDomain: IommuDomain;
  readonly blockedDomain: IommuDomain;
  readonly releaseDomain: IommuDomain;
  readonly pagingExtras = ['pasid', 'user-data'] as const;
  readonly userPasidTable = true;
  readonly maxPasids: number;
  readonly ops = this;
  skipInvalidation: boolean;
  dirtyWithoutFlush: boolean;
  readonly handler: EventHandler;
  private readonly masters = new Map<string, Master>();
  private labels = 0;

  constructor(
    private readonly options: SmmuDriverOptions,
    readonly smmu: Smmu,
  ) {
    this.unit = options.unit;
    this.maxPasids = 2 ** smmu.caps.ssidBits;
    this.skipInvalidation = options.skipInvalidation ?? false;
    this.dirtyWithoutFlush = options.dirtyWithoutFlush ?? false;
    this.handler = new EventHandler(smmu);
    this.identityDomain = this.staticDomain('identity', attachIdentity);
    this.blockedDomain = this.staticDomain('blocked', attachBlocked, blockPasid);
    this.releaseDomain = this.blockedDomain;
  }

  /** The unit interrupts. */
  interrupt(source: IrqSource): void {
    if (source === 'faults') this.handler.events();
    else if (source === 'page-requests') this.handler.pageRequests();
    else if (source === 'errors') this.handler.globalErrors();
  }

  /** Linux: arm_smmu_device_shutdown() */
  stop(): Result<undefined> {
    return disable(this.smmu);
  }

  /** Linux: arm_smmu_capable() */
  capable(device: IommuClient, capability: IommuCap): boolean {
    const { caps } = this.smmu;
    const master = this.masters.get(device.name);
    switch (capability) {
      case 'CACHE_COHERENCY':
        return has(caps, FEAT.COHERENCY);
      case 'ENFORCE_CACHE_COHERENCY':
        return master?.canWbs ?? false;
      case 'NOEXEC':
      case 'DEFERRED_FLUSH':
        return true;
      case 'DIRTY_TRACKING':
        return has(caps, FEAT.HD) && has(caps, FEAT.COHERENCY);
      case 'PCI_ATS_SUPPORTED':
        return master?.atsSupported ?? false;
      case 'PRE_BOOT_PROTECTION':
        return false;
    }
  }

  /** Linux: arm_smmu_probe_device() */
  probeDevice(device: IommuClient): Result<undefined> {
    if (this.options.scope?.(device) === false) {
      return err('ENODEV', `${device.name} is not behind ${this.unit}`, { rule: 'arm_smmu_probe_device' });
    }
    const master = probeMaster(this.smmu, device);
    if (!master.ok) return master;
    this.masters.set(device.name, master.value);
    return done;
  }

  /** Linux: arm_smmu_release_device(); the core has attached the blocking domain before. */
  releaseDevice(device: IommuClient): void {
    const master = this.masters.get(device.name);
    if (!master) return;
    releaseMaster(master);
    this.masters.delete(device.name);
  }

  /** Linux: arm_smmu_domain_alloc_paging_flags(). The checks are in its order. */
  domainAllocPaging(_device: IommuClient, flags: PagingFlags): Result<IommuDomain> {
    const { caps } = this.smmu;
    const rule = 'arm_smmu_domain_alloc_paging_flags';
    const { nestParent = false, dirtyTracking = false, pasid = false } = flags;
    if (flags.userData !== undefined) return err('EOPNOTSUPP', 'a page table takes no data here', { rule });
    if (nestParent) {
      if (dirtyTracking || pasid)
        return err('EOPNOTSUPP', 'a nesting parent is of stage 2: no PASIDs, no tracking', { rule });
      if (!has(caps, FEAT.NESTING)) return err('EOPNOTSUPP', `${this.unit} has no two stages`, { rule });
      return this.createStage2Domain(true);
    }
    if (has(caps, FEAT.TRANS_S1)) return this.createStage1Domain(dirtyTracking);
    if (dirtyTracking || pasid) return err('EOPNOTSUPP', `${this.unit} has no stage 1`, { rule });
    return this.createStage2Domain(false);
  }

  /** Linux: arm_smmu_sva_domain_alloc() */
  domainAllocSva(_device: IommuClient, mm: UserMemory): Result<IommuDomain> {
    return createSva(this.smmu, this, this.nextLabel(), mm, (device) => this.masterOf(device));
  }

  /** Linux: arm-smmu-v3-iommufd.c arm_smmu_hw_info() */
  hwInfo(_device: IommuClient, type: number): Result<{ readonly type: number; readonly bytes: Uint8Array }> {
    if (type !== HW_INFO_DEFAULT && type !== HW_INFO_ARM_SMMUV3)
      return err('EOPNOTSUPP', `data type ${type} is not that of an SMMUv3`, { rule: 'arm_smmu_hw_info' });
    const { io } = this.smmu;
    const registers = [...[0, 1, 2, 3, 4, 5].map((n) => IDR0 + 4 * n), IIDR, AIDR];
    const bytes = new Uint8Array(8 + registers.length * 4);
    const view = new DataView(bytes.buffer);
    for (const [index, offset] of registers.entries()) view.setInt32(8 + index * 4, io.readl(offset), true);
    return ok({ type: HW_INFO_ARM_SMMUV3, bytes });
  }

  /** Linux: arm_smmu_get_viommu_size() */
  supportsViommu(device: IommuClient, type: number): boolean {
    const { caps } = this.smmu;
    if (!has(caps, FEAT.NESTING)) return false;
    // A VM must not get around the caches: VFIO does no maintenance of them.
    const coherent = this.masters.get(device.name)?.canWbs === true || has(caps, FEAT.S2FWB);
    return coherent && type === VIOMMU_TYPE_ARM_SMMUV3;
  }

  /** Linux: arm_vsmmu_init() */
  viommuInit(viommu: ViommuHandle, parent: IommuDomain, _data: UserData | null): Result<ViommuOps> {
    if (!(parent instanceof SmmuDomain) || parent.smmuState.smmu !== this.smmu)
      return err('EINVAL', `${parent.label} belongs to another unit`, { rule: 'arm_vsmmu_init' });
    const masterOf = (device: IommuClient): Result<Master> => this.masterOf(device);
    return ok(new Vsmmu(viommu, this, parent, () => this.nextLabel(), masterOf));
  }

  /** No SYNC: it would do nothing for these. Linux: arm_smmu_page_response() */
  pageResponse(device: IommuClient, { grpid }: PageFault, response: PageResponse): void {
    const master = this.masters.get(device.name);
    const [sid] = master?.sids ?? [];
    if (master?.stallEnabled !== true || sid === undefined) return;
    const code = response === 'success' ? RESUME_RETRY : RESUME_ABORT;
    this.smmu.cmdq.issue(resume(sid, grpid, code));
  }

  /** Linux: arm_smmu_get_resv_regions() */
  getResvRegions(device: IommuClient): readonly ResvRegion[] {
    return [SW_MSI, ...(this.options.reservedOf?.(device.name) ?? [])];
  }

  /** Identity is only for a tracing device of one vendor. Linux: arm_smmu_def_domain_type() */
  defDomainType(): null {
    return null;
  }

  attach(domain: SmmuDomain, device: IommuClient, old: IommuDomain | null): Result<undefined> {
    const master = this.masterOf(device);
    return master.ok ? attachPaging(domain, master.value, old) : master;
  }

  setPasid(
    domain: SmmuDomain,
    device: IommuClient,
    pasid: number,
    old: IommuDomain | null,
  ): Result<undefined> {
    const master = this.masterOf(device);
    return master.ok ? setPagingPasid(domain, master.value, pasid, old) : master;
  }

  freed({ stage, id }: DomainState): void {
    if (stage === 's1') this.smmu.asids.release(id);
    else this.smmu.vmids.release(id);
  }

  /** Null for domains that are not this unit's or have no table of its own. */
  describeDomain(domain: IommuDomain): DomainTables | null {
    if (!(domain instanceof SmmuDomain) || domain.owner !== this) return null;
    const { stage, id } = domain.smmuState;
    return domain.describe(`${stage === 's1' ? 'ASID' : 'VMID'} ${id}`);
  }

  /** The device whose requests carry a StreamID; null: nobody's. */
  clientOf(sid: number): string | null {
    return this.smmu.streams.get(sid)?.client.name ?? null;
  }

  /** What serves a device's PASID (below 0: none); a VM's own table serves all. */
  domainOf(device: string, pasid: number): IommuDomain | null {
    const master = this.masters.get(device);
    if (!master) return null;
    if (pasid < 0 || master.domain instanceof NestedSmmuDomain) return master.domain;
    return master.pasidDomains.get(pasid) ?? null;
  }

  /** The table that serves a domain's addresses, a nested domain's parent's; null: none of this unit's. */
  shapeOf(domain: IommuDomain): TableShape | null {
    if (domain instanceof NestedSmmuDomain) return domain.parent.table;
    return domain instanceof SmmuDomain || domain instanceof SvaDomain ? domain.table : null;
  }

  /** Linux: arm_smmu_domain_finalise() */
  private createStage1Domain(dirty: boolean): Result<IommuDomain> {
    const { memory, caps, cpu, asids, trace } = this.smmu;
    const made = createStage1(memory, caps, cpu, dirty);
    if (!made.ok) return made;
    const { table, fields } = made.value;
    const asid = asids.allocate(caps.asidBits);
    if (asid === null) {
      table.free();
      return err('EBUSY', `${this.unit} has no ASID left`, { rule: 'arm_smmu_domain_finalise_s1' });
    }
    const state = new DomainState(this.smmu, 's1', asid, false, table.format.granuleLg2);
    const stage1 = { asid, ...fields };
    return ok(new SmmuDomain(this, { label: this.nextLabel(), trace, table, state, stage1, stage2: null }));
  }

  private createStage2Domain(nestParent: boolean): Result<IommuDomain> {
    const { memory, caps, vmids, trace } = this.smmu;
    const made = createStage2(memory, caps, nestParent && has(caps, FEAT.S2FWB));
    if (!made.ok) return made;
    const { table, fields } = made.value;
    const vmid = vmids.allocate(caps.vmidBits);
    if (vmid === null) {
      table.free();
      return err('ENOSPC', `${this.unit} has no VMID left`, { rule: 'arm_smmu_domain_finalise_s2' });
    }
    const state = new DomainState(this.smmu, 's2', vmid, nestParent, table.format.granuleLg2);
    const stage2 = { vmid, ...fields };
    return ok(new SmmuDomain(this, { label: this.nextLabel(), trace, table, state, stage1: null, stage2 }));
  }

  /** EINVAL: a device of another unit, so another domain may do. */
  private masterOf(device: IommuClient): Result<Master> {
    const master = this.masters.get(device.name);
    if (master) return ok(master);
    const why = `${device.name} is not behind ${this.unit}, to which the domain belongs`;
    return err('EINVAL', why, { rule: 'arm_smmu_attach_dev', culprit: `dev:${device.name}` });
  }

  private staticDomain(
    type: DomainType & ('identity' | 'blocked'),
    attachStatic: (domain: IommuDomain, master: Master, old: IommuDomain | null) => void,
    setPasid?: (master: Master, pasid: number, old: IommuDomain | null) => void,
  ): IommuDomain {
    const withMaster = (device: IommuClient, act: (master: Master) => void): Result<undefined> => {
      const master = this.masterOf(device);
      if (!master.ok) return master;
      act(master.value);
      return done;
    };
    const domain: IommuDomain = {
      label: type,
      type,
      owner: this,
      paging: null,
      attachDev: (device, old) => withMaster(device, (master) => attachStatic(domain, master, old)),
      ...(setPasid && {
        setDevPasid: (device: IommuClient, pasid: number, old: IommuDomain | null) =>
          withMaster(device, (master) => setPasid(master, pasid, old)),
      }),
    };
    return domain;
  }

  private nextLabel(): string {
    return this.options.nextLabel?.() ?? `domain ${++this.labels}`;
  }
}
