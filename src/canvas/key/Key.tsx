import { lazy, Suspense, useState, type ReactNode } from 'react';
import type { Link } from '../edges/edges';
import * as says from '../../words/canvas/canvas';

const KeyPanel = lazy(async () => ({ default: (await import('./KeyPanel')).KeyPanel }));

/** What the marks and wires of this scene mean; Help has all of them. No tab stop: the keyboard has Help. */
export function Key({ links }: { readonly links: readonly Link[] }): ReactNode {
  const [open, setOpen] = useState(false);
  return (
    <div className="key" data-open={open || undefined}>
      {open && (
        <Suspense fallback={null}>
          <KeyPanel links={links} />
        </Suspense>
      )}
      <button
        type="button"
        tabIndex={-1}
        aria-expanded={open}
        title={says.whatShapesLettersAndLinesMean}
        onClick={() => setOpen(!open)}
      >
        {says.key}
      </button>
    </div>
  );
}
