import { encodeLink } from '../src/share/link';
import { BENCH } from './helpers/scene';
import { expect, test } from './helpers/test';

/** What the README promises to authors of other pages. */
test('a link in an iframe shows its scene inside another page', async ({ page, baseURL }) => {
  const link = `${baseURL ?? ''}${encodeLink({ script: BENCH, cursor: null, selection: null, camera: null })}`;
  await page.route('**/host.html', (route) =>
    route.fulfill({
      contentType: 'text/html',
      body: `<!doctype html><title>Host</title><iframe src="${link}" width="960" height="600" title="A scene"></iframe>`,
    }),
  );
  await page.goto('/host.html');
  const scene = page.frameLocator('iframe');
  await expect(scene.locator('.react-flow__node[data-id="dev:0000:02:00.0"]')).toBeVisible();
  await expect(scene.getByRole('list', { name: 'Script' }).getByRole('listitem')).toHaveCount(
    BENCH.split('\n').length,
  );
});
