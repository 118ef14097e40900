import { useEffect, useMemo, useRef, type KeyboardEvent } from 'react';
import type { LineResult } from '../../engine/sim/batch';
import { useApp } from '../../store';
import { linesOf } from '../../store/script';
import './log.css';

/** The script, line by line, with what each came to. A line is a place to go to. */
export function ScriptLog() {
  const script = useApp((state) => state.script);
  const cursor = useApp((state) => state.cursor);
  const known = useApp((state) => state.known);
  const seek = useApp((state) => state.actions.seek);
  const lines = useMemo(() => linesOf(script), [script]);
  const list = useRef<HTMLOListElement>(null);

  useEffect(() => {
    const box = list.current;
    const row = box?.querySelector<HTMLElement>('[aria-current]');
    if (!box || !row) return;
    // Only the log itself is scrolled, never the page.
    const { top, bottom } = row.getBoundingClientRect();
    const view = box.getBoundingClientRect();
    if (top < view.top) box.scrollTop -= view.top - top + 4;
    else if (bottom > view.bottom) box.scrollTop += bottom - view.bottom + 4;
  }, [cursor, script]);

  if (lines.length === 0)
    return <p className="log-empty muted">The script is empty. Whatever you do is written here.</p>;
  return (
    <ol className="log" ref={list} aria-label="Script" onKeyDown={moveFocus}>
      {lines.map((text, index) => (
        <li key={index}>
          <button
            type="button"
            className="log-line"
            tabIndex={index + 1 === Math.max(1, cursor) ? 0 : -1}
            aria-current={index + 1 === cursor ? 'step' : undefined}
            data-future={index >= cursor}
            onClick={() => void seek(index + 1)}
          >
            <span className="log-number">{index + 1}</span>
            <span className="log-text">
              <Text text={text} />
            </span>
            <Outcome result={known[index]} />
          </button>
        </li>
      ))}
    </ol>
  );
}

/** One tab stop for all lines; arrows go from one to the next. */
function moveFocus(event: KeyboardEvent<HTMLOListElement>): void {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step === undefined) return;
  const rows = [...event.currentTarget.querySelectorAll<HTMLElement>('.log-line')];
  const next = rows[rows.findIndex((row) => row === document.activeElement) + step];
  if (next === undefined) return;
  event.preventDefault();
  next.focus();
}

/** The verb stands out, a comment steps back. */
function Text({ text }: { readonly text: string }) {
  if (/^\s*#/.test(text)) return <span className="muted">{text}</span>;
  const match = /^(\s*(?:[A-Za-z]\w*\s*=\s*)?)(\S+)(.*)$/.exec(text);
  if (match === null) return text;
  return (
    <>
      {match[1]}
      <b>{match[2]}</b>
      {match[3]}
    </>
  );
}

function Outcome({ result }: { readonly result: LineResult | undefined }) {
  if (result === undefined || result.status === 'none') return null;
  if (result.status === 'ok')
    return result.result === '' && result.ok ? null : (
      <span className="log-result" data-tone="ok">
        {result.result}
        {!result.ok && <Unexpected expected={result.expected} />}
      </span>
    );
  return (
    <span className="log-result" data-tone="fault">
      {{ errno: result.errno, fault: 'fault', error: `column ${result.column ?? 1}` }[result.status]}
      {result.why !== null && <q>{result.why}</q>}
      {!result.ok && result.expected !== null && <Unexpected expected={result.expected} />}
    </span>
  );
}

const Unexpected = ({ expected }: { readonly expected: string | null }) => (
  <q className="unexpected">{expected === null ? 'not expected' : `the script expects ${expected}`}</q>
);
