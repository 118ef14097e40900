import { Spotlight } from 'lucide-react';
import { useEffect } from 'react';
import { useApp } from '../../store';
import type { Lit } from '../../store/types';
import { GROUPS } from '../../words/panels/groups/groups';

/**
 * Outlines devices on the canvas as long as this is on the page, unless a person clears it: here, by Escape, or by a press
 * on the empty canvas.
 */
export function ShowOnCanvas({ lit }: { readonly lit: Lit }) {
  const light = useApp((state) => state.actions.light);
  const shown = useApp((state) => state.lit !== null);
  // Not the object: it is made anew whenever a line runs.
  const key = [lit.chain, lit.others].map((ids) => ids.join(' ')).join('|');
  useEffect(() => {
    light(litOf(key));
    return () => light(null);
  }, [key, light]);
  return (
    <button
      type="button"
      className="show-on-canvas"
      aria-pressed={shown}
      onClick={() => light(shown ? null : litOf(key))}
    >
      <Spotlight size={14} strokeWidth={1.75} aria-hidden="true" />
      {GROUPS.onCanvas}
    </button>
  );
}

function litOf(key: string): Lit {
  const [chain = [], others = []] = key.split('|').map((ids) => ids.split(' ').filter(Boolean));
  return { chain, others };
}
