import { Dialog as Base } from '@base-ui/react/dialog';
import { X } from 'lucide-react';
import { useRef, type ReactNode, type RefObject } from 'react';
import { IconButton } from './Button';
import * as says from '../words/ui/ui';

interface DialogProps {
  readonly title: string;
  readonly description?: string;
  readonly width?: number;
  readonly footer?: ReactNode;
  /** Nothing in it takes the focus: the body itself does, so that the keyboard can scroll it. */
  readonly reading?: boolean;
  /** Where the keyboard begins; the dialog itself unless said. */
  readonly focus?: RefObject<HTMLElement | null>;
  readonly children: ReactNode;
  readonly onClose: () => void;
}

/** A modal dialog that is open as long as it is mounted. */
export function Dialog({
  title,
  description,
  width = 640,
  footer,
  reading = false,
  focus,
  children,
  onClose,
}: DialogProps) {
  const popup = useRef<HTMLDivElement>(null);
  return (
    <Base.Root open onOpenChange={(open) => !open && onClose()}>
      <Base.Portal>
        <Base.Backdrop className="dialog-backdrop" />
        <Base.Popup
          ref={popup}
          className="dialog"
          initialFocus={focus ?? popup}
          style={{ ['--dialog-width' as string]: `${width}px` }}
        >
          <header>
            <div className="grow">
              <Base.Title>{title}</Base.Title>
              {description !== undefined && <Base.Description>{description}</Base.Description>}
            </div>
            <Base.Close
              render={
                <IconButton label={says.close}>
                  <X size={16} />
                </IconButton>
              }
            />
          </header>
          <div
            className="dialog-body"
            {...(reading ? { tabIndex: 0, role: 'region', 'aria-label': title } : {})}
          >
            {children}
          </div>
          {footer !== undefined && <footer>{footer}</footer>}
        </Base.Popup>
      </Base.Portal>
    </Base.Root>
  );
}
