import type { Locator, Page } from '@playwright/test';
import { expectAccessible, expectReadable } from './helpers/axe';
import { consoleLine, lines, node, openScene, openStart, run, BENCH } from './helpers/scene';
import { expect, reducedMotion, test } from './helpers/test';

/** Lessons: read, do, be told what is missing, go on; by mouse and by keyboard, and from a link. */
test.use(reducedMotion);

const CARD = 'dev:0000:01:00.0';
const lesson = (page: Page): Locator => page.getByRole('region', { name: /^Lesson: / });
const bar = (page: Page): Locator => page.getByRole('region', { name: 'Lesson', exact: true });
const goals = (page: Page): Locator => lesson(page).locator('.lesson-checks > li');
const heading = (page: Page, title: string): Locator => lesson(page).getByRole('heading', { name: title });

/** Opens a lesson by its link, and waits for what the learner sees first. */
async function openLesson(page: Page, hash: string, title: string): Promise<void> {
  await page.goto(`./#lesson=${hash}`);
  // The page, the engine and the lesson have to come first.
  await expect(lesson(page).locator('.lesson-body')).toBeVisible({ timeout: 60_000 });
  await expect(heading(page, title)).toBeVisible();
  await expect(lesson(page).getByText('Making the machine…')).toHaveCount(0, { timeout: 60_000 });
  await expect(lines(page).first()).toBeAttached();
}

/** Goes on from wherever the learner looks: the bar below the canvas, or the panel itself. */
async function next(page: Page, title: string): Promise<void> {
  await page.getByRole('button', { name: 'Next', exact: true }).filter({ visible: true }).first().click();
  await expect(heading(page, title)).toBeVisible();
}

test('a whole lesson, done with the mouse', async ({ page }) => {
  test.slow();
  await openStart(page);
  await page.getByRole('button', { name: /^Learn: First steps/ }).click();
  await expect(heading(page, 'A card, and who drives it')).toBeVisible();
  await expect(goals(page)).toHaveText([/The network card is selected.*Nothing is selected/s]);

  await node(page, CARD).click();
  await expect(bar(page)).toContainText('All of this step is met.');
  await next(page, 'Out of the kernel’s hands');

  await expect(goals(page)).toHaveText([/vfio-pci/, /bound/]);
  await node(page, CARD).click();
  await page.getByRole('button', { name: 'Open iommufd + bind' }).click();
  await expect(bar(page)).toContainText('All of this step is met.');
  await next(page, 'Bound, and therefore blocked');

  await node(page, CARD).click();
  await page.getByRole('button', { name: 'Fire', exact: true }).click();
  await expect(bar(page)).toContainText('All of this step is met.');
  await next(page, 'An address space, with memory in it');

  // The lines of the narration go into the console at a click.
  for (const line of ['ioas = IOAS_ALLOC ctx', 'buf = mmap qemu 64K', 'IOAS_MAP ioas buf iova=0x100000 rw']) {
    await lesson(page).getByRole('button', { name: line }).click();
    await expect(consoleLine(page)).toHaveValue(line);
    await consoleLine(page).press('Enter');
    await expect(lines(page).last()).toContainText(line);
  }
  await expect(goals(page).filter({ has: page.locator('[data-met=false]') })).toHaveCount(0);
  await next(page, 'Attach');

  await lesson(page).getByRole('button', { name: 'Show me' }).click();
  await expect(goals(page)).toHaveAttribute('data-met', 'true');
  await next(page, 'A DMA that arrives');

  await node(page, CARD).click();
  await page.getByRole('button', { name: 'Fire', exact: true }).click();
  await expect(bar(page)).toContainText('All of this step is met.');
  await next(page, 'And one that does not');

  await run(page, 'dma 01:00.0 write 0xdead0000 64');
  await expect(bar(page)).toContainText('All of this step is met.');
  await page.getByRole('button', { name: 'Finish' }).filter({ visible: true }).first().click();
  await expect(lesson(page)).toContainText('All 7 tasks solved.');
  await lesson(page).getByRole('button', { name: 'Leave the lesson' }).last().click();
  await expect(lesson(page)).toBeHidden();

  await page.getByRole('button', { name: 'Scenes', exact: true }).click();
  await expect(page.getByRole('button', { name: /^First steps/ })).toContainText('finished');
});

test('by keyboard alone: a step is read, done, and the next one is read from its beginning', async ({
  page,
}) => {
  await openLesson(page, 'page-table-walk:2', 'Before the table: whose table?');
  await page.getByRole('tab', { name: 'Lesson' }).focus();
  await page.keyboard.press('Tab'); // the tab's panel, which scrolls
  const reached = async (name: string): Promise<void> => {
    for (let presses = 0; presses < 30; presses++) {
      const at = await page.evaluate(() => document.activeElement?.textContent?.trim() ?? '');
      if (at === name) return;
      await page.keyboard.press('Tab');
    }
    throw new Error(`Tab does not come to “${name}”`);
  };
  await reached('Hint');
  await page.keyboard.press('Enter');
  await expect(lesson(page).getByText('It is a tab of the panel on the right')).toBeVisible();
  await reached('Show me');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('tab', { name: 'Walk', exact: true })).toHaveAttribute('aria-selected', 'true');
  await expect(bar(page)).toContainText('All of this step is met.');

  await page.keyboard.press('Control+k');
  await page.getByRole('combobox', { name: /Find/ }).fill('next step of the lesson');
  await expect(page.getByRole('option', { name: /Next step of the lesson/ })).toBeVisible();
  await page.keyboard.press('Enter');
  await expect(heading(page, 'The second time is cheaper')).toBeVisible();
  await expect(goals(page)).toContainText('has made no DMA in this step yet');
  await consoleLine(page).focus();
  await page.keyboard.type('dma 00:02.0 write 0x100080 64');
  await page.keyboard.press('Enter');
  await expect(bar(page)).toContainText('All of this step is met.');
});

test('what is missing is told: what is seen now against what is wanted', async ({ page }) => {
  await openLesson(page, 'page-table-walk:6', 'The permission chain');
  await run(page, 'dma 00:02.0 write 0x7000000 64');
  await page.getByRole('tab', { name: 'Lesson' }).click();
  await expect(goals(page).last()).toContainText('was refused: nothing is mapped there');
  await run(page, 'ro = mmap qemu 16K');
  await expect(lines(page).last()).toContainText('ro = mmap');
  await run(page, 'IOAS_MAP ioas ro iova=0x300000 r');
  await expect(lines(page).last()).toContainText('IOAS_MAP ioas ro');
  await run(page, 'dma 00:02.0 write 0x300040 64');
  await expect(bar(page)).toContainText('All of this step is met.');
});

test('leaving brings back the own scene; coming back, the own lines in the lesson @full', async ({
  page,
}) => {
  await openScene(page, BENCH);
  await page.getByRole('button', { name: 'Scenes', exact: true }).click();
  await page.getByRole('button', { name: /^First steps/ }).click();
  await expect(heading(page, 'A card, and who drives it')).toBeVisible();
  await expect(lesson(page).getByRole('button', { name: 'Show me' })).toBeEnabled();
  await run(page, 'driver 01:00.0 vfio-pci');
  await expect(lines(page)).toHaveCount(5);
  await page.getByRole('button', { name: 'Leave the lesson' }).click();
  await expect(lines(page)).toHaveCount(BENCH.split('\n').length);

  await page.getByRole('button', { name: 'Scenes', exact: true }).click();
  await expect(page.getByRole('button', { name: /^First steps/ })).toContainText('step 1 of 7');
  await page.getByRole('button', { name: /^First steps/ }).click();
  await expect(lines(page)).toHaveCount(5);
  await expect(lines(page).last()).toContainText('driver 01:00.0 vfio-pci');
});

test('a scene that is opened out of a lesson leaves the way back @full', async ({ page }) => {
  await openLesson(page, 'page-table-walk:7', 'The other formats');
  await lesson(page).getByRole('link', { name: 'AMD’s growing table' }).click();
  await expect(bar(page)).toContainText('You have opened something else.');
  await bar(page).getByRole('button', { name: 'Back to the lesson' }).click();
  await expect(heading(page, 'The other formats')).toBeVisible();
  await expect(bar(page)).toBeHidden();
});

test('the gallery: by difficulty, by tag, titles first; what was opened is marked', async ({ page }) => {
  await openStart(page);
  await page.getByRole('button', { name: 'Scenes', exact: true }).click();
  const dialog = page.getByRole('dialog', { name: 'Scenes' });
  const rows = dialog.locator('.row-button');
  await expect(rows.first()).toBeVisible();
  const all = await rows.count();
  await dialog.getByRole('button', { name: 'Expert', exact: true }).click();
  await expect(rows.filter({ hasNotText: 'Expert' })).toHaveCount(0);
  expect(await rows.count()).toBeLessThan(all);
  await dialog.getByRole('combobox', { name: 'Tag' }).selectOption('locks');
  await expect(rows.filter({ hasNotText: 'locks' })).toHaveCount(0);
  await dialog.getByRole('button', { name: 'All', exact: true }).click();
  await dialog.getByRole('combobox', { name: 'Tag' }).selectOption('');
  await expect(rows).toHaveCount(all);

  await dialog.getByRole('searchbox').fill('replace');
  await expect(rows.first()).toContainText('Replace');
  await rows.filter({ hasText: /^E8/ }).click();
  await expect(dialog).toBeHidden();
  await expect(lines(page).first()).toContainText('# E8');
  await page.getByRole('button', { name: 'Scenes', exact: true }).click();
  await expect(rows.filter({ hasText: /^E8/ }).getByRole('img', { name: 'seen' })).toBeVisible();
});

for (const { colorScheme, good } of [
  { colorScheme: 'light', good: expectAccessible },
  { colorScheme: 'dark', good: expectReadable },
] as const)
  test(`in ${colorScheme}, axe finds nothing wrong with a lesson, wide and narrow`, async ({ page }) => {
    await page.emulateMedia({ colorScheme });
    await openLesson(page, 'who-owns-dma:2', 'A claim among drivers');
    await lesson(page).getByRole('button', { name: 'Hint' }).click();
    await good(page);
    await lesson(page).getByRole('button', { name: 'Show me' }).click();
    await expect(goals(page)).toHaveAttribute('data-met', 'true');
    await page.setViewportSize({ width: 390, height: 800 });
    await good(page);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(390);
    await page.getByRole('navigation', { name: 'View' }).getByRole('button', { name: 'Machine' }).click();
    await expect(bar(page)).toBeVisible();
    await good(page);
  });
