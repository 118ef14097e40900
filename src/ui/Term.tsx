import { Popover } from '@base-ui/react/popover';
import { ExternalLink } from 'lucide-react';
import type { ReactNode } from 'react';
import * as says from '../words/ui/ui';

/** One sentence about a word, and where it is defined. */
export interface TermTip {
  readonly text: string;
  readonly document: TermDocument | null;
}

export interface TermDocument {
  /** Edition-proof: the document, and the title of the section. */
  readonly label: string;
  /** Null: it is not to be had by a link. */
  readonly href: string | null;
}

interface TermProps {
  readonly tip: string | TermTip;
  readonly children: ReactNode;
}

/** A word with one sentence of explanation: on hover, on focus, and to a screen reader; pressed, also with its document. */
export function Term({ tip, children }: TermProps) {
  const { text, document } = typeof tip === 'string' ? { text: tip, document: null } : tip;
  return (
    <Popover.Root>
      <Popover.Trigger className="term" data-tip={text} aria-description={text}>
        {children}
      </Popover.Trigger>
      <Popover.Portal>
        <Popover.Positioner className="menu-positioner" sideOffset={6} align="start" collisionPadding={8}>
          <Popover.Popup className="term-popup" aria-label={says.whatItMeans}>
            <p>{text}</p>
            {document !== null && <Source {...document} />}
          </Popover.Popup>
        </Popover.Positioner>
      </Popover.Portal>
    </Popover.Root>
  );
}

const Source = ({ label, href }: TermDocument) =>
  href === null ? (
    <p className="muted">{label}</p>
  ) : (
    <p>
      <a className="link" href={href} target="_blank" rel="noreferrer">
        {label}
        <ExternalLink size={12} aria-hidden="true" />
        <span className="sr-only">{says.opensInANewTab}</span>
      </a>
    </p>
  );
