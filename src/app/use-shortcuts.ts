import { useEffect } from 'react';
import { useApp } from '../store';
import { shortcutOf } from '../store/shortcuts';
import { typeAhead } from './typed-ahead';

const TYPING = 'input:not([type=range]), textarea, select, [contenteditable=true]';
/** These have a meaning of their own for Space. */
const PRESSABLE = 'button, a[href], summary, [role=option], [role=tab], [role=menuitem], input';

/** The page's keys, wherever nobody is typing and no dialog is open; the palette's count in fields too. */
export function useShortcuts(): void {
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent): void => {
      const target = event.target instanceof Element ? event.target : null;
      if (event.defaultPrevented || event.isComposing) return;
      const { palette } = useApp.getState();
      if (palette !== null && !target?.closest('.palette')) {
        if (typeAhead(event)) event.preventDefault();
        return;
      }
      const shortcut = shortcutOf(event);
      if (shortcut?.command == null) return;
      if (palette !== null && shortcut.command === 'view.palette') {
        event.preventDefault();
        useApp.getState().actions.closePalette();
        return;
      }
      if (document.querySelector('[role=dialog], [role=menu]')) return;
      if (shortcut.command === 'view.palette') {
        event.preventDefault();
        useApp.getState().actions.openPalette({ commandId: null, subject: [] });
        return;
      }
      if (target?.closest(TYPING)) return;
      if (event.key === ' ' && target?.closest(PRESSABLE)) return;
      event.preventDefault();
      void press(shortcut.command);
    };
    document.addEventListener('keydown', onKeyDown);
    return () => document.removeEventListener('keydown', onKeyDown);
  }, []);
}

/** The commands are a chunk of their own: the page is there before them. */
async function press(id: string): Promise<void> {
  const { commandById, runCommand, subjectOf } = await import('../commands');
  const app = useApp.getState();
  await runCommand(app, id, commandById(id)?.on === null ? [] : subjectOf(app));
}
