import type { AddressField, WalkStep } from '../../engine/sim/batch';

/** A level of one walk: a table that was read, or why none was. */
export type Column =
  | {
      readonly kind: 'read';
      readonly level: number;
      readonly step: WalkStep;
      /** Its place among all steps. */ readonly index: number;
    }
  /** A cache knew what lies below. */
  | { readonly kind: 'spared'; readonly level: number; readonly by: WalkStep; readonly index: number }
  /** The entry above leads past it. */
  | { readonly kind: 'skipped'; readonly level: number };

/** Which walk of a look-up: the first stage's or only one, or the second stage's for the address of a first-stage table. */
export type Chain = 'first' | number;

export const isTable = (step: WalkStep): boolean => step.kind === 'read' && step.structure === 'table';

export const chainOf = ({ stage, forLevel }: WalkStep): Chain => (stage === 2 ? (forLevel ?? 0) : 'first');

/** The chain that the steps so far have come to; before the first read it is the one that comes first. */
export function chainAt(steps: readonly WalkStep[], shown: number): Chain {
  const last = steps.slice(0, shown).findLast(isTable) ?? steps.find(isTable);
  return last === undefined ? 'first' : chainOf(last);
}

/** The levels of one chain from the root on; `hostLevels`: how many the second stage has, 0: not known. A walk that began anew is shown as it went in the end. */
export function columnsOf(
  steps: readonly WalkStep[],
  address: readonly AddressField[],
  chain: Chain,
  hostLevels = 0,
): readonly Column[] {
  const reads = new Map<number, Column>();
  steps.forEach((step, index) => {
    if (isTable(step) && chainOf(step) === chain)
      reads.set(step.level, { kind: 'read', level: step.level, step, index });
  });
  if (chain !== 'first')
    return [...reads.values(), ...sparedOf(steps, chain, reads, hostLevels)].toSorted(
      (a, b) => b.level - a.level,
    );
  const cache = steps.findIndex(knowsTables);
  const by = steps[cache];
  const lowest = reads.size === 0 ? 0 : Math.max(...reads.keys());
  const rest = address.flatMap(({ level, skipped }): readonly Column[] => {
    if (level === 0 || reads.has(level)) return [];
    if (skipped) return [{ kind: 'skipped', level }];
    return by !== undefined && level > lowest ? [{ kind: 'spared', level, by, index: cache }] : [];
  });
  return [...reads.values(), ...rest].toSorted((a, b) => b.level - a.level);
}

/** Upper levels of the second stage that a cache stood for in one of its walks. */
function sparedOf(
  steps: readonly WalkStep[],
  chain: Chain,
  reads: ReadonlyMap<number, Column>,
  hostLevels: number,
): readonly Column[] {
  const first = steps.findIndex((step) => isTable(step) && chainOf(step) === chain);
  const index = steps.slice(0, first).findLastIndex(knowsTables);
  const by = steps[index];
  if (by === undefined || steps.slice(index, first).some(isTable)) return [];
  const top = Math.max(...reads.keys());
  const read = steps.filter(({ stage }) => stage === 2).map(({ level }) => level);
  const levels = new Set([...Array.from({ length: hostLevels }, (_, n) => n + 1), ...read]);
  return [...levels].filter((level) => level > top).map((level) => ({ kind: 'spared', level, by, index }));
}

/** A hit that spares reads of tables, or all of them. */
const knowsTables = ({ kind, structure, outcome }: WalkStep): boolean =>
  kind === 'cache' &&
  outcome === 'hit' &&
  ['iotlb', 'device-tlb', 'paging-structure', 'walk', 'stage2'].includes(structure);
