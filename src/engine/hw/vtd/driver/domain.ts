import { invariant } from '../../../../lib/invariant';
import { done } from '../../../../lib/result';
import type { DirtyOps, IommuClient, IommuDomain, Prot } from '../../../iommu/ops';
import { err, type Result } from '../../../kernel/errno';
import type { PageTable } from '../../../pt/page-table';
import type { Trace } from '../../../trace/trace';
import { TableDomain } from '../../common/table-domain';
import { ecap } from '../regs';
import { attachPaging, setDevPasid } from './attach';
import { refuseFirstStage, refuseSecondStage } from './compatible';
import type { SecondStageRoot } from './contexts';
import type { DeviceInfo } from './device-info';
import { setDirtyTracking } from './dirty';
import { DomainUse, type DmarDomain, type DomainHost } from './dmar-domain';
import type { IntelIommu } from './intel-iommu';
import type { NestedDomain } from './nested-domain';
import { setupFirstStage, setupPageSnoop, setupSecondStage, type SecondStageTarget } from './pasid';

export interface VtdDomainParts {
  readonly label: string;
  readonly host: DomainHost;
  readonly trace: Trace;
  readonly table: PageTable;
  readonly stage: 1 | 2;
  /** Others may be nested in it. */
  readonly nestParent: boolean;
  readonly dirtyTracking: boolean;
  /** New mappings have to be told. Linux: dmar_domain::iotlb_sync_map */
  readonly tellsNew: boolean;
  /** Walks of its table snoop processor caches. Linux: without PT_FEAT_DMA_INCOHERENT */
  readonly coherent: boolean;
  readonly warn: (text: string) => void;
}

/**
 * A paging domain: one table of the first stage or of the second.
 *
 * Linux: struct dmar_domain; drivers/iommu/intel/iommu.c intel_fs_paging_domain_ops, intel_ss_paging_domain_ops
 */
export class VtdDomain extends TableDomain implements DmarDomain {
  override readonly dirty: DirtyOps | null;
  readonly use: DomainUse;
  /** What is nested in it, newest first. Linux: dmar_domain::s1_domains */
  children: readonly NestedDomain[] = [];
  dirtyTracking = false;

  constructor(readonly parts: VtdDomainParts) {
    const { label, host, trace, table } = parts;
    // Whether a unit can snoop is asked of those that the domain is attached to.
    super({
      label,
      owner: host.ops,
      trace,
      table,
      snoopControl: true,
      aperture: { start: 0n, last: table.apertureLast },
    });
    this.use = new DomainUse(parts.stage === 1 ? 'first' : 'second');
    this.dirty = parts.dirtyTracking ? this.dirtyOps() : null;
  }

  get stage(): 1 | 2 {
    return this.parts.stage;
  }

  attachDev(device: IommuClient): Result<undefined> {
    const info = this.parts.host.infoOf(device.name);
    return info.ok ? attachPaging(this, info.value) : info;
  }

  setDevPasid(device: IommuClient, pasid: number, old: IommuDomain | null): Result<undefined> {
    const found = this.parts.host.infoOf(device.name);
    if (!found.ok) return found;
    const info = found.value;
    return setDevPasid(this, info, pasid, old, {
      compatible: () => this.compatible(info.iommu),
      setup: () => this.setupPasid(info, pasid),
    });
  }

  /** Linux: fmt/vtdss.h vtdss_pt_iommu_set_prot(): erratum 772415 of Sapphire Rapids, taken to be everywhere */
  override map(iova: bigint, pa: number, bytes: number, prot: Prot): Result<undefined> {
    if (!this.parts.nestParent || prot.write || !prot.read) return super.map(iova, pa, bytes, prot);
    this.parts.warn(
      'Read-only mapping is disallowed on the domain which serves as the parent in a nested configuration, due to HW errata (ERRATA_772415_SPR17)',
    );
    return err('EINVAL', `${this.label} is a nesting parent, where nothing may be read-only`, {
      rule: 'vtdss_pt_iommu_set_prot',
    });
  }

  /** Linux: paging_domain_compatible() */
  compatible(iommu: IntelIommu): Result<undefined> {
    const why = this.stage === 1 ? refuseFirstStage(this, iommu) : refuseSecondStage(this, iommu);
    if (why === null) return done;
    return err('EINVAL', `${this.label} is not for ${iommu.unit}: ${why}`, {
      rule: 'paging_domain_compatible',
      culprit: iommu.unit,
    });
  }

  /** Fills a PASID's entry. Linux: domain_setup_first_level(), domain_setup_second_level() */
  setupPasid(info: DeviceInfo, pasid: number): Result<undefined> {
    if (this.stage === 2) return setupSecondStage(info, pasid, this.secondStage(info.iommu));
    const { table } = this;
    return setupFirstStage(info, pasid, {
      did: this.did(info.iommu),
      rootPa: table.rootPfn * 4096,
      levels: table.topLevel === 4 ? 5 : 4,
      pageSnoop: this.forceCoherence,
      walkSnoop: this.parts.coherent,
    });
  }

  /** Its second-stage table as PASID entries name it. Linux: pt_iommu_vtdss_hw_info() */
  secondStage(iommu: IntelIommu): SecondStageTarget {
    const { rootPfn, topLevel } = this.table;
    return {
      did: this.use.idOn(iommu) ?? 0,
      rootPa: rootPfn * 4096,
      aw: topLevel - 1,
      walkSnoop: this.parts.coherent,
      dirty: this.dirtyTracking,
    };
  }

  /** The same for a legacy context entry. */
  contextRoot(iommu: IntelIommu): SecondStageRoot {
    const { rootPa, aw } = this.secondStage(iommu);
    // An alias is not among the domain's devices, unless it is one of its own.
    const mayAsk = (rid: number): boolean =>
      this.use.devices.some((each) => each.iommu === iommu && each.rid === rid && each.atsSupported);
    return { did: this.did(iommu), rootPa, aw, mayAsk };
  }

  /**
   * Asked while no device is attached the answer is yes: a unit without snoop control refuses the attach.
   *
   * Linux: intel_iommu_enforce_cache_coherency_fs(), intel_iommu_enforce_cache_coherency_ss()
   */
  override enforceCacheCoherency(): boolean {
    if (this.stage === 1 && this.forceCoherence) return true;
    if (!this.use.devices.every(({ iommu }) => ecap.snoopControl(iommu.caps.ecap))) return false;
    this.forceCoherence = true;
    if (this.stage === 1) for (const info of this.use.devices) setupPageSnoop(info, 0);
    return true;
  }

  /** Linux: intel_iommu_domain_free() */
  override free(): void {
    invariant(this.children.length === 0, `${this.label} is freed while domains are nested in it`);
    invariant(this.use.devices.length === 0, `${this.label} is freed while devices are attached`);
    super.free();
  }

  /** Linux: intel_iommu_tlb_sync(), intel_flush_iotlb_all() */
  protected override flushRange(firstVpn: number, lastVpn: number, leafOnly: boolean): void {
    this.use.tags.flushPages(firstVpn, lastVpn, leafOnly);
  }

  /** Linux: intel_iommu_iotlb_sync_map() */
  protected override mapped(iova: bigint, bytes: number): void {
    if (!this.parts.tellsNew) return;
    const first = Number(iova >> 12n);
    this.use.tags.flushNew(first, first + Math.ceil(bytes / 4096) - 1);
  }

  /** While attached. */
  private did(iommu: IntelIommu): number {
    const did = this.use.idOn(iommu);
    invariant(did !== null, `${this.label} has no id on ${iommu.unit}`);
    return did;
  }

  private dirtyOps(): DirtyOps {
    return {
      setTracking: (enable) => setDirtyTracking(this, enable),
      readAndClear: (iova, bytes, noClear, record) => this.readAndClear(iova, bytes, noClear, record),
    };
  }
}
