import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { KEY_MAP, keysOf, shortcutOf } from './shortcuts';

const press = (key: string, more: object = {}) =>
  shortcutOf({ key, ctrlKey: false, metaKey: false, altKey: false, shiftKey: false, ...more })?.command ??
  null;

it('undo and redo differ by shift, on every system', () => {
  expect(press('z', { ctrlKey: true })).toBe('time.undo');
  expect(press('Z', { ctrlKey: true, shiftKey: true })).toBe('time.redo');
  expect(press('z', { metaKey: true })).toBe('time.undo');
});

it('Ctrl K and Command K open the palette', () => {
  expect([press('k', { ctrlKey: true }), press('k', { metaKey: true })]).toEqual([
    'view.palette',
    'view.palette',
  ]);
});

it('a question mark is one however the keyboard makes it', () => {
  expect(press('?', { shiftKey: true })).toBe('open.help');
});

it('other keys stay the browser’s', () => {
  expect([press('z'), press('.', { ctrlKey: true }), press(' ', { altKey: true })]).toEqual([
    null,
    null,
    null,
  ]);
});

it('keys of the canvas count on the canvas alone', () => {
  expect([press('c'), press('Delete'), press('0')]).toEqual([null, null, null]);
});

it('no two rows of the page share a key, nor of a place with the page', () => {
  const keys = [...KEY_MAP].flatMap(({ keys, where }) =>
    where === 'page'
      ? ['canvas', 'timeline'].map((place) => `${place} ${keys}`.toLowerCase())
      : [`${where} ${keys}`.toLowerCase()],
  );
  expect(keys.filter((each, index) => keys.indexOf(each) !== index)).toEqual([]);
});

it('a command tells all its keys', () => {
  expect(keysOf('time.redo')).toBe('Ctrl Shift Z or Ctrl Y');
  expect(keysOf('device.burst')).toBeNull();
});

it('every key that the canvas listens to is in the map', () => {
  const source = readFileSync(new URL('../canvas/keyboard/use-canvas-keyboard.ts', import.meta.url), 'utf8');
  const keys = [...source.matchAll(/(?:case |event\.key === )'([^']+)'/g)].map((found) => found[1] ?? '');
  const told = KEY_MAP.flatMap((row) => row.keys.toLowerCase().split(' '));
  const names: Readonly<Record<string, string>> = { ContextMenu: 'menu', Escape: 'esc', '=': '+' };
  expect(keys.length).toBeGreaterThan(10);
  expect(keys.filter((key) => !told.includes((names[key] ?? key).toLowerCase()))).toEqual([]);
});
