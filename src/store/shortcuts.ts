/**
 * The page's key map: which keys do which command. A table apart from the commands, so that the page knows its keys before
 * the commands are on it. Help and menus show the same rows.
 */
export interface KeyRow {
  /** As people read it: `Ctrl Shift Z`. */
  readonly keys: string;
  /** The command that they run; null: what only the canvas does with them. */
  readonly command: string | null;
  /** Where they count: anywhere but in fields, or on the canvas alone, which handles them itself. */
  readonly where: 'page' | 'canvas';
  /** Where there is no command to say it, or it says it otherwise. */
  readonly help?: string;
}

const page = (keys: string, command: string, help?: string): KeyRow => ({
  keys,
  command,
  where: 'page',
  ...(help === undefined ? {} : { help }),
});
const canvas = (keys: string, help: string, command: string | null = null): KeyRow => ({
  keys,
  command,
  where: 'canvas',
  help,
});

export const KEY_MAP: readonly KeyRow[] = [
  page('Ctrl K', 'view.palette'),
  page('Space', 'time.play'),
  page('.', 'time.step', 'Step forward: a table read, or a line'),
  page(',', 'time.back'),
  page('[', 'time.event-back'),
  page(']', 'time.event-on'),
  page('<', 'time.note-back'),
  page('>', 'time.note-on'),
  page('T', 'time.tempo'),
  page('Ctrl Z', 'time.undo'),
  page('Ctrl Shift Z', 'time.redo'),
  page('Ctrl Y', 'time.redo'),
  page('Esc', 'view.dismiss', 'Dismiss a message, or what is outlined'),
  page('W', 'panel.why', 'Why the selected device shares its group, or does not'),
  page('?', 'open.help', 'This help'),
  canvas('Arrows', 'Go from object to object'),
  canvas('Home', 'Go to the first object'),
  canvas('End', 'Go to the last object'),
  canvas('Enter', 'Select the object'),
  canvas('C', 'Connect: arrows choose a target, Enter does it', 'device.attach'),
  canvas('Shift Arrows', 'Select more'),
  canvas('Shift Enter', 'Select it too, or not any more'),
  canvas('Ctrl A', 'Select everything', 'edit.select-all'),
  canvas('Alt Arrows', 'Move what is selected; with Shift farther'),
  canvas('N', 'Something new: arrows choose, Enter makes it'),
  canvas('Ctrl C', 'Copy, as lines of script', 'edit.copy'),
  canvas('Ctrl X', 'Cut', 'edit.cut'),
  canvas('Ctrl V', 'Paste', 'edit.paste'),
  canvas('Ctrl D', 'Duplicate', 'edit.duplicate'),
  canvas('Delete', 'Take away; a device is detached first', 'edit.delete'),
  canvas('Backspace', 'Take away; a device is detached first', 'edit.delete'),
  canvas('Shift F10', 'Menu of the object'),
  canvas('Menu', 'Menu of the object'),
  canvas('+', 'Zoom in', 'view.in'),
  canvas('-', 'Zoom out', 'view.out'),
  canvas('0', 'Fit to view', 'view.fit'),
];

/** What is to be pressed for a command; null: nothing does it. */
export function keysOf(command: string): string | null {
  const keys = KEY_MAP.filter((row) => row.command === command).map((row) => row.keys);
  return keys.length === 0 ? null : keys.join(' or ');
}

type Pressed = Pick<KeyboardEvent, 'key' | 'ctrlKey' | 'metaKey' | 'altKey' | 'shiftKey'>;

/** Keys that people and browsers call differently. */
const NAMES: Readonly<Record<string, string>> = { ' ': 'space', escape: 'esc' };

/** The row of a key press anywhere on the page. Shift counts only where letters would not show it. */
export function shortcutOf(pressed: Pressed): KeyRow | null {
  if (pressed.altKey) return null;
  const mod = pressed.ctrlKey || pressed.metaKey;
  const key = pressed.key.toLowerCase();
  const wanted = [...(mod ? ['ctrl'] : []), ...(mod && pressed.shiftKey ? ['shift'] : []), NAMES[key] ?? key];
  return KEY_MAP.find((row) => row.where === 'page' && row.keys.toLowerCase() === wanted.join(' ')) ?? null;
}
