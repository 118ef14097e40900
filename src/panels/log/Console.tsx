import { useEffect, useId, useMemo, useRef, useState, type ClipboardEvent, type KeyboardEvent } from 'react';
import { parseLine } from '../../scenario/parse';
import { useApp } from '../../store';
import { linesOf } from '../../store/script';
import type { AppState } from '../../store/types';
import { CONSOLE } from '../../words/panels/console';
import { complete, withVerb } from './complete';
import { recallable, searchBack } from './recall';

interface Mistake {
  readonly column: number;
  readonly message: string;
}

/** So many completions are offered. */
const MOST = 8;

/** Lines typed here that came to nothing: the script does not have them, and they are wanted back most. */
const typed: string[] = [];

/** One line to type. Enter runs it, arrows bring earlier lines back, Ctrl R looks for one, Tab completes. */
export function Console() {
  const objects = useApp((state) => state.objects);
  const act = useApp((state) => state.actions.act);
  const [text, setText] = useState('');
  const [mistake, setMistake] = useState<Mistake | null>(null);
  const [active, setActive] = useState(0);
  const [listening, setListening] = useState(false);
  const [back, setBack] = useState(0);
  /** Lines pasted after the one in the field. */
  const [rest, setRest] = useState<readonly string[]>([]);
  /** Looking for an earlier line: what was in the field before, and how many matches are passed over. */
  const [looking, setLooking] = useState<{ readonly before: string; readonly skip: number } | null>(null);
  const input = useRef<HTMLInputElement>(null);
  const listId = useId();
  const completion = useMemo(() => complete(text, { objects: Object.values(objects) }), [text, objects]);
  const options =
    listening && looking === null && text !== '' && back === 0 ? completion.options.slice(0, MOST) : [];
  const found =
    looking === null
      ? null
      : searchBack(recallable(linesOf(useApp.getState().script), typed), text, looking.skip);

  // A line begun elsewhere: here it is completed, and seen to end where typing goes on.
  useEffect(() => {
    const take = ({ draft, actions }: AppState): void => {
      if (draft === null) return;
      actions.prefill(null);
      setText(draft);
      setMistake(null);
      setLooking(null);
      setBack(0);
      setListening(draft !== '');
      input.current?.focus();
      requestAnimationFrame(() => input.current?.setSelectionRange(draft.length, draft.length));
    };
    take(useApp.getState()); // begun before the console was there
    return useApp.subscribe(take);
  }, []);

  const change = (next: string): void => {
    setText(next);
    setMistake(null);
    setActive(0);
    setBack(0);
    setListening(true);
    if (looking !== null) setLooking({ ...looking, skip: 0 });
  };

  /** What stands against a line, after it has run where nothing did. */
  const runLine = async (line: string): Promise<Mistake | null> => {
    const { error } = parseLine(line, 1);
    const mistaken = error === null ? await act([line]) : null;
    if (mistaken !== null) useApp.getState().actions.notify(null); // said here, where it was typed
    if (error === null && mistaken === null) return null;
    if (typed.at(-1) !== line) typed.push(line);
    return error ?? { column: mistaken?.column ?? 1, message: mistaken?.why ?? CONSOLE.noSense };
  };

  /** Runs lines one after the other up to the first that makes no sense: that one, and those behind it, stay. */
  const run = async (lines: readonly string[]): Promise<void> => {
    const written = input.current?.value.trim() ?? '';
    for (const [at, raw] of lines.entries()) {
      const line = withVerb(raw.trim());
      if (line === '') continue;
      const wrong = await runLine(line);
      if (wrong !== null || useApp.getState().engine.status === 'crashed') {
        setText(line);
        setRest(lines.slice(at + 1));
        setMistake(wrong);
        return;
      }
    }
    setRest([]);
    // Whoever types fast has begun the next line by now: that one stays.
    if (input.current?.value.trim() !== written) return;
    change('');
    setListening(false);
  };

  const onPaste = (event: ClipboardEvent): void => {
    const [first = '', ...more] = event.clipboardData
      .getData('text/plain')
      .replace(/\r\n?/g, '\n')
      .split('\n');
    if (more.every((line) => line.trim() === '')) return; // one line is pasted as anywhere
    event.preventDefault();
    void run([text + first, ...more].filter((line) => line.trim() !== ''));
  };

  const recall = (by: number): void => {
    const lines = recallable(linesOf(useApp.getState().script), typed);
    const next = Math.max(0, Math.min(lines.length, back + by));
    setBack(next);
    setText(next === 0 ? '' : (lines[lines.length - next] ?? ''));
    setMistake(null);
  };

  const take = (index: number): void => {
    const option = options[index];
    if (option === undefined) return;
    change(text.slice(0, completion.from) + option.text + (option.text.endsWith('=') ? '' : ' '));
    input.current?.focus();
  };

  const look = (): void => {
    setMistake(null);
    if (looking === null) setLooking({ before: text, skip: 0 });
    else if (found !== null) setLooking({ ...looking, skip: looking.skip + 1 });
  };
  const stopLooking = (line: string): void => {
    setLooking(null);
    setListening(false);
    setText(line);
  };

  const onKeyDown = (event: KeyboardEvent): void => {
    const down = event.key === 'ArrowDown';
    if (event.key.toLowerCase() === 'r' && event.ctrlKey && !event.shiftKey) {
      event.preventDefault();
      look();
    } else if (looking !== null && ['Enter', 'Tab', 'Escape'].includes(event.key)) {
      event.preventDefault();
      stopLooking(event.key === 'Escape' ? looking.before : (found ?? text));
    } else if (down || event.key === 'ArrowUp') {
      event.preventDefault();
      if (looking !== null) setLooking({ ...looking, skip: Math.max(0, looking.skip + (down ? -1 : 1)) });
      else if (options.length === 0 || back > 0) recall(down ? -1 : 1);
      else setActive((active + (down ? 1 : options.length - 1)) % options.length);
    } else if (event.key === 'Tab' && !event.shiftKey && options.length > 0) {
      event.preventDefault();
      take(active);
    } else if (event.key === 'Enter') {
      event.preventDefault();
      if (text.trim() !== '') void run([text, ...rest]);
    } else if (event.key === 'Escape') {
      setListening(false);
      setMistake(null);
      setRest([]);
    }
  };

  return (
    <div className="console">
      {options.length > 0 && (
        <ul className="console-options" id={listId} role="listbox" aria-label={CONSOLE.completions}>
          {options.map((option, index) => (
            <li
              key={option.text}
              id={`${listId}-${index}`}
              role="option"
              aria-selected={index === active}
              onPointerDown={(event) => {
                event.preventDefault();
                take(index);
              }}
            >
              <code>{option.text}</code>
              <span className="muted">{option.help}</span>
            </li>
          ))}
        </ul>
      )}
      <span className="console-prompt" aria-hidden="true">
        {looking === null ? '›' : '?'}
      </span>
      <div className="console-field">
        <input
          ref={input}
          id="console"
          className="mono"
          value={text}
          placeholder={
            looking === null ? CONSOLE.placeholder('dma 01:00.0 write 0x100000 64') : CONSOLE.searching
          }
          aria-label={CONSOLE.label}
          role="combobox"
          aria-expanded={options.length > 0}
          aria-controls={listId}
          aria-autocomplete="list"
          aria-activedescendant={options.length > 0 ? `${listId}-${active}` : undefined}
          aria-invalid={mistake !== null}
          autoComplete="off"
          autoCapitalize="off"
          spellCheck="false"
          onChange={(event) => change(event.target.value)}
          onKeyDown={onKeyDown}
          onPaste={onPaste}
          onBlur={() => setListening(false)}
        />
        <p className="console-note mono" role="status">
          {mistake !== null ? (
            <span className="error-text">
              {' '.repeat(Math.max(0, mistake.column - 1))}^ {mistake.message}
              {rest.length > 0 && <span className="muted"> {CONSOLE.rest(rest.length)}</span>}
            </span>
          ) : looking !== null ? (
            <>
              {found ?? (
                <span className="muted">{text.trim() === '' ? CONSOLE.looking : CONSOLE.noSuch}</span>
              )}
              <span className="muted"> {CONSOLE.lookingKeys}</span>
            </>
          ) : (
            listening &&
            completion.hint !== null && (
              <>
                {completion.hint.argument !== null && (
                  <span>
                    <b>{completion.hint.argument.name}</b> {completion.hint.argument.help}{' '}
                  </span>
                )}
                <span className="muted">{completion.hint.signature}</span>
              </>
            )
          )}
        </p>
      </div>
    </div>
  );
}
