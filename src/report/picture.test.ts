import { expect, it } from 'vitest';
import { pageFor } from './page-for';

it('turns a page for a wide machine, and gives up where nobody could read it', () => {
  expect(pageFor({ width: 500, height: 600 })).toBe('upright');
  expect(pageFor({ width: 1300, height: 700 })).toBe('across');
  expect(pageFor({ width: 1364, height: 2254 })).toBeNull();
  expect(pageFor({ width: 900, height: 12_000 })).toBeNull();
});
