import type { Lookup, WalkStep } from '../../engine/sim/batch';
import type { IommuObject } from '../../engine/sim/world';
import { groupedHex } from '../../ui/numbers';
import { cacheWords, levelNumber, structureWords } from '../../ui/hardware-words';
import { positionAt } from '../../store/playback';

/** Where a look-up stands that goes by hand: `Access 3 of 9: level 2 entry at 0x…`. */
export function handWords(lookup: Lookup, step: number, vendor: IommuObject['vendor']): string {
  const all = lookup.parts.flatMap((part) => part.steps.filter(isRead)).length;
  const { part, shown, last } = positionAt(lookup, step);
  const of = all === 1 ? 'one access to memory' : `${all} accesses to memory`;
  if (last === null)
    return all === 0
      ? 'The request leaves the device; no table is read.'
      : `The request leaves the device: ${of} to come.`;
  if (!isRead(last)) return `${cacheWords(last.structure).name}: ${last.outcome}, nothing read.`;
  const before = lookup.parts.slice(0, part).flatMap(({ steps }) => steps.filter(isRead)).length;
  const here = lookup.parts[part]?.steps.slice(0, shown).filter(isRead).length ?? 0;
  return `Access ${before + here} of ${all}: ${nameOf(last, vendor)}${last.pa === null ? '' : ` at ${groupedHex(last.pa)}`}.`;
}

const isRead = (step: WalkStep): boolean => step.kind === 'read';

const nameOf = (step: WalkStep, vendor: IommuObject['vendor']): string =>
  step.structure === 'table'
    ? `${step.stage === null ? '' : `stage ${step.stage}, `}level ${levelNumber(vendor, step.level)} entry`
    : structureWords(step.structure).name;
