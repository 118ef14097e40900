import { readdirSync, readFileSync } from 'node:fs';
import type { Page } from '@playwright/test';
import { KEY_MAP } from '../src/store/shortcuts';
import { expectAccessible, expectReadable } from './helpers/axe';
import { ATTACHED, BENCH, GPU, IOAS, lines, node, openScene, openStart, run, time } from './helpers/scene';
import { centerOf, drag, gripOf } from './helpers/gestures';
import { expect, reducedMotion, test } from './helpers/test';

/** The page around the machine: for every eye, hand and screen. The guard of helpers/test.ts sees to it that it is quiet. */
test.use(reducedMotion);

declare global {
  interface Window {
    look: (element: Element) => string;
    nameOf: (element: HTMLElement) => string;
    controls: HTMLElement[];
    looks: Map<Element, string>;
  }
}

const DMA = 'dma 02:00.0 write 0x212340 64';
const TABS = ['Object', 'Groups', 'Walk', 'Space', 'Trace', 'Hardware', 'Sysfs', 'Outline'];
const DIALOGS = ['Scenes', 'Import', 'Editor', 'Help'];

for (const { colorScheme, expectGood } of [
  { colorScheme: 'light', expectGood: expectAccessible },
  { colorScheme: 'dark', expectGood: expectReadable },
] as const) {
  test.describe(`in ${colorScheme}, axe finds nothing wrong with`, () => {
    test.use({ colorScheme });

    test('every kind of object in the inspector', async ({ page }) => {
      await openScene(page, ATTACHED);
      for (const name of [
        /^02:00.0/,
        /^00:02.0/,
        /^Group 2/,
        /^Intel VT-d dmar0/,
        /^iommufd 1/,
        /^HWPT 4/,
        /^IOAS 1/,
        /^qemu/,
      ]) {
        await page.getByRole('tab', { name: 'Outline' }).click();
        await page.getByRole('tabpanel', { name: 'Outline' }).getByRole('treeitem', { name }).last().click();
        await expect(
          page.getByRole('tabpanel', { name: 'Object' }).getByRole('heading', { name }),
        ).toBeVisible();
        await expectGood(page, '#side');
      }
    });

    test('a refusal, a fault, and a mistake in the console', async ({ page }) => {
      await openScene(page, `${BENCH}\ndma 02:00.0 write 0xdead000 64 ! FAULT`);
      await expect(page.getByRole('region', { name: 'Fault' })).toBeVisible();
      await drag(page, await gripOf(page, GPU), await centerOf(node(page, IOAS)));
      await expect(page.getByRole('region', { name: 'Refused' })).toBeVisible();
      await run(page, 'dma 02:00.0 wrote 0x200000 64');
      await expect(page.getByText('did you mean write?')).toBeVisible();
      await expectGood(page);
    });
  });
}

test.describe('360 pixels wide', () => {
  test.use({ viewport: { width: 360, height: 740 } });

  const widthOf = (page: Page) => page.evaluate(() => document.documentElement.scrollWidth);

  test('nothing on the start page scrolls sideways', async ({ page }) => {
    await openStart(page);
    expect(await widthOf(page)).toBe(360);
    const sideways = await page.evaluate(() =>
      [...document.querySelectorAll('main, main *')]
        .filter(
          (each) => each.scrollWidth > each.clientWidth && getComputedStyle(each).overflowX !== 'visible',
        )
        .map((each) => each.className),
    );
    expect(sideways).toEqual([]);
  });

  test('no view, panel or dialog scrolls the page sideways, and all are in reach', async ({ page }) => {
    await openScene(page, `${ATTACHED}\n${DMA}`);
    const view = page.getByRole('navigation', { name: 'View' });
    for (const name of ['Script', 'Machine', 'Details']) {
      await view.getByRole('button', { name }).click();
      expect(await widthOf(page)).toBe(360);
    }
    for (const name of TABS) {
      await page.getByRole('tab', { name }).click();
      await expect(page.getByRole('tab', { name })).toBeInViewport({ ratio: 1 });
      await expect(page.getByRole('tabpanel', { name })).toBeVisible();
      expect(await widthOf(page)).toBe(360);
    }
    for (const name of DIALOGS) {
      await page.getByRole('navigation', { name: 'Open' }).getByRole('button', { name }).click();
      await expect(page.getByRole('dialog')).toBeInViewport();
      expect(await widthOf(page)).toBe(360);
      await page.getByRole('button', { name: 'Close' }).click();
    }
  });
});

test.describe('with the Tab key', () => {
  /** Everything that takes part in the tab order, in document order, and the focus shown at the places that Tab reaches. */
  async function tour(page: Page): Promise<{ controls: string[]; stops: string[]; unseen: string[] }> {
    const controls = await page.evaluate(() => {
      /** How an element looks, with what may show the focus in its place: a pseudo-element, the frame around it. */
      const lookOf = (element: Element | null | undefined, pseudo?: string): string => {
        if (!element) return '';
        const { outline, boxShadow, backgroundColor } = getComputedStyle(element, pseudo);
        return [outline, boxShadow, backgroundColor].join();
      };
      window.look = (element) =>
        [
          lookOf(element),
          lookOf(element, '::after'),
          lookOf(element.parentElement),
          lookOf(element.parentElement?.parentElement),
        ].join('|');
      window.nameOf = (element) =>
        `${element.tagName} ${element.getAttribute('aria-label') ?? element.innerText}`;
      const all = 'button, input, select, textarea, summary, a[href], [tabindex]';
      window.controls = [...document.querySelectorAll<HTMLElement>(all)].filter(
        (each) =>
          each.tabIndex >= 0 &&
          !each.matches(':disabled') &&
          each.checkVisibility({ visibilityProperty: true }),
      );
      window.looks = new Map(window.controls.map((each) => [each, window.look(each)]));
      return window.controls.map(window.nameOf);
    });
    const stops: string[] = [];
    const unseen: string[] = [];
    for (let press = 0; press < controls.length; press++) {
      await page.keyboard.press('Tab');
      const { name, seen } = await page.evaluate(() => {
        const at = document.activeElement as HTMLElement;
        return { name: window.nameOf(at), seen: window.look(at) !== window.looks.get(at) };
      });
      stops.push(name);
      if (!seen) unseen.push(name);
    }
    return { controls, stops, unseen };
  }

  test('every control of the start page is reached in its order, and shows it', async ({ page }) => {
    await openStart(page);
    await expect(page.getByRole('tab', { name: 'Object' })).toBeVisible();
    const { controls, stops, unseen } = await tour(page);
    expect(controls.length).toBeGreaterThan(10);
    expect(stops).toEqual(controls);
    expect(unseen).toEqual([]);
  });

  test('every control of a scene is reached in its order, and shows it', async ({ page }) => {
    await openScene(page, `${ATTACHED}\n${DMA}`);
    await expect(page.getByRole('tabpanel', { name: 'Walk' })).toBeVisible();
    const { controls, stops, unseen } = await tour(page);
    expect(controls.length).toBeGreaterThan(10);
    expect(stops).toEqual(controls);
    expect(unseen).toEqual([]);
  });

  test('a dialog keeps the focus inside, and gives it back', async ({ page }) => {
    await openScene(page, BENCH);
    const help = page.getByRole('button', { name: 'Help' });
    await help.focus();
    await page.keyboard.press('Enter');
    await expect(page.getByRole('dialog')).toBeVisible();
    await page.keyboard.press('Tab');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Tab');
    await expect(page.getByRole('dialog').locator(':focus')).toHaveCount(1);
    await page.keyboard.press('Escape');
    await expect(help).toBeFocused();
  });

  test('the skip links lead to the parts of the page', async ({ page }) => {
    await openScene(page, BENCH);
    await page.keyboard.press('Tab');
    await expect(page.getByRole('button', { name: 'Skip to the canvas' })).toBeFocused();
    await expect(page.getByRole('button', { name: 'Skip to the canvas' })).toBeInViewport();
    await page.keyboard.press('Enter');
    await expect(page.getByRole('application', { name: 'Canvas' })).toBeFocused();
  });
});

test('the question mark opens help, which lists every key of the page and of the canvas', async ({
  page,
}) => {
  await openScene(page, BENCH);
  await page.keyboard.press('?');
  const help = page.getByRole('dialog', { name: 'Help' });
  await expect(help.getByRole('definition').filter({ hasText: 'Play or pause' })).toBeVisible();
  const keys = (await help.locator('.help-keys kbd').allTextContents()).join(' ');
  for (const row of KEY_MAP) expect(keys).toContain(row.keys);
});

test.describe('the gallery', () => {
  const SCENES = new URL('../src/gallery/scenes/', import.meta.url);
  const scenes = readdirSync(SCENES)
    .filter((file) => file.endsWith('.iommu'))
    .map((file) => readFileSync(new URL(file, SCENES), 'utf8'))
    .map((script) => ({ script, title: /^# title: (.*)$/m.exec(script)?.[1] ?? '' }));

  test('has a whole machine, a group of several devices, and a fault', async ({ page }) => {
    await page.goto('./');
    await page.getByRole('button', { name: 'Scenes' }).click();
    const shown = page.getByRole('dialog').getByRole('list', { name: 'Scenes' }).getByRole('listitem');
    await expect(shown).toHaveCount(scenes.length);
    for (const tag of ['sr-iov', 'groups', 'faults'])
      await expect(shown.getByText(tag, { exact: true }).first()).toBeVisible();
  });

  for (const { title, script } of scenes) {
    test(`${title}: opens, and every line comes out as the script says`, async ({ page }) => {
      await page.goto('./');
      await page.getByRole('button', { name: 'Scenes' }).click();
      await page.getByRole('dialog').getByRole('button', { name: title }).click();
      const total = script.trimEnd().split('\n').length;
      await expect(time(page)).toHaveAttribute('aria-valuetext', `after line ${total} of ${total}`);
      await expect(page.locator('.react-flow__node').first()).toBeVisible();
      const failed = lines(page).filter({ has: page.locator('[data-tone=fault]') });
      await expect(failed.filter({ hasNotText: /! (?:E[A-Z]+|FAULT)/ })).toHaveCount(0);
      await expect(lines(page).filter({ hasText: /the script expects|not expected/ })).toHaveCount(0);
    });
  }
});

test.describe('the theme', () => {
  const shown = (page: Page) => page.locator('html');

  test('follows the system until one is chosen', async ({ page }) => {
    await page.goto('./');
    await page.emulateMedia({ colorScheme: 'dark' });
    await expect(shown(page)).toHaveAttribute('data-theme', 'dark');
    await page.emulateMedia({ colorScheme: 'light' });
    await expect(shown(page)).toHaveAttribute('data-theme', 'light');
  });

  test('that is chosen stays after a reload, from the first paint on', async ({ page }) => {
    await page.goto('./');
    await page.getByRole('button', { name: /^Theme: auto/ }).click();
    await page.getByRole('button', { name: /^Theme: light/ }).click();
    await expect(shown(page)).toHaveAttribute('data-theme', 'dark');
    await page.reload({ waitUntil: 'commit' });
    await expect(shown(page)).toHaveAttribute('data-theme', 'dark');
    await expect(page.getByRole('button', { name: /^Theme: dark/ })).toBeVisible();
  });
});
