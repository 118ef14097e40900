import type { Page } from '@playwright/test';
import { expectAccessible, expectReadable } from './helpers/axe';
import { ATTACHED, BENCH, lines, NIC, node, openScene, run } from './helpers/scene';
import { expect, reducedMotion, test } from './helpers/test';

/** One list of commands: from the palette, from menus, by keys. Each ends as the same line of the script. */
test.use(reducedMotion);

const palette = (page: Page) => page.getByRole('dialog', { name: 'Command palette' });
const options = (page: Page) => palette(page).getByRole('option');
const field = (page: Page) => palette(page).getByRole('combobox');

/** From anywhere: opens the palette, says what is wanted, and takes the best that is found. */
async function command(page: Page, words: string, choice?: string): Promise<void> {
  await page.keyboard.press('Control+k');
  // At once: what is typed before the palette is there is not lost.
  await page.keyboard.type(words);
  await expect(field(page)).toHaveValue(words);
  await expect(options(page).first()).toHaveAttribute('data-highlighted', '');
  await page.keyboard.press('Enter');
  if (choice === undefined) return;
  await expect(options(page).first()).toContainText(choice);
  await page.keyboard.press('Enter');
}

test('with the keyboard alone: bind, attach, DMA, detach and undo, all from the palette', async ({
  page,
}) => {
  await openScene(page, BENCH);
  await command(page, 'give 02:00.0', 'iommufd 1');
  await expect(lines(page).last()).toContainText('dev = BIND ctx 02:00.0');
  await command(page, 'attach 02:00.0', 'IOAS');
  await expect(lines(page).last()).toContainText('ATTACH dev ioas');
  await command(page, 'dma write 02:00.0');
  await expect(lines(page).last()).toContainText('dma 02:00.0 write');
  await command(page, 'detach 02:00.0');
  await expect(lines(page).last()).toContainText('DETACH dev');
  await command(page, 'undo');
  await expect(lines(page).last()).toContainText('dma 02:00.0 write');
});

test('the palette finds by the kernel’s name, and goes to objects', async ({ page }) => {
  await openScene(page, ATTACHED);
  await command(page, 'IOAS_ALLOC');
  await expect(lines(page).last()).toContainText('= IOAS_ALLOC ctx');
  await command(page, 'hwpt 4');
  await expect(page.getByRole('heading', { name: 'HWPT 4' })).toBeVisible();
});

test('what cannot be done now says why, and does nothing', async ({ page }) => {
  await openScene(page, BENCH);
  const before = await lines(page).count();
  await page.keyboard.press('Control+k');
  await page.keyboard.type('detach 02:00.0');
  const option = options(page).filter({ hasText: 'Detach 02:00.0' });
  await expect(option).toContainText('It is not attached.');
  await expect(option).toHaveAttribute('aria-disabled', 'true');
  await page.keyboard.press('Enter');
  await expect(palette(page)).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(lines(page)).toHaveCount(before);
});

test('a line with free values is begun in the console', async ({ page }) => {
  await openScene(page, ATTACHED);
  await command(page, 'dma at address 02:00.0');
  const console = page.locator('#console');
  await expect(console).toBeFocused();
  await expect(console).toHaveValue(/^dma 02:00\.0 write 0x/);
  await page.keyboard.press('Enter');
  await expect(lines(page).last()).toContainText('dma 02:00.0 write');
});

test('Backspace goes from the second step to the first, Escape leaves', async ({ page }) => {
  await openScene(page, BENCH);
  await command(page, 'attach 02:00.0');
  await expect(palette(page).getByText('Attach to · 02:00.0')).toBeVisible();
  await page.keyboard.press('Backspace');
  await expect(field(page)).toHaveAccessibleName('Find a command or an object');
  await page.keyboard.press('Escape');
  await expect(palette(page)).toBeHidden();
});

test('the menu of a device: right click, and with the keyboard', async ({ page }) => {
  await openScene(page, ATTACHED);
  await node(page, NIC).click({ button: 'right' });
  const menu = page.getByRole('menu').first();
  await menu
    .getByRole('menuitem', { name: /^Detach/ })
    .first()
    .click();
  await expect(lines(page).last()).toContainText('DETACH dev');
  await expect(menu).toBeHidden();

  // Out of the way: what lies below a resting pointer is pointed at.
  await page.mouse.move(2, 2);
  await page.getByRole('application', { name: 'Canvas' }).focus();
  await page.keyboard.press('Shift+F10');
  await expect(menu).toBeFocused();
  await page.keyboard.press('ArrowDown');
  await expect(menu.getByRole('menuitem', { name: /^Attach to/ })).toBeFocused();
  await page.keyboard.press('ArrowRight');
  await expect(page.getByRole('menuitem', { name: /^IOAS/ }).first()).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(lines(page).last()).toContainText('ATTACH dev ioas');
  await expect(page.getByRole('application', { name: 'Canvas' })).toBeFocused();
});

test('the menu of the outline is the same', async ({ page }) => {
  await openScene(page, ATTACHED);
  await page.getByRole('tab', { name: 'Outline' }).click();
  await page
    .getByRole('treeitem', { name: /02:00\.0/ })
    .first()
    .click({ button: 'right' });
  await page
    .getByRole('menuitem', { name: /^Detach/ })
    .first()
    .click();
  await expect(lines(page).last()).toContainText('DETACH dev');
});

test('a refusal tells errno, rule, what is in the way and who decides', async ({ page }) => {
  await openScene(page, ATTACHED);
  await run(page, 'DESTROY ioas');
  const card = page.getByRole('region', { name: 'Refused' });
  await expect(card).toContainText('EBUSY');
  await expect(card).toContainText('Device or resource busy');
  await expect(card.getByRole('link')).toHaveAttribute('href', /ident\/iommufd_object_remove$/);
  await card.getByRole('definition').first().getByRole('button').click();
  await expect(page.getByRole('heading', { name: /HWPT/ }).first()).toBeVisible();
});

for (const colorScheme of ['light', 'dark'] as const) {
  test.describe(`in ${colorScheme}`, () => {
    test.use({ colorScheme });

    test('the palette and the menu break no rule of accessibility', async ({ page }) => {
      await openScene(page, ATTACHED);
      await page.keyboard.press('Control+k');
      await expect(options(page).first()).toBeVisible();
      await expectAccessible(page, '.palette');
      await expectReadable(page, '.palette');
      await page.keyboard.press('Escape');
      await node(page, NIC).click({ button: 'right' });
      await expect(page.getByRole('menuitem').first()).toBeVisible();
      await expectAccessible(page, '.menu-popup');
      await expectReadable(page, '.menu-popup');
    });
  });
}
