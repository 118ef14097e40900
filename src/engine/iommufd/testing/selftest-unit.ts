import type { IommuCap, IommuClient, IommuDomain, PagingFlags } from '../../iommu/ops';
import { err, ok, type Result } from '../../kernel/errno';
import { MockPaging, MockUnit } from './mock-iommu';

const range = (from: number, to: number): readonly number[] =>
  Array.from({ length: to - from + 1 }, (_, index) => from + index);

/**
 * The kernel's mock IOMMU driver as far as page tables go: pages of 2 KiB, two kinds of domain, devices that cannot
 * track dirty pages.
 *
 * Linux: drivers/iommu/iommufd/selftest.c mock_domain_alloc_paging_flags()
 */
export class SelftestUnit extends MockUnit {
  readonly noDirty = new Set<string>();
  private readonly tracking = new Set<IommuDomain>();

  constructor() {
    super('selftest', {
      pageSizesLg2: range(11, 37),
      apertureStart: 0x100_0000n,
      apertureLast: 0x7fff_ffffn,
      pagingExtras: ['pasid', 'user-data'],
    });
    this.refuses = (device, domain) =>
      this.tracking.has(domain) && this.noDirty.has(device) ? 'EINVAL' : null;
  }

  override capable(device: IommuClient, cap: IommuCap): boolean {
    return cap === 'DIRTY_TRACKING' ? !this.noDirty.has(device.name) : super.capable(device, cap);
  }

  override domainAllocPaging(device: IommuClient, flags: PagingFlags): Result<IommuDomain> {
    const huge = isHuge(flags);
    if (!huge.ok) return huge;
    const domain = huge.value
      ? this.domainOver(new MockPaging(this, [12, 20], 0n, 2n ** 38n - 1n))
      : super.domainAllocPaging(device, flags);
    if (!('ok' in domain)) return this.note(domain, flags);
    return domain.ok ? this.note(domain.value, flags) : domain;
  }

  private note(domain: IommuDomain, flags: PagingFlags): Result<IommuDomain> {
    if (flags.dirtyTracking) this.tracking.add(domain);
    return ok(domain);
  }
}

function isHuge({ userData }: PagingFlags): Result<boolean> {
  if (!userData) return ok(false);
  if (userData.type !== 0xdead) return err('EOPNOTSUPP', 'unknown data type');
  if (userData.length < 4 || userData.length > 8) return err('EINVAL', 'data of another length');
  const bytes = userData.read();
  if (!bytes.ok) return bytes;
  const whole = new Uint8Array(8);
  whole.set(bytes.value);
  const kind = new DataView(whole.buffer).getUint32(4, true);
  return kind > 1 ? err('EOPNOTSUPP', 'unknown kind of page table') : ok(kind === 1);
}
