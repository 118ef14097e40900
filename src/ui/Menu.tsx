import { Menu as Base } from '@base-ui/react/menu';
import { ChevronDown } from 'lucide-react';
import type { ReactNode } from 'react';

interface MenuProps {
  readonly label: ReactNode;
  readonly children: ReactNode;
  readonly disabled?: boolean;
  readonly onOpenChange?: (open: boolean) => void;
}

/** A button that opens a menu. */
export function Menu({ label, children, disabled = false, onOpenChange }: MenuProps) {
  return (
    <Base.Root onOpenChange={(open) => onOpenChange?.(open)}>
      <Base.Trigger className="btn" disabled={disabled}>
        {label}
        <ChevronDown size={14} aria-hidden="true" />
      </Base.Trigger>
      <Base.Portal>
        <Base.Positioner className="menu-positioner" sideOffset={4} align="start">
          <Base.Popup className="menu-popup">{children}</Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  );
}

interface MenuItemProps {
  readonly onClick: () => void;
  readonly children: ReactNode;
}

export const MenuItem = ({ onClick, children }: MenuItemProps) => (
  <Base.Item className="menu-item" onClick={onClick}>
    {children}
  </Base.Item>
);

export function MenuGroup({ label, children }: { readonly label: string; readonly children: ReactNode }) {
  return (
    <Base.Group>
      <Base.GroupLabel className="menu-label eyebrow">{label}</Base.GroupLabel>
      {children}
    </Base.Group>
  );
}
