import type { AddressField, WalkStep } from '../../engine/sim/batch';
import { isTable } from './columns';

export interface MatrixCell {
  readonly step: WalkStep;
  /** Its place among all steps. */
  readonly index: number;
  /** Which memory access of the two stages it is, from 1 on; 0: none, a cache answered. */
  readonly number: number;
}

export interface MatrixRow {
  /** Level of the first-stage table whose address is translated; 0: of the first stage's result; -1: of the context descriptor. */
  readonly forLevel: number;
  /** A cache knew where the upper tables of the second stage lead, or all of them. */
  readonly cached: MatrixCell | null;
  /** How many of the columns it made needless. */
  readonly skipped: number;
  readonly cells: readonly MatrixCell[];
  /** What the first stage reads once it knows where. */
  readonly then: MatrixCell | null;
  /** A cache knew what the first stage would have read there: nobody asked for its address. */
  readonly spared: boolean;
}

export interface Matrix {
  readonly rows: readonly MatrixRow[];
  /** Levels of the second stage, the highest first. */
  readonly columns: readonly number[];
  /** A cache knew the first stage's upper tables. */
  readonly above: MatrixCell | null;
  /** Memory accesses, and how many they would be without any cache and with the smallest pages. */
  readonly accesses: number;
  readonly most: number;
}

/** Of what is read for the first stage there. */
const FOR_CONTEXT = -1;

const rowOf = (step: WalkStep): number =>
  step.structure === 'cd' ? FOR_CONTEXT : step.stage === 1 ? step.level : (step.forLevel ?? 0);
/** The walk's order: the context descriptor first, the page last. */
const byOrder = (a: number, b: number): number => (a < 0 ? -1 : b < 0 ? 1 : b - a);

/** The reads of two stages by what they are for; null where one stage alone was read. */
export function matrixOf(
  steps: readonly WalkStep[],
  address: readonly AddressField[] = [],
  hostLevels = 0,
): Matrix | null {
  const withContext = steps.some(({ forLevel }) => forLevel === FOR_CONTEXT);
  let number = 0;
  const all = steps.map((step, index): MatrixCell => {
    const counts = isTable(step) || (withContext && step.kind === 'read' && step.structure === 'cd');
    return { step, index, number: counts ? ++number : 0 };
  });
  const reads = all.filter(({ number: n }) => n > 0);
  const first = reads.filter(({ step }) => step.stage === 1 || step.structure === 'cd');
  const second = reads.filter(({ step }) => step.stage === 2);
  if (first.length === 0 || second.length === 0) return null;
  const host = Array.from({ length: hostLevels }, (_, n) => n + 1);
  const columns = [...new Set([...host, ...second.map(({ step }) => step.level)])].toSorted((a, b) => b - a);

  const cached = new Map<number, MatrixCell>();
  let above: MatrixCell | null = null;
  for (const cell of all) {
    if (!isWalkCacheHit(cell.step)) continue;
    // What is read next tells whose tables were known.
    const next = reads.find(({ index }) => index > cell.index)?.step;
    if (next?.stage === 2 || cell.step.structure === 'stage2') cached.set(next ? rowOf(next) : 0, cell);
    else if (next?.stage === 1) above ??= cell;
  }

  const found = [...new Set([...reads.map(({ step }) => rowOf(step)), ...cached.keys()])];
  const top = Math.max(...found);
  const spared = above === null ? [] : address.map(({ level }) => level).filter((level) => level > top);
  const firstLevels =
    address.filter(({ level }) => level > 0).length || found.filter((level) => level > 0).length;
  const walks = firstLevels + mergedLevels(address) + (withContext ? 2 : 1);
  return {
    columns,
    above,
    accesses: number,
    most: walks * ((columns[0] ?? 0) + 1) - 1,
    rows: [...spared, ...found].toSorted(byOrder).map((forLevel) => {
      const cells = second.filter(({ step }) => rowOf(step) === forLevel);
      const highest = Math.max(0, ...cells.map(({ step }) => step.level));
      const hit = cached.get(forLevel) ?? null;
      return {
        forLevel,
        cached: hit,
        skipped: columns.filter((level) => level > highest).length,
        cells,
        then: first.find(({ step }) => rowOf(step) === forLevel) ?? null,
        spared: spared.includes(forLevel),
      };
    }),
  };
}

const mergedLevels = (address: readonly AddressField[]): number =>
  address.reduce((sum, { merged }) => sum + (merged?.length ?? 0), 0);

const isWalkCacheHit = ({ kind, structure, outcome }: WalkStep): boolean =>
  kind === 'cache' && outcome === 'hit' && ['paging-structure', 'walk', 'stage2'].includes(structure);
