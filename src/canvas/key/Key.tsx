import { lazy, Suspense, useState, type ReactNode } from 'react';
import type { Link } from '../edges/edges';

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
        title="What shapes, letters and lines mean"
        onClick={() => setOpen(!open)}
      >
        Key
      </button>
    </div>
  );
}
