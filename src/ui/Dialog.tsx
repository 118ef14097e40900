import { Dialog as Base } from '@base-ui/react/dialog';
import { X } from 'lucide-react';
import type { ReactNode } from 'react';
import { IconButton } from './Button';

interface DialogProps {
  readonly title: string;
  readonly description?: string;
  readonly width?: number;
  readonly footer?: ReactNode;
  readonly children: ReactNode;
  readonly onClose: () => void;
}

/** A modal dialog that is open as long as it is mounted. */
export function Dialog({ title, description, width = 640, footer, children, onClose }: DialogProps) {
  return (
    <Base.Root open onOpenChange={(open) => !open && onClose()}>
      <Base.Portal>
        <Base.Backdrop className="dialog-backdrop" />
        <Base.Popup className="dialog" style={{ ['--dialog-width' as string]: `${width}px` }}>
          <header>
            <div className="grow">
              <Base.Title>{title}</Base.Title>
              {description !== undefined && <Base.Description>{description}</Base.Description>}
            </div>
            <Base.Close render={<IconButton label="Close"><X size={16} /></IconButton>} />
          </header>
          <div className="dialog-body">{children}</div>
          {footer !== undefined && <footer>{footer}</footer>}
        </Base.Popup>
      </Base.Portal>
    </Base.Root>
  );
}
