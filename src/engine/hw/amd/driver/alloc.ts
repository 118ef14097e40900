import type { IommuDomain, PagingFlags } from '../../../iommu/ops';
import { err, ok, type Result } from '../../../kernel/errno';
import { amdv1 } from '../../../pt/fmt/amdv1';
import { x86_64 } from '../../../pt/fmt/x86-64';
import { PageTable } from '../../../pt/page-table';
import { AmdDomain, changeTop, type DomainHost } from './domain';
import type { Ivhd } from './ivhd';
import type { KernelParameters } from './options';

type Sizes = NonNullable<KernelParameters['pageSizes']>;

/**
 * The table that is good for what is asked of a domain.
 *
 * Linux: drivers/iommu/amd/iommu.c amd_iommu_domain_alloc_paging_flags()
 */
export function allocPaging(
  host: DomainHost,
  iommu: Ivhd,
  flags: PagingFlags,
  sizes: Sizes,
): Result<IommuDomain> {
  const { features } = iommu;
  const { unit } = host.ops;
  const rule = 'amd_iommu_domain_alloc_paging_flags';
  const { nestParent = false, dirtyTracking = false, pasid = false, userData } = flags;
  if (userData) return err('EOPNOTSUPP', 'the AMD driver takes no data for a paging domain', { rule });
  if (pasid && (nestParent || dirtyTracking))
    return err('EOPNOTSUPP', 'no table is good for PASIDs and for nesting or dirty tracking at once', {
      rule,
    });
  if (pasid) {
    if (!features.pasids) return err('EOPNOTSUPP', `${unit} has no PASIDs`, { rule });
    return allocV2(host, iommu);
  }
  if (dirtyTracking && !features.hostDirty)
    return err('EOPNOTSUPP', `${unit} does not mark dirty pages (EFR.HDSup = 0)`, { rule });
  if (nestParent && !features.nestParent) {
    const why = `${unit} cannot nest: that takes EFR.GTSup, EFR.GIoSup and EFR2.GCR3TRPMode`;
    return err('EOPNOTSUPP', why, { rule });
  }
  const v1 = (): Result<IommuDomain> => allocV1(host, iommu, { sizes, dirty: dirtyTracking });
  if (dirtyTracking || nestParent) return v1();
  const v2 = (): Result<IommuDomain> => allocV2(host, iommu);
  const [first, second] = features.pageTable === 'v1' ? [v1, v2] : [v2, v1];
  const made = first();
  return made.ok || made.errno !== 'EOPNOTSUPP' ? made : second();
}

/** Levels that tables begin with; more come on top when they are needed. */
const V1_STARTING_LEVEL = 2;
/** Linux: AMD_IOMMU_PGSIZES_4K, AMD_IOMMU_PGSIZES_V2 */
const V1_SIZES = { all: null, '4k': [12], v2: [12, 21, 30] } as const;

/** Linux: amd_iommu_domain_alloc_paging_v1() */
function allocV1(
  host: DomainHost,
  iommu: Ivhd,
  how: { readonly sizes: keyof typeof V1_SIZES; readonly dirty: boolean },
): Result<AmdDomain> {
  const { features, memory } = iommu;
  const rule = 'amd_iommu_domain_alloc_paging_v1';
  if (features.hatDisabled) return err('EOPNOTSUPP', 'the unit has no host tables', { rule });
  let domain: AmdDomain | null = null;
  const sizes = V1_SIZES[how.sizes];
  return allocDomain(
    host,
    () =>
      PageTable.create({
        memory,
        format: amdv1,
        topLevel: V1_STARTING_LEVEL,
        vaLg2: Math.min(64, (features.hostLevels - 1) * 9 + 21),
        oaLg2: 52,
        ...(sizes && { pageSizesLg2: sizes }),
        changeTop: (rootPfn, topLevel) => {
          if (domain !== null) changeTop(domain.protection, rootPfn, topLevel);
        },
      }),
    (id, table) => {
      domain = new AmdDomain(host, { label: host.nextLabel(), table, id, mode: 'v1' }, how.dirty);
      return domain;
    },
  );
}

/**
 * The highest address bit is left out: at PASID 0 it would be one more bit, at another it would be the sign.
 *
 * Linux: amd_iommu_domain_alloc_paging_v2()
 */
function allocV2(host: DomainHost, iommu: Ivhd): Result<AmdDomain> {
  const { features, memory } = iommu;
  const rule = 'amd_iommu_domain_alloc_paging_v2';
  if (!features.guestTables) return err('EOPNOTSUPP', 'the unit has no guest tables', { rule });
  const shape = features.guestLevels === 5 ? { topLevel: 4, vaLg2: 56 } : { topLevel: 3, vaLg2: 47 };
  return allocDomain(
    host,
    () => PageTable.create({ memory, format: x86_64, ...shape, oaLg2: 52 }),
    (id, table) => new AmdDomain(host, { label: host.nextLabel(), table, id, mode: 'v2' }, false),
  );
}

/** An id comes first, and goes again when the table cannot be had. Linux: protection_domain_alloc() */
function allocDomain(
  host: DomainHost,
  makeTable: () => Result<PageTable>,
  make: (id: number, table: PageTable) => AmdDomain,
): Result<AmdDomain> {
  const id = host.ids.allocate();
  if (id === null) return err('ENOMEM', 'no free domain ids', { rule: 'protection_domain_alloc' });
  const table = makeTable();
  if (table.ok) return ok(make(id, table.value));
  host.ids.release(id);
  return table;
}
