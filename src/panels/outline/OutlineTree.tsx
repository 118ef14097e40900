import { ChevronRight } from 'lucide-react';
import { useCallback, useEffect, useRef, useState, type KeyboardEvent, type MouseEvent } from 'react';
import type { WorldId } from '../../engine/sim/world';
import { useApp } from '../../store';
import { kindOf } from '../../ui/kinds';
import { ObjectGlyph } from '../../ui/ObjectGlyph';
import { menuOf, openMenu } from '../shared/menu-of';
import { Room } from '../shared/Room';
import { termOfType } from '../shared/terms';
import { tipOf } from '../shared/tip-of';
import { useWindow } from '../shared/use-window';
import { detailOf } from '../shared/words';
import { rowBeginning, type Row } from './rows';

/** Height of a row, in pixels: outline.css has the same. */
const LINE = 26;
/** Letters typed faster than this belong to one word. */
const WORD_MS = 700;

interface OutlineTreeProps {
  readonly rows: readonly Row[];
  readonly label: string;
  readonly onToggle: (id: string) => void;
}

/** One tab stop: the tree keeps the focus and says which row is meant. */
export function OutlineTree({ rows, label, onToggle }: OutlineTreeProps) {
  const box = useRef<HTMLDivElement>(null);
  const selection = useApp((state) => state.selection);
  const marked = useApp((state) => state.marked);
  const { select, mark } = useApp((state) => state.actions);
  const [walked, setWalked] = useState<string | null>(null);
  const guess = useCallback(() => LINE, []);
  const { from, to, above, below, offsetOf, onScroll } = useWindow(box, rows.length, guess);
  const typed = useRef({ text: '', at: 0 });
  const at = (id: string | null): number => rows.findIndex((row) => row.id === id);
  const active = Math.max(0, walked !== null && at(walked) >= 0 ? at(walked) : at(selection));
  const here = rows[active];

  useEffect(() => {
    const element = box.current;
    const row = selection === null ? -1 : rows.findIndex(({ id }) => id === selection);
    if (element !== null && row >= 0) reveal(element, row, offsetOf);
    // Only where another object is selected: rows that open or close move nothing.
  }, [selection]); // eslint-disable-line react-hooks/exhaustive-deps

  const goTo = (row: number): Row | undefined => {
    const next = rows[Math.max(0, Math.min(rows.length - 1, row))];
    if (next === undefined || box.current === null) return undefined;
    setWalked(next.id);
    reveal(box.current, rows.indexOf(next), offsetOf);
    return next;
  };
  const choose = (row: Row): void => {
    setWalked(row.id);
    if (row.object === null) onToggle(row.id);
    else select(row.object.id);
  };
  const all = (): readonly WorldId[] => (marked.length > 0 ? marked : selection === null ? [] : [selection]);
  const toggleMark = (row: Row | undefined): void => {
    if (row?.object == null) return;
    const { id } = row.object;
    mark(all().includes(id) ? all().filter((each) => each !== id) : [...all(), id]);
  };
  const extend = (by: number): void => {
    const begun = all().length === 0 && here?.object != null ? [here.object.id] : all();
    const next = goTo(active + by);
    if (next?.object != null) mark([...begun.filter((id) => id !== next.id), next.object.id]);
  };

  const onKeyDown = (event: KeyboardEvent): void => {
    if (here === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    const page = Math.max(1, Math.floor((box.current?.clientHeight ?? 0) / LINE) - 1);
    const isOpen = here.isParent && here.open;
    const keys: Readonly<Record<string, () => void>> = {
      ArrowDown: () => (event.shiftKey ? extend(1) : goTo(active + 1)),
      ArrowUp: () => (event.shiftKey ? extend(-1) : goTo(active - 1)),
      PageDown: () => goTo(active + page),
      PageUp: () => goTo(active - page),
      Home: () => goTo(0),
      End: () => goTo(rows.length - 1),
      ArrowRight: () =>
        here.isParent && !here.open ? onToggle(here.id) : goTo(active + (here.isParent ? 1 : 0)),
      ArrowLeft: () => (isOpen ? onToggle(here.id) : here.parentId !== null && goTo(at(here.parentId))),
      Enter: () => choose(here),
      ' ': () => (here.object === null ? onToggle(here.id) : toggleMark(here)),
    };
    const act = keys[event.key] ?? (event.key.length === 1 ? () => jump(event.key) : undefined);
    if (act === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    act();
  };

  /** Typing goes to the row that begins so. */
  const jump = (letter: string): void => {
    const now = performance.now();
    const text = now - typed.current.at < WORD_MS ? typed.current.text + letter : letter;
    typed.current = { text, at: now };
    const found = rowBeginning(rows, text, active + (text.length === 1 ? 1 : 0));
    if (found >= 0) goTo(found);
  };

  // The menu key is pressed on the tree, and means the row that it is on.
  const onContextMenu = (event: MouseEvent<HTMLElement>): void => {
    const row = here && box.current?.querySelector(`#${domId(here.id)}`);
    if (event.target === box.current && here?.object && row) openMenu(event, here.object.id, row);
  };

  return (
    <div
      ref={box}
      className="outline-tree"
      role="tree"
      aria-label={label}
      aria-multiselectable
      tabIndex={0}
      aria-activedescendant={here && domId(here.id)}
      onKeyDown={onKeyDown}
      onScroll={onScroll}
      onContextMenu={onContextMenu}
    >
      <Room as="div" height={above} />
      {rows.slice(from, to).map((row, index) => (
        <TreeRow
          key={row.id}
          row={row}
          index={from + index}
          active={row === here}
          selected={row.object !== null && (row.id === selection || marked.includes(row.id))}
          onToggle={() => onToggle(row.id)}
          onClick={(event) => {
            if (event.shiftKey || event.ctrlKey || event.metaKey) toggleMark(row);
            else choose(row);
          }}
        />
      ))}
      <Room as="div" height={below} />
    </div>
  );
}

/** Scrolls until the row is in view; one that is not drawn yet is drawn then. */
function reveal(box: HTMLElement, row: number, offsetOf: (row: number) => number): void {
  const drawn = box.querySelector(`[data-row="${row}"]`);
  if (drawn !== null) drawn.scrollIntoView({ block: 'nearest' });
  else box.scrollTop = offsetOf(row) - box.clientHeight / 2;
}

const domId = (id: string): string => `outline-${id.replace(/[^\w-]/g, '_')}`;

interface TreeRowProps {
  readonly row: Row;
  readonly index: number;
  readonly active: boolean;
  readonly selected: boolean;
  readonly onToggle: () => void;
  readonly onClick: (event: MouseEvent) => void;
}

function TreeRow({ row, index, active, selected, onToggle, onClick }: TreeRowProps) {
  const { object, title, note } = row;
  const detail = object && detailOf(object);
  return (
    <div
      id={domId(row.id)}
      role="treeitem"
      className="outline-item"
      data-row={index}
      data-type={object?.type ?? 'heading'}
      data-active={active || undefined}
      aria-level={row.level}
      aria-posinset={row.place}
      aria-setsize={row.of}
      aria-expanded={row.isParent ? row.open : undefined}
      aria-selected={selected}
      style={{ paddingLeft: 4 + (row.level - 1) * 14 }}
      onClick={onClick}
      {...(object === null ? {} : menuOf(object.id))}
    >
      <span
        className="outline-chevron"
        onClick={(event) => {
          if (!row.isParent) return;
          event.stopPropagation();
          onToggle();
        }}
      >
        {row.isParent && <ChevronRight size={13} aria-hidden="true" data-open={row.open} />}
      </span>
      {object !== null && (
        <span className="outline-mark" {...tipOf(termOfType(object.type))}>
          <ObjectGlyph kind={kindOf(object)} />
        </span>
      )}
      <span className="outline-title">{title}</span>
      {detail !== null && (
        <span className="outline-detail" title={detail}>
          {detail}
        </span>
      )}
      {note !== '' && <span className="outline-note">{note}</span>}
    </div>
  );
}
