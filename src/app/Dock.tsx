import { ChevronDown, ChevronUp } from 'lucide-react';
import { lazy, Suspense, type ReactNode } from 'react';
import { InsideLine } from '../panels/timeline/InsideLine';
import { Timeline } from '../panels/timeline/Timeline';
import { IconButton } from '../ui/Button';
import { ErrorBoundary } from './ErrorBoundary';

/** A chunk of its own: the canvas does not wait for it. */
const Script = lazy(() => import('../panels/log/Script').then((module) => ({ default: module.Script })));

interface DockProps {
  readonly open: boolean;
  readonly onToggle: () => void;
  /** The bar that changes its height. */
  readonly children: ReactNode;
}

/** Time and text: the scrubber, the script with its results, and a line to type. */
export function Dock({ open, onToggle, children }: DockProps) {
  return (
    <section className="dock" aria-label="Script and playback">
      {open && children}
      <div className="dock-bar">
        <ErrorBoundary part="The timeline">
          <Timeline />
        </ErrorBoundary>
        <IconButton
          className="wide-only"
          label={open ? 'Hide the script' : 'Show the script'}
          aria-expanded={open}
          onClick={onToggle}
        >
          {open ? <ChevronDown size={16} /> : <ChevronUp size={16} />}
        </IconButton>
      </div>
      <InsideLine />
      <div className="dock-body" hidden={!open}>
        <ErrorBoundary part="The script">
          <Suspense fallback={null}>
            <Script />
          </Suspense>
        </ErrorBoundary>
      </div>
    </section>
  );
}
