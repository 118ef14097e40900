import type { Locator, Page } from '@playwright/test';
import { expectAccessible, expectReadable } from './helpers/axe';
import { ATTACHED, NIC, node, openScene, openStart } from './helpers/scene';
import { expect, test } from './helpers/test';

/**
 * axe over all that the page can show. What there is to look at is asked of the page itself, so that a new panel, dialog or
 * view is looked at as soon as it is there.
 */
const SCENE = `${ATTACHED}\ndma 02:00.0 write 0x212340 64\ndma 02:00.0 write 0xdead000 4 ! FAULT`;

const side = (page: Page): Locator => page.getByRole('complementary', { name: 'Details' });
const lists = (page: Page): Locator => side(page).getByRole('tablist').filter({ visible: true });

/** Goes through every tab, and in it through every tab of its own. */
async function everyPanel(page: Page, look: (name: string) => Promise<void>): Promise<void> {
  const outer = lists(page).first().getByRole('tab');
  expect(await outer.count()).toBeGreaterThan(5);
  for (const tab of await outer.all()) {
    await tab.click();
    const name = await tab.innerText();
    await expect(side(page).getByRole('tabpanel', { name, exact: true })).toBeVisible();
    const inner = lists(page).nth(1).getByRole('tab');
    if ((await lists(page).count()) < 2) {
      await look(name);
      continue;
    }
    for (const sub of await inner.all()) {
      await sub.click();
      await expect(side(page).getByRole('tabpanel').last()).toBeVisible();
      await look(`${name}, ${await sub.innerText()}`);
    }
  }
}

const LOOKS = [
  { name: 'light', use: { colorScheme: 'light' as const }, good: expectAccessible },
  { name: 'dark', use: { colorScheme: 'dark' as const }, good: expectReadable },
  {
    name: 'more contrast, light',
    use: { colorScheme: 'light' as const, contrast: 'more' as const },
    good: expectReadable,
  },
  {
    name: 'more contrast, dark',
    use: { colorScheme: 'dark' as const, contrast: 'more' as const },
    good: expectReadable,
  },
];

// More contrast only by `npm run test:full`: cards.spec.ts looks at it every day, and tokens.test.ts computes it.
const looks = LOOKS.filter(({ use }) => process.env.FULL === '1' || !('contrast' in use));

for (const { name, use, good } of looks) {
  test.describe(name, () => {
    test.use({ contextOptions: { reducedMotion: 'reduce', ...use } });

    test('every panel', async ({ page }) => {
      await openScene(page, SCENE);
      await expect(side(page).getByRole('tab').first()).toBeVisible();
      await good(page, 'main');
      await good(page, '.dock');
      await everyPanel(page, async (panel) => {
        await test.step(panel, () => good(page, '#side'));
      });
    });

    test('every dialog, the palette, and menus', async ({ page }) => {
      await openScene(page, SCENE);
      const doors = page.locator('button[aria-haspopup=dialog]').filter({ visible: true });
      expect(await doors.count()).toBeGreaterThan(4);
      for (const door of await doors.all()) {
        await door.click();
        await expect(page.getByRole('dialog')).toBeVisible();
        await good(page, '[role=dialog]');
        await page.keyboard.press('Escape');
        await expect(page.getByRole('dialog')).toHaveCount(0);
      }
      const canvas = page.getByRole('application', { name: 'Canvas' });
      const corner = { x: 30, y: (await canvas.boundingBox())!.height - 120 };
      for (const open of [
        () => node(page, NIC).click({ button: 'right' }),
        () => canvas.click({ button: 'right', position: corner }),
      ]) {
        await open();
        await expect(page.getByRole('menuitem').first()).toBeVisible();
        await good(page, '[role=menu]');
        await page.keyboard.press('Escape');
        await expect(page.getByRole('menu')).toHaveCount(0);
      }
    });

    test('the empty start', async ({ page }) => {
      await openStart(page);
      await good(page);
    });

    test.describe('on a phone', () => {
      test.use({ viewport: { width: 390, height: 844 } });

      test('every view', async ({ page }) => {
        await openStart(page);
        await good(page);
        await openScene(page, SCENE);
        const views = page.getByRole('navigation', { name: 'View' }).getByRole('button');
        expect(await views.count()).toBeGreaterThan(2);
        for (const view of await views.all()) {
          await view.click();
          await expect(view).toHaveAttribute('aria-current', 'true');
          await good(page);
        }
      });
    });
  });
}
