import type { KeyboardEvent } from 'react';
import type { WalkStep } from '../../engine/sim/batch';
import type { IommuObject } from '../../engine/sim/world';
import { cacheWords, levelNumber } from '../../ui/hardware-words';
import { levelColour } from './AddressBar';
import { matrixOf, type MatrixCell, type MatrixRow } from './matrix';

interface NestedMatrixProps {
  readonly vendor: IommuObject['vendor'];
  readonly steps: readonly WalkStep[];
  readonly shown: number;
  readonly onShow: (shown: number) => void;
}

/**
 * Two stages at a glance: a row for each address that the second stage has to translate before the first stage can go
 * on, a column for each of its levels, and what the first stage read then. One tab stop; arrows go from read to read.
 */
export function NestedMatrix({ vendor, steps, shown, onShow }: NestedMatrixProps) {
  const matrix = matrixOf(steps);
  if (matrix === null) return null;
  const { rows, columns, above } = matrix;
  const indices = [above, ...rows.flatMap((row) => [row.cached, ...row.cells, row.then])]
    .flatMap((each) => (each === null ? [] : [each.index]))
    .toSorted((a, b) => a - b);
  const reachable = indices.findLast((index) => index < shown) ?? indices[0];
  const cell = (each: MatrixCell, words?: string) => (
    <Cell
      key={each.index}
      cell={each}
      level={levelNumber(vendor, each.step.level)}
      shown={shown}
      reachable={each.index === reachable}
      onShow={onShow}
      words={words}
    />
  );
  return (
    <div className="scroll-x">
      <table className="nested" aria-label="Reads of both stages" onKeyDown={goTo(steps.length, onShow)}>
        <thead>
          <tr>
            <th scope="col">
              <span className="sr-only">translates</span>
            </th>
            <th scope="colgroup" colSpan={columns.length}>
              second stage
            </th>
            <th scope="col">first stage</th>
          </tr>
          <tr>
            <th scope="col">address of</th>
            {columns.map((level) => (
              <th key={level} scope="col">
                L{levelNumber(vendor, level)}
              </th>
            ))}
            <th scope="col">then</th>
          </tr>
        </thead>
        <tbody>
          {above !== null && (
            <tr>
              <th scope="row">tables above</th>
              <td colSpan={columns.length + 1}>
                {cell(above, `known: ${cacheWords(above.step.structure).name}`)}
              </td>
            </tr>
          )}
          {rows.map((row) => (
            <tr key={row.forLevel}>
              <th scope="row">
                {row.forLevel === 0 ? 'the page' : `L${levelNumber(vendor, row.forLevel)} table`}
              </th>
              {row.cached !== null && row.skipped > 0 && (
                <td colSpan={row.skipped}>
                  {cell(row.cached, row.skipped > 2 ? 'cached' : cacheWords(row.cached.step.structure).mark)}
                </td>
              )}
              {columns.slice(row.skipped).map((level) => (
                <td key={level}>{cellsAt(row, level).map((each) => cell(each))}</td>
              ))}
              <td className="nested-then">
                {row.then !== null
                  ? cell(row.then)
                  : row.forLevel === 0 && <span className="muted">→ PA</span>}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

const cellsAt = (row: MatrixRow, level: number): readonly MatrixCell[] =>
  row.cells.filter(({ step }) => step.level === level);

/** Arrows: the read before or after; Home and End: the first and the last step. */
const goTo =
  (total: number, onShow: (shown: number) => void) =>
  (event: KeyboardEvent<HTMLElement>): void => {
    const all = [...event.currentTarget.querySelectorAll<HTMLElement>('.nested-cell')].toSorted(
      (a, b) => Number(a.dataset.step) - Number(b.dataset.step),
    );
    const here = all.findIndex((each) => each === document.activeElement);
    const to = {
      ArrowRight: here + 1,
      ArrowDown: here + 1,
      ArrowLeft: here - 1,
      ArrowUp: here - 1,
      Home: 0,
      End: all.length - 1,
    }[event.key];
    const next = to === undefined ? undefined : all[to];
    if (here < 0 || next === undefined) return;
    event.preventDefault();
    next.focus();
    onShow(Math.min(total, Number(next.dataset.step)));
  };

interface CellProps {
  readonly cell: MatrixCell;
  /** As the document counts. */
  readonly level: number;
  readonly shown: number;
  /** By the Tab key. */
  readonly reachable: boolean;
  readonly onShow: (shown: number) => void;
  /** Of a cache that spared reads. */
  readonly words: string | undefined;
}

function Cell({ cell: { step, index }, level, shown, reachable, onShow, words }: CellProps) {
  const what =
    step.kind === 'cache'
      ? `${cacheWords(step.structure).name} hit`
      : `stage ${step.stage ?? 1}, level ${level}`;
  const done = index < shown;
  return (
    <button
      type="button"
      className="nested-cell"
      data-step={index + 1}
      data-cached={words !== undefined}
      data-done={done}
      data-now={index === shown - 1}
      data-outcome={step.outcome}
      tabIndex={reachable ? 0 : -1}
      style={{ ['--c' as string]: step.kind === 'cache' ? 'var(--iommu)' : levelColour(step.level) }}
      data-tip={`${index + 1}: ${step.title}`}
      aria-label={`Step ${index + 1}: ${what}${done ? `, ${step.outcome}` : ''}`}
      onClick={() => onShow(index + 1)}
    >
      {index + 1}
      {words !== undefined && <span> {words}</span>}
    </button>
  );
}
