import { ChevronDown, ChevronUp } from 'lucide-react';
import { lazy, Suspense, type ReactNode } from 'react';
import { InsideLine } from '../panels/timeline/InsideLine';
import { Timeline } from '../panels/timeline/Timeline';
import { IconButton } from '../ui/Button';
import { ErrorBoundary } from './ErrorBoundary';
import * as says from '../words/app/frame';

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
    <section className="dock" aria-label={says.scriptAndPlayback}>
      {open && children}
      <div className="dock-bar">
        <ErrorBoundary part={says.theTimeline}>
          <Timeline />
        </ErrorBoundary>
        <IconButton
          className="wide-only"
          label={open ? says.hideTheScript : says.showTheScript}
          aria-expanded={open}
          onClick={onToggle}
        >
          {open ? <ChevronDown size={16} /> : <ChevronUp size={16} />}
        </IconButton>
      </div>
      <InsideLine />
      <div className="dock-body" hidden={!open}>
        <ErrorBoundary part={says.theScript}>
          <Suspense fallback={null}>
            <Script />
          </Suspense>
        </ErrorBoundary>
      </div>
    </section>
  );
}
