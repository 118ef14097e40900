import { Spotlight } from 'lucide-react';
import { useEffect } from 'react';
import type { WorldId } from '../../engine/sim/world';
import { useApp } from '../../store';
import { Button } from '../../ui/Button';
import { COMPARE } from '../../words/panels/compare';

/** Outlines what differs on the canvas for as long as this is seen, unless a person clears it. */
export function OnCanvas({ ids }: { readonly ids: readonly WorldId[] }) {
  const light = useApp((state) => state.actions.light);
  const shown = useApp((state) => state.lit !== null);
  // Not the list: it is made anew with every look.
  const key = ids.join(' ');
  useEffect(() => {
    light({ chain: [], others: key.split(' ') });
    return () => light(null);
  }, [key, light]);
  return (
    <Button aria-pressed={shown} onClick={() => light(shown ? null : { chain: [], others: key.split(' ') })}>
      <Spotlight size={14} aria-hidden="true" /> {COMPARE.onCanvas}
    </Button>
  );
}
