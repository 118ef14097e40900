import type { EntryField, LookupPart, LookupStep } from '../../engine/sim/batch';
import { count } from '../../ui/numbers';

/** The cost of a look-up in a line: which cache helped, and how often memory was read. */
export function summaryOf(part: LookupPart): string {
  const reads = (kinds: readonly LookupStep['kind'][]): number =>
    part.steps.filter((step) => kinds.includes(step.kind)).length;
  const context = reads(['root', 'context']);
  const tables = reads(['table']);
  const words = [
    ...(part.steps.some((step) => step.kind === 'iotlb' && step.outcome === 'hit') ? ['IOTLB hit'] : []),
    ...(context > 0 ? [count(context, 'context read')] : []),
    ...(tables > 0 ? [count(tables, 'table read')] : []),
  ];
  return words.length === 0 ? 'none' : words.join(' · ');
}

export interface Permission {
  readonly name: 'R' | 'W';
  /** Still allowed after this entry. */
  readonly allowed: boolean;
  /** This entry is the one that took it away. */
  readonly clearedHere: boolean;
}

/** Permissions are the AND of every entry on the way: what is left after each of the first `shown` steps. */
export function permissionChain(steps: readonly LookupStep[]): readonly (readonly Permission[])[] {
  const left = { R: true, W: true };
  return steps.map((step) =>
    (['R', 'W'] as const).flatMap((name) => {
      const bit =
        step.kind === 'table' ? step.fields.find((field) => permissionOf(field) === name) : undefined;
      if (bit === undefined) return [];
      const clearedHere = left[name] && bit.value === 0n;
      if (bit.value === 0n) left[name] = false;
      return [{ name, allowed: left[name], clearedHere }];
    }),
  );
}

const permissionOf = (field: EntryField): 'R' | 'W' | null =>
  /^(R|read)$/i.test(field.name) ? 'R' : /^(W|write)$/i.test(field.name) ? 'W' : null;

export type CellKind = 'empty' | 'table' | 'leaf' | 'malformed';
const CELLS: readonly CellKind[] = ['empty', 'table', 'leaf', 'malformed'];

/** Entries of a table by what they are: `5 tables, 300 leaves`. */
export function occupancyText(occupancy: Uint8Array): string {
  const counts = { empty: 0, table: 0, leaf: 0, malformed: 0 };
  for (const cell of occupancy) counts[CELLS[cell] ?? 'malformed']++;
  const words = [
    ...(counts.table > 0 ? [count(counts.table, 'table')] : []),
    ...(counts.leaf > 0 ? [count(counts.leaf, 'leaf', 'leaves')] : []),
    ...(counts.malformed > 0 ? [`${counts.malformed} malformed`] : []),
    `${counts.empty} empty`,
  ];
  return words.join(', ');
}
