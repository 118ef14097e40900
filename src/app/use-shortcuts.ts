import { useEffect } from 'react';
import { useApp } from '../store';
import { shortcutOf } from '../store/shortcuts';

const TYPING = 'input:not([type=range]), textarea, select, [contenteditable=true]';
/** These have a meaning of their own for Space. */
const PRESSABLE = 'button, a[href], summary, [role=option], [role=tab], [role=menuitem], input';

/** The page's keys, wherever nobody is typing and no dialog is open. */
export function useShortcuts(): void {
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent): void => {
      const target = event.target instanceof Element ? event.target : null;
      if (event.defaultPrevented || event.isComposing) return;
      if (target?.closest(TYPING) || document.querySelector('[role=dialog], [role=menu]')) return;
      if (event.key === ' ' && target?.closest(PRESSABLE)) return;
      const shortcut = shortcutOf(event);
      if (shortcut === null) return;
      event.preventDefault();
      shortcut.run(useApp.getState());
    };
    document.addEventListener('keydown', onKeyDown);
    return () => document.removeEventListener('keydown', onKeyDown);
  }, []);
}
