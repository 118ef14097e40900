import { done } from '../../../../lib/result';
import type { IommuDomain, IommuOps } from '../../../iommu/ops';
import { err, type Result } from '../../../kernel/errno';
import { CacheTags } from './cache-tags';
import type { DeviceInfo } from './device-info';
import { FIRST_LEVEL_DID } from './domain-ids';
import type { IntelIommu } from './intel-iommu';

/** `first` and `second`: the stage of a paging domain's table. */
export type DmarKind = 'first' | 'second' | 'nested' | 'sva';

/** What a driver knows of its other half: which unit has a device. Linux: dev_iommu_priv_get() */
export interface DomainHost {
  readonly ops: IommuOps;
  infoOf(name: string): Result<DeviceInfo>;
}

/** A domain of this driver that has a table. Linux: struct dmar_domain */
export interface DmarDomain extends IommuDomain {
  readonly use: DomainUse;
}

export const isDmarDomain = (domain: IommuDomain): domain is DmarDomain =>
  'use' in domain && domain.use instanceof DomainUse;

interface UnitUse {
  readonly did: number;
  users: number;
}

/**
 * Who uses a domain, and under which ids.
 *
 * Linux: struct dmar_domain iommu_array, devices, dev_pasids, cache_tags
 */
export class DomainUse {
  /** Whose requests without PASID it serves, newest first. */
  devices: readonly DeviceInfo[] = [];
  devPasids: readonly { readonly info: DeviceInfo; readonly pasid: number }[] = [];
  readonly tags: CacheTags;
  private readonly units = new Map<IntelIommu, UnitUse>();

  /** `parent`: what a nested domain is nested in. */
  constructor(
    readonly kind: DmarKind,
    private readonly parent: DomainUse | null = null,
  ) {
    this.tags = new CacheTags(kind !== 'second');
  }

  /** Processes' tables all have one id: their PASIDs tell them apart. Linux: domain_get_id_for_dev() */
  idOn(iommu: IntelIommu): number | null {
    return this.kind === 'sva' ? FIRST_LEVEL_DID : (this.units.get(iommu)?.did ?? null);
  }

  /** Linux: domain_attach_iommu() */
  attachUnit(iommu: IntelIommu): Result<undefined> {
    if (this.kind === 'sva') return done;
    const known = this.units.get(iommu);
    if (known) {
      known.users++;
      return done;
    }
    const did = iommu.ids.allocate();
    if (did === null) {
      iommu.log('err', `${iommu.name}: No free domain ids`);
      return err('ENOSPC', `${iommu.unit}: no free domain ids`, { rule: 'domain_attach_iommu' });
    }
    this.units.set(iommu, { did, users: 1 });
    return done;
  }

  /** Linux: domain_detach_iommu() */
  detachUnit(iommu: IntelIommu): void {
    const known = this.units.get(iommu);
    if (!known || --known.users > 0) return;
    iommu.ids.release(known.did);
    this.units.delete(iommu);
  }

  /** Linux: cache_tag_assign_domain() */
  assignTags(info: DeviceInfo, pasid: number): void {
    this.assignOwn(info, pasid);
    const did = this.idOn(info.iommu);
    if (this.parent === null || did === null) return;
    this.parent.tags.assign(did, info, pasid, 'nesting-iotlb');
    if (info.atsEnabled) this.parent.tags.assign(did, info, pasid, 'nesting-device-tlb');
  }

  private assignOwn(info: DeviceInfo, pasid: number): void {
    const did = this.idOn(info.iommu);
    if (did === null) return;
    this.tags.assign(did, info, pasid, 'iotlb');
    if (info.atsEnabled) this.tags.assign(did, info, pasid, 'device-tlb');
  }

  /** Linux: cache_tag_unassign_domain() */
  unassignTags(info: DeviceInfo, pasid: number): void {
    const did = this.idOn(info.iommu);
    if (did === null) return;
    this.tags.unassign(did, info, pasid, 'iotlb');
    if (info.atsEnabled) this.tags.unassign(did, info, pasid, 'device-tlb');
    if (this.parent === null) return;
    this.parent.tags.unassign(did, info, pasid, 'nesting-iotlb');
    if (info.atsEnabled) this.parent.tags.unassign(did, info, pasid, 'nesting-device-tlb');
  }

  addDevice(info: DeviceInfo): void {
    this.devices = [info, ...this.devices];
  }

  removeDevice(info: DeviceInfo): void {
    this.devices = this.devices.filter((each) => each !== info);
  }
}
