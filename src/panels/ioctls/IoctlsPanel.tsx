import { ClipboardCopy } from 'lucide-react';
import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import type { LineResult } from '../../engine/sim/batch';
import type { IoctlCall, PayloadView, Token } from '../../engine/uapi/strace';
import { useApp } from '../../store';
import { Button, IconButton } from '../../ui/Button';
import { Section } from '../../ui/Section';
import { copyText } from '../shared/copy';
import { listKeys } from '../shared/list-keys';
import { sentence } from '../shared/sentence';
import { useReading } from '../shared/use-reading';
import { IOCTLS } from '../../words/panels/ioctls';
import { Phrase } from '../../ui/Phrase';
import { behindOf, callsOf, callText, named, textOf, type LoggedCall } from './calls';
import { StructBytes } from './StructBytes';
import './ioctls.css';

/** So many calls are drawn at first, and so many more on request. */
const STEP = 150;

/** So many structures of an array are drawn. */
const MOST_PARTS = 8;

/** Every ioctl up to where time stands, as strace prints it; the chosen one with its structure byte by byte. */
export function IoctlsPanel() {
  const events = useApp((state) => state.events);
  const objects = useApp((state) => state.objects);
  const describe = useApp((state) => state.actions.describeIoctls);
  const calls = useMemo(() => callsOf(events), [events]);
  const [limit, setLimit] = useState(STEP);
  const [chosen, setChosen] = useState<string | null>();
  const shown = useMemo(() => calls.slice(-limit), [calls, limit]);
  const read = useCallback(async () => {
    const described = shown.length === 0 ? [] : await describe(shown.map((call) => call.event));
    return described === null ? null : { shown, described };
  }, [describe, shown]);
  const reading = useReading(read);
  if (calls.length === 0)
    return (
      <Section title={IOCTLS.title}>
        <p className="prose">
          <Phrase
            text={IOCTLS.none}
            parts={{
              alloc: <code>IOAS_ALLOC</code>,
              map: <code>IOAS_MAP</code>,
              attach: <code>ATTACH</code>,
            }}
          />
        </p>
      </Section>
    );
  if (!reading)
    return (
      <Section title={IOCTLS.title}>
        {reading === undefined && <p className="muted">{IOCTLS.reading}</p>}
      </Section>
    );
  const rows = reading.shown.flatMap((logged, index) => {
    const call = reading.described[index];
    return call === undefined ? [] : [{ logged, call, tokens: named(objects, call.tokens) }];
  });
  // Unless a person says otherwise the last call is open: what has just happened.
  const open = chosen === undefined ? rows.at(-1)?.logged.key : chosen;
  const earlier = calls.length - reading.shown.length;
  return (
    <Section
      title={
        <span className="row">
          <span className="grow">{IOCTLS.calls(calls.length)}</span>
          <IconButton
            label={IOCTLS.copyLog}
            onClick={() =>
              void copyText(rows.map((row) => textOf(row.tokens)).join('\n'), IOCTLS.calls(rows.length))
            }
          >
            <ClipboardCopy size={15} />
          </IconButton>
        </span>
      }
    >
      {earlier > 0 && (
        <Button className="calls-earlier" onClick={() => setLimit(limit + STEP)}>
          {IOCTLS.earlier(Math.min(earlier, STEP))}
        </Button>
      )}
      <ol className="calls" aria-label={IOCTLS.log} onKeyDown={listKeys('.call')}>
        {rows.map(({ logged, call, tokens }) => (
          <CallRow
            key={logged.key}
            logged={logged}
            call={call}
            tokens={tokens}
            open={logged.key === open}
            reachable={logged.key === (open ?? rows.at(-1)?.logged.key)}
            onToggle={() => setChosen(logged.key === open ? null : logged.key)}
          />
        ))}
      </ol>
    </Section>
  );
}

interface CallRowProps {
  readonly logged: LoggedCall;
  readonly call: IoctlCall;
  readonly tokens: readonly Token[];
  readonly open: boolean;
  readonly reachable: boolean;
  readonly onToggle: () => void;
}

function CallRow({ logged, call, tokens, open, reachable, onToggle }: CallRowProps) {
  const row = useRef<HTMLLIElement>(null);
  const now = useApp((state) => state.cursor === logged.line);
  const seek = useApp((state) => state.actions.seek);
  const why = useApp((state) => whyRefused(state.results[logged.line - 1], call));
  useEffect(() => {
    if (open) row.current?.scrollIntoView({ block: 'nearest' });
  }, [open]);
  return (
    <li ref={row} data-open={open}>
      <button
        type="button"
        className="call"
        tabIndex={reachable ? 0 : -1}
        aria-expanded={open}
        aria-current={now ? 'step' : undefined}
        onClick={onToggle}
      >
        <span className="call-line" title={IOCTLS.line(logged.line)}>
          {logged.line}
        </span>
        <code className="call-text">
          <Tokens tokens={tokens} />
        </code>
        <span className="chip" data-tone={call.errno === null ? 'ok' : 'fault'}>
          {call.errno ?? call.returned}
        </span>
      </button>
      {open && (
        <div className="call-detail">
          {call.struct === null ? (
            <p className="prose">{call.errno === 'ENOTTY' ? IOCTLS.noCommand : IOCTLS.unreadable}</p>
          ) : (
            <StructBytes struct={call.struct} />
          )}
          {call.payload !== null && <PayloadBytes payload={call.payload} />}
          {why !== null && (
            <p className="call-why">
              <b>{call.errno}</b> {sentence(why)}
            </p>
          )}
          <div className="row">
            <Button onClick={() => void copyText(callText(call, tokens), IOCTLS.theCall)}>
              {IOCTLS.copy}
            </Button>
            {!now && <Button onClick={() => void seek(logged.line)}>{IOCTLS.goTo(logged.line)}</Button>}
          </div>
        </div>
      )}
    </li>
  );
}

/** What the structure points to. */
function PayloadBytes({ payload }: { readonly payload: PayloadView }) {
  const parts = behindOf(payload);
  const shown = parts.slice(0, MOST_PARTS);
  const rest = parts.length - shown.length;
  return (
    <>
      {shown.map(({ behind, struct }) => (
        <StructBytes key={behind} struct={struct} behind={behind} />
      ))}
      {(rest > 0 || payload.more) && (
        <p className="prose">{rest > 0 ? IOCTLS.moreParts(rest) : IOCTLS.noMore}</p>
      )}
    </>
  );
}

/** The line's reason is the call's when both ended the same way. */
const whyRefused = (result: LineResult | undefined, call: IoctlCall): string | null =>
  result !== undefined && call.errno !== null && result.errno === call.errno ? result.why : null;

const Tokens = ({ tokens }: { readonly tokens: readonly Token[] }) =>
  tokens.map(({ kind, text }, index) => (
    <span key={index} data-token={kind}>
      {text}
    </span>
  ));
