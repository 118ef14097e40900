import type { WalkStep } from '../../engine/sim/batch';

export interface MatrixCell {
  readonly step: WalkStep;
  /** Its place among all steps. */
  readonly index: number;
}

export interface MatrixRow {
  /** Level of the first-stage table whose address is translated; 0: of the first stage's result. */
  readonly forLevel: number;
  /** A cache knew where the upper tables of the second stage lead, or all of them. */
  readonly cached: MatrixCell | null;
  /** How many of the columns it made needless. */
  readonly skipped: number;
  readonly cells: readonly MatrixCell[];
  /** What the first stage reads once it knows where. */
  readonly then: MatrixCell | null;
}

export interface Matrix {
  readonly rows: readonly MatrixRow[];
  /** Levels of the second stage, the highest first. */
  readonly columns: readonly number[];
  /** A cache knew the first stage's upper tables: there are no rows for those. */
  readonly above: MatrixCell | null;
}

const isTable = (step: WalkStep): boolean => step.kind === 'read' && step.structure === 'table';
const rowOf = (step: WalkStep): number => (step.stage === 1 ? step.level : (step.forLevel ?? 0));

/** The reads of two stages by what they are for; null where one stage alone was read. */
export function matrixOf(steps: readonly WalkStep[]): Matrix | null {
  const all = steps.map((step, index) => ({ step, index }));
  const reads = all.filter(({ step }) => isTable(step));
  const first = reads.filter(({ step }) => step.stage === 1);
  const second = reads.filter(({ step }) => step.stage === 2);
  if (first.length === 0 || second.length === 0) return null;
  const columns = [...new Set(second.map(({ step }) => step.level))].toSorted((a, b) => b - a);

  const cached = new Map<number, MatrixCell>();
  let above: MatrixCell | null = null;
  for (const cell of all) {
    if (!isWalkCacheHit(cell.step)) continue;
    // What is read next tells whose tables were known.
    const next = reads.find(({ index }) => index > cell.index)?.step;
    if (next?.stage === 2 || cell.step.structure === 'stage2') cached.set(next ? rowOf(next) : 0, cell);
    else if (next?.stage === 1) above ??= cell;
  }

  const levels = [...new Set([...reads.map(({ step }) => rowOf(step)), ...cached.keys()])];
  return {
    columns,
    above,
    rows: levels
      .toSorted((a, b) => b - a)
      .map((forLevel) => {
        const cells = second.filter(({ step }) => rowOf(step) === forLevel);
        const top = Math.max(0, ...cells.map(({ step }) => step.level));
        const hit = cached.get(forLevel) ?? null;
        return {
          forLevel,
          cached: hit,
          skipped: hit === null ? 0 : columns.filter((level) => level > top).length,
          cells,
          then: first.find(({ step }) => step.level === forLevel) ?? null,
        };
      }),
  };
}

const isWalkCacheHit = ({ kind, structure, outcome }: WalkStep): boolean =>
  kind === 'cache' && outcome === 'hit' && ['paging-structure', 'walk', 'stage2'].includes(structure);
