import type { Locator, Page } from '@playwright/test';
import { expectAccessible } from './helpers/axe';
import { ATTACHED, consoleLine, lines, node, NIC, openScene, run } from './helpers/scene';
import { expect, reducedMotion, test } from './helpers/test';

/** The whole page on a phone, upright and on its side: one part at a time, each with room to work in. */
test.use({ ...reducedMotion, hasTouch: true });

const SCENE = `${ATTACHED}
dma 02:00.0 write 0x212340 64`;
const view = (page: Page, name: string): Locator =>
  page.getByRole('navigation', { name: 'View' }).getByRole('button', { name });

/** Nothing is cut off to the right, and nothing has to be scrolled to be found. */
async function expectFits(page: Page): Promise<void> {
  const { width, height } = page.viewportSize()!;
  expect(
    await page.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.scrollHeight]),
  ).toEqual([width, height]);
  for (const button of await page.locator('.header button, .rail button, .view-tabs button').all()) {
    if (!(await button.isVisible())) continue;
    const box = (await button.boundingBox())!;
    expect(box.x).toBeGreaterThanOrEqual(0);
    expect(box.x + box.width).toBeLessThanOrEqual(width);
    expect(box.y + box.height).toBeLessThanOrEqual(height);
  }
}

for (const [name, size, least] of [
  ['a small one upright', { width: 360, height: 640 }, 300],
  ['on its side', { width: 844, height: 390 }, 190],
  ['a small one on its side @full', { width: 568, height: 320 }, 130],
] as const)
  test.describe(name, () => {
    test.use({ viewport: size });

    test('the machine, the details and the script each have the room', async ({ page }) => {
      await openScene(page, SCENE);
      await expectFits(page);
      const canvas = page.getByRole('main').locator('.canvas');
      expect((await canvas.boundingBox())!.height).toBeGreaterThan(least);
      await expect(node(page, NIC)).toBeVisible();

      await view(page, 'Details').click();
      await page.getByRole('tab', { name: 'Walk', exact: true }).click();
      const walk = page.getByRole('tabpanel', { name: 'Walk' });
      await expect(walk.getByText('IOVA', { exact: true })).toBeVisible();
      expect((await walk.boundingBox())!.height).toBeGreaterThan(least - 40);
      for (const tab of await page.getByRole('tab').all()) await expect(tab).toBeInViewport();
      await expectFits(page);
      await expectAccessible(page);

      await view(page, 'Script').click();
      await expect(consoleLine(page)).toBeInViewport();
      await run(page, 'third = IOAS_ALLOC ctx');
      await expect(lines(page).last()).toContainText('third = IOAS_ALLOC ctx');
      await expect(lines(page).last()).toBeInViewport();
      await expectFits(page);
    });
  });

test.describe('upright', () => {
  test.use({ viewport: { width: 390, height: 844 } });

  test('what can be made stays below the machine, also when commands have been looked for', async ({
    page,
  }) => {
    await openScene(page, SCENE);
    const bar = page.getByRole('toolbar', { name: 'Make something new' });
    const before = await bar.boundingBox();
    const canvas = (await page.getByRole('main').locator('.canvas').boundingBox())!;
    expect(before!.y).toBeGreaterThan(canvas.y + canvas.height / 2);
    await page.keyboard.press('Control+k');
    await expect(page.getByRole('combobox', { name: 'Find a command or an object' })).toBeVisible();
    await page.keyboard.press('Escape');
    await expect(page.getByRole('combobox', { name: 'Find a command or an object' })).toBeHidden();
    expect(await bar.boundingBox()).toEqual(before);
  });
});
