import type { Locator, Page, TestInfo } from '@playwright/test';
import { expect, reducedMotion, test } from './helpers/test';

/**
 * The first ten minutes, from an empty start: bind, attach, map, DMA, replace, undo. Once with a mouse and no key, once with
 * keys and no mouse. Everything is found by what it is called on the screen, as a new user would find it.
 */
test.use(reducedMotion);

const script = (page: Page): Locator => page.getByRole('list', { name: 'Script' }).getByRole('listitem');
const canvas = (page: Page): Locator => page.getByRole('application', { name: 'Canvas' });
const onCanvas = (page: Page, name: RegExp): Locator => canvas(page).getByRole('group', { name }).first();
const walk = (page: Page): Locator => page.getByRole('tabpanel', { name: 'Walk' });

const DEVICE = /^Device 0000:01:00\.0/;

/** What the person sees after a step goes into the report, and the script says what was done. */
async function done(page: Page, testInfo: TestInfo, step: string, line: RegExp): Promise<void> {
  await expect(script(page).last()).toContainText(line);
  const body = await page.screenshot();
  await testInfo.attach(step, { body, contentType: 'image/png' });
}

test('with the mouse alone', async ({ page }, testInfo) => {
  await page.goto('./');
  await testInfo.attach('0 empty', { body: await page.screenshot(), contentType: 'image/png' });
  await page.getByRole('button', { name: /^From scratch/ }).click();
  await expect(onCanvas(page, DEVICE)).toBeVisible();

  await onCanvas(page, DEVICE).click();
  await page.getByRole('button', { name: 'Open iommufd + bind' }).click();
  await done(page, testInfo, '1 bind', /= BIND ctx 01:00\.0/);

  await page.getByRole('button', { name: 'New IOAS', exact: true }).first().click();
  await done(page, testInfo, '2 an IOAS', /ioas = IOAS_ALLOC ctx/);

  await onCanvas(page, DEVICE).click({ button: 'right' });
  await page.getByRole('menuitem', { name: /^Attach to/ }).click();
  await page.getByRole('menuitem', { name: /^IOAS \d+ ioas$/ }).click();
  await done(page, testInfo, '3 attach', /ATTACH dev ioas/);
  await expect(onCanvas(page, /^HWPT/)).toBeVisible();

  await onCanvas(page, /^IOAS \d/).click();
  await page.getByRole('button', { name: 'Map', exact: true }).click();
  await done(page, testInfo, '4 map', /IOAS_MAP ioas/);

  await onCanvas(page, DEVICE).click({ button: 'right' });
  await page.getByRole('menuitem', { name: /^Fire a DMA write/ }).click();
  await expect(walk(page).getByRole('button', { name: /^PA 0x/ })).toBeVisible();
  await done(page, testInfo, '5 DMA', /dma 01:00\.0 write/);

  await page.getByRole('button', { name: 'New IOAS', exact: true }).first().click();
  await expect(script(page).last()).toContainText(/ioas2 = IOAS_ALLOC/);
  await onCanvas(page, DEVICE).click({ button: 'right' });
  await page.getByRole('menuitem', { name: /^Replace with/ }).click();
  await page.getByRole('menuitem', { name: /^IOAS \d+ ioas2$/ }).click();
  await done(page, testInfo, '6 replace', /REPLACE dev ioas2/);

  await page.getByRole('button', { name: 'Undo', exact: true }).click();
  await done(page, testInfo, '7 undo', /ioas2 = IOAS_ALLOC/);
});

test('with the keyboard alone', async ({ page }, testInfo) => {
  const focus = page.locator(':focus');
  /** Presses a key until what has the focus is called so. */
  const until = async (key: string, name: RegExp): Promise<void> => {
    for (let n = 0; n < 60; n++) {
      const said = await focus
        .evaluateAll(([element]) => element?.getAttribute('aria-label') ?? element?.textContent ?? '')
        .catch(() => '');
      if (name.test(said.trim())) return;
      await page.keyboard.press(key);
    }
    throw new Error(`${key} does not lead to ${String(name)}`);
  };
  /** On the canvas: to the object of that name, as it is read out. */
  const goTo = async (name: RegExp): Promise<void> => {
    await until('Tab', /^Canvas$/);
    await page.keyboard.press('Home');
    for (let n = 0; n < 20; n++) {
      const at = await canvas(page).getAttribute('aria-activedescendant');
      const label = at === null ? null : await page.locator(`[id="${at}"]`).getAttribute('aria-label');
      if (label !== null && name.test(label)) return;
      await page.keyboard.press('ArrowDown');
    }
    throw new Error(`the arrows do not lead to ${String(name)}`);
  };
  const choose = async (name: RegExp): Promise<void> => {
    // A menu inside a menu takes the focus a moment after it shows.
    const menu = page.getByRole('menu').filter({ has: page.getByRole('menuitem', { name }) });
    await expect(menu.last()).toBeVisible();
    await expect
      .poll(() => menu.last().evaluate((shown) => shown.contains(document.activeElement)))
      .toBe(true);
    await until('ArrowDown', name);
    await page.keyboard.press('Enter');
  };
  const menuOf = async (name: RegExp): Promise<void> => {
    await goTo(name);
    await page.keyboard.press('Shift+F10');
  };
  const make = async (name: RegExp): Promise<void> => {
    await until('Tab', /^Canvas$/);
    await page.keyboard.press('n');
    await until('ArrowRight', name);
    await page.keyboard.press('Enter');
  };

  await page.goto('./');
  await expect(page.getByRole('button', { name: /^From scratch/ })).toBeEnabled();
  await until('Tab', /^From scratch/);
  await page.keyboard.press('Enter');
  await expect(onCanvas(page, DEVICE)).toBeVisible();

  await menuOf(DEVICE);
  await choose(/^Open iommufd \+ bind/);
  await done(page, testInfo, '1 bind', /= BIND ctx 01:00\.0/);

  await make(/^New IOAS/);
  await done(page, testInfo, '2 an IOAS', /ioas = IOAS_ALLOC ctx/);

  await menuOf(DEVICE);
  await choose(/^Attach to/);
  await choose(/^IOAS \d/);
  await done(page, testInfo, '3 attach', /ATTACH dev ioas/);

  await make(/^New Memory/);
  await expect(script(page).last()).toContainText(/buf = mmap/);
  await page.keyboard.press('Control+k');
  await page.keyboard.type('map memory ioas');
  await page
    .getByRole('option', { name: /^Map memory/ })
    .first()
    .waitFor();
  await page.keyboard.press('Enter');
  await page.getByRole('option', { name: /buf/ }).first().waitFor();
  await page.keyboard.press('Enter');
  await done(page, testInfo, '4 map', /IOAS_MAP ioas buf/);

  await expect(page.getByRole('dialog')).toHaveCount(0);
  await menuOf(DEVICE);
  await choose(/^Fire a DMA write/);
  await expect(walk(page).getByRole('button', { name: /^PA 0x/ })).toBeVisible();
  await done(page, testInfo, '5 DMA', /dma 01:00\.0 write/);

  await make(/^New IOAS/);
  await expect(script(page).last()).toContainText(/ioas2 = IOAS_ALLOC/);
  await menuOf(DEVICE);
  await choose(/^Replace with/);
  await choose(/^IOAS \d+\s*ioas2/);
  await done(page, testInfo, '6 replace', /REPLACE dev ioas2/);

  await page.keyboard.press('Control+z');
  await done(page, testInfo, '7 undo', /ioas2 = IOAS_ALLOC/);
});
