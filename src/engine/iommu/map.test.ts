import { describe, expect, it } from 'vitest';
import type { MockPaging } from './testing/mock-iommu';
import { iommuMap, iommuUnmap, pagingDomainAlloc } from './map';
import { CoreRig, outcome } from './testing/core-rig';

// Expected results: iommu_map(), iommu_unmap() and iommu_paging_domain_alloc_flags() of the 7.1 merge window.
const RW = { read: true, write: true };
const table = (rig: CoreRig) => [...rig.units[0]!.live].at(-1) as MockPaging;

describe('domains as kernel drivers use them', () => {
  it('nothing can be mapped in a domain without a page table: EINVAL', () => {
    const rig = CoreRig.of(['a']);
    const blocked = rig.unit.blockedDomain!;
    expect(outcome(iommuMap(rig.core, blocked, 0x1000n, 0x1000, 4096, RW))).toBe('EINVAL');
    expect(outcome(iommuMap(rig.core, { ...blocked, type: 'unmanaged' }, 0n, 0, 4096, RW))).toBe('ENODEV');
    expect(iommuUnmap(rig.core, blocked, 0x1000n, 4096)).toBe(0);
  });

  it('what is no multiple of the smallest page is EINVAL, and 0 bytes are unmapped', () => {
    const rig = CoreRig.of(['a']);
    const domain = rig.newDomain();
    expect(outcome(iommuMap(rig.core, domain, 0x1800n, 0x1000, 4096, RW))).toBe('EINVAL');
    expect(outcome(iommuMap(rig.core, domain, 0x1000n, 0x1800, 4096, RW))).toBe('EINVAL');
    expect(outcome(iommuMap(rig.core, domain, 0x1000n, 0x1000, 0x800, RW))).toBe('EINVAL');
    expect(rig.logs()).toContain('unaligned: iova 0x1000 pa 0x1000 size 0x800 min_pagesz 0x1000');
    expect(outcome(iommuMap(rig.core, domain, 0x1000n, 0x1000, 4096, RW))).toBe('ok');
    expect([
      iommuUnmap(rig.core, domain, 0x1800n, 4096),
      iommuUnmap(rig.core, domain, 0x1000n, 4096),
    ]).toEqual([0, 4096]);
  });

  it('a driver’s refusal is told, though the kernel’s inverted test reports it as done', () => {
    const fails = (defects?: { readonly mapReportsSuccess: boolean }) => {
      const iommu = { passthrough: false, strict: false, ...(defects ? { defects } : {}) };
      const rig = CoreRig.of(['a'], {}, { iommu });
      const domain = rig.newDomain();
      rig.unit.failNth('map', 1, 'ENOMEM');
      const mapped = outcome(iommuMap(rig.core, domain, 0x1000n, 0x1000, 4096, RW));
      return [mapped, table(rig).leaves.size];
    };
    expect(fails()).toEqual(['ENOMEM', 0]);
    expect(fails({ mapReportsSuccess: true })).toEqual(['ok', 0]);
  });

  it('allocation: ENODEV without an IOMMU, EOPNOTSUPP for flags that the driver lacks', () => {
    const rig = CoreRig.of(['a'], { pagingExtras: [] });
    expect(outcome(pagingDomainAlloc(rig.core, rig.add('z')))).toBe('ENODEV');
    expect(outcome(pagingDomainAlloc(rig.core, rig.device('a'), { pasid: true }))).toBe('EOPNOTSUPP');
    expect(outcome(pagingDomainAlloc(rig.core, rig.device('a')))).toBe('ok');
  });
});
