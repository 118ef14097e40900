import {
  useEffect,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
  type KeyboardEvent,
  type MouseEvent,
} from 'react';
import type { WorldId } from '../../engine/sim/world';
import { useApp } from '../../store';
import { openMenu } from '../shared/menu-of';
import { find, type Objects } from '../shared/words';
import { DeviceRow, GroupRow, UngroupedRow } from './TreeRows';
import type { Row } from './rows';
import { offsetsOf, revealing, windowOf } from '../shared/windowing';
import { GROUPS } from '../../words/panels/groups/groups';

/** Heights of rows, in pixels: tree.css has the same. */
const LINE = 30;
const TWO_LINES = 46;
/** Drawn above and below what is seen, so that a quick scroll does not meet white. */
const MARGIN = 400;

interface GroupTreeProps {
  readonly rows: readonly Row[];
  readonly onToggle: (id: WorldId) => void;
}

/**
 * Groups and their devices as a tree with one tab stop. Only rows in view are in the document; the tree itself keeps the
 * focus and says which row is meant, so a row that scrolls away takes nothing with it.
 */
export function GroupTree({ rows, onToggle }: GroupTreeProps) {
  const box = useRef<HTMLDivElement>(null);
  const [seen, setSeen] = useState({ top: 0, height: 600 });
  const selection = useApp((state) => state.selection);
  const select = useApp((state) => state.actions.select);
  /** Where the keyboard went since the last selection. */
  const [walked, setWalked] = useState<{ readonly from: WorldId | null; readonly to: WorldId } | null>(null);
  const selectedRow = useApp((state) => rowFor(rows, state.objects, state.selection));
  const walkedRow = walked?.from === selection ? rows.findIndex(({ id }) => id === walked.to) : -1;
  const active = walkedRow >= 0 ? walkedRow : Math.max(0, selectedRow);
  const offsets = useMemo(() => {
    const heights = rows.map(heightOf);
    return offsetsOf(heights.length, (row) => heights[row] ?? 0);
  }, [rows]);
  const { from, to } = windowOf(offsets, seen.top, seen.height, MARGIN);

  useLayoutEffect(() => {
    const element = box.current;
    if (element === null) return;
    const watch = new ResizeObserver(() => setSeen({ top: element.scrollTop, height: element.clientHeight }));
    watch.observe(element);
    return () => watch.disconnect();
  }, []);

  // What is selected elsewhere comes into view, once.
  const shownFor = useRef<WorldId | null>(null);
  useEffect(() => {
    const element = box.current;
    if (element === null || selection === shownFor.current) return;
    shownFor.current = selection;
    if (selectedRow >= 0)
      element.scrollTop = revealing(offsets, selectedRow, element.scrollTop, element.clientHeight);
  }, [selection, selectedRow, offsets]);

  const goTo = (at: number): void => {
    const row = rows[Math.min(rows.length - 1, Math.max(0, at))];
    const element = box.current;
    if (row === undefined || element === null) return;
    setWalked({ from: selection, to: row.id });
    element.scrollTop = revealing(offsets, rows.indexOf(row), element.scrollTop, element.clientHeight);
  };
  const choose = (row: Row): void => {
    setWalked(row.kind === 'ungrouped' ? { from: selection, to: row.id } : null);
    if (row.kind === 'ungrouped') onToggle(row.id);
    else select(row.id);
  };

  const onKeyDown = (event: KeyboardEvent): void => {
    const row = rows[active];
    if (row === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    const page = Math.max(1, Math.floor(seen.height / LINE) - 1);
    const isParent = row.kind !== 'device';
    const keys: Readonly<Record<string, () => void>> = {
      ArrowDown: () => goTo(active + 1),
      ArrowUp: () => goTo(active - 1),
      PageDown: () => goTo(active + page),
      PageUp: () => goTo(active - page),
      Home: () => goTo(0),
      End: () => goTo(rows.length - 1),
      ArrowRight: () => (isParent && !row.open ? onToggle(row.id) : goTo(active + (isParent ? 1 : 0))),
      ArrowLeft: () => {
        if (row.kind === 'device') goTo(rows.findIndex(({ id }) => id === row.parentId));
        else if (row.open) onToggle(row.id);
      },
      Enter: () => choose(row),
      ' ': () => choose(row),
    };
    const act = keys[event.key];
    if (act === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    act();
  };

  const onContextMenu = (event: MouseEvent): void => {
    const pointed = event.target instanceof Element ? event.target.closest('[role=treeitem]') : null;
    const row = rows.find(({ id }) => rowDomId(id) === pointed?.id) ?? rows[active];
    const element = pointed ?? document.getElementById(rowDomId(row?.id ?? ''));
    if (row !== undefined && row.kind !== 'ungrouped' && element !== null) openMenu(event, row.id, element);
  };

  // The row that the keyboard is on stays in the document, wherever it is.
  const drawn = rows.slice(from, to).map((row, at) => ({ row, at: from + at }));
  const here = rows[active];
  if (here !== undefined && (active < from || active >= to)) drawn.push({ row: here, at: active });
  return (
    <div
      ref={box}
      className="tree"
      role="tree"
      aria-label={GROUPS.tree}
      tabIndex={0}
      aria-activedescendant={here && rowDomId(here.id)}
      onKeyDown={onKeyDown}
      onContextMenu={onContextMenu}
      onScroll={(event) =>
        setSeen({ top: event.currentTarget.scrollTop, height: event.currentTarget.clientHeight })
      }
    >
      <div className="tree-all" role="presentation" style={{ height: offsets.at(-1) }}>
        {drawn.map(({ row, at }) => {
          const common = {
            id: rowDomId(row.id),
            top: offsets[at] ?? 0,
            active: at === active,
            selected: row.id === selection,
            onChoose: () => choose(row),
          };
          switch (row.kind) {
            case 'group':
              return <GroupRow key={row.id} {...common} row={row} onToggle={() => onToggle(row.id)} />;
            case 'device':
              return <DeviceRow key={row.id} {...common} row={row} />;
            case 'ungrouped':
              return <UngroupedRow key={row.id} {...common} row={row} />;
          }
        })}
      </div>
    </div>
  );
}

/** The row of an object, or of the group that hides it. */
function rowFor(rows: readonly Row[], objects: Objects, id: WorldId | null): number {
  const at = rows.findIndex((row) => row.id === id);
  const groupId = at < 0 ? (find(objects, id, 'device')?.groupId ?? null) : null;
  return groupId === null ? at : rows.findIndex((row) => row.id === groupId);
}

const rowDomId = (id: WorldId): string => `groups-${id.replace(/[^\w-]/g, '_')}`;

function heightOf(row: Row): number {
  if (row.kind === 'device') return row.device.groupId === null ? TWO_LINES : LINE;
  return row.kind === 'group' && !row.open ? TWO_LINES : LINE;
}
