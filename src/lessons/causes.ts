import type { LookupPart } from '../engine/sim/batch';
import * as says from '../words/lesson-files';

/** Why hardware refused, in words that all vendors share. */
export type Cause = 'permission' | 'unmapped' | 'blocked' | 'malformed';
export const CAUSES: readonly Cause[] = ['permission', 'unmapped', 'blocked', 'malformed'];

export const CAUSE_WORDS: Readonly<Record<Cause, string>> = {
  permission: says.theEntryIsThereAndDoes,
  unmapped: says.nothingIsMappedThere,
  blocked: says.noPageTableServesThisRequester,
  malformed: says.anEntryOnTheWayMakes,
};

/** Told by the last thing that was read: it counts for more than the vendor's number, which VT-d's legacy mode shares between two causes. */
export function causeOf(part: LookupPart, access: 'read' | 'write'): Cause | null {
  if (part.fault === null) return null;
  const last = part.steps.findLast(({ kind }) => kind === 'read');
  if (last?.structure !== 'table') return /not mapped/.test(part.fault.name) ? 'unmapped' : 'blocked';
  if (last.words.every((word) => word === 0n)) return 'unmapped';
  const letter = access === 'read' ? 'R' : 'W';
  const tables = part.steps.filter(({ structure, allows }) => structure === 'table' && (allows ?? '') !== '');
  return tables.some(({ allows = '' }) => !allows.includes(letter)) ? 'permission' : 'malformed';
}
