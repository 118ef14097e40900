import { FileClock } from 'lucide-react';
import { useEffect } from 'react';
import { useApp } from '../../store';
import { newestLeft, openDraft } from './actions';
import { linesIn, titleOf } from './draft';
import { refresh } from './keep';
import { useDrafts } from './state';
import { useNow } from './use-now';
import { agoWords, DRAFT_WORDS as words } from '../../words/app/drafts';
import './drafts.css';

/** On an empty page: the work of a tab that was closed, or was lost. */
export function DraftOffer() {
  const openDialog = useApp((state) => state.actions.openDialog);
  const starting = useApp((state) => state.engine.status === 'starting');
  const drafts = useDrafts((state) => state.drafts);
  const now = useNow();
  useEffect(() => void refresh(), []);
  const draft = drafts === null ? null : newestLeft();
  if (draft === null) return null;
  return (
    <section className="draft-offer" aria-label={words.offer}>
      <FileClock size={18} strokeWidth={1.75} aria-hidden="true" />
      <div className="draft-words">
        <span className="eyebrow">{words.offer}</span>
        <b>{titleOf(draft) ?? words.untitled}</b>
        <span className="muted">
          {words.lines(linesIn(draft.script))} · {agoWords(draft.savedAt, now)}
        </span>
      </div>
      <div className="draft-actions">
        <button type="button" className="btn" onClick={() => openDialog('drafts')}>
          {words.all(drafts?.length ?? 0)}
        </button>
        <button
          type="button"
          className="btn btn-primary"
          disabled={starting}
          onClick={() => void openDraft(draft)}
        >
          {words.goOn}
        </button>
      </div>
    </section>
  );
}
