import {
  lazy,
  Suspense,
  useCallback,
  useEffect,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
  type KeyboardEvent,
} from 'react';
import { perLine } from '../../lib/per-line';
import { useApp } from '../../store';
import { linesOf, noteIn } from '../../store/script';
import { LogLine } from './LogLine';
import { toggledBreak } from './breaks';
import { afterLayout } from '../shared/after-layout';
import { Room } from '../shared/Room';
import { useWindow } from '../shared/use-window';
import { LOG } from '../../words/panels/log';
import './log.css';

const LineMenu = lazy(() => import('./LineMenu').then((module) => ({ default: module.LineMenu })));

/** Of a line, and of one of a note's, in pixels: log.css has the same. */
const LINE = 21;
const NOTE_LINE = 19;
/** Characters of a note that go into one of its lines, about. */
const NOTE_WIDTH = 90;

interface OpenMenu {
  readonly line: number;
  readonly at: { readonly x: number; readonly y: number };
}

/** The script, line by line, with what each came to. A line is a place to go to; of very many only those in view are drawn. */
export function ScriptLog() {
  const script = useApp((state) => state.script);
  const cursor = useApp((state) => state.cursor);
  const known = useApp((state) => state.known);
  const breakpoints = useApp((state) => state.breakpoints);
  const lines = linesOf(script);
  const [menu, setMenu] = useState<OpenMenu | null>(null);
  const list = useRef<HTMLOListElement>(null);
  const [heightsOf] = useState(() => perLine(heightOf));
  const guess = useCallback((row: number) => heightsOf(lines)[row] ?? LINE, [heightsOf, lines]);
  /** Where time stood when somebody scrolled: it is left as they have it until time moves on. */
  const [left, setLeft] = useState<{ readonly cursor: number; readonly script: string } | null>(null);
  const follows = left?.cursor !== cursor || left.script !== script;
  const current = follows ? Math.max(0, cursor - 1) : null;
  const { from, to, above, below, isWhole, keyOf, offsetOf, onScroll } = useWindow(
    list,
    lines.length,
    guess,
    current,
  );
  const stops = useMemo(
    () => new Set(breakpoints.flatMap((each) => (each.kind === 'line' ? [each.line] : []))),
    [breakpoints],
  );
  const isEmpty = lines.length === 0;
  /** The line where time stands is not in view yet. */
  const reveals = useRef(true);
  /** A line that gets the focus as soon as it is there. */
  const wanted = useRef<number | null>(null);

  useLayoutEffect(() => {
    reveals.current = true;
  }, [cursor, script]);
  useEffect(() => {
    const box = list.current;
    if (box === null) return;
    // It may have been hidden, or its height was changed.
    const sizes = new ResizeObserver(() => revealCurrent(box));
    sizes.observe(box);
    return () => sizes.disconnect();
  }, [isEmpty]);
  useEffect(() => {
    const box = list.current;
    if (box === null) return;
    const row = wanted.current === null ? null : rowOf(box, wanted.current);
    if (row !== null) {
      wanted.current = null;
      row.focus();
    }
    if (!reveals.current) return;
    return afterLayout(currentIn(box) ?? box, () => {
      reveals.current = false;
      revealCurrent(box);
    });
  });

  const leave = (): void => {
    reveals.current = false;
    setLeft((before) =>
      before?.cursor === cursor && before.script === script ? before : { cursor, script },
    );
  };

  const openMenu = useCallback((line: number, at: OpenMenu['at']) => setMenu({ line, at }), []);

  const goTo = (line: number): void => {
    const box = list.current;
    const to = Math.max(1, Math.min(lines.length, line));
    if (box === null) return;
    const row = rowOf(box, to);
    if (row !== null) return row.focus();
    wanted.current = to;
    box.scrollTop = offsetOf(to - 1) - box.clientHeight / 2;
  };

  /** One tab stop for all lines; keys go from one to another. */
  const onKeyDown = (event: KeyboardEvent<HTMLOListElement>): void => {
    const here = lineOf(event.target);
    if (here === null || event.altKey || event.ctrlKey || event.metaKey) return;
    const page = Math.max(1, Math.floor(event.currentTarget.clientHeight / LINE) - 1);
    const moves: Readonly<Record<string, number>> = {
      ArrowDown: here + 1,
      ArrowUp: here - 1,
      PageDown: here + page,
      PageUp: here - page,
      Home: 1,
      End: lines.length,
    };
    const line = moves[event.key];
    if (line !== undefined) goTo(line);
    else if (event.key === 'F9') toggledBreak(here);
    else return;
    event.preventDefault();
  };

  if (isEmpty) return <p className="log-empty muted">{LOG.empty}</p>;
  const reachable = Math.min(Math.max(1, cursor, from + 1), Math.max(to, 1));
  return (
    <>
      <ol
        className="log"
        ref={list}
        aria-label={LOG.title}
        data-windowed={!isWhole || undefined}
        onKeyDown={onKeyDown}
        onScroll={() => {
          onScroll();
          if (!reveals.current) leave();
        }}
        onWheel={leave}
        onPointerDown={leave}
      >
        <Room as="li" height={above} />
        {lines.slice(from, to).map((text, index) => {
          const line = from + index + 1;
          return (
            <li
              key={keyOf(line - 1)}
              aria-posinset={isWhole ? undefined : line}
              aria-setsize={isWhole ? undefined : lines.length}
              data-row={line - 1}
            >
              <LogLine
                line={line}
                text={text}
                result={known[line - 1]}
                current={line === cursor}
                future={line > cursor}
                reachable={line === reachable}
                stops={stops.has(line)}
                onMenu={openMenu}
              />
            </li>
          );
        })}
        <Room as="li" height={below} />
      </ol>
      {menu !== null && (
        <Suspense fallback={null}>
          <LineMenu
            {...menu}
            text={lines[menu.line - 1] ?? ''}
            stops={stops.has(menu.line)}
            onClose={() => setMenu(null)}
          />
        </Suspense>
      )}
    </>
  );
}

function heightOf(text: string): number {
  const note = noteIn(text);
  if (note === null) return LINE;
  const broken = note
    .split('\n')
    .reduce((sum, part) => sum + Math.max(1, Math.ceil(part.length / NOTE_WIDTH)), 0);
  return broken * NOTE_LINE + 10;
}

const rowOf = (box: HTMLElement, line: number): HTMLElement | null =>
  box.querySelector<HTMLElement>(`[data-row="${line - 1}"] > .log-line`);

const lineOf = (target: EventTarget): number | null => {
  const row = target instanceof Element ? target.closest<HTMLElement>('[data-row]') : null;
  return row === null ? null : Number(row.dataset.row) + 1;
};

const currentIn = (box: HTMLElement): HTMLElement | null => box.querySelector<HTMLElement>('[aria-current]');

/** Scrolls the log, never the page. Before the first line no line is the current one. */
function revealCurrent(box: HTMLElement): void {
  const row = currentIn(box);
  if (row === null) {
    if (box.querySelector('[data-row="0"] > [data-future="true"]')) box.scrollTop = 0;
    return;
  }
  const { top, bottom } = row.getBoundingClientRect();
  const view = box.getBoundingClientRect();
  const isFar = bottom < view.top - view.height || top > view.bottom + view.height;
  if (isFar) box.scrollTop += (top + bottom - view.top - view.bottom) / 2;
  else if (top < view.top) box.scrollTop -= view.top - top + 4;
  else if (bottom > view.bottom) box.scrollTop += bottom - view.bottom + 4;
}
