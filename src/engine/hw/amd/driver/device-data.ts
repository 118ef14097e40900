import type { IommuClient, IommuDomain } from '../../../iommu/ops';
import type { Gcr3Table } from './gcr3';
import type { Ivhd } from './ivhd';
import type { ProtectionDomain } from './protection-domain';

/** What the driver keeps of a requester id. Linux: struct iommu_dev_data */
export class DeviceData {
  /** Null: no more than an alias, or not probed yet. */
  client: IommuClient | null = null;
  iommu: Ivhd | null = null;
  domain: ProtectionDomain | null = null;
  gcr3: Gcr3Table | null = null;
  /** What the device has. Linux: AMD_IOMMU_DEVICE_FLAG_* */
  can = { ats: false, pri: false, pasid: false };
  maxPasids = 0;
  atsEnabled = false;
  priEnabled = false;
  pasidEnabled = false;
  /** Its page responses need the PASID. Linux: pci_prg_resp_pasid_required() */
  priTlp = false;
  /** It may ask for pages. */
  ppr = false;
  /** What its entry serves, for people: also nested domains, which are nobody's `domain`. */
  shown: IommuDomain | null = null;

  /** What its PASIDs are on, for people. */
  readonly pasidDomains = new Map<number, IommuDomain>();

  constructor(readonly rid: number) {}

  /** Every requester id that it may use, its own first. */
  get aliases(): readonly number[] {
    return this.client?.aliasRids ?? [this.rid];
  }
}
