import type { WalkStep } from '../../engine/sim/batch';
import type { IommuObject } from '../../engine/sim/world';
import { levelNumber } from '../../words/hardware';
import { PERMISSION } from '../../words/panels/walk';
import { chainOf, isTable, type Chain } from './columns';

const LETTERS = ['R', 'W', 'X', 'U'] as const;

export interface Permission {
  readonly name: (typeof LETTERS)[number];
  /** Still allowed after this entry. */
  readonly allowed: boolean;
  /** This entry is the one that took it away. */
  readonly clearedHere: boolean;
}

export const neededFor = (access: 'read' | 'write'): Permission['name'] => (access === 'read' ? 'R' : 'W');

/**
 * Permissions are the AND of every entry on the way: what is left after each step. A second stage under a first one has
 * a chain of its own for every address that it translates: a table that a guest cannot write takes nothing from the page.
 */
export function permissionChain(steps: readonly WalkStep[]): readonly (readonly Permission[])[] {
  // Where no entry speaks of execution, nobody asks about it.
  const executes = new Set(steps.filter(({ allows }) => allows?.includes('X')).map(({ stage }) => stage));
  const chains = new Map<Chain, Record<Permission['name'], boolean>>();
  return steps.map((step) => {
    const { allows, stage, permissions = executes.has(stage) ? 'RWX' : 'RW' } = step;
    // A pointer without a permission of its own is one that has none to give: the walk went on.
    if (allows === undefined || (allows === '' && step.outcome === 'table')) return [];
    const left = chains.get(chainOf(step)) ?? { R: true, W: true, X: true, U: true };
    chains.set(chainOf(step), left);
    return LETTERS.filter((name) => permissions.includes(name)).map((name) => {
      const clearedHere = left[name] && !allows.includes(name);
      if (clearedHere) left[name] = false;
      return { name, allowed: left[name], clearedHere };
    });
  });
}

/** One end of the page's chain in words: which level takes what away. */
export interface ChainEnd {
  /** Place of the step that says so. */
  readonly index: number;
  readonly name: Permission['name'];
  readonly words: string;
}

/** What the entries read so far took away from the page itself. */
export function endsOfChain(
  steps: readonly WalkStep[],
  shown: number,
  vendor: IommuObject['vendor'],
): readonly ChainEnd[] {
  const chain = permissionChain(steps);
  return steps.slice(0, shown).flatMap((step, index) => {
    if (
      !isTable(step) ||
      (step.outcome === 'fault' && step.allows === '') ||
      (step.stage === 2 && step.forLevel !== 0)
    )
      return [];
    return (chain[index] ?? [])
      .filter(({ clearedHere }) => clearedHere)
      .map(({ name }) => ({
        index,
        name,
        words: PERMISSION.ends(name, step.stage, levelNumber(vendor, step.level), step.outcome === 'table'),
      }));
  });
}
