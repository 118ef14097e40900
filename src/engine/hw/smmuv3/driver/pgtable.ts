import { invariant } from '../../../../lib/invariant';
import type { Result } from '../../../kernel/errno';
import type { PhysicalMemory } from '../../../memory/physical-memory';
import { armLpae } from '../../../pt/fmt/arm-lpae';
import { PageTable } from '../../../pt/page-table';
import type { Stage1Fields } from './cd';
import { FEAT, has, type Cpu, type SmmuCaps } from './probe';
import type { Stage2Fields } from './ste';

/**
 * Tables as the unit is told of them: widths, granule, attributes.
 *
 * Linux: drivers/iommu/io-pgtable-arm.c arm_64_lpae_alloc_pgtable_s1(), _s2(), arm_lpae_restrict_pgsizes();
 * arm-smmu-v3.c arm_smmu_domain_finalise()
 */
type GranuleLg2 = 12 | 14 | 16;

/** The processor's page size where the unit has it, otherwise the smallest. Linux: arm_lpae_restrict_pgsizes() */
function granuleOf({ pageSizesLg2 }: SmmuCaps): GranuleLg2 {
  const [smallest] = pageSizesLg2;
  invariant(smallest === 12 || smallest === 14 || smallest === 16, 'the unit has a granule');
  return smallest;
}

/** TG0 and S2TG of a granule. Linux: ARM_LPAE_TCR_TG0_* */
const TG0: Readonly<Record<GranuleLg2, number>> = { 12: 0, 14: 2, 16: 1 };
/** IPS and S2PS of an output width. Linux: ARM_LPAE_TCR_PS_* */
const PS: Readonly<Record<number, number>> = { 32: 0, 36: 1, 40: 2, 42: 3, 44: 4, 48: 5, 52: 6 };

/** Non-cacheable, write-back, device, outer write-back: by the indices that leaves use. Linux: ARM_LPAE_MAIR_ATTR_* */
const MAIR = 0xf404_ff44n;

/** How the unit is to read tables: as the processor wrote them, or past its caches. */
const attributes = (caps: SmmuCaps): { readonly sh: number; readonly irgn: number; readonly orgn: number } =>
  has(caps, FEAT.COHERENCY) ? { sh: 3, irgn: 1, orgn: 1 } : { sh: 2, irgn: 0, orgn: 0 };

export interface Stage1Table {
  readonly table: PageTable;
  readonly fields: Omit<Stage1Fields, 'asid'>;
}

export function createStage1(
  memory: PhysicalMemory,
  caps: SmmuCaps,
  cpu: Cpu,
  dirty: boolean,
): Result<Stage1Table> {
  const granuleLg2 = granuleOf(caps);
  const widest = granuleLg2 === 16 ? 52 : 48;
  const iasLg2 = Math.min(has(caps, FEAT.VAX) ? 52 : 48, cpu.vaBits, widest);
  const oasLg2 = Math.min(caps.oas, widest);
  const format = armLpae({ stage: 1, granuleLg2, iasLg2, oasLg2, dirty });
  const table = PageTable.create({ memory, format, topLevel: format.maxTopLevel });
  if (!table.ok) return table;
  const tcr = {
    tsz: 64 - iasLg2,
    tg: TG0[granuleLg2],
    ips: PS[oasLg2] ?? 0,
    ...attributes(caps),
  };
  const ttbr = BigInt(table.value.rootPfn * 4096);
  return { ok: true, value: { table: table.value, fields: { ttbr, tcr, mair: MAIR, hd: dirty } } };
}

export interface Stage2Table {
  readonly table: PageTable;
  readonly fields: Omit<Stage2Fields, 'vmid'>;
}

export function createStage2(memory: PhysicalMemory, caps: SmmuCaps, fwb: boolean): Result<Stage2Table> {
  const granuleLg2 = granuleOf(caps);
  const widest = granuleLg2 === 16 ? 52 : 48;
  const oasLg2 = Math.min(caps.oas, widest);
  const format = armLpae({ stage: 2, granuleLg2, iasLg2: oasLg2, oasLg2, forceWriteBack: fwb });
  const table = PageTable.create({ memory, format, topLevel: format.maxTopLevel });
  if (!table.ok) return table;
  // With pages of 4 KiB the numbers of start levels begin one earlier.
  const startLevel = 3 - format.maxTopLevel + (granuleLg2 === 12 ? 1 : 0);
  const vtcr = {
    tsz: 64 - oasLg2,
    sl: ~startLevel & 3,
    tg: TG0[granuleLg2],
    ps: PS[oasLg2] ?? 0,
    ...attributes(caps),
  };
  const vttbr = BigInt(table.value.rootPfn * 4096);
  return { ok: true, value: { table: table.value, fields: { vttbr, vtcr, fwb } } };
}
