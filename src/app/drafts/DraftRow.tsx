import { Download, History, Pencil } from 'lucide-react';
import { useState, type FormEvent } from 'react';
import { useApp } from '../../store';
import { Button, IconButton } from '../../ui/Button';
import { deleteDraft, openDraft, renameDraft, saveDraft } from './actions';
import { linesIn, titleOf, type Draft } from './draft';
import { SureButton } from './SureButton';
import { useNow } from './use-now';
import { Versions } from './Versions';
import { agoWords, DRAFT_WORDS as words } from '../../words/app/drafts';

interface DraftRowProps {
  readonly draft: Draft;
  /** Where it is open. */
  readonly place: 'here' | 'elsewhere' | null;
}

export function DraftRow({ draft, place }: DraftRowProps) {
  const openDialog = useApp((state) => state.actions.openDialog);
  const [renaming, setRenaming] = useState(false);
  const [history, setHistory] = useState(false);
  const now = useNow();
  const title = titleOf(draft) ?? words.untitled;
  const open = async (): Promise<void> => {
    if (await openDraft(draft)) openDialog(null);
  };
  return (
    <li className="draft" data-here={place === 'here' || undefined}>
      <div className="draft-head">
        {renaming ? (
          <Rename draft={draft} onDone={() => setRenaming(false)} />
        ) : (
          <div className="draft-words">
            <b>{title}</b>
            <span className="muted">
              {[
                ...(place === null ? [] : [words[place]]),
                words.lines(linesIn(draft.script)),
                agoWords(draft.savedAt, now),
              ].join(' · ')}
            </span>
          </div>
        )}
        <div className="draft-actions">
          {place !== 'here' && (
            <Button aria-label={words.named(words.open, title)} onClick={() => void open()}>
              {words.open}
            </Button>
          )}
          <IconButton
            label={words.named(words.history, title)}
            aria-expanded={history}
            onClick={() => setHistory(!history)}
          >
            <History size={15} />
          </IconButton>
          <IconButton label={words.named(words.rename, title)} onClick={() => setRenaming(true)}>
            <Pencil size={14} />
          </IconButton>
          <IconButton label={words.named(words.save, title)} onClick={() => saveDraft(draft)}>
            <Download size={15} />
          </IconButton>
          <SureButton label={words.named(words.remove, title)} onSure={() => void deleteDraft(draft)} />
        </div>
      </div>
      {history && <Versions draft={draft} title={title} />}
    </li>
  );
}

function Rename({ draft, onDone }: { readonly draft: Draft; readonly onDone: () => void }) {
  const title = titleOf(draft) ?? '';
  const [name, setName] = useState(title);
  const rename = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    if (name !== title) await renameDraft(draft, name);
    onDone();
  };
  return (
    <form
      className="draft-rename"
      onSubmit={(event) => void rename(event)}
      onKeyDown={(event) => {
        if (event.key !== 'Escape') return;
        event.stopPropagation(); // the dialog stays
        onDone();
      }}
    >
      <input
        autoFocus
        className="input"
        aria-label={words.nameOf(title)}
        value={name}
        maxLength={120}
        onFocus={(event) => event.target.select()}
        onChange={(event) => setName(event.target.value)}
      />
      <Button type="submit" look="primary">
        {words.done}
      </Button>
    </form>
  );
}
