import { done } from '../../../lib/result';
import { MockPaging, MockUnit, type MockOptions } from './mock-iommu';
import { err, ok, type Result } from '../../kernel/errno';
import type { UserMemory } from '../../memory/user-memory';
import type { IommuClient, IommuDomain, PagingFlags } from '../ops';
import type { PageFault, PageResponse } from '../page-fault';

/** A table that may go with what it maps, as those of default domains do; driver code of its own, no generic_pt. */
class CorePaging extends MockPaging {
  override free(): void {
    this.leaves.clear();
    super.free();
  }
}

/** A MockUnit with PASIDs, page requests, processes' page tables, and devices that an earlier kernel left running. */
export class CoreUnit extends MockUnit {
  readonly maxPasids = 1024;
  /** What hardware would do for `device/pasid`. */
  readonly pasids = new Map<string, IommuDomain>();
  /** Answers that went to hardware, `device grpid code`. */
  readonly answers: string[] = [];
  /** Devices that still use an earlier kernel's tables. */
  readonly deferred = new Set<string>();
  readonly finalized: string[] = [];
  readonly released: string[] = [];
  /** The k-th call of set_dev_pasid from now on fails, by the device and domain that it is called with. */
  refusesPasid: (device: string, domain: IommuDomain) => boolean = () => false;
  withSva = true;
  private processes = 0;

  constructor(name: string, options: MockOptions = {}) {
    super(name, { pagingExtras: ['pasid'], ...options });
    this.teachPasids(this.identityDomain);
    if (this.blockedDomain) this.teachPasids(this.blockedDomain);
  }

  override domainAllocPaging(device: IommuClient, flags: PagingFlags): Result<IommuDomain> {
    const made = super.domainAllocPaging(device, flags);
    if (made.ok) this.teachPasids(made.value);
    return made;
  }

  protected override domainOver(paging: MockPaging): IommuDomain {
    const { pageSizesLg2, apertureStart, apertureLast } = paging;
    return super.domainOver(new CorePaging(this, pageSizesLg2, apertureStart, apertureLast));
  }

  override releaseDevice(device: IommuClient): void {
    super.releaseDevice(device);
    for (const key of this.pasids.keys()) if (key.startsWith(`${device.name}/`)) this.pasids.delete(key);
    this.released.push(device.name);
  }

  isAttachDeferred(device: IommuClient): boolean {
    return this.deferred.has(device.name);
  }

  probeFinalize(device: IommuClient): void {
    this.finalized.push(device.name);
  }

  pageResponse(device: IommuClient, fault: PageFault, response: PageResponse): void {
    this.answers.push(`${device.name} ${fault.grpid} ${response}`);
  }

  domainAllocSva(_device: IommuClient, mm: UserMemory): Result<IommuDomain> {
    if (!this.withSva) return err('EOPNOTSUPP', 'told to know no SVA');
    const domain: IommuDomain = {
      label: `tables of ${mm.name} ${++this.processes}`,
      type: 'sva',
      owner: this,
      paging: null,
      attachDev: () => err('EINVAL', 'a process has a PASID'),
    };
    this.teachPasids(domain);
    return ok(domain);
  }

  private teachPasids(domain: IommuDomain): void {
    domain.setDevPasid = (device, pasid) => {
      if (this.refusesPasid(device.name, domain)) return err('ENOMEM', 'told to fail this PASID');
      const key = `${device.name}/${pasid}`;
      if (domain === this.blockedDomain) this.pasids.delete(key);
      else this.pasids.set(key, domain);
      return done;
    };
  }
}
