import { Check } from 'lucide-react';
import { useSeen } from '../../gallery/seen';
import { DIFFICULTY_WORDS, SEEN } from '../../words/panels/card';
import type { Entry } from './catalog';
import { useOpenScene } from './use-scenes';

interface RowButtonProps {
  readonly entry: Entry;
  readonly label: string;
  /** One tab stop a heading: arrows go on from there. */
  readonly first: boolean;
}

/** A scene in a line: what it is, how difficult, and whether it was seen. */
export function RowButton({ entry, label, first }: RowButtonProps) {
  const open = useOpenScene();
  const seen = useSeen((state) => state.seen.has(entry.id));
  return (
    <button
      type="button"
      className="row-button"
      tabIndex={first ? 0 : -1}
      onClick={() => void open(entry.id, entry.script)}
    >
      <code>{label}</code>
      <span>{entry.title}</span>
      <small>
        {entry.tags.join(', ')} · {DIFFICULTY_WORDS[entry.difficulty]}
      </small>
      <i data-seen={seen}>{seen && <Check size={14} role="img" aria-label={SEEN} />}</i>
    </button>
  );
}
