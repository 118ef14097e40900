import * as says from '../words/store/shortcuts';

/**
 * The page's key map: which keys do which command. A table apart from the commands, so that the page knows its keys before
 * the commands are on it. Help and menus show the same rows.
 */
export interface KeyRow {
  /** As people read it: `Ctrl Shift Z`. */
  readonly keys: string;
  /** The command that they run; null: what only the canvas does with them. */
  readonly command: string | null;
  /** Where they count: anywhere but in fields, or on the canvas or the timeline alone, which handle them themselves. */
  readonly where: 'page' | 'canvas' | 'timeline';
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

const timeline = (keys: string, command: string): KeyRow => ({ keys, command, where: 'timeline' });

export const KEY_MAP: readonly KeyRow[] = [
  page('Ctrl K', 'view.palette'),
  page('Space', 'time.play'),
  page('.', 'time.step', says.stepForwardATableRead),
  page(',', 'time.back'),
  page('[', 'time.event-back'),
  page(']', 'time.event-on'),
  page('<', 'time.note-back'),
  page('>', 'time.note-on'),
  page('T', 'time.tempo'),
  page('Ctrl Z', 'time.undo'),
  page('Ctrl Shift Z', 'time.redo'),
  page('Ctrl Y', 'time.redo'),
  page('Esc', 'view.dismiss', says.dismissAMessageOrWhatIsOutlined),
  page('W', 'panel.why', says.whyTheSelectedDeviceShares),
  page('?', 'open.help', says.thisHelp),
  canvas('Arrows', says.goFromObjectToObject),
  canvas('Home', says.goToTheFirstObject),
  canvas('End', says.goToTheLastObject),
  canvas('Enter', says.selectTheObject),
  canvas('C', says.connectArrowsChooseATargetEnter, 'device.attach'),
  canvas('Shift Arrows', says.selectMore),
  canvas('Shift Enter', says.selectItTooOrNotAnyMore),
  canvas('Ctrl A', says.selectEverything, 'edit.select-all'),
  canvas('Alt Arrows', says.moveWhatIsSelectedWithShiftFarther),
  canvas('N', says.somethingNewArrowsChooseEnterMakesIt),
  canvas('Ctrl C', says.copyAsLinesOfScript, 'edit.copy'),
  canvas('Ctrl X', says.cut, 'edit.cut'),
  canvas('Ctrl V', says.paste, 'edit.paste'),
  canvas('Ctrl D', says.duplicate, 'edit.duplicate'),
  canvas('Delete', says.takeAwayADeviceIsDetachedFirst, 'edit.delete'),
  canvas('Backspace', says.takeAwayADeviceIsDetachedFirst, 'edit.delete'),
  canvas('Shift F10', says.menuOfTheObject),
  canvas('Menu', says.menuOfTheObject),
  canvas('+', says.zoomIn, 'view.in'),
  canvas('-', says.zoomOut, 'view.out'),
  canvas('0', says.fitToView, 'view.fit'),
  timeline('+', 'time.zoom-in'),
  timeline('-', 'time.zoom-out'),
  timeline('0', 'time.zoom-all'),
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
