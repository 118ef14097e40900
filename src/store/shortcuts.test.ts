import { expect, it } from 'vitest';
import { SHORTCUTS, shortcutOf } from './shortcuts';

const press = (key: string, more: object = {}) =>
  shortcutOf({ key, ctrlKey: false, metaKey: false, altKey: false, shiftKey: false, ...more })?.help ?? null;

it('undo and redo differ by shift, on every system', () => {
  expect(press('z', { ctrlKey: true })).toBe('Undo');
  expect(press('Z', { ctrlKey: true, shiftKey: true })).toBe('Redo');
  expect(press('z', { metaKey: true })).toBe('Undo');
});

it('a question mark is one however the keyboard makes it', () => {
  expect(press('?', { shiftKey: true })).toBe('This help');
});

it('other keys stay the browser’s', () => {
  expect([press('z'), press('.', { ctrlKey: true }), press(' ', { altKey: true })]).toEqual([
    null,
    null,
    null,
  ]);
});

it('no two rows share a key', () => {
  const keys = SHORTCUTS.map(({ key, mod, shift }) => `${key}${mod ?? false}${shift ?? false}`);
  expect(new Set(keys).size).toBe(keys.length);
});
