import type { KeyboardEvent } from 'react';
import type { AddressField, WalkStep } from '../../engine/sim/batch';
import type { IommuObject } from '../../engine/sim/world';
import { cacheWords, levelNumber } from '../../words/hardware';
import { plainHex } from '../../ui/numbers';
import { NESTED, COLUMNS } from '../../words/panels/walk';
import { levelColour, linkOf } from './links';
import { matrixOf, type Matrix, type MatrixCell, type MatrixRow } from './matrix';
import './matrix.css';

type Vendor = IommuObject['vendor'];

interface NestedMatrixProps {
  readonly vendor: Vendor;
  readonly steps: readonly WalkStep[];
  readonly address: readonly AddressField[];
  /** Of the second stage's table; 0: not known. */
  readonly hostLevels: number;
  readonly shown: number;
  readonly onShow: (shown: number) => void;
}

/**
 * Two stages at a glance: a row for each address that the second stage has to translate before the first stage can go
 * on, a column for each of its levels, and what the first stage read then. The numbers are memory accesses in their order.
 * One tab stop; arrows go from one to the next, and above and below.
 */
export function NestedMatrix({ vendor, steps, address, hostLevels, shown, onShow }: NestedMatrixProps) {
  const matrix = matrixOf(steps, address, hostLevels);
  if (matrix === null) return null;
  const { rows, columns, above, accesses } = matrix;
  const indices = [above, ...rows.flatMap((row) => [row.cached, ...row.cells, row.then])]
    .flatMap((each) => (each === null ? [] : [each.index]))
    .toSorted((a, b) => a - b);
  const reachable = indices.findLast((index) => index < shown) ?? indices[0];
  const cell = (each: MatrixCell, column: number, words?: string) => (
    <Cell
      key={each.index}
      cell={each}
      of={accesses}
      column={column}
      vendor={vendor}
      shown={shown}
      reachable={each.index === reachable}
      onShow={onShow}
      words={words}
    />
  );
  return (
    <div className="scroll-x">
      <table className="nested" aria-label={NESTED.title} onKeyDown={goTo(steps.length, onShow)}>
        <caption>{costOf(matrix)}</caption>
        <thead>
          <tr>
            <th scope="col">
              <span className="sr-only">{NESTED.translates}</span>
            </th>
            <th scope="colgroup" colSpan={columns.length}>
              {NESTED.secondStage}
            </th>
            <th scope="col">{NESTED.firstStage}</th>
          </tr>
          <tr>
            <th scope="col">{NESTED.addressOf}</th>
            {columns.map((level) => (
              <th key={level} scope="col" style={{ ['--c' as string]: levelColour(level) }}>
                {COLUMNS.level(levelNumber(vendor, level))}
              </th>
            ))}
            <th scope="col">{NESTED.then}</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row, at) => (
            <tr key={row.forLevel}>
              <th scope="row">{rowName(row.forLevel, vendor)}</th>
              {row.spared ? (
                <td colSpan={columns.length + 1}>
                  {at === 0 && above !== null ? (
                    cell(above, 0, NESTED.known(cacheWords(above.step.structure).name))
                  ) : (
                    <Spared why={NESTED.firstSpared} />
                  )}
                </td>
              ) : (
                <>
                  <SecondStage row={row} columns={columns} cell={cell} />
                  <td className="nested-then">
                    {row.then !== null
                      ? cell(row.then, columns.length)
                      : row.forLevel === 0 && <span className="muted">{NESTED.toPa}</span>}
                  </td>
                </>
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

interface SecondStageProps {
  readonly row: MatrixRow;
  readonly columns: readonly number[];
  readonly cell: (each: MatrixCell, column: number, words?: string) => React.ReactNode;
}

/** One walk of the second stage: a cache may stand for its beginning, a large page for its end. */
function SecondStage({ row, columns, cell }: SecondStageProps) {
  const leaf = row.cells.findLast(({ step }) => step.outcome === 'leaf');
  const end = leaf === undefined ? columns.length : columns.indexOf(leaf.step.level) + 1;
  return (
    <>
      {row.skipped > 0 && (
        <td colSpan={row.skipped}>
          {row.cached === null ? (
            <Spared why={NESTED.upperSpared} />
          ) : (
            cell(row.cached, 0, row.skipped > 2 ? NESTED.cached : cacheWords(row.cached.step.structure).mark)
          )}
        </td>
      )}
      {columns.slice(row.skipped, end).map((level, at) => (
        <td key={level} colSpan={row.skipped + at === end - 1 ? columns.length - end + 1 : 1}>
          {row.cells.filter(({ step }) => step.level === level).map((each) => cell(each, row.skipped + at))}
        </td>
      ))}
    </>
  );
}

const Spared = ({ why }: { readonly why: string }) => (
  <span className="nested-spared" data-tip={why}>
    <span className="sr-only">{COLUMNS.notRead}</span>
  </span>
);

const rowName = (forLevel: number, vendor: Vendor): string =>
  forLevel === 0 ? NESTED.page : forLevel < 0 ? NESTED.context : NESTED.table(levelNumber(vendor, forLevel));

/** What nesting costs, and what was spared. */
function costOf({ rows, accesses, most }: Matrix): string {
  const own = rows.filter(({ then }) => then !== null).length;
  return most > accesses ? NESTED.costSpared(accesses, own, most) : NESTED.cost(accesses, own);
}

/** Arrows: the read before or after, or that of the row above or below; Home and End: the first and the last step. */
const goTo =
  (total: number, onShow: (shown: number) => void) =>
  (event: KeyboardEvent<HTMLElement>): void => {
    const all = [...event.currentTarget.querySelectorAll<HTMLElement>('.nested-cell')].toSorted(
      (a, b) => Number(a.dataset.step) - Number(b.dataset.step),
    );
    const here = all.findIndex((each) => each === document.activeElement);
    const to = {
      ArrowRight: here + 1,
      ArrowDown: beside(all, here, 1),
      ArrowLeft: here - 1,
      ArrowUp: beside(all, here, -1),
      Home: 0,
      End: all.length - 1,
    }[event.key];
    const next = to === undefined ? undefined : all[to];
    if (here < 0 || next === undefined) return;
    event.preventDefault();
    next.focus();
    onShow(Math.min(total, Number(next.dataset.step)));
  };

/** The next one in this direction of the same column. */
function beside(all: readonly HTMLElement[], here: number, by: 1 | -1): number {
  const column = all[here]?.dataset.column;
  for (let at = here + by; at >= 0 && at < all.length; at += by)
    if (all[at]?.dataset.column === column) return at;
  return here + by;
}

interface CellProps {
  readonly cell: MatrixCell;
  /** How many accesses there are. */
  readonly of: number;
  readonly column: number;
  readonly vendor: Vendor;
  readonly shown: number;
  /** By the Tab key. */
  readonly reachable: boolean;
  readonly onShow: (shown: number) => void;
  /** Of a cache that spared reads. */
  readonly words: string | undefined;
}

function Cell({
  cell: { step, index, number },
  of,
  column,
  vendor,
  shown,
  reachable,
  onShow,
  words,
}: CellProps) {
  const level = levelNumber(vendor, step.level);
  const what =
    step.kind === 'cache'
      ? NESTED.hit(cacheWords(step.structure).name)
      : step.structure === 'cd'
        ? NESTED.accessContext(number, of)
        : NESTED.access(number, of, step.stage ?? 1, level);
  const done = index < shown;
  const where = done && step.index !== null ? NESTED.withEntry(what, plainHex(step.index)) : what;
  return (
    <button
      type="button"
      className="nested-cell"
      data-step={index + 1}
      data-column={column}
      data-cached={words !== undefined}
      data-done={done}
      data-now={index === shown - 1}
      data-outcome={step.outcome}
      data-link={step.kind === 'read' && step.level > 0 ? linkOf(step.level, step.stage) : undefined}
      tabIndex={reachable ? 0 : -1}
      style={{
        ['--c' as string]:
          step.kind === 'cache' || step.level === 0 ? 'var(--iommu)' : levelColour(step.level),
      }}
      data-tip={NESTED.cellTip(index + 1, step.title)}
      aria-label={done ? NESTED.withOutcome(where, step.outcome) : where}
      onClick={() => onShow(index + 1)}
    >
      {words ?? (
        <>
          {number}
          <small>{done && step.index !== null ? plainHex(step.index, 3) : ' '}</small>
        </>
      )}
    </button>
  );
}
