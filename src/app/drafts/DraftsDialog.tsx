import { useEffect, useRef, useState, type FormEvent } from 'react';
import { useApp } from '../../store';
import { Button } from '../../ui/Button';
import { Dialog } from '../../ui/Dialog';
import { keepVersion } from './actions';
import { DraftRow } from './DraftRow';
import { refresh } from './keep';
import { saveNow } from './keeper';
import { useDrafts } from './state';
import { DRAFT_WORDS as words } from '../../words/app/drafts';
import './drafts.css';

/** What this browser keeps: every tab's draft, and the versions of each. */
export function DraftsDialog() {
  const openDialog = useApp((state) => state.actions.openDialog);
  const drafts = useDrafts((state) => state.drafts);
  const current = useDrafts((state) => state.current);
  const elsewhere = useDrafts((state) => state.elsewhere);
  const trouble = useDrafts((state) => state.trouble);
  useEffect(() => {
    void saveNow().then(refresh);
    return () => useDrafts.setState({ naming: false });
  }, []);
  return (
    <Dialog title={words.title} description={words.description} width={720} onClose={() => openDialog(null)}>
      <div className="drafts" tabIndex={-1}>
        {trouble !== null && (
          <p className="drafts-trouble" role="alert">
            {words[trouble]}
          </p>
        )}
        {trouble !== 'blocked' && <KeepVersion />}
        {drafts?.length === 0 && trouble === null && <p className="muted">{words.none}</p>}
        {drafts !== null && drafts.length > 0 && (
          <ul className="draft-list" aria-label={words.title}>
            {drafts.map((draft) => (
              <DraftRow
                key={draft.id}
                draft={draft}
                place={draft.id === current ? 'here' : elsewhere.has(draft.id) ? 'elsewhere' : null}
              />
            ))}
          </ul>
        )}
      </div>
    </Dialog>
  );
}

/** Gives what is on the page a name, to come back to. */
function KeepVersion() {
  const isEmpty = useApp((state) => state.script === '');
  const naming = useDrafts((state) => state.naming);
  const [name, setName] = useState('');
  const [said, setSaid] = useState<string | null>(null);
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (naming) field.current?.focus();
  }, [naming]);
  if (isEmpty) return null;
  const keep = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    const given = name.trim();
    if (given === '' || !(await keepVersion(given))) return;
    setName('');
    setSaid(words.kept(given));
  };
  return (
    <form className="keep-version" aria-label={words.keepTitle} onSubmit={(event) => void keep(event)}>
      <label className="field">
        <span>{words.keepLabel}</span>
        <input
          ref={field}
          className="input"
          value={name}
          maxLength={120}
          placeholder={words.keepHint}
          onChange={(event) => setName(event.target.value)}
        />
      </label>
      <Button type="submit" look="primary" disabled={name.trim() === ''}>
        {words.keep}
      </Button>
      <p role="status">{said}</p>
    </form>
  );
}
