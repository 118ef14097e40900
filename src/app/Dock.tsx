import { ChevronDown, ChevronUp } from 'lucide-react';
import type { ReactNode } from 'react';
import { Console } from '../panels/log/Console';
import { ScriptLog } from '../panels/log/ScriptLog';
import { Timeline } from '../panels/timeline/Timeline';
import { IconButton } from '../ui/Button';

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
        <Timeline />
        <IconButton
          className="wide-only"
          label={open ? 'Hide the script' : 'Show the script'}
          aria-expanded={open}
          onClick={onToggle}
        >
          {open ? <ChevronDown size={16} /> : <ChevronUp size={16} />}
        </IconButton>
      </div>
      <div className="dock-body" hidden={!open}>
        <ScriptLog />
        <Console />
      </div>
    </section>
  );
}
