import { useMemo } from 'react';
import { useApp } from '../store';
import { linesOf, noteAt, noteIn } from '../store/script';
import { outcomeAt } from './state';
import { EMBED } from '../words/embed/embed';

/** What the scene says where it stands; no room is taken by a scene that says nothing. */
export function Caption() {
  const script = useApp((state) => state.script);
  const cursor = useApp((state) => state.cursor);
  const speaks = useMemo(() => linesOf(script).some((line) => noteIn(line) !== null), [script]);
  const note = useMemo(() => noteAt(script, cursor), [script, cursor]);
  if (!speaks) return null;
  return (
    <p className="embed-caption" aria-live="polite">
      {note}
    </p>
  );
}

/** The line where time stands, and what it came to. Always there, so that nothing jumps. */
export function Outcome() {
  const results = useApp((state) => state.results);
  const cursor = useApp((state) => state.cursor);
  const empty = useApp((state) => state.script === '');
  const at = outcomeAt({ results, cursor });
  if (empty) return null;
  const bad = at !== null && at.status !== 'ok' && at.status !== 'none';
  return (
    <p className="embed-outcome mono" data-bad={bad || undefined}>
      <span>{at?.text ?? EMBED.begin}</span>
      <b title={at?.why ?? undefined}>{at?.result}</b>
    </p>
  );
}
