import { useMemo } from 'react';
import { useApp } from '../store';
import { noteAt } from '../store/script';

/** What the scene says at the line where it stands. */
export function Caption() {
  const script = useApp((state) => state.script);
  const cursor = useApp((state) => state.cursor);
  const note = useMemo(() => noteAt(script, cursor), [script, cursor]);
  return (
    <p className="caption" aria-live="polite">
      {note}
    </p>
  );
}
