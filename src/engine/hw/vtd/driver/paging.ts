import type { PagingFlags } from '../../../iommu/ops';
import { err, ok, type Failure, type Result } from '../../../kernel/errno';
import { vtdss } from '../../../pt/fmt/vtdss';
import { x86_64 } from '../../../pt/fmt/x86-64';
import type { PtFormat } from '../../../pt/format';
import { PageTable } from '../../../pt/page-table';
import type { Trace } from '../../../trace/trace';
import { cap, ecap } from '../regs';
import type { DomainHost } from './dmar-domain';
import { VtdDomain } from './domain';
import type { IntelIommu } from './intel-iommu';

export interface PagingRequest {
  readonly host: DomainHost;
  readonly trace: Trace;
  readonly nextLabel: () => string;
  readonly flags: PagingFlags;
}

/** The first stage where it will do, else the second. Linux: intel_iommu_domain_alloc_paging_flags() */
export function allocPagingDomain(iommu: IntelIommu, request: PagingRequest): Result<VtdDomain> {
  const first = allocFirstStage(iommu, request);
  return first.ok || first.errno !== 'EOPNOTSUPP' ? first : allocSecondStage(iommu, request);
}

interface Shape {
  readonly topLevel: number;
  readonly vaLg2: number;
}

const unsupported = (why: string, rule: string): Failure => err('EOPNOTSUPP', why, { rule });

/** Linux: intel_iommu_domain_alloc_first_stage() */
function allocFirstStage(iommu: IntelIommu, request: PagingRequest): Result<VtdDomain> {
  const rule = 'intel_iommu_domain_alloc_first_stage';
  const { caps, memory } = iommu;
  const { flags } = request;
  if (flags.nestParent === true || flags.dirtyTracking === true)
    return unsupported('a first-stage table is no nesting parent and tracks nothing', rule);
  if (!caps.scalable || !ecap.firstStage(caps.ecap))
    return unsupported(`${iommu.name} has no first stage in this mode`, rule);
  const table = PageTable.create({
    memory,
    format: x86_64,
    ...firstStageShape(cap.mgaw(caps.cap), cap.firstStage5Level(caps.cap)),
    signExtend: true,
    pageSizesLg2: pageSizes(x86_64, true, cap.firstStage1G(caps.cap)),
  });
  if (!table.ok) return table;
  return ok(
    new VtdDomain({
      ...common(iommu, request, table.value),
      stage: 1,
      nestParent: false,
      dirtyTracking: false,
      tellsNew: caps.writeBufferFlush,
      coherent: ecap.scalableCoherent(caps.ecap),
    }),
  );
}

/** Linux: intel_iommu_domain_alloc_second_stage() */
function allocSecondStage(iommu: IntelIommu, request: PagingRequest): Result<VtdDomain> {
  const rule = 'intel_iommu_domain_alloc_second_stage';
  const { caps, memory } = iommu;
  const { nestParent = false, dirtyTracking = false } = request.flags;
  if (nestParent && !caps.nested) return unsupported(`${iommu.name} cannot nest tables in this mode`, rule);
  if (dirtyTracking && !caps.dirty)
    return unsupported(`${iommu.name} cannot track dirty pages in this mode`, rule);
  if (caps.scalable && !ecap.secondStage(caps.ecap))
    return unsupported(`${iommu.name} has no second stage in scalable mode`, rule);
  const shape = secondStageShape(cap.mgaw(caps.cap), cap.sagaw(caps.cap));
  if (shape === null) return unsupported('the unit has no usable table width', 'vtdss_pt_iommu_fmt_init');
  const superpages = cap.superpages(caps.cap);
  const table = PageTable.create({
    memory,
    format: vtdss,
    ...shape,
    pageSizesLg2: pageSizes(vtdss, (superpages & 1) !== 0, (superpages & 2) !== 0),
  });
  if (!table.ok) return table;
  return ok(
    new VtdDomain({
      ...common(iommu, request, table.value),
      stage: 2,
      nestParent,
      dirtyTracking,
      tellsNew: caps.writeBufferFlush || caps.cachingMode,
      coherent: caps.coherentWalks,
    }),
  );
}

const common = (iommu: IntelIommu, { host, trace, nextLabel }: PagingRequest, table: PageTable) => ({
  label: nextLabel(),
  host,
  trace,
  table,
  warn: (text: string) => iommu.log('err', text),
});

/**
 * The sign is extended: software uses the lower half.
 *
 * Linux: compute_vasz_lg2_fs()
 */
export function firstStageShape(mgaw: number, fiveLevels: boolean): Shape {
  if (mgaw > 48 && fiveLevels) return { topLevel: 4, vaLg2: Math.min(57, mgaw) };
  return { topLevel: 3, vaLg2: Math.min(48, mgaw) };
}

/**
 * The widest second-stage table that the unit has.
 *
 * Linux: drivers/iommu/intel/iommu.c compute_vasz_lg2_ss()
 */
export function secondStageShape(mgaw: number, sagaw: number): Shape | null {
  if (mgaw > 48 && sagaw >= 1 << 3) return { topLevel: 4, vaLg2: Math.min(57, mgaw) };
  if (mgaw > 39 && sagaw >= 1 << 2) return { topLevel: 3 + ffs(sagaw >> 3), vaLg2: Math.min(48, mgaw) };
  if (mgaw > 30 && sagaw >= 1 << 1) return { topLevel: 2 + ffs(sagaw >> 2), vaLg2: Math.min(39, mgaw) };
  return null;
}

const ffs = (n: number): number => (n === 0 ? 0 : 32 - Math.clz32(n & -n));

/** What the unit leaves of a format's page sizes. */
const pageSizes = (format: PtFormat, has2M: boolean, has1G: boolean): readonly number[] => [
  ...format.leafSizesLg2(0),
  ...(has2M ? format.leafSizesLg2(1) : []),
  ...(has1G ? format.leafSizesLg2(2) : []),
];
