import { Minimize2 } from 'lucide-react';
import { useEffect, useRef } from 'react';
import { useApp } from '../../store';
import { stagedLookup } from '../../store/playback';
import { IconButton } from '../../ui/Button';
import { WALK } from '../../words/panels/walk';
import { WalkView } from './WalkView';
import './wide.css';

/** The walk over the canvas: time and panels stay beside it. */
export function WideWalk() {
  const lookup = useApp(stagedLookup);
  const { widenWalk } = useApp((state) => state.actions);
  const place = useRef<HTMLElement>(null);
  useEffect(() => place.current?.focus(), []);
  useEffect(() => {
    const leave = (event: KeyboardEvent): void => {
      // What is typed in, and what lies above, has an Escape of its own.
      const typing = event.target instanceof Element && event.target.matches('input, textarea, select');
      if (event.key !== 'Escape' || typing || document.querySelector(ABOVE) !== null) return;
      event.preventDefault();
      widenWalk(false);
    };
    // Before the page's own keys.
    document.addEventListener('keydown', leave, true);
    return () => document.removeEventListener('keydown', leave, true);
  }, [widenWalk]);
  return (
    <section ref={place} className="wide-walk" aria-label={WALK.title} tabIndex={-1}>
      {lookup === null ? (
        <p className="wide-walk-empty">
          <span className="prose">{WALK.noneOnStage}</span>
          <Narrow />
        </p>
      ) : (
        <WalkView lookup={lookup} wide tools={<Narrow />} />
      )}
    </section>
  );
}

const ABOVE = '[role=dialog], [role=menu], [role=listbox]';

function Narrow() {
  const { widenWalk } = useApp((state) => state.actions);
  return (
    <IconButton label={WALK.backToCanvas} keys="Esc" onClick={() => widenWalk(false)}>
      <Minimize2 size={15} />
    </IconButton>
  );
}
