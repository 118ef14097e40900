import { ArrowDown, ArrowUp } from 'lucide-react';
import { useCallback, useMemo, useRef, useState, type KeyboardEvent } from 'react';
import type { WorldObject } from '../../engine/sim/world';
import { useApp } from '../../store';
import { kindOf } from '../../ui/kinds';
import { ObjectGlyph } from '../../ui/ObjectGlyph';
import type { TermTip } from '../../ui/Term';
import { menuOf } from '../shared/menu-of';
import { TERMS, termOfType } from '../shared/terms';
import { describedBy, tipOf } from '../shared/tip-of';
import { useWindow } from '../shared/use-window';
import { OUTLINE } from '../../words/panels/outline';
import { COLUMNS, sorted, tableOf, type Column, type Sorting } from './table';

const LINE = 26;

interface OutlineTableProps {
  /** Null: everything. */
  readonly found: readonly WorldObject[] | null;
}

/** The same objects as rows to compare and to sort. */
export function OutlineTable({ found }: OutlineTableProps) {
  const objects = useApp((state) => state.objects);
  const selection = useApp((state) => state.selection);
  const marked = useApp((state) => state.marked);
  const select = useApp((state) => state.actions.select);
  const [sorting, setSorting] = useState<Sorting>({ by: 'kind', down: false });
  const box = useRef<HTMLDivElement>(null);
  const rows = useMemo(() => {
    const wanted = found && new Set(found.map(({ id }) => id));
    return sorted(
      tableOf(objects).filter(({ object }) => wanted?.has(object.id) ?? true),
      sorting,
    );
  }, [objects, found, sorting]);
  const guess = useCallback(() => LINE, []);
  const { from, to, above, below, onScroll } = useWindow(box, rows.length, guess);
  const reachable = rows.slice(from, to).find(({ object }) => object.id === selection)?.object.id;

  return (
    <div className="outline-table" ref={box} onScroll={onScroll}>
      <table className="table" aria-rowcount={rows.length + 1}>
        <thead>
          <tr aria-rowindex={1}>
            {COLUMNS.map((column) => (
              <Heading key={column} column={column} sorting={sorting} onSort={setSorting} />
            ))}
          </tr>
        </thead>
        <tbody onKeyDown={moveFocus}>
          {above > 0 && <tr aria-hidden="true" style={{ height: above }} />}
          {rows.slice(from, to).map(({ object, kind, name, state, owner, attached, references }, index) => (
            <tr
              key={object.id}
              data-row={from + index}
              aria-rowindex={from + index + 2}
              data-selected={object.id === selection || marked.includes(object.id) || undefined}
              onClick={() => select(object.id)}
              {...menuOf(object.id)}
            >
              <td>
                <span className="outline-kind" {...tipOf(termOfType(object.type))}>
                  <ObjectGlyph kind={kindOf(object)} />
                  {kind}
                </span>
              </td>
              <td>
                <button
                  type="button"
                  className="link outline-name"
                  tabIndex={(reachable === undefined ? index === 0 : object.id === reachable) ? 0 : -1}
                  aria-current={object.id === selection || undefined}
                >
                  {name}
                </button>
              </td>
              <td>{state}</td>
              <td>{owner}</td>
              <td>{attached}</td>
              <td className="num">{references}</td>
            </tr>
          ))}
          {below > 0 && <tr aria-hidden="true" style={{ height: below }} />}
        </tbody>
      </table>
    </div>
  );
}

interface HeadingProps {
  readonly column: Column;
  readonly sorting: Sorting;
  readonly onSort: (sorting: Sorting) => void;
}

function Heading({ column, sorting, onSort }: HeadingProps) {
  const here = sorting.by === column;
  const Arrow = sorting.down ? ArrowDown : ArrowUp;
  return (
    <th scope="col" aria-sort={here ? (sorting.down ? 'descending' : 'ascending') : 'none'}>
      <button
        type="button"
        className="outline-sort"
        {...describedBy(TERM_OF[column])}
        onClick={() => onSort({ by: column, down: here && !sorting.down })}
      >
        {OUTLINE.columns[column]}
        {here && <Arrow size={12} aria-hidden="true" />}
      </button>
    </th>
  );
}

const TERM_OF: Readonly<Partial<Record<Column, TermTip>>> = {
  owner: TERMS.owner,
  attached: TERMS.attach,
};

/** Arrows go from name to name. */
function moveFocus(event: KeyboardEvent<HTMLElement>): void {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step === undefined) return;
  const names = [...event.currentTarget.querySelectorAll<HTMLElement>('.outline-name')];
  const next = names[names.findIndex((name) => name === document.activeElement) + step];
  if (next === undefined) return;
  event.preventDefault();
  next.focus();
}
