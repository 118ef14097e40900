import { expect, it } from 'vitest';
import { showValue, valueAt } from './values';

const unit = {
  driver: { name: 'igc' },
  place: null,
  caches: [
    { id: 'context', used: 1 },
    { id: 'iotlb', used: 7 },
  ],
};

it.each<[string, unknown]>([
  ['driver.name', 'igc'],
  ['place.x', null],
  ['caches.length', 2],
  ['caches.0.used', 1],
  ['caches.iotlb.used', 7],
])('%s', (path, value) => {
  expect(valueAt(unit, path)).toEqual({ ok: true, value });
});

it('what is not there is told with what is', () => {
  expect(valueAt(unit, 'caches.ste.used')).toEqual({
    ok: false,
    missing: 'ste',
    known: ['length', '0', '1', 'context', 'iotlb'],
  });
  expect(showValue(unit.caches)).toBe('{ id context, used 1 } { id iotlb, used 7 }');
});
