import { Check } from 'lucide-react';
import { memo, useEffect, useMemo, useRef, type KeyboardEvent } from 'react';
import type { LineResult } from '../../engine/sim/batch';
import { useApp } from '../../store';
import { linesOf, noteIn } from '../../store/script';
import './log.css';

/** The script, line by line, with what each came to. A line is a place to go to. */
export function ScriptLog() {
  const script = useApp((state) => state.script);
  const cursor = useApp((state) => state.cursor);
  const known = useApp((state) => state.known);
  const lines = useMemo(() => linesOf(script), [script]);
  const list = useRef<HTMLOListElement>(null);

  useEffect(() => {
    const box = list.current;
    if (box === null) return;
    revealCurrent(box);
    // It may have been hidden, or its height was changed.
    const sizes = new ResizeObserver(() => revealCurrent(box));
    sizes.observe(box);
    return () => sizes.disconnect();
  }, [cursor, script]);

  if (lines.length === 0)
    return <p className="log-empty muted">The script is empty. Whatever you do is written here.</p>;
  return (
    <ol className="log" ref={list} aria-label="Script" onKeyDown={moveFocus}>
      {lines.map((text, index) => (
        <LogLine
          key={index}
          line={index + 1}
          text={text}
          result={known[index]}
          current={index + 1 === cursor}
          future={index >= cursor}
          reachable={index + 1 === Math.max(1, cursor)}
        />
      ))}
    </ol>
  );
}

/** Scrolls the log, never the page. Before the first line no line is the current one. */
function revealCurrent(box: HTMLElement): void {
  const row = box.querySelector<HTMLElement>('[aria-current]');
  if (row === null) {
    box.scrollTop = 0;
    return;
  }
  const { top, bottom } = row.getBoundingClientRect();
  const view = box.getBoundingClientRect();
  if (top < view.top) box.scrollTop -= view.top - top + 4;
  else if (bottom > view.bottom) box.scrollTop += bottom - view.bottom + 4;
}

interface LogLineProps {
  readonly line: number;
  readonly text: string;
  readonly result: LineResult | undefined;
  readonly current: boolean;
  readonly future: boolean;
  readonly reachable: boolean;
}

const LogLine = memo(function LogLine({ line, text, result, current, future, reachable }: LogLineProps) {
  const seek = useApp((state) => state.actions.seek);
  const note = noteIn(text);
  const checks = isCheck(text);
  return (
    <li>
      <button
        type="button"
        className="log-line"
        data-kind={note !== null ? 'note' : checks ? 'check' : undefined}
        tabIndex={reachable ? 0 : -1}
        aria-current={current ? 'step' : undefined}
        data-future={future}
        onClick={() => void seek(line)}
      >
        <span className="log-number">{line}</span>
        <span className="log-text">{note ?? <Text text={text} />}</span>
        {result?.ok === true && isSaid(result) ? <SoItIs result={result} /> : <Outcome result={result} />}
      </button>
    </li>
  );
});

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

/** A line that does nothing but look: as long as it is right, it is not what a reader is here for. */
const isCheck = (text: string): boolean => /^\s*expect(?:-log)?\s/.test(text);

/** The line itself says how it came out: `… is "DMA"` */
const isSaid = ({ text, result }: LineResult): boolean => isCheck(text) || text.endsWith(` is "${result}"`);

/** Its tick; of a line of the kernel's log also the line. */
const SoItIs = ({ result }: { readonly result: LineResult }) => (
  <span className="log-result" data-tone="check">
    {/^\s*expect-log\s/.test(result.text) && result.result !== 'so it is' && <q>{result.result}</q>}
    <Check size={13} strokeWidth={2.5} aria-label="so it is" role="img" />
  </span>
);

/** Of a line that was not refused by an errno. */
const END_WORDS: Partial<Record<LineResult['status'], string>> = {
  fault: 'fault',
  waits: 'waits',
  deadlock: 'deadlock',
  mismatch: 'not so',
};

function Outcome({ result }: { readonly result: LineResult | undefined }) {
  if (result === undefined || result.status === 'none') return null;
  if (result.status === 'ok')
    return result.result === '' && result.ok ? null : (
      <span className="log-result" data-tone="ok">
        {result.result}
        {!result.ok && <Unexpected expected={result.expected} />}
      </span>
    );
  const waits = result.status === 'waits';
  return (
    <span className="log-result" data-tone={waits ? 'waits' : 'fault'} title={result.why ?? undefined}>
      {END_WORDS[result.status] ?? result.errno ?? `column ${result.column ?? 1}`}
      {result.why !== null && <q>{result.why}</q>}
      {!result.ok && result.expected !== null && <Unexpected expected={result.expected} />}
    </span>
  );
}

const Unexpected = ({ expected }: { readonly expected: string | null }) => (
  <q className="unexpected">{expected === null ? 'not expected' : `the script expects ${expected}`}</q>
);
