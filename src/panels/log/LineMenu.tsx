import { Menu } from '@base-ui/react/menu';
import { useState } from 'react';
import { useApp } from '../../store';
import { MenuItem } from '../../ui/Menu';
import { copyText } from '../shared/copy';
import { LOG_MENU } from '../../words/panels/log-menu';
import { toggledBreak } from './breaks';

interface LineMenuProps {
  readonly line: number;
  readonly text: string;
  readonly stops: boolean;
  readonly at: { readonly x: number; readonly y: number };
  readonly onClose: () => void;
}

/** What can be done with one line of the script. */
export function LineMenu({ line, text, stops, at, onClose }: LineMenuProps) {
  const { seek, prefill, openDialog } = useApp((state) => state.actions);
  const [before] = useState(() => document.activeElement);
  const anchor = { getBoundingClientRect: () => new DOMRect(at.x, at.y, 0, 0) };
  return (
    <Menu.Root open onOpenChange={(open) => !open && onClose()}>
      <Menu.Portal>
        <Menu.Positioner
          className="menu-positioner"
          anchor={anchor}
          side="bottom"
          align="start"
          sideOffset={2}
        >
          <Menu.Popup
            className="menu-popup"
            finalFocus={() =>
              useApp.getState().draft === null && before instanceof HTMLElement ? before : false
            }
          >
            <Menu.Group>
              <Menu.GroupLabel className="menu-label eyebrow">{LOG_MENU.line(line)}</Menu.GroupLabel>
              <MenuItem onClick={() => void seek(line)}>{LOG_MENU.goThere}</MenuItem>
              <MenuItem onClick={() => void seek(line, true)}>{LOG_MENU.runTo}</MenuItem>
              <MenuItem onClick={() => toggledBreak(line)}>
                {stops ? LOG_MENU.noStop : LOG_MENU.stop}
              </MenuItem>
              <MenuItem onClick={() => prefill(text.trim())}>{LOG_MENU.toConsole}</MenuItem>
              <MenuItem onClick={() => void copyText(text, LOG_MENU.theLine)}>{LOG_MENU.copy}</MenuItem>
              <MenuItem onClick={() => openDialog('script')}>{LOG_MENU.edit}</MenuItem>
            </Menu.Group>
          </Menu.Popup>
        </Menu.Positioner>
      </Menu.Portal>
    </Menu.Root>
  );
}
