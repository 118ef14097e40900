import { Menu } from '@base-ui/react/menu';
import { useState } from 'react';
import { useApp } from '../../store';
import { MenuItem } from '../../ui/Menu';
import { copyText } from '../shared/copy';
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
              <Menu.GroupLabel className="menu-label eyebrow">Line {line}</Menu.GroupLabel>
              <MenuItem onClick={() => void seek(line)}>Go there</MenuItem>
              <MenuItem onClick={() => void seek(line, true)}>Run to here, with stops on the way</MenuItem>
              <MenuItem onClick={() => toggledBreak(line)}>
                {stops ? 'Do not stop here any more' : 'Stop here when playing'}
              </MenuItem>
              <MenuItem onClick={() => prefill(text.trim())}>Put it into the console</MenuItem>
              <MenuItem onClick={() => void copyText(text, 'the line')}>Copy</MenuItem>
              <MenuItem onClick={() => openDialog('script')}>Edit the script</MenuItem>
            </Menu.Group>
          </Menu.Popup>
        </Menu.Positioner>
      </Menu.Portal>
    </Menu.Root>
  );
}
