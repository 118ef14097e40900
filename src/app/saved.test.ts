import { expect, it } from 'vitest';
import { parseSaved } from './saved';

it('whatever storage holds, the page gets a whole arrangement', () => {
  expect(parseSaved(null)).toMatchObject({ theme: 'auto', sideWidth: 408 });
  expect(parseSaved({ theme: 'pink', sideWidth: '9', dockHeight: 300 })).toMatchObject({
    theme: 'auto',
    sideWidth: 408,
    dockHeight: 300,
  });
});
