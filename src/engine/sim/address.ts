import type { AddressField, WalkStep } from '../hw/common/view';
import type { HardwareUnit } from '../hw/unit';
import type { IommuDomain } from '../iommu/ops';

/**
 * The IOVA of a request in index fields, as far as the walk went with them: fields that a larger page made part of the
 * offset, and levels that an entry led past, are marked. Of two stages it is the first one's.
 */
export function addressOf(
  unit: Pick<HardwareUnit, 'addressFields'>,
  iova: bigint,
  domain: IommuDomain | null,
  steps: readonly WalkStep[],
): readonly AddressField[] {
  const tables = steps.filter(({ structure, stage }) => structure === 'table' && stage !== 2);
  const leaf = tables.find(({ outcome }) => outcome === 'leaf');
  const fields = unit.addressFields(iova, leaf?.level ?? null, domain);
  const lowest = Math.min(...fields.filter(({ level }) => level > 0).map(({ level }) => level));
  const merged = unit
    .addressFields(iova, 1, domain)
    .filter(({ level }) => level > 0 && level < lowest)
    .map(({ level, label, bits }) => ({ level, label, bits }));
  const passed = skippedLevels(tables.filter(({ kind }) => kind === 'read'));
  return fields.map((field) => {
    if (field.level === 0) return merged.length > 0 ? { ...field, merged } : field;
    return passed.has(field.level) ? { ...field, skipped: true } : field;
  });
}

/** Between two reads that follow each other. Spec: AMD I/O Virtualization Technology (IOMMU) Specification, Next Level */
function skippedLevels(reads: readonly WalkStep[]): ReadonlySet<number> {
  const levels = new Set<number>();
  reads.forEach(({ level, outcome }, at) => {
    const next = reads[at + 1];
    if (next === undefined || outcome !== 'table') return;
    for (let between = level - 1; between > next.level; between--) levels.add(between);
  });
  return levels;
}
