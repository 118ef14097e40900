import type { Page } from '@playwright/test';
import { ATTACHED, lines, openScene, openStart, run } from './helpers/scene';
import { expect, reducedMotion, test } from './helpers/test';
import { recordSteps } from './helpers/watch';

/** Every stop of the keyboard, and no way without a way out. That it reaches every command is in src/commands. */
test.use(reducedMotion);

/** What has the focus, as a person would be told. */
const focused = (page: Page): Promise<string> =>
  page.evaluate(() => {
    const element = document.activeElement;
    if (element === null || element === document.body) return 'the page';
    // Positions change when something opens: each element has a number of its own, given when it is first seen.
    const seen = ((window as { stops?: Element[] }).stops ??= []);
    if (!seen.includes(element)) seen.push(element);
    const name = element.getAttribute('aria-label') ?? element.textContent?.trim().slice(0, 40) ?? '';
    return `${seen.indexOf(element)} ${element.getAttribute('role') ?? element.localName} ${name}`;
  });

/** Tab until it comes around; the stops in their order. */
async function walkAround(page: Page, key: 'Tab' | 'Shift+Tab'): Promise<readonly string[]> {
  const stops: string[] = [];
  for (let n = 0; n < 250; n++) {
    await page.keyboard.press(key);
    const stop = await focused(page);
    if (stop === stops[0]) return stops;
    if (stops.at(-1) === stop) throw new Error(`trapped in ${stop}`);
    stops.push(stop);
  }
  throw new Error(`it did not come around: ${stops.slice(-5).join(' | ')}`);
}

for (const key of ['Tab', 'Shift+Tab'] as const)
  test(`${key} goes through the whole page and comes around; the canvas is one stop`, async ({ page }) => {
    await openScene(page, ATTACHED);
    await expect(page.getByRole('tab', { name: 'Object' })).toBeVisible();
    const stops = await walkAround(page, key);
    expect(stops.filter((stop) => stop.includes('application Canvas'))).toHaveLength(1);
    expect(new Set(stops).size).toBe(stops.length);
    expect(stops.length).toBeGreaterThan(15);
    for (const part of ['Find a command', 'Scenes', 'tab Object', 'Type a line of the script', 'Share'])
      expect(
        stops.some((stop) => stop.includes(part)),
        part,
      ).toBe(true);
  });

test('the start page, too', async ({ page }) => {
  await openStart(page);
  const stops = await walkAround(page, 'Tab');
  expect(stops.some((stop) => stop.includes('From scratch'))).toBe(true);
});

test('every dialog is opened, walked through and left with keys, and the focus goes back', async ({
  page,
}) => {
  await openScene(page, ATTACHED);
  const doors = page.getByRole('navigation', { name: 'Open' }).getByRole('button');
  for (const name of await doors.allInnerTexts()) {
    const door = page.getByRole('button', { name, exact: true });
    await door.focus();
    await page.keyboard.press('Enter');
    const dialog = page.getByRole('dialog');
    await expect(dialog).toBeVisible();
    await expect.poll(() => focusedWithin(page), name).toBe(true);
    await page.keyboard.press('Tab');
    await page.keyboard.press('Shift+Tab');
    expect(await focusedWithin(page)).toBe(true);
    await page.keyboard.press('Escape');
    await expect(dialog).toHaveCount(0);
    await expect(door).toBeFocused();
  }
});

const focusedWithin = (page: Page): Promise<boolean> =>
  page
    .getByRole('dialog')
    .evaluate((dialog) => dialog === document.activeElement || dialog.contains(document.activeElement));

test('a person who wants no motion sees each step of a look-up, and nothing moves', async ({ page }) => {
  await openScene(page, ATTACHED);
  const steps = await recordSteps(page);
  await page.evaluate(() => {
    const moving = new Set<string>();
    const look = (): void => {
      for (const animation of document.getAnimations()) {
        const { duration, iterations } = animation.effect?.getComputedTiming() ?? {};
        const lasts = Number(duration) * Math.min(1, iterations ?? 1);
        if (animation.playState === 'running' && lasts > 1) {
          const { target } = animation.effect as KeyframeEffect;
          moving.add(`${target?.className ?? ''} ${lasts} ms`);
        }
      }
      document.body.dataset.moving = [...moving].join(', ');
      requestAnimationFrame(look);
    };
    look();
  });
  await run(page, 'dma 02:00.0 write 0x212340 64');
  await expect(
    page.getByRole('tabpanel', { name: 'Walk' }).getByRole('button', { name: /^PA 0x/ }),
  ).toBeVisible();
  await expect(lines(page).last()).toContainText('dma 02:00.0');
  expect(await steps()).toEqual(['0', '1', '2', '3', '4', '5', '6', '7']);
  await expect(page.locator('body')).toHaveAttribute('data-moving', '');
});
