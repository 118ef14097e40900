import type { Lookup, WalkStep } from '../../engine/sim/batch';
import type { IommuObject } from '../../engine/sim/world';
import { groupedHex } from '../../ui/numbers';
import { cacheWords, levelNumber, structureWords } from '../../words/hardware';
import { positionAt } from '../../store/playback';
import * as says from '../../words/canvas/animation';

/** Where a look-up stands that goes by hand: `Access 3 of 9: level 2 entry at 0x…`. */
export function handWords(lookup: Lookup, step: number, vendor: IommuObject['vendor']): string {
  const all = lookup.parts.flatMap((part) => part.steps.filter(isRead)).length;
  const { part, shown, last } = positionAt(lookup, step);
  if (last === null) return says.requestLeaves(all);
  if (!isRead(last)) return says.nothingRead(cacheWords(last.structure).name, last.outcome);
  const before = lookup.parts.slice(0, part).flatMap(({ steps }) => steps.filter(isRead)).length;
  const here = lookup.parts[part]?.steps.slice(0, shown).filter(isRead).length ?? 0;
  return says.accessOf(
    before + here,
    all,
    nameOf(last, vendor),
    last.pa === null ? null : groupedHex(last.pa),
  );
}

const isRead = (step: WalkStep): boolean => step.kind === 'read';

const nameOf = (step: WalkStep, vendor: IommuObject['vendor']): string =>
  step.structure === 'table'
    ? says.levelEntry(step.stage, levelNumber(vendor, step.level))
    : structureWords(step.structure).name;
