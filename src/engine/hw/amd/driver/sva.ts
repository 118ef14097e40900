import { done } from '../../../../lib/result';
import type { DomainCookie, DomainType, IommuClient, IommuDomain, IommuOps } from '../../../iommu/ops';
import { err, ok, type Result } from '../../../kernel/errno';
import type { UserMemory } from '../../../memory/user-memory';
import { x86_64 } from '../../../pt/fmt/x86-64';
import { ProcessTable } from '../../common/process-table';
import { updateGcr3 } from './attach';
import { flushPasidPages } from './flush';
import type { ProbedDevice } from './globals';
import type { Ivhd } from './ivhd';
import { ProtectionDomain, type DevicePasid } from './protection-domain';

/** What an SVA domain needs of the driver. */
export interface SvaHost {
  readonly owner: IommuOps;
  readonly label: () => string;
  readonly deviceOf: (device: IommuClient) => Result<ProbedDevice>;
}

/**
 * A process's own page table, under a PASID.
 *
 * Linux: drivers/iommu/amd/pasid.c
 */
export class AmdSvaDomain implements IommuDomain {
  readonly label: string;
  type: DomainType = 'sva';
  readonly owner: IommuOps;
  readonly paging = null;
  cookie: DomainCookie | null = null;
  readonly protection: ProtectionDomain;
  private readonly stop: () => void;

  constructor(
    private readonly host: SvaHost,
    private readonly iommu: Ivhd,
    private readonly table: ProcessTable,
    id: number,
  ) {
    this.label = host.label();
    this.owner = host.owner;
    this.protection = new ProtectionDomain(this, id, 'sva', null);
    this.stop = table.observe({
      // Linux: sva_arch_invalidate_secondary_tlbs()
      invalidate: (userVa, bytes) => {
        for (const { device, pasid } of this.protection.pasids)
          flushPasidPages(device, pasid, userVa, BigInt(bytes));
      },
      // Linux: sva_mn_release()
      released: () => {
        for (const use of [...this.protection.pasids]) this.remove(use);
      },
    });
  }

  attachDev(device: IommuClient): Result<undefined> {
    return err('EOPNOTSUPP', `${this.label} is for PASIDs, not for all requests of ${device.name}`);
  }

  /** Linux: iommu_sva_set_dev_pasid() */
  setDevPasid(client: IommuClient, pasid: number, old: IommuDomain | null): Result<undefined> {
    const rule = 'iommu_sva_set_dev_pasid';
    if (old !== null)
      return err('EOPNOTSUPP', 'a PASID cannot go straight to a process from another domain', { rule });
    const found = this.host.deviceOf(client);
    if (!found.ok) return found;
    const device = found.value;
    const culprit = `dev:${client.name}`;
    if (!isPasidValid(device, pasid)) {
      const why = `${client.name} has PASIDs 1 to ${device.maxPasids - 1}`;
      return err('EINVAL', device.maxPasids > 0 ? why : `${client.name} has no PASIDs`, { rule, culprit });
    }
    if (!device.pasidEnabled || device.gcr3 === null) {
      const why = `${client.name} has no tables for PASIDs while it is on ${device.shown?.label ?? 'nothing'}`;
      return err('EINVAL', why, { rule, culprit });
    }
    const set = updateGcr3(device, pasid, this.table.rootPfn * 4096);
    if (!set.ok) return set;
    device.gcr3.pasids++;
    this.protection.pasids.unshift({ device, pasid });
    device.pasidDomains.set(pasid, this);
    return done;
  }

  /** Linux: amd_iommu_remove_dev_pasid(), remove_pdom_dev_pasid() */
  removeDevPasid(device: ProbedDevice, pasid: number): void {
    if (!isPasidValid(device, pasid)) return;
    const use = this.protection.pasids.find((each) => each.device === device && each.pasid === pasid);
    if (use) this.remove(use);
  }

  /** Linux: iommu_sva_domain_free() */
  free(): void {
    this.stop();
    this.table.release();
    this.iommu.globals.ids.release(this.protection.id);
  }

  /** Linux: remove_dev_pasid() */
  private remove(use: DevicePasid): void {
    const { device, pasid } = use;
    // The device may have left the domain whose table of PASIDs it was.
    if (device.gcr3 !== null && updateGcr3(device, pasid, null).ok) device.gcr3.pasids--;
    const { pasids } = this.protection;
    pasids.splice(pasids.indexOf(use), 1);
    device.pasidDomains.delete(pasid);
  }
}

/** Linux: is_pasid_valid() */
const isPasidValid = (device: ProbedDevice, pasid: number): boolean => pasid > 0 && pasid < device.maxPasids;

/** Linux: amd_iommu_domain_alloc_sva() */
export function allocSva(host: SvaHost, iommu: Ivhd, mm: UserMemory): Result<AmdSvaDomain> {
  const { globals, memory, features } = iommu;
  const rule = 'amd_iommu_domain_alloc_sva';
  const id = globals.ids.allocate();
  if (id === null) return err('ENOMEM', 'no free domain ids', { rule });
  const table = ProcessTable.of(memory, mm, x86_64);
  if (table.ok && table.value.topLevel + 1 === features.guestLevels)
    return ok(new AmdSvaDomain(host, iommu, table.value, id));
  globals.ids.release(id);
  if (!table.ok) return table;
  // Processes of this model have tables of four levels, whatever the processor.
  table.value.release();
  return err('EOPNOTSUPP', 'the unit walks guest tables of five levels, processes here have four', { rule });
}
