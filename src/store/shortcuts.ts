import type { AppState } from './types';

/** One row of the page's key map: what the keys do, and how help tells it. */
export interface Shortcut {
  /** As a keyboard event names it. */
  readonly key: string;
  /** Ctrl, or Command on a Mac. */
  readonly mod?: boolean;
  readonly shift?: boolean;
  /** As people read it. */
  readonly label: string;
  readonly help: string;
  readonly run: (state: AppState) => void;
}

export const SHORTCUTS: readonly Shortcut[] = [
  { key: ' ', label: 'Space', help: 'Play or pause', run: (state) => state.actions.togglePlay() },
  {
    key: '.',
    label: '.',
    help: 'Step forward: a table read, or a line',
    run: (state) => void state.actions.step(1),
  },
  { key: ',', label: ',', help: 'Step back', run: (state) => void state.actions.step(-1) },
  { key: 'z', mod: true, label: 'Ctrl Z', help: 'Undo', run: (state) => void state.actions.undo() },
  {
    key: 'z',
    mod: true,
    shift: true,
    label: 'Ctrl Shift Z',
    help: 'Redo',
    run: (state) => void state.actions.redo(),
  },
  { key: 'y', mod: true, label: 'Ctrl Y', help: 'Redo', run: (state) => void state.actions.redo() },
  {
    key: 'escape',
    label: 'Esc',
    help: 'Dismiss a message, or what is outlined',
    run: (state) => {
      state.actions.dismissRefusal();
      state.actions.notify(null);
      state.actions.light(null);
    },
  },
  {
    key: 'w',
    label: 'W',
    help: 'Why the selected device shares its group, or does not',
    run: (state) => state.actions.showPanel('why'),
  },
  { key: '?', label: '?', help: 'This help', run: (state) => state.actions.openDialog('help') },
];

type Pressed = Pick<KeyboardEvent, 'key' | 'ctrlKey' | 'metaKey' | 'altKey' | 'shiftKey'>;

/** The shortcut of a key press. Shift counts only where letters would not show it. */
export function shortcutOf(pressed: Pressed): Shortcut | null {
  const mod = pressed.ctrlKey || pressed.metaKey;
  if (pressed.altKey) return null;
  return (
    SHORTCUTS.find(
      (shortcut) =>
        pressed.key.toLowerCase() === shortcut.key &&
        mod === (shortcut.mod ?? false) &&
        (!mod || pressed.shiftKey === (shortcut.shift ?? false)),
    ) ?? null
  );
}
