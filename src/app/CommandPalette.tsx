import { Autocomplete } from '@base-ui/react/autocomplete';
import { Dialog } from '@base-ui/react/dialog';
import { ChevronRight, Search } from 'lucide-react';
import { useEffect, useMemo, useRef, useState, type KeyboardEvent } from 'react';
import { commandById, runCommand, subjectOf, type Choice } from '../commands';
import type { Recent } from '../commands/search';
import { useApp } from '../store';
import type { AppState, PaletteAt } from '../store/types';
import { ObjectGlyph } from '../ui/ObjectGlyph';
import { choiceRows, firstRows, stepTitle, type Row, type RowSection } from './palette-rows';
import { takeTypedAhead } from './typed-ahead';
import './command-palette.css';
import * as says from '../words/app/palette';
import { Phrase } from '../ui/Phrase';

/** What was done last, newest first; for as long as the page is open. */
let recent: readonly Recent[] = [];
const REMEMBERED = 12;

/** Everything that can be done, by its words: one field, and a second step where there is something to choose. */
export function CommandPalette() {
  const at = useApp((state) => state.palette);
  const { closePalette, openPalette } = useApp((state) => state.actions);
  if (at === null) return null;
  const commandId = at.commandId ?? '';
  return (
    <Dialog.Root open onOpenChange={(open) => !open && closePalette()}>
      <Dialog.Portal>
        <Dialog.Backdrop className="dialog-backdrop" />
        <Dialog.Popup className="dialog palette" aria-label={says.commandPalette} finalFocus={focusAfter}>
          <Step
            key={`${commandId} ${at.subject.join()}`}
            at={at}
            onBack={at.commandId === null ? null : () => openPalette({ commandId: null, subject: [] })}
          />
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

/** A line for the console takes the focus there; a dialog that was opened keeps it. */
function focusAfter(): boolean {
  const { draft, dialog, palette } = useApp.getState();
  return draft === null && dialog === null && palette === null && document.activeElement?.id !== 'console';
}

interface StepProps {
  readonly at: PaletteAt;
  /** To the first step; null: this is it. */
  readonly onBack: (() => void) | null;
}

function Step({ at, onBack }: StepProps) {
  const app = useApp();
  const [query, setQuery] = useState('');
  // Not deferred: Enter takes the first of what the words find, not of what fewer of them found.
  const { sections, asking } = useSections(app, at, query);
  const input = useRef<HTMLInputElement>(null);
  const title = stepTitle(app, at);
  useEffect(() => input.current?.focus(), []);

  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === 'Backspace' && query === '' && onBack !== null) {
      event.preventDefault();
      onBack();
    }
  };

  return (
    <Autocomplete.Root
      open
      inline
      value={query}
      onValueChange={setQuery}
      items={sections as RowSection[]}
      filter={null}
      autoHighlight="always"
      keepHighlight
    >
      <div className="palette-field">
        {title === null ? (
          <Search size={16} strokeWidth={1.75} aria-hidden="true" />
        ) : (
          <span className="palette-step">{title}</span>
        )}
        <Autocomplete.Input
          ref={input}
          className="palette-input"
          aria-label={title ?? says.findACommandOrAnObject}
          placeholder={title === null ? says.doSomethingOrFindAnObject : says.choose}
          onFocus={() => {
            const ahead = takeTypedAhead();
            if (ahead !== '') setQuery(ahead);
          }}
          onKeyDown={onKeyDown}
          autoCapitalize="off"
          spellCheck="false"
        />
        <Dialog.Close className="sr-only">{says.close}</Dialog.Close>
      </div>
      <div className="palette-body">
        <Autocomplete.Empty className="palette-empty">
          {asking ? says.askingTheKernel : says.nothingIsCalledSoTheConsole}
        </Autocomplete.Empty>
        <Autocomplete.List className="palette-list">
          {(section: RowSection) => (
            <Autocomplete.Group
              key={section.heading}
              items={section.items as Row[]}
              className="palette-group"
            >
              {section.heading !== '' && (
                <Autocomplete.GroupLabel className="eyebrow palette-heading">
                  {section.heading}
                </Autocomplete.GroupLabel>
              )}
              <Autocomplete.Collection>
                {(row: Row) => <Line key={row.key} row={row} />}
              </Autocomplete.Collection>
            </Autocomplete.Group>
          )}
        </Autocomplete.List>
      </div>
      <div className="palette-foot">
        <span>
          <Phrase text={says.keyDo} parts={{ key: <kbd className="kbd">Enter</kbd> }} />
        </span>
        <span>
          <Phrase
            text={says.keysChoose}
            parts={{ up: <kbd className="kbd">↑</kbd>, down: <kbd className="kbd">↓</kbd> }}
          />
        </span>
        {onBack !== null && (
          <span>
            <Phrase text={says.keyBack} parts={{ key: <kbd className="kbd">Backspace</kbd> }} />
          </span>
        )}
        <span>
          <Phrase text={says.keyClose} parts={{ key: <kbd className="kbd">Esc</kbd> }} />
        </span>
      </div>
    </Autocomplete.Root>
  );
}

/** What there is to see at a step; a command's choices may have to be asked of the engine. */
function useSections(
  app: AppState,
  at: PaletteAt,
  query: string,
): { readonly sections: readonly RowSection[]; readonly asking: boolean } {
  const [choices, setChoices] = useState<readonly Choice[] | null>(null);
  const { objects, script } = app;
  useEffect(() => {
    const command = at.commandId === null ? null : commandById(at.commandId);
    if (command?.choices === undefined) return;
    let gone = false;
    void Promise.resolve(command.choices(useApp.getState(), at.subject)).then((found) => {
      if (!gone) setChoices(found);
    });
    return () => {
      gone = true;
    };
  }, [at, objects, script]);
  const sections = useMemo(
    () =>
      at.commandId === null
        ? firstRows(app, query, subjectOf(app), recent)
        : choiceRows(choices ?? [], query),
    [app, at, query, choices],
  );
  return { sections, asking: at.commandId !== null && choices === null };
}

function Line({ row }: { readonly row: Row }) {
  return (
    <Autocomplete.Item
      value={row}
      className="palette-row"
      aria-disabled={row.why !== null || undefined}
      onClick={() => void pick(row)}
    >
      <span className="palette-glyph">{row.kind !== null && <ObjectGlyph kind={row.kind} />}</span>
      <span className="palette-label">
        {row.label}
        {row.more && <span aria-hidden="true">…</span>}
        {row.about !== null && <span className="muted"> {row.about}</span>}
        {row.detail !== null && <span className="muted palette-detail">{row.detail}</span>}
        {row.current && <span className="chip">{says.now}</span>}
      </span>
      <span className="palette-side">
        {row.verb !== null && <code className="muted">{row.verb}</code>}
        {row.keys !== null && <Keys keys={row.keys} />}
        {row.more && <ChevronRight size={14} aria-hidden="true" />}
      </span>
      {row.why !== null && <small>{row.why}</small>}
      {row.against !== null && <small className="error-text">{row.against}</small>}
    </Autocomplete.Item>
  );
}

const Keys = ({ keys }: { readonly keys: string }) => (
  <span className="palette-keys">
    {(keys.split(' or ')[0] ?? '').split(' ').map((key) => (
      <kbd key={key} className="kbd">
        {key}
      </kbd>
    ))}
  </span>
);

async function pick({ pick: what, why }: Row): Promise<void> {
  const app = useApp.getState();
  if (why !== null) return; // the line itself says why not
  if (what.kind === 'choice') {
    app.actions.closePalette();
    await what.choice.run();
    return;
  }
  const { item } = what;
  if (item.kind === 'object') {
    app.actions.closePalette();
    app.actions.select(item.object.id);
    app.actions.lookAt(item.object.id);
    return;
  }
  const { command, subject } = item;
  const same = (each: Recent): boolean => each.id === command.id && each.subject.join() === subject.join();
  recent = [{ id: command.id, subject }, ...recent.filter((each) => !same(each))].slice(0, REMEMBERED);
  // Where there is something to choose, the command opens its own step.
  app.actions.closePalette();
  await runCommand(app, command.id, subject);
}
