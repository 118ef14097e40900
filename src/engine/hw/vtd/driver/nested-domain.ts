import { done } from '../../../../lib/result';
import type {
  DomainCookie,
  DomainType,
  IommuClient,
  IommuDomain,
  IommuOps,
  NestedDomain as NestedOps,
  UserDataArray,
} from '../../../iommu/ops';
import type { DomainTables } from '../../unit';
import type { IopfGroup } from '../../../iommu/page-fault';
import { err, type Result } from '../../../kernel/errno';
import { blockTranslation, setDevPasid } from './attach';
import type { DeviceInfo } from './device-info';
import { DomainUse, type DmarDomain, type DomainHost } from './dmar-domain';
import type { VtdDomain } from './domain';
import { iopfForDomainRemove, iopfForDomainSet } from './iopf';
import { setupNested } from './pasid';
import {
  INVALIDATE_FLAGS_LEAF,
  INVALIDATE_TYPE_VTD_S1,
  readInvalidation,
  S1_EAFE,
  S1_SRE,
  S1_WPE,
  type FirstStageConfig,
} from './user-structs';

const U64 = (1n << 64n) - 1n;

/**
 * A user's first-stage table over a second-stage domain.
 *
 * Linux: drivers/iommu/intel/nested.c intel_nested_domain_ops
 */
export class NestedDomain implements DmarDomain, NestedOps {
  type: DomainType = 'nested';
  readonly paging = null;
  readonly nested: NestedOps = this;
  cookie: DomainCookie | null = null;
  iopfHandler: ((group: IopfGroup) => Result<undefined>) | null = null;
  readonly use: DomainUse;

  constructor(
    readonly label: string,
    private readonly host: DomainHost,
    readonly parent: VtdDomain,
    readonly config: FirstStageConfig,
  ) {
    this.use = new DomainUse('nested', parent.use);
    parent.children = [this, ...parent.children];
  }

  get owner(): IommuOps {
    return this.host.ops;
  }

  /** Of the user's table. */
  get levels(): number {
    return this.config.addressWidth === 57 ? 5 : 4;
  }

  /** Its root is an address of the guest; what is in it only the guest knows. */
  describe(tag: string | null): DomainTables {
    const rootPa = Number(this.config.tableAddress);
    return { format: 'x86_64', levels: this.levels, rootPa, leaves: [], tablePages: 0, tag };
  }

  /** Linux: intel_nested_attach_dev() */
  attachDev(device: IommuClient): Result<undefined> {
    const found = this.host.infoOf(device.name);
    if (!found.ok) return found;
    const info = found.value;
    const { iommu } = info;
    blockTranslation(info);
    const fits = this.parent.compatible(iommu);
    if (!fits.ok) return fits;
    const counted = this.use.attachUnit(iommu);
    if (!counted.ok) return counted;
    this.use.assignTags(info, 0);
    const asks = iopfForDomainSet(this, info);
    const set = asks.ok ? this.setup(info, 0) : asks;
    if (set.ok) {
      info.domain = this;
      info.attached = true;
      this.use.addDevice(info);
      return done;
    }
    if (asks.ok) iopfForDomainRemove(this, info);
    this.use.unassignTags(info, 0);
    this.use.detachUnit(iommu);
    return set;
  }

  setDevPasid(device: IommuClient, pasid: number, old: IommuDomain | null): Result<undefined> {
    const found = this.host.infoOf(device.name);
    if (!found.ok) return found;
    const info = found.value;
    return setDevPasid(this, info, pasid, old, {
      compatible: () => this.parent.compatible(info.iommu),
      setup: () => this.setup(info, pasid),
    });
  }

  /** Linux: intel_nested_cache_invalidate_user() */
  cacheInvalidate(array: UserDataArray): Result<undefined> {
    const rule = 'intel_nested_cache_invalidate_user';
    array.handled = 0;
    if (array.type !== INVALIDATE_TYPE_VTD_S1)
      return err('EINVAL', 'the entries are not of VT-d first-stage tables', { rule });
    for (let index = 0; index < array.entryCount; index++) {
      const entry = readInvalidation(array, index);
      if (!entry.ok) return entry;
      const { addr, npages, flags, reserved } = entry.value;
      if ((flags & ~INVALIDATE_FLAGS_LEAF) !== 0 || reserved !== 0)
        return err('EOPNOTSUPP', `entry ${index} has an unknown flag or a reserved field set`, { rule });
      if ((addr & 0xfffn) !== 0n || (npages === U64 && addr !== 0n))
        return err('EINVAL', `entry ${index} begins in the middle of a page, or of everything`, { rule });
      const last = (addr + ((npages << 12n) & U64) - 1n) & U64;
      this.use.tags.flushBytes(addr, last, (flags & INVALIDATE_FLAGS_LEAF) !== 0);
      array.handled = index + 1;
    }
    return done;
  }

  /** Linux: intel_nested_domain_free() */
  free(): void {
    this.parent.children = this.parent.children.filter((each) => each !== this);
  }

  private setup(info: DeviceInfo, pasid: number): Result<undefined> {
    const { flags, tableAddress, addressWidth } = this.config;
    const { parent } = this;
    return setupNested(info, pasid, {
      ...parent.secondStage(info.iommu),
      did: this.use.idOn(info.iommu) ?? 0,
      pageSnoop: parent.forceCoherence,
      firstRoot: tableAddress,
      addressWidth,
      supervisor: (flags & S1_SRE) !== 0n,
      writeProtect: (flags & S1_WPE) !== 0n,
      extendedAccessed: (flags & S1_EAFE) !== 0n,
    });
  }
}
