import { done } from '../../../../lib/result';
import type { IommuClient, IommuDomain } from '../../../iommu/ops';
import { err, ok, type Result } from '../../../kernel/errno';
import type { DeviceAbilities } from '../../unit';
import { ecap } from '../regs';
import { setupPasidContext, teardownPasidContext } from './contexts';
import type { DmarDomain } from './dmar-domain';
import type { DeviceTlb } from './flush';
import type { IntelIommu } from './intel-iommu';
import { PasidTable } from './pasid-table';
import { disableAts, disablePri, enableAts, enablePri } from './pci-features';

/** What the driver keeps of a device. Linux: struct device_domain_info */
export class DeviceInfo implements DeviceTlb {
  readonly rid: number;
  readonly physicalRid: number;
  /** Its DMA carries the requester id of another function, whose entries serve it. Linux: dev_is_real_dma_subdevice() */
  readonly subdevice: boolean;
  readonly atsSupported: boolean;
  readonly pasidSupported: boolean;
  readonly priSupported: boolean;
  atsEnabled = false;
  pasidEnabled = false;
  priEnabled = false;
  /** Domains that want its page requests. */
  iopfUsers = 0;
  /** Of requests without PASID; null when blocked, and for identity. */
  domain: DmarDomain | null = null;
  /** Attached to anything but the blocking domain. */
  attached = false;
  /** Scalable mode. */
  pasidTable: PasidTable | null = null;
  /** What serves its PASIDs, for people. */
  readonly pasids = new Map<number, IommuDomain>();

  constructor(
    readonly client: IommuClient,
    readonly iommu: IntelIommu,
    readonly abilities: DeviceAbilities,
  ) {
    const { caps } = iommu;
    this.rid = client.rid;
    this.physicalRid = client.rid;
    const first = client.aliasRids[0];
    this.subdevice = first !== undefined && first !== client.rid;
    this.atsSupported = ecap.deviceTlb(caps.ecap) && abilities.ats;
    this.pasidSupported = caps.pasid && abilities.maxPasids > 0;
    this.priSupported =
      caps.scalable &&
      this.atsSupported &&
      ecap.pageRequests(caps.ecap) &&
      ecap.pageRequestDrain(caps.ecap) &&
      abilities.pri;
  }

  get name(): string {
    return this.client.name;
  }
}

/** `maxPasidId`: the least of all units. Linux: intel_iommu_probe_device() from the point where the unit is known */
export function probe(info: DeviceInfo, maxPasidId: number): Result<undefined> {
  const { iommu, abilities, rid } = info;
  // Only those are named by what hardware reports.
  if (abilities.ats) {
    if (iommu.byRid.has(rid))
      return err('EEXIST', `requester ${rid.toString(16)} is known already`, {
        rule: 'device_rbtree_insert',
      });
    iommu.byRid.set(rid, info);
  }
  if (iommu.caps.scalable && !info.subdevice) {
    const made = allocPasidTable(info, maxPasidId);
    if (!made.ok) {
      forget(info);
      return made;
    }
  }
  iommu.devices.set(info.name, info);
  return done;
}

function allocPasidTable(info: DeviceInfo, maxPasidId: number): Result<undefined> {
  const { iommu, abilities } = info;
  const max = info.pasidSupported ? Math.min(abilities.maxPasids, maxPasidId) : 0;
  const table = PasidTable.create(iommu.memory, max, iommu.unit);
  if (!table.ok) {
    iommu.log('err', `${info.name}: PASID table allocation failed`);
    return err('ENOMEM', 'no frames for a PASID directory', { rule: 'intel_pasid_alloc_table' });
  }
  info.pasidTable = table.value;
  const set = setupPasidContext(info, table.value);
  if (set.ok) return ok(undefined);
  table.value.free();
  info.pasidTable = null;
  return set;
}

/** PASIDs must be on before ATS is. Linux: intel_iommu_probe_finalize() */
export function probeFinalize(info: DeviceInfo): void {
  const { iommu } = info;
  if (info.pasidSupported) {
    iommu.control?.pasid(info.name, true);
    info.pasidEnabled = true;
  }
  if (iommu.caps.scalable && !info.subdevice) {
    enableAts(info);
    const did = info.domain?.use.idOn(iommu) ?? null;
    // The default domain came before: it has no tag yet for what the device will keep.
    if (info.atsEnabled && info.domain && did !== null)
      info.domain.use.tags.assign(did, info, 0, 'device-tlb');
  }
  enablePri(info);
}

/** The core has attached the blocking domain before. Linux: intel_iommu_release_device() */
export function release(info: DeviceInfo): void {
  const { iommu } = info;
  disablePri(info);
  disableAts(info);
  if (info.pasidEnabled) {
    iommu.control?.pasid(info.name, false);
    info.pasidEnabled = false;
  }
  if (iommu.caps.scalable && !info.subdevice) teardownPasidContext(info);
  info.pasidTable?.free();
  info.pasidTable = null;
  forget(info);
}

function forget(info: DeviceInfo): void {
  const { byRid, devices } = info.iommu;
  if (byRid.get(info.rid) === info) byRid.delete(info.rid);
  devices.delete(info.name);
}
