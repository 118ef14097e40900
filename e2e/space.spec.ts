import type { Locator, Page } from '@playwright/test';
import { expectAccessible, expectReadable } from './helpers/axe';
import { ATTACHED, IOAS, lines, node, openScene } from './helpers/scene';
import { expect, reducedMotion, test } from './helpers/test';

/** Address strips: what devices see of memory, and memory itself. */
test.use(reducedMotion);

const SCENE = `${ATTACHED}
dma 02:00.0 write 0x212340 64`;

const space = (page: Page): Locator => page.getByRole('tabpanel', { name: 'Space' });
const strip = (page: Page): Locator =>
  space(page)
    .getByRole('slider', { name: /^IOVAs of/ })
    .first();
const memory = (page: Page): Locator => space(page).getByRole('slider', { name: 'Physical memory' });
const details = (page: Page): Locator => space(page).getByRole('region', { name: 'What is pointed at' });
const band = (page: Page): Locator => page.locator('.react-flow__node[data-id^="ioas:"] .strip-spot');

async function openSpace(page: Page, script = SCENE): Promise<void> {
  await openScene(page, script);
  await page.getByRole('tab', { name: 'Space', exact: true }).click();
  await expect(memory(page)).toBeVisible();
}

test('by keyboard: one tab stop a strip, Enter holds, Enter again goes near, Escape lets go', async ({
  page,
}) => {
  await openSpace(page);
  await strip(page).focus();
  await page.keyboard.press('Home');
  await expect(strip(page)).toHaveAttribute('aria-valuetext', /^area buf rw, 0x20_0000 to 0x3f_ffff, 2 MiB/);
  await page.keyboard.press('Enter');
  await expect(strip(page)).toHaveAttribute('aria-valuetext', /, held/);
  await expect(band(page)).toBeVisible();
  await page.keyboard.press('ArrowRight');
  await expect(strip(page)).toHaveAttribute('aria-valuetext', /^reserved/);
  await page.keyboard.press('ArrowLeft');
  await page.keyboard.press('Enter');
  await expect(space(page).getByRole('navigation', { name: 'How near' })).toContainText('2 MiB');
  await page.keyboard.press('Escape');
  await page.keyboard.press('Escape');
  await expect(space(page).getByRole('navigation', { name: 'How near' })).toHaveCount(0);
  await expect(band(page)).toHaveCount(0);
});

test('an area says what is behind it, and leads there', async ({ page }) => {
  await openSpace(page);
  await strip(page).focus();
  await page.keyboard.press('Home');
  await page.keyboard.press('Enter');
  await expect(details(page)).toContainText('512 pages');
  // The buffer is one 2 MiB page: one leaf at level 2.
  await expect(details(page)).toContainText('1 × 2M');
  await details(page).getByRole('button', { name: 'DMA here' }).click();
  await expect(lines(page)).toHaveCount(SCENE.split('\n').length + 1);
  await page.getByRole('tab', { name: 'Space', exact: true }).click();
  await details(page).getByRole('button', { name: 'Show memory' }).click();
  await expect(page.getByRole('tabpanel', { name: 'Memory' })).toBeVisible();
});

test('the walk and the inspector point at the same addresses', async ({ page }) => {
  await openScene(page, SCENE);
  await page.getByRole('tab', { name: 'Walk', exact: true }).click();
  await expect(band(page)).toHaveCount(0);
  await page.getByRole('button', { name: 'Show on the address strip' }).click();
  await expect(details(page)).toContainText('0x20_0000 – 0x3f_ffff');
  await expect(space(page)).toContainText('look-up at 0x21_2340');
  await expect(band(page)).toBeVisible();
  await node(page, IOAS).click();
  await page.getByRole('tab', { name: 'Object', exact: true }).click();
  const row = page.getByRole('row').filter({ hasText: '0x20_0000' });
  await expect(row).toHaveAttribute('data-spot', 'true');
});

test('memory says whose tables are where', async ({ page }) => {
  await openSpace(page);
  await memory(page).focus();
  await page.keyboard.press('Home');
  await expect(memory(page)).toHaveAttribute('aria-valuetext', /^no memory/);
  await page.keyboard.press('End');
  await expect(memory(page)).toHaveAttribute('aria-valuetext', /^buf, /);
  await expect(space(page).getByRole('list').last()).toContainText('page tables');
});

for (const theme of ['light', 'dark'] as const)
  test(`nothing that axe finds, in ${theme}`, async ({ page }) => {
    await page.emulateMedia({ colorScheme: theme });
    await openSpace(page);
    await strip(page).focus();
    await page.keyboard.press('Enter');
    await (theme === 'light' ? expectAccessible(page) : expectReadable(page));
  });
