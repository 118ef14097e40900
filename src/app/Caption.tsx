import { useApp } from '../store';
import { noteAt } from '../store/script';

/** What the scene says at the line where it stands. */
export function Caption() {
  const note = useApp((state) => noteAt(state.script, state.cursor));
  return (
    <p className="caption" aria-live="polite">
      {note}
    </p>
  );
}
