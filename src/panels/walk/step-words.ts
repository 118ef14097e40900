import type { WalkStep } from '../../engine/sim/batch';
import type { IommuObject } from '../../engine/sim/world';
import { cacheWords, levelNumber, structureWords } from '../../words/hardware';
import { STEP } from '../../words/panels/walk';
import { isTable } from './columns';

type Vendor = IommuObject['vendor'];

/** `L3`, `2:L3` for a second stage under a first one. */
export const markOf = (step: WalkStep, vendor: Vendor): string =>
  step.kind === 'cache'
    ? cacheWords(step.structure).mark
    : isTable(step)
      ? `${step.stage === null ? '' : `${step.stage}:`}L${levelNumber(vendor, step.level)}`
      : structureWords(step.structure).mark;

export const forWhat = (forLevel: number, vendor: Vendor): string =>
  forLevel === 0
    ? STEP.forPage
    : forLevel < 0
      ? STEP.forContext
      : STEP.forTable(levelNumber(vendor, forLevel));

/** A table's entry by stage and level. */
export const entryName = ({ stage, level }: WalkStep, vendor: Vendor): string =>
  STEP.entry(stage, levelNumber(vendor, level));

export function kindOf(step: WalkStep, vendor: Vendor): string {
  if (step.kind === 'cache') return CACHE_TITLE.exec(step.title)?.[1] ?? cacheWords(step.structure).name;
  const { name } = structureWords(step.structure);
  if (!isTable(step)) return name;
  const what = step.stage === 2 && step.forLevel !== null ? forWhat(step.forLevel, vendor) : null;
  return STEP.table(step.stage, name, levelNumber(vendor, step.level), what);
}

/** A cache by its document's name, then what was asked: `IOTLB miss: did 4 …`, `IOTLB, domain 4 …`, `TLB: vmid 0 …` */
const CACHE_TITLE = /^([^:,]{2,40}?)(?: hit| miss)?[:,] (.*)$/;

export const tagOf = (step: WalkStep): string =>
  (step.kind === 'cache' ? CACHE_TITLE.exec(step.title)?.[2] : undefined) ?? step.title;
