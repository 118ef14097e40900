import { useId, useMemo, useRef, useState, type KeyboardEvent } from 'react';
import { parseLine } from '../../scenario/parse';
import { useApp } from '../../store';
import { linesOf } from '../../store/script';
import { complete } from './complete';

interface Mistake {
  readonly column: number;
  readonly message: string;
}

/** One line to type. Enter runs it, arrows bring earlier lines back, Tab completes. */
export function Console() {
  const objects = useApp((state) => state.objects);
  const act = useApp((state) => state.actions.act);
  const [text, setText] = useState('');
  const [mistake, setMistake] = useState<Mistake | null>(null);
  const [active, setActive] = useState(0);
  const [listening, setListening] = useState(false);
  const [back, setBack] = useState(0);
  const input = useRef<HTMLInputElement>(null);
  const listId = useId();
  const completion = useMemo(() => complete(text, Object.values(objects)), [text, objects]);
  const options = listening && text !== '' && back === 0 ? completion.options : [];

  const change = (next: string): void => {
    setText(next);
    setMistake(null);
    setActive(0);
    setBack(0);
    setListening(true);
  };

  const run = async (): Promise<void> => {
    const line = text.trim();
    if (line === '') return;
    const { error } = parseLine(line, 1);
    if (error !== null) return setMistake(error);
    const mistaken = await act([line]);
    if (mistaken !== null) {
      useApp.getState().actions.notify(null); // said here, where it was typed
      setMistake({ column: mistaken.column ?? 1, message: mistaken.why ?? 'this line makes no sense' });
      // Whoever types fast has begun the next line by now: that one stays.
    } else if (useApp.getState().engine.status !== 'crashed' && input.current?.value.trim() === line) {
      change('');
      setListening(false);
    }
  };

  const recall = (by: number): void => {
    const lines = linesOf(useApp.getState().script);
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

  const onKeyDown = (event: KeyboardEvent): void => {
    const down = event.key === 'ArrowDown';
    if (down || event.key === 'ArrowUp') {
      event.preventDefault();
      if (options.length === 0 || back > 0) recall(down ? -1 : 1);
      else setActive((active + (down ? 1 : options.length - 1)) % options.length);
    } else if (event.key === 'Tab' && !event.shiftKey && options.length > 0) {
      event.preventDefault();
      take(active);
    } else if (event.key === 'Enter') {
      event.preventDefault();
      void run();
    } else if (event.key === 'Escape') {
      setListening(false);
      setMistake(null);
    }
  };

  return (
    <div className="console">
      {options.length > 0 && (
        <ul className="console-options" id={listId} role="listbox" aria-label="Completions">
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
        ›
      </span>
      <div className="console-field">
        <input
          ref={input}
          id="console"
          className="mono"
          value={text}
          placeholder="Type a line, e.g. dma 01:00.0 write 0x100000 64"
          aria-label="Type a line of the script"
          role="combobox"
          aria-expanded={options.length > 0}
          aria-controls={listId}
          aria-autocomplete="list"
          aria-activedescendant={options.length > 0 ? `${listId}-${active}` : undefined}
          aria-invalid={mistake !== null}
          autoComplete="off"
          autoCapitalize="off"
          spellCheck={false}
          onChange={(event) => change(event.target.value)}
          onKeyDown={onKeyDown}
          onBlur={() => setListening(false)}
        />
        <p className="console-note mono" role="status">
          {mistake !== null ? (
            <span className="error-text">
              {' '.repeat(Math.max(0, mistake.column - 1))}^ {mistake.message}
            </span>
          ) : (
            listening && <span className="muted">{completion.hint}</span>
          )}
        </p>
      </div>
    </div>
  );
}
