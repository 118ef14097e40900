import type { Locator, Page } from '@playwright/test';
import { expectAccessible } from './helpers/axe';
import { ATTACHED, lines, openScene, run } from './helpers/scene';
import { expect, reducedMotion, test } from './helpers/test';

/** Addresses: chosen in one panel, seen in the others; and the bytes behind them. */
test.use(reducedMotion);

const SCENE = `${ATTACHED.replace('mmap qemu 2M', 'mmap qemu 64K pages=4K')}
dma 02:00.0 write 0x202040 64`;

const panel = (page: Page, name: string): Locator => page.getByRole('tabpanel', { name, exact: true });
const word = (page: Page): Locator => page.locator('[role=gridcell][tabindex="0"]');

async function showPanel(page: Page, tab: string, inner?: string): Promise<void> {
  await page.getByRole('tab', { name: tab, exact: true }).click();
  if (inner !== undefined) await page.getByRole('tab', { name: inner, exact: true }).click();
  await expect(panel(page, inner ?? tab)).toBeVisible();
}

/** The look-up of the last line, at its end: nothing moves here. */
async function openWalk(page: Page): Promise<void> {
  await openScene(page, SCENE);
  await showPanel(page, 'Walk');
  await expect(panel(page, 'Walk').getByRole('button', { name: /^PA 0x/ })).toBeVisible();
}

test('a word of a table is decoded as the hardware reads it, and leads to where it points', async ({
  page,
}) => {
  await openWalk(page);
  await panel(page, 'Walk')
    .getByRole('button', { name: /^Level 1, entry 0x2/ })
    .click();
  await panel(page, 'Walk').getByRole('region', { name: 'Entry' }).locator('.link.mono').click();
  const memory = panel(page, 'Memory');
  await expect(memory.getByRole('heading', { name: /Level 1 entry 2$/ })).toBeVisible();
  await word(page).focus();
  await page.keyboard.press('ArrowRight');
  await expect(memory.getByRole('heading', { name: /Level 1 entry 3$/ })).toBeVisible();
  await expect(memory.getByText('page table, level 1')).toBeVisible();
  await page.keyboard.press('Shift+ArrowDown');
  await expect(memory.getByRole('group', { name: 'Selection' })).toContainText('3 words');
  await expect(memory.locator('[data-band=spot]')).toHaveCount(3);

  // The fifth entry of the table: its page is the buffer's.
  await expect(memory.getByRole('heading', { name: /Level 1 entry 5$/ })).toBeVisible();
  await expect(memory.getByRole('button', { name: /^Go to 0x/ })).toBeVisible();
  await page.keyboard.press('Enter');
  await expect(memory.getByText('buf', { exact: true })).toBeVisible();
  await expect(memory.getByText('process memory')).toBeVisible();
  await memory.getByRole('button', { name: 'Back to where you were' }).click();
  await expect(memory.getByText('page table, level 1')).toBeVisible();
  await expectAccessible(page, '#side');
});

test('what is held on a strip is marked in the walk and in memory, and let go in one place for all', async ({
  page,
}) => {
  await openWalk(page);
  await showPanel(page, 'Space');
  const strip = panel(page, 'Space').getByRole('slider', { name: /^IOVAs of IOAS 1/ });
  await strip.focus();
  await expect(strip).toHaveAttribute('aria-valuetext', /^area buf/);
  await page.keyboard.press('Enter');
  await expect(strip).toHaveAttribute('aria-valuetext', /held/);

  await showPanel(page, 'Walk');
  const held = panel(page, 'Walk').getByRole('status').filter({ hasText: 'inside the addresses' });
  await expect(held).toContainText('0x20_0000–0x20_ffff');
  await panel(page, 'Walk')
    .getByRole('button', { name: /^PA 0x/ })
    .click();
  // All of the window is memory of the area.
  await expect(panel(page, 'Memory').locator('[data-band=behind]')).toHaveCount(32);

  await showPanel(page, 'Walk');
  await held.getByRole('button', { name: 'let go' }).click();
  await expect(held).toBeHidden();
  // The other way round: an entry that is pointed at is marked as memory.
  const entry = panel(page, 'Walk').getByRole('list', { name: 'Steps' }).getByRole('listitem').last();
  await entry.hover();
  await expect(entry).toHaveAttribute('data-spot', 'true');
});

test('memory and entries of two moments: of the present script, and of a branch that was left', async ({
  page,
}) => {
  await openScene(page, SCENE);
  await run(page, 'IOAS_UNMAP ioas iova=0x200000 len=64K');
  await expect(page.getByRole('slider', { name: 'Line of the script' })).toHaveAttribute(
    'aria-valuetext',
    /17 of 17/,
  );
  await page.keyboard.press('Escape');
  await showPanel(page, 'Trace', 'Compare');
  const compare = panel(page, 'Compare');
  const leaf = compare.getByRole('button', { name: /^0x0$/ }).first();
  await leaf.click();
  await expect(compare.getByRole('region', { name: 'The entry in A' }).getByRole('row')).not.toHaveCount(0);
  await expect(compare.getByRole('region', { name: 'The entry in B' })).toContainText('not present');

  // Undone, it is a future that was left; the page of the table is compared with it.
  const pa = await compare
    .getByRole('row')
    .filter({ hasText: '0x0' })
    .last()
    .locator('.link.mono')
    .innerText();
  await page.getByRole('button', { name: 'Step back', exact: true }).click();
  await run(page, 'note "another way"');
  await expect(lines(page).last()).toContainText('another way');
  await showPanel(page, 'Trace', 'Compare');
  await compare.locator('select').first().selectOption('here');
  await compare.locator('select').nth(1).selectOption({ label: 'End of the branch after line 16' });
  await compare.getByRole('textbox', { name: 'Physical address, in hex' }).fill(pa);
  await compare.getByRole('button', { name: 'Compare', exact: true }).click();
  await expect(compare.getByText('16 words of 64 bits differ').last()).toBeVisible();
});
