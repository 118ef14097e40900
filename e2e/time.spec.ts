import type { Page } from '@playwright/test';
import { expectAccessible } from './helpers/axe';
import { BENCH, card, consoleLine, lines, openScene, run, time } from './helpers/scene';
import { expect, test } from './helpers/test';

/** A card is moved from one address space to another; then it goes where nothing is mapped. */
const SCENE = `${BENCH}
IOAS_MAP other buf iova=0x200000 rw
dev = BIND ctx 02:00.0
ATTACH dev ioas
dma 02:00.0 write 0x200040 64
note "Now the other address space."
REPLACE dev other
dma 02:00.0 write 0x900000 64 ! FAULT
IOAS_UNMAP ioas iova=0x200000 len=2M`;
const lineOf = (text: string): number => SCENE.split('\n').findIndex((line) => line.startsWith(text)) + 1;
const TOTAL = SCENE.split('\n').length;
const after = (line: number): string => `after line ${line} of ${TOTAL}`;

const breakpoints = (page: Page) => page.getByRole('button', { name: /^Breakpoints/ });
const events = (page: Page) => page.getByRole('slider', { name: 'Event inside the line' });
const showCompare = async (page: Page): Promise<void> => {
  await page.getByRole('tab', { name: 'Trace' }).click();
  await page.getByRole('tab', { name: 'Compare' }).click();
};
const compared = (page: Page) => page.getByRole('tabpanel', { name: 'Compare' });

test('playing stops at the first fault, says why, and goes on', async ({ page }) => {
  await openScene(page, SCENE, lineOf('boot'));
  await breakpoints(page).click();
  await page.getByRole('menuitemcheckbox', { name: 'Stop at a fault' }).click();
  await page.getByRole('menuitem', { name: 'Run to the next breakpoint' }).click();
  await expect(time(page)).toHaveAttribute('aria-valuetext', after(lineOf('dma 02:00.0 write 0x9')));
  await expect(page.getByText('a DMA was blocked.')).toBeVisible();
  await page.getByRole('button', { name: 'Go on' }).click();
  await expect(time(page)).toHaveAttribute('aria-valuetext', after(TOTAL));
});

test('playing stops when the selected object changes', async ({ page }) => {
  await openScene(page, SCENE, lineOf('ATTACH'));
  await card(page, 'hwpt:1.4').click();
  await breakpoints(page).click();
  await page.getByRole('menuitemcheckbox', { name: 'Stop when HWPT 4 changes' }).click();
  await page.getByRole('menuitem', { name: 'Run to the next breakpoint' }).click();
  // REPLACE takes its only user away, and an automatic HWPT goes with that.
  await expect(time(page)).toHaveAttribute('aria-valuetext', after(lineOf('REPLACE')));
  await expect(page.getByText('HWPT 4 is gone.')).toBeVisible();
});

test('acting in the past forks: the old future is one press away, and undo brings it back', async ({
  page,
}) => {
  await openScene(page, SCENE, lineOf('ATTACH'));
  await run(page, 'third = IOAS_ALLOC ctx');
  const here = lineOf('ATTACH') + 1;
  await expect(time(page)).toHaveAttribute('aria-valuetext', `after line ${here} of ${here}`);
  const futures = page.getByRole('button', { name: /^Other futures/ });
  await futures.click();
  await page.getByRole('menuitem', { name: 'Open it' }).click();
  await expect(lines(page).last()).toContainText('IOAS_UNMAP ioas');
  await expect(time(page)).toHaveAttribute('aria-valuetext', after(lineOf('ATTACH')));
  await expect(futures).toHaveAccessibleName('Other futures: 1');
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: /^Undo/ }).click();
  await expect(lines(page).last()).toContainText('third = IOAS_ALLOC ctx');
});

test('before and after REPLACE: the device, its HWPTs and the words of the tables', async ({ page }) => {
  await openScene(page, SCENE, lineOf('REPLACE'));
  await showCompare(page);
  const panel = compared(page);
  const moved = panel.getByRole('heading', { name: 'Attachments' }).locator('..').getByRole('listitem');
  await expect(moved).toHaveCount(1);
  await expect(moved).toContainText('02:00.0');
  await expect(moved).toContainText('HWPT 4');
  await expect(moved).toContainText('HWPT 5');
  // A page of 2 MiB at 0x200000: an entry of level 4, of 3, and the leaf at level 2 (VT-d, second-stage tables).
  await panel.getByRole('combobox', { name: 'Tables of' }).selectOption({ label: 'HWPT 5' });
  await expect(panel.getByText('3 words of 64 bits differ')).toBeVisible();
  await expectAccessible(page, '.side');
});

test('by keys alone: notes, events inside a line, and the panel', async ({ page }) => {
  await openScene(page, SCENE, 0);
  await time(page).focus();
  await page.keyboard.press('>');
  await expect(time(page)).toHaveAttribute('aria-valuetext', after(lineOf('note')));
  await page.keyboard.press('.');
  await expect(time(page)).toHaveAttribute('aria-valuetext', after(lineOf('REPLACE')));
  await expect(events(page)).toBeVisible();
  await page.keyboard.press(']');
  await page.keyboard.press(']');
  await expect(events(page)).toHaveAttribute('aria-valuetext', /^2\/\d+ /);
  await page.keyboard.press('[');
  await page.keyboard.press('[');
  await expect(events(page)).toHaveAttribute('aria-valuetext', /^\d+ events inside line/);
  await events(page).focus();
  await page.keyboard.press('End');
  await expect(events(page)).toHaveAttribute('aria-valuetext', /^(\d+)\/\1 /);
  await page.keyboard.press('Control+k');
  await page.keyboard.type('Compare with before');
  await expect(page.getByRole('option', { name: /^Compare with before/ })).toBeVisible();
  await page.keyboard.press('Enter');
  await expect(compared(page)).toContainText('changed.');
  await expect(consoleLine(page)).toBeVisible();
  await expectAccessible(page, '.dock');
});
