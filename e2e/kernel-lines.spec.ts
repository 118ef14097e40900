import type { Locator, Page } from '@playwright/test';
import { expectAccessible, expectReadable } from './helpers/axe';
import { DUMP } from './helpers/dump';
import { BENCH, consoleLine, openScene, stateOf } from './helpers/scene';
import { expect, test } from './helpers/test';

/** Kernel lines that people paste: what each says. Written by hand from the kernel's format strings. */
const LOG = [
  '[   12.3] usb 1-1: new high-speed USB device',
  '[ 2333.598170] DMAR: DRHD: handling fault status reg 2',
  '[ 2333.598177] DMAR: [DMA Read NO_PASID] Request device [00:0d.2] fault addr 0x1026a4000 [fault reason 0x51] SM: Present bit in Directory Entry is clear',
  '[ 2333.598178] DMAR: Dump dmar1 table entries for IOVA 0x1026a4000',
  '[ 2333.598179] DMAR: scalable mode root entry: hi 0x0000000102448001, low 0x0000000101b3e001',
  '[ 2333.598180] DMAR: context entry: hi 0x0000000000000000, low 0x0000000101b4d401',
  ...[1, 2, 3].map(
    (n) =>
      `[ 2334.${n}] nvme 0000:01:00.0: AMD-Vi: Event logged [IO_PAGE_FAULT domain=0x000c address=0xffffc0${n}0 flags=0x0050]`,
  ),
  '[ 2335.0] DMAR: something that nobody knows',
].join('\n');

const dialog = (page: Page): Locator => page.getByRole('dialog');
const cards = (page: Page): Locator => dialog(page).getByRole('article');

/** What Ctrl+V does: tests may not touch the system's clipboard. */
const pasteOn = (target: Locator, text: string): Promise<boolean> =>
  target.evaluate((element, what) => {
    const clipboardData = new DataTransfer();
    clipboardData.setData('text/plain', what);
    const init = { clipboardData, bubbles: true, cancelable: true };
    return element.dispatchEvent(new ClipboardEvent('paste', init));
  }, text);

test('pasted anywhere on the page: every message explained, and nothing else changes', async ({ page }) => {
  await openScene(page, BENCH);
  const before = await stateOf(page);
  expect(await pasteOn(page.locator('body'), LOG)).toBe(false);
  await expect(dialog(page).getByRole('heading', { name: 'What the kernel says' })).toBeVisible();
  await expect(cards(page).getByRole('heading')).toHaveText([
    'SM: Present bit in Directory Entry is clear',
    'IO_PAGE_FAULT',
  ]);
  const [fault, repeated] = [cards(page).nth(0), cards(page).nth(1)];
  await expect(fault).toContainText('fault 0x51');
  await expect(fault).toContainText('0000:00:0d.2');
  await expect(fault).toContainText('0x1_026a_4000');
  await expect(fault).toContainText('No PASID of this block of 64 is in use');
  await fault.getByText('scalable mode context entry').click();
  await expect(fault.getByRole('row', { name: 'PASIDDIRPTR' })).toContainText(
    'PASID directory at 0x101b4d000',
  );
  await expect(repeated.getByText('2 more messages of the same')).toBeVisible();
  await dialog(page).getByText('1 line about an IOMMU not understood').click();
  await expect(dialog(page).getByText('DMAR: something that nobody knows')).toBeVisible();
  // There is nothing to open.
  await expect(dialog(page).getByRole('button', { name: 'Open this machine' })).toHaveCount(0);
  await expectAccessible(page, '.dialog');
  await page.evaluate(() => (document.documentElement.dataset['theme'] = 'dark'));
  await expectReadable(page, '.dialog');
  await dialog(page).getByRole('button', { name: 'Done' }).click();
  await expect(dialog(page)).toHaveCount(0);
  expect(await stateOf(page)).toEqual(before);
});

test('beside a machine: both are read', async ({ page }) => {
  await page.goto('./');
  await page.getByRole('button', { name: 'Import' }).click();
  await expect(dialog(page)).toContainText('Fault lines');
  await expectAccessible(page, '.dialog');
  await pasteOn(page.getByRole('textbox', { name: 'Output of lspci, or kernel lines' }), `${LOG}\n\n${DUMP}`);
  await expect(dialog(page).getByText('5 kernel messages about an IOMMU understood')).toBeVisible();
  await expect(dialog(page).getByText('33 PCI functions,')).toBeVisible();
  await dialog(page).getByRole('button', { name: 'Open this machine' }).click();
  await expect(page.locator('.react-flow__node[data-id^="dev:"]')).toHaveCount(33);
});

test('pasted into a field: it stays the field’s', async ({ page }) => {
  await openScene(page, BENCH);
  await pasteOn(consoleLine(page), LOG);
  // The console runs lines, and keeps the first that makes no sense.
  await expect(consoleLine(page)).toHaveValue(LOG.split('\n')[0] ?? '');
  await expect(dialog(page)).toHaveCount(0);
});
