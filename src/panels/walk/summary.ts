import type { LookupPart, WalkStep } from '../../engine/sim/batch';
import { count } from '../../ui/numbers';

/** The cost of a look-up in a line: which cache helped, and how often memory was read. */
export function summaryOf(part: LookupPart): string {
  const reads = part.steps.filter((step) => step.kind === 'read');
  const tables = reads.filter((step) => step.structure === 'table').length;
  const others = reads.length - tables;
  const hit = (cache: string): boolean =>
    part.steps.some((step) => step.kind === 'cache' && step.structure === cache && step.outcome === 'hit');
  const words = [
    ...(hit('device-tlb') ? ['device TLB hit'] : []),
    ...(hit('iotlb') ? ['IOTLB hit'] : []),
    ...(others > 0 ? [count(others, 'structure read')] : []),
    ...(tables > 0 ? [count(tables, 'table read')] : []),
  ];
  return words.length === 0 ? 'none' : words.join(' · ');
}

export interface Permission {
  readonly name: 'R' | 'W' | 'X';
  /** Still allowed after this entry. */
  readonly allowed: boolean;
  /** This entry is the one that took it away. */
  readonly clearedHere: boolean;
}

/**
 * Permissions are the AND of every entry on the way: what is left after each step. A second stage under a first one has
 * a chain of its own for every address that it translates: a table that a guest cannot write takes nothing from the page.
 */
export function permissionChain(steps: readonly WalkStep[]): readonly (readonly Permission[])[] {
  const chainOf = ({ stage, forLevel }: WalkStep): string =>
    stage === 2 ? `2 for ${forLevel ?? 0}` : 'first';
  // Where no entry speaks of execution, nobody asks about it.
  const executes = new Set(steps.filter(({ allows }) => allows?.includes('X')).map(({ stage }) => stage));
  const chains = new Map<string, Record<Permission['name'], boolean>>();
  return steps.map((step) => {
    const { allows, stage } = step;
    // A pointer without a permission of its own is one that has none to give: the walk went on.
    if (allows === undefined || (allows === '' && step.outcome === 'table')) return [];
    const left = chains.get(chainOf(step)) ?? { R: true, W: true, X: true };
    chains.set(chainOf(step), left);
    const names = executes.has(stage) ? (['R', 'W', 'X'] as const) : (['R', 'W'] as const);
    return names.map((name) => {
      const clearedHere = left[name] && !allows.includes(name);
      if (clearedHere) left[name] = false;
      return { name, allowed: left[name], clearedHere };
    });
  });
}

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
