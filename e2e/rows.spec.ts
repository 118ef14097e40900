import { readdirSync, readFileSync } from 'node:fs';
import type { Locator, Page } from '@playwright/test';
import { expectAccessible, expectReadable } from './helpers/axe';
import { BENCH, consoleLine, lines, openScene, openStart, time } from './helpers/scene';
import { expect, reducedMotion, test } from './helpers/test';

/** The four IOMMUs, groups and their reasons, and the five threads row by row: each opens in the page and comes out as it says. */
test.use(reducedMotion);

const rows = ['iommus', 'groups', 'traffic', 'rows'].flatMap((folder) => {
  const path = new URL(`../src/gallery/${folder}/`, import.meta.url);
  return readdirSync(path)
    .filter((file) => file.endsWith('.iommu'))
    .map((file) => ({ folder, file, script: readFileSync(new URL(file, path), 'utf8').trimEnd() }));
});
const rowOf = (name: string) => rows.find(({ file }) => file.startsWith(`${name}-`))?.script ?? '';
const titleOf = (script: string): string => script.split('\n', 1)[0]?.replace(/^# [\w -]+ · /, '') ?? '';

const gallery = (page: Page): Locator => page.getByRole('dialog', { name: 'Scenes' });
const rowButtons = (page: Page): Locator => gallery(page).locator('.row-button');
const search = (page: Page): Locator => gallery(page).getByRole('searchbox', { name: 'Search scenes' });

async function openGallery(page: Page): Promise<void> {
  await openStart(page);
  await page.getByRole('button', { name: 'Scenes', exact: true }).click();
  await expect(rowButtons(page)).toHaveCount(rows.length);
}

/** All lines have run; those that must be refused were, and nothing else. */
async function expectAsItSays(page: Page, script: string): Promise<void> {
  const total = script.split('\n').length;
  await expect(time(page)).toHaveAttribute('aria-valuetext', `after line ${total} of ${total}`);
  await expect(lines(page)).toHaveCount(total);
  const odd = await lines(page).evaluateAll((all) =>
    all
      .map((each) => ({
        text: each.querySelector('.log-text')?.textContent ?? '',
        result: each.querySelector('.log-result')?.textContent ?? '',
        tone: each.querySelector('.log-result')?.getAttribute('data-tone') ?? '',
      }))
      .filter(({ text, result, tone }) => {
        const mustFail = /! (?:E[A-Z0-9_]+|FAULT|WAITS|DEADLOCK)\b/.test(text);
        const failed = tone === 'fault' || tone === 'waits';
        return failed !== mustFail || /the script expects|not expected/.test(result);
      }),
  );
  expect(odd).toEqual([]);
}

for (const { folder, least } of [
  { folder: 'iommus', least: 25 },
  { folder: 'groups', least: 8 },
  { folder: 'traffic', least: 8 },
  { folder: 'rows', least: 59 },
])
  test(`every scene of ${folder}/ opens by its link, and every line comes out as it says`, async ({
    page,
  }) => {
    test.slow();
    const scenes = rows.filter((row) => row.folder === folder);
    // The unit tests play every scene; here every fourth of them, and all by `npm run test:full`.
    const today = scenes.filter((_, index) => process.env.FULL === '1' || index % 4 === 0);
    for (const { file, script } of today)
      await test.step(file, async () => {
        await openScene(page, script);
        await expectAsItSays(page, script);
        await expect(page.locator('.caption')).not.toBeEmpty();
      });
    expect(scenes.length).toBeGreaterThanOrEqual(least);
  });

test.describe('the gallery', () => {
  test('has them by IOMMU and in five threads, each with its title', async ({ page }) => {
    await openGallery(page);
    const titles = rows.map(({ script }) => titleOf(script)).sort();
    expect((await rowButtons(page).locator('span').allTextContents()).sort()).toEqual(titles);
    await expect(gallery(page).getByRole('heading', { level: 4 })).toHaveText([
      'The same five lines on each',
      'Intel VT-d',
      'AMD-Vi',
      'Arm SMMUv3',
      'RISC-V IOMMU',
      'Devices that do not wait',
      'Topology, ACS and what it does to DMA',
      /^A Groups in sysfs/,
      /^B Who owns DMA/,
      /^C Attaching/,
      /^D Replacing/,
      /^E Device lists/,
    ]);
  });

  for (const name of ['vtd-3', 'smmu-2', 'a4', 'b7', 'c2', 'd10', 'e4']) {
    test(`${name} opens with a click`, async ({ page }) => {
      await openGallery(page);
      await rowButtons(page)
        .filter({ hasText: titleOf(rowOf(name)) })
        .click();
      await expect(gallery(page)).toBeHidden();
      await expectAsItSays(page, rowOf(name));
    });
  }

  test('finds by typing, and Enter opens what is found first; undo brings back what was there', async ({
    page,
  }) => {
    await openScene(page, BENCH);
    await page.getByRole('button', { name: 'Scenes', exact: true }).click();
    await expect(search(page)).toBeFocused();
    await page.keyboard.type('e4');
    await expect(rowButtons(page)).toHaveText([/^E4/]);
    await page.keyboard.press('Enter');
    await expect(gallery(page)).toBeHidden();
    await expectAsItSays(page, rowOf('e4'));
    await page.getByRole('button', { name: 'Undo' }).click();
    await expect(lines(page)).toHaveCount(BENCH.split('\n').length);
  });

  test('finds an IOMMU’s scenes by its name and their number, and by what the kernel prints', async ({
    page,
  }) => {
    await openGallery(page);
    await search(page).fill('vt-d 3');
    await expect(rowButtons(page).filter({ hasText: 'Nested' })).toHaveCount(1);
    await search(page).fill('F_PERMISSION');
    await expect(rowButtons(page).filter({ hasText: 'two kinds of table' })).toHaveCount(1);
  });

  test('finds verbs and errnos in the scripts; of nothing it says so', async ({ page }) => {
    await openGallery(page);
    await search(page).fill('IOAS_ALLOW_IOVAS');
    const users = rows.filter(({ script }) => script.includes('IOAS_ALLOW_IOVAS'));
    await expect(rowButtons(page)).toHaveCount(users.length);
    await search(page).fill('no such words');
    await expect(gallery(page).getByText('Nothing has these words.')).toBeVisible();
  });

  test('is complete with the keyboard: arrows go through all of it', async ({ page }) => {
    await openGallery(page);
    const row = (at: number) => rowButtons(page).nth(at);
    await search(page).focus();
    await page.keyboard.press('ArrowDown');
    await expect(gallery(page).locator('.lesson-row').first()).toBeFocused();
    await page.keyboard.press('End');
    await expect(row(rows.length - 1)).toBeFocused();
    await page.keyboard.press('ArrowUp');
    await expect(row(rows.length - 2)).toBeFocused();
    await page.keyboard.press('Shift+Tab');
    await expect(gallery(page).getByRole('button', { name: /^E1 / })).toBeFocused();
    await page.keyboard.press('Enter');
    await expectAsItSays(page, rowOf('e1'));
  });

  for (const { colorScheme, expectGood } of [
    { colorScheme: 'light', expectGood: expectAccessible },
    { colorScheme: 'dark', expectGood: expectReadable },
  ] as const)
    test(`in ${colorScheme}, axe finds nothing wrong with it, nor with a row`, async ({ page }) => {
      await page.emulateMedia({ colorScheme });
      await openGallery(page);
      await expectGood(page);
      await page.keyboard.press('Escape');
      await openScene(page, rowOf('c2'));
      await expectGood(page);
    });

  test('fits a phone', async ({ page }) => {
    await page.setViewportSize({ width: 360, height: 740 });
    await openGallery(page);
    const body = gallery(page).locator('.dialog-body');
    expect(await body.evaluate((each) => each.scrollWidth - each.clientWidth)).toBe(0);
    await rowButtons(page)
      .filter({ hasText: titleOf(rowOf('b1')) })
      .click();
    await page.getByRole('navigation', { name: 'View' }).getByRole('button', { name: 'Script' }).click();
    await expectAsItSays(page, rowOf('b1'));
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(360);
  });
});

test('a guest’s IOMMU: every object of it is on the canvas and in the inspector', async ({ page }) => {
  const file = new URL('../src/gallery/scenes/a-guests-iommu.iommu', import.meta.url);
  const script = readFileSync(file, 'utf8').trimEnd();
  await openScene(page, script);
  await expectAsItSays(page, script);
  for (const kind of ['viommu', 'vdevice', 'veventq', 'hwqueue', 'fault', 'access', 'hwpt', 'ioas'])
    await expect(page.locator(`.react-flow__node[data-id^="${kind}:"]`).first()).toBeVisible();
  const outline = page.getByRole('tabpanel', { name: 'Outline' });
  await page.getByRole('tab', { name: 'Outline' }).click();
  const objects = outline.locator('[role=treeitem]:not([data-type=heading])');
  const count = await objects.count();
  expect(count).toBeGreaterThan(14);
  for (let n = 0; n < count; n++) {
    await page.getByRole('tab', { name: 'Outline' }).click();
    await objects.nth(n).click();
    const panel = page.getByRole('tabpanel', { name: 'Object' });
    await expect(panel.getByRole('heading').first()).toBeVisible();
  }
});

test('in the margin a check that holds is a tick, one that does not says what is', async ({ page }) => {
  await openScene(page, `${BENCH}\nexpect group:2 ownerCount 0\nnote "All of this is \\"true\\"."`);
  const check = lines(page).filter({ hasText: 'expect group:2' });
  await expect(check.getByRole('img', { name: 'so it is' })).toBeVisible();
  await expect(lines(page).last()).toContainText('All of this is "true".');
  await consoleLine(page).fill('expect group:2 ownerCount 7');
  await consoleLine(page).press('Enter');
  await expect(lines(page).last()).toContainText('not so');
  await expect(lines(page).last()).toContainText('ownerCount is 0, not 7');
});
