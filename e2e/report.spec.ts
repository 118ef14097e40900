import { readFileSync } from 'node:fs';
import type { Page } from '@playwright/test';
import { bigMachine } from '../src/testing/big-machine';
import { expectAccessible, expectReadable } from './helpers/axe';
import { dropFiles } from './helpers/import';
import { BENCH, lines, openScene } from './helpers/scene';
import { expect, reducedMotion, test } from './helpers/test';

/** The groups of a machine on paper: what a printer takes, what is saved, and what opens again. */
test.use(reducedMotion);

const EVIL = '</article><script>window.hacked = 1</script>';
const SCENE = BENCH.replace('"Audio"', `"${EVIL}"`);

const paper = (page: Page) => page.getByRole('article');

async function openReport(page: Page, script: string): Promise<void> {
  await openScene(page, script);
  await page.getByRole('tab', { name: 'Groups', exact: true }).click();
  await page.getByRole('button', { name: 'Report', exact: true }).click();
  await expect(page.getByRole('status').filter({ hasText: /^Complete$/ })).toBeVisible();
}

/** Of a PDF, without a library: its page objects. */
const pagesOf = (pdf: Buffer): number =>
  [...pdf.toString('latin1').matchAll(/\/Type\s*\/Page\b(?!s)/g)].length;

/** What sticks out of a page as wide as A4 between its margins, and what of the app would be printed along. */
const misprints = (page: Page): Promise<readonly string[]> =>
  page.evaluate(() => {
    const paper = document.querySelector('article');
    const right = (paper?.getBoundingClientRect().right ?? 0) + 1;
    const out = [...(paper?.querySelectorAll('*') ?? [])].filter(
      (each) => !(each instanceof SVGElement) && each.getBoundingClientRect().right > right,
    );
    const beside = [...document.querySelectorAll('.app, .report-bar')].filter((each) =>
      each.checkVisibility(),
    );
    return [...out, ...beside].map((each) => `${each.tagName} ${each.className}`);
  });

test('the report tells each group and why, prints alone, and names stay text', async ({ page }) => {
  await openReport(page, SCENE);
  const text = paper(page);
  await expect(text.getByRole('heading', { level: 1 })).toHaveText('Test bench');
  await expect(text).toContainText('5 devices in 3 groups.');
  // The port above has no ACS. Linux: pci_device_group()
  const group = text
    .locator('section', { has: page.getByRole('heading', { name: /^Group \d+ 3 devices$/ }) })
    .last();
  await expect(group).toContainText('00:01.0 ACSCap: no ACS capability');
  await expect(group).toContainText(
    'after vfio-pci has taken over 01:00.0 from nouveau, 01:00.1 from snd_hda_intel',
  );
  await expect(group).toContainText('pcie_acs_override=downstream,multifunction');
  await expect(group.getByRole('cell', { name: EVIL })).toBeVisible();
  await expect(text.getByRole('img', { name: 'Picture of Test bench' })).toBeVisible();
  await expectAccessible(page);

  await page.emulateMedia({ media: 'print' });
  await page.setViewportSize({ width: 680, height: 900 });
  expect(await misprints(page)).toEqual([]);
  // The picture has a page to itself, which lies across.
  const pdf = await page.pdf({ preferCSSPageSize: true });
  expect(pagesOf(pdf)).toBeGreaterThan(1);
  expect(pagesOf(pdf)).toBeLessThan(6);
  expect(await page.evaluate(() => 'hacked' in window)).toBe(false);
});

test('saved, it stands alone, and opens again where it is dropped', async ({ page, context }) => {
  await openReport(page, SCENE);
  const download = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Save as HTML' }).click();
  const file = await download;
  expect(file.suggestedFilename()).toBe('test-bench-groups.html');
  const html = readFileSync(await file.path(), 'utf8');

  const other = await context.newPage();
  await other.setContent(html);
  const article = other.getByRole('article');
  await expect(article).toContainText('5 devices in 3 groups.');
  expect(await article.innerText()).toContain(EVIL);
  await expect(other.locator('script, iframe, link, [onload], [onerror]')).toHaveCount(0);
  await expect(other.locator('article svg')).toHaveCount(1);
  expect(await other.evaluate(() => getComputedStyle(document.body).backgroundColor)).not.toBe(
    'rgba(0, 0, 0, 0)',
  );
  await expectReadable(other);

  await page.keyboard.press('Escape');
  await expect(paper(page)).toBeHidden();
  await openScene(page, 'machine q35 iommu=vtd');
  await dropFiles(page, { 'report.html': html });
  await expect(lines(page)).toHaveCount(SCENE.split('\n').length);
});

test('on a dark page it is black on white all the same', async ({ page }) => {
  await page.emulateMedia({ colorScheme: 'dark' });
  await openReport(page, SCENE);
  const [back = 0, ink = 255] = await paper(page).evaluate((each) => {
    const style = getComputedStyle(each);
    const pixel = document.createElement('canvas').getContext('2d');
    return [style.backgroundColor, style.color].map((colour) => {
      if (pixel === null) return NaN;
      pixel.fillStyle = colour;
      pixel.fillRect(0, 0, 1, 1);
      return Math.max(...pixel.getImageData(0, 0, 1, 1).data.subarray(0, 3));
    });
  });
  expect(back).toBe(255);
  expect(ink).toBeLessThan(60);
  await expectReadable(page, 'article');
});

test('a server of 970 functions is told to the last of them @full', async ({ page }) => {
  await openScene(page, bigMachine());
  await page.getByRole('tab', { name: 'Groups', exact: true }).click();
  await page.getByRole('button', { name: 'Report', exact: true }).click();
  await expect(page.getByRole('status').filter({ hasText: /^Complete$/ })).toBeVisible({ timeout: 90_000 });
  await expect(paper(page)).toContainText('970 devices in 962 groups.');
  await expect(paper(page).locator('.rp-tree li')).toHaveCount(970);
  await page.emulateMedia({ media: 'print' });
  await page.setViewportSize({ width: 680, height: 900 });
  expect(await misprints(page)).toEqual([]);
  expect(pagesOf(await page.pdf({ preferCSSPageSize: true }))).toBeGreaterThan(20);
});
