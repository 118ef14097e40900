import type { DomainCookie, DomainType, IommuClient, IommuDomain, IommuOps } from '../../../iommu/ops';
import type { IopfGroup } from '../../../iommu/page-fault';
import { err, ok, type Result } from '../../../kernel/errno';
import type { UserMemory } from '../../../memory/user-memory';
import { x86_64 } from '../../../pt/fmt/x86-64';
import { ProcessTable } from '../../common/process-table';
import { movePasid } from './attach';
import type { DeviceInfo } from './device-info';
import { FIRST_LEVEL_DID } from './domain-ids';
import { DomainUse, type DmarDomain, type DomainHost } from './dmar-domain';
import { setupFirstStage, tearDown } from './pasid';

/** Whether a device can use processes' tables. Linux: intel_iommu_sva_supported() */
export function svaSupported(info: DeviceInfo): Result<undefined> {
  const rule = 'intel_iommu_sva_supported';
  const culprit = `dev:${info.name}`;
  const { iommu, name } = info;
  if (!iommu.caps.sharedVirtualAddressing)
    return err('ENODEV', `${iommu.name} cannot walk processes' page tables`, { rule, culprit: iommu.unit });
  if (!info.pasidEnabled || !info.atsEnabled)
    return err('EINVAL', `PASIDs and ATS of ${name} are not both on`, { rule, culprit });
  // A device without page requests may handle its faults itself.
  if (info.priSupported && !info.priEnabled)
    return err('EINVAL', `page requests of ${name} are not on`, { rule, culprit });
  return ok(undefined);
}

/**
 * A process's own page table, walked as a first stage.
 *
 * Linux: drivers/iommu/intel/svm.c
 */
export class SvaDomain implements DmarDomain {
  type: DomainType = 'sva';
  readonly paging = null;
  cookie: DomainCookie | null = null;
  iopfHandler: ((group: IopfGroup) => Result<undefined>) | null = null;
  readonly use = new DomainUse('sva');
  private readonly stop: () => void;

  private constructor(
    readonly label: string,
    private readonly host: DomainHost,
    private readonly table: ProcessTable,
  ) {
    this.stop = table.observe({
      invalidate: (userVa, bytes) => this.use.tags.flushBytes(userVa, userVa + BigInt(bytes) - 1n, false),
      released: () => this.released(),
    });
  }

  /** Linux: intel_svm_domain_alloc() */
  static create(label: string, host: DomainHost, info: DeviceInfo, mm: UserMemory): Result<SvaDomain> {
    const supported = svaSupported(info);
    if (!supported.ok) return supported;
    const table = ProcessTable.of(info.iommu.memory, mm, x86_64);
    return table.ok ? ok(new SvaDomain(label, host, table.value)) : table;
  }

  get owner(): IommuOps {
    return this.host.ops;
  }

  /** Of the process's table. */
  get levels(): number {
    return this.table.topLevel + 1;
  }

  /** Requests without PASID cannot have it. */
  attachDev(device: IommuClient): Result<undefined> {
    return err('EINVAL', `${this.label} serves a PASID of ${device.name}, never all of it`, {
      rule: '__iommu_attach_device',
    });
  }

  /** Linux: intel_svm_set_dev_pasid() */
  setDevPasid(device: IommuClient, pasid: number, old: IommuDomain | null): Result<undefined> {
    const found = this.host.infoOf(device.name);
    if (!found.ok) return found;
    const info = found.value;
    const supported = svaSupported(info);
    if (!supported.ok) return supported;
    const setup = (): Result<undefined> =>
      setupFirstStage(info, pasid, {
        did: FIRST_LEVEL_DID,
        rootPa: this.table.rootPfn * 4096,
        levels: 4,
        pageSnoop: false,
        walkSnoop: true,
      });
    return movePasid(this, info, pasid, old, { setup, faults: info.priSupported });
  }

  /** Linux: intel_svm_domain_free() */
  free(): void {
    this.stop();
    this.table.release();
  }

  /** The process ends before it is unbound: its tables go now. Linux: intel_mm_release() */
  private released(): void {
    for (const { info, pasid } of this.use.devPasids) tearDown(info, pasid, true);
  }
}
