import { Check } from 'lucide-react';
import { memo, type MouseEvent } from 'react';
import type { LineResult } from '../../engine/sim/batch';
import { useApp } from '../../store';
import { noteIn } from '../../store/script';
import { LOG } from '../../words/panels/log';

export interface LogLineProps {
  readonly line: number;
  readonly text: string;
  readonly result: LineResult | undefined;
  readonly current: boolean;
  readonly future: boolean;
  /** The one that Tab comes to. */
  readonly reachable: boolean;
  /** Playing stops after it. */
  readonly stops: boolean;
  readonly onMenu: (line: number, at: { readonly x: number; readonly y: number }) => void;
}

/** A line with what it came to: a place to go to. How many lines there are is the list's business, not each line's. */
export const LogLine = memo(function LogLine(props: LogLineProps) {
  const { line, text, result, current, future, reachable, stops, onMenu } = props;
  const seek = useApp((state) => state.actions.seek);
  const note = noteIn(text);
  const checks = isCheck(text);
  const openMenu = (event: MouseEvent<HTMLElement>): void => {
    event.preventDefault();
    const row = event.currentTarget.getBoundingClientRect();
    // A key has no place: then the menu hangs below the line.
    const byHand = event.clientX > 0 || event.clientY > 0;
    onMenu(line, byHand ? { x: event.clientX, y: event.clientY } : { x: row.left + 40, y: row.bottom });
  };
  return (
    <>
      <button
        type="button"
        className="log-line"
        data-kind={note !== null ? 'note' : checks ? 'check' : undefined}
        tabIndex={reachable ? 0 : -1}
        aria-current={current ? 'step' : undefined}
        data-future={future}
        onClick={() => void seek(line)}
        onContextMenu={openMenu}
      >
        <span className="log-number" data-stops={stops || undefined}>
          {line}
          {stops && <span className="sr-only">{LOG.stopsHere}</span>}
        </span>
        <span className="log-text">{note ?? <Text text={text} />}</span>
        {result?.ok === true && isSaid(result) ? <SoItIs result={result} /> : <Outcome result={result} />}
      </button>
      <button
        type="button"
        className="icon-btn log-more"
        tabIndex={-1}
        aria-label={LOG.more(line)}
        onClick={openMenu}
      />
    </>
  );
});

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
    <Check size={13} strokeWidth={2.5} aria-label={LOG.soItIs} role="img" />
  </span>
);

/** Of a line that was not refused by an errno. */
const END_WORDS: Partial<Record<LineResult['status'], string>> = LOG.ends;

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
      {END_WORDS[result.status] ?? result.errno ?? LOG.column(result.column ?? 1)}
      {result.why !== null && <q>{result.why}</q>}
      {!result.ok && result.expected !== null && <Unexpected expected={result.expected} />}
    </span>
  );
}

const Unexpected = ({ expected }: { readonly expected: string | null }) => (
  <q className="unexpected">{expected === null ? LOG.unexpected : LOG.expected(expected)}</q>
);
