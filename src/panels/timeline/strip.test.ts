import { expect, test } from 'vitest';
import type { TraceEvent } from '../../engine/trace/event';
import { stripOf, STRIP_PLACES } from './strip';

const events = (kinds: readonly TraceEvent['kind'][]) => kinds.map((kind) => ({ kind }));

test('few events have a mark each, in their order', () => {
  expect(stripOf(events(['lock', 'map', 'command', 'lock']))).toEqual([
    { shape: 'lock', index: 0, events: 1 },
    { shape: 'table', index: 1, events: 1 },
    { shape: 'flush', index: 2, events: 1 },
    { shape: 'lock', index: 3, events: 1 },
  ]);
});

test('a fault among thousands of locks is drawn, and leads to the fault itself', () => {
  const kinds = Array.from({ length: 4000 }, (_, at): TraceEvent['kind'] => (at === 2713 ? 'fault' : 'lock'));
  const marks = stripOf(events(kinds));
  expect(marks.length).toBeLessThanOrEqual(STRIP_PLACES);
  expect(marks.filter(({ shape }) => shape === 'fault')).toMatchObject([{ index: 2713 }]);
  expect(marks.reduce((sum, each) => sum + each.events, 0)).toBe(4000);
});

test('nothing happened: nothing is drawn', () => {
  expect(stripOf([])).toEqual([]);
});
