import { renderToStaticMarkup } from 'react-dom/server';
import { expect, test } from 'vitest';
import { KIND_SAYS } from '../words/ui/kinds';
import { kindOf, KINDS, type Kind } from './kinds';
import { LINES } from './lines';
import { ObjectGlyph } from './ObjectGlyph';

const all = Object.entries(KINDS) as readonly (readonly [Kind, (typeof KINDS)[Kind]])[];

/** What is drawn, but for the letter and the colour. */
const silhouette = (kind: Kind): string =>
  renderToStaticMarkup(<ObjectGlyph kind={kind} />)
    .replace(/<path class="glyph-letter"[^>]*>(<\/path>)?/, '')
    .replace(/ (style|data-kind|data-letter)="[^"]*"/g, '');

test('every kind has a letter of its own', () => {
  expect(new Set(all.map(([, { letter }]) => letter)).size).toBe(all.length);
});

test('every kind has a shape of its own: neither colour nor letter is needed to tell them apart', () => {
  expect(new Set(all.map(([kind]) => silhouette(kind))).size).toBe(all.length);
});

test('every kind has a word and a sentence of its own', () => {
  expect(new Set(all.map(([, { word }]) => word)).size).toBe(all.length);
  expect(new Set(Object.values(KIND_SAYS)).size).toBe(all.length);
  for (const [kind] of all) expect(KIND_SAYS[kind]).toMatch(/^[A-Z].+\.$/);
});

test('a mark is for eyes only: the words beside it are what is read out', () => {
  expect(renderToStaticMarkup(<ObjectGlyph kind="ioas" />)).toContain('aria-hidden="true"');
});

test('variants of an object that behave differently are kinds of their own', () => {
  const hwpt = { type: 'hwpt', nested: false, auto: false } as const;
  expect(kindOf(hwpt)).toBe('hwpt');
  expect(kindOf({ ...hwpt, auto: true })).toBe('hwpt-auto');
  expect(kindOf({ ...hwpt, nested: true })).toBe('hwpt-nested');
  expect(kindOf({ type: 'device', isBridge: true })).toBe('bridge');
  expect(kindOf({ type: 'device', isBridge: false })).toBe('device');
  expect(kindOf({ type: 'fault' })).toBe('fault');
});

test('wires that start at the same kind of thing differ in their stroke or its strength', () => {
  const fromDevices = LINES.filter(({ kind }) =>
    ['attach', 'follow', 'default', 'pasid', 'vdevice'].includes(kind),
  );
  const strokes = fromDevices.map(({ stroke, dash = 'solid' }) => `${stroke} ${dash}`);
  expect(new Set(strokes).size).toBe(fromDevices.length);
});
