import { readFileSync } from 'node:fs';
import type { Locator, Page } from '@playwright/test';
import { expectAccessible, expectReadable } from './helpers/axe';
import { ATTACHED, lines, openScene } from './helpers/scene';
import { expect, reducedMotion, test } from './helpers/test';

/** The page-table walk, looked at closely. */
test.use(reducedMotion);

/** One page of 2 MiB: the leaf is at level 2. */
const LARGE = `${ATTACHED}\ndma 02:00.0 write 0x212340 64`;
const SMALL = LARGE.replace('buf = mmap qemu 2M', 'buf = mmap qemu 2M pages=4K');

const gallery = (name: string, until: string, nth: number): string => {
  const all = readFileSync(new URL(`../src/gallery/iommus/${name}.iommu`, import.meta.url), 'utf8').split(
    '\n',
  );
  const hits = all.flatMap((line, index) => (line.includes(until) ? [index] : []));
  return all.slice(0, (hits[nth - 1] ?? 0) + 1).join('\n');
};
/** Without the unit's cache of tables every access is made. */
const NESTED = gallery('vtd-3-nested', 'dma 00:02.0 write', 1).replace(
  'mode=scalable',
  'mode=scalable walk-cache=off',
);
const STALE = gallery('vtd-1-stale-iotlb', 'dma 00:02.0 write', 2);

const walk = (page: Page): Locator => page.getByRole('tabpanel', { name: 'Walk' });
const fields = (page: Page): Locator =>
  walk(page).getByRole('list', { name: 'The IOVA in index fields' }).getByRole('button');
const field = (page: Page, level: number): Locator =>
  fields(page).filter({ has: page.getByText(`level ${level}`, { exact: true }) });
const column = (page: Page, level: number): Locator =>
  walk(page)
    .getByRole('list', { name: /^Tables/ })
    .getByRole('listitem')
    .filter({ has: page.getByText(`L${level}`, { exact: true }) });
const strip = (page: Page, level: number): Locator =>
  walk(page).getByRole('slider', { name: new RegExp(`^Level ${level} table at 0x`) });
const entry = (page: Page): Locator => walk(page).getByRole('region', { name: 'Entry' });
const overlay = (page: Page): Locator => page.getByTestId('lookup-overlay');
const lit = { outline: 'solid' };
const expectLit = (locator: Locator): Promise<void> =>
  expect(locator).toHaveCSS('outline-style', lit.outline);
const expectDark = (locator: Locator): Promise<void> => expect(locator).toHaveCSS('outline-style', 'none');

test.describe('what belongs together lights up together', () => {
  const rung = (page: Page): Locator =>
    page.locator('.react-flow__node[data-id^="hwpt:"] .rung').filter({ hasText: 'L3' });

  test('an index field: its column, its step and its level on the canvas', async ({ page }) => {
    await openScene(page, SMALL);
    const step = walk(page)
      .getByRole('list', { name: 'Steps' })
      .getByRole('listitem')
      .filter({ hasText: /^L3/ });
    await expectDark(column(page, 3));
    await field(page, 3).hover();
    await expectLit(column(page, 3));
    await expectLit(step);
    await expectLit(rung(page));
    await expectDark(column(page, 2));
    await step.hover();
    await expectLit(field(page, 3));
  });

  test('a level on the canvas: its field and its column', async ({ page }) => {
    await openScene(page, SMALL);
    await rung(page).hover();
    await expectLit(field(page, 3));
    await expectLit(column(page, 3));
  });

  test('by keyboard, one tab stop for all fields', async ({ page }) => {
    await openScene(page, SMALL);
    await fields(page).first().focus();
    await page.keyboard.press('ArrowDown');
    await expect(field(page, 3)).toBeFocused();
    await expectLit(column(page, 3));
    await page.keyboard.press('Enter');
    await expect(entry(page).getByRole('heading')).toHaveText('level 3 entry');
    await expect(walk(page).locator('.address-field[tabindex="0"]')).toHaveCount(1);
  });

  test('digits and the fields in them', async ({ page }) => {
    await openScene(page, LARGE);
    const row = (name: string): Locator =>
      entry(page)
        .getByRole('row')
        .filter({ has: page.getByRole('cell', { name, exact: true }) });
    // VT-d, "Second-Stage Paging Entries": R and W are bits 0 and 1, PS is bit 7; the page is 51:21.
    const digits = entry(page).locator('.entry-hex > span:not(.muted)');
    await digits.nth(14).hover();
    await expect(row('PS')).toHaveAttribute('data-lit', 'true');
    await digits.nth(8).hover();
    await expect(row('ADDR')).toHaveAttribute('data-lit', 'true');
    await row('PS').hover();
    await expect(digits.nth(14)).toHaveAttribute('data-lit', 'true');
    await expect(digits.nth(13)).toHaveAttribute('data-lit', 'false');
    await expect(entry(page).locator('.ruler [data-lit=true]')).toHaveText(['1']);
  });
});

test.describe('a large page', () => {
  test('is an early stop: its leaf shows that index bits are offset', async ({ page }) => {
    await openScene(page, LARGE);
    await expect(walk(page).getByText('2 MiB page: these 9 bits (level 1) are offset too.')).toBeVisible();
    await expect(fields(page)).toHaveCount(4);
    await expect(column(page, 1)).toHaveCount(0);
    // Before the leaf is read nobody knows.
    await page.keyboard.press(',');
    await expect(fields(page)).toHaveText([
      '000level 4',
      '000level 3',
      '001level 2',
      '012level 1',
      '340offset',
    ]);
    await expect(walk(page).getByText(/are offset too/)).toBeHidden();
    await page.keyboard.press('.');
    await expect(fields(page)).toHaveCount(4);
  });

  test('that is several entries of one level says so', async ({ page }) => {
    // AMD, "Next Level = 7": 64 KiB are 16 entries of 4 KiB.
    await openScene(page, gallery('amd-1-growing-table', 'dma 00:02.0 write 0x20f040', 1));
    await expect(walk(page).getByText(/64 KiB page: 16 equal entries/)).toBeVisible();
  });
});

test.describe('the entries beside the one that was read', () => {
  test('are shown by arrows, and the look-up stays as it is', async ({ page }) => {
    await openScene(page, SMALL);
    const before = await overlay(page).getAttribute('data-step');
    // 0x212340: index 0x12 of the level 1 table; 512 pages are mapped from 0x200000 on.
    await expect(strip(page, 1)).toHaveAttribute('aria-valuetext', 'entry 0x12, leaf, read by this look-up');
    const at = Number(
      (await entry(page).getByRole('button', { name: /^0x/ }).innerText()).replaceAll('_', ''),
    );
    await strip(page, 1).focus();
    await page.keyboard.press('ArrowRight');
    await expect(strip(page, 1)).toHaveAttribute('aria-valuetext', 'entry 0x13, leaf');
    await expect(entry(page).getByText('not in this look-up')).toBeVisible();
    await expect
      .poll(async () =>
        Number((await entry(page).getByRole('button', { name: /^0x/ }).innerText()).replaceAll('_', '')),
      )
      .toBe(at + 8);
    await expect(overlay(page)).toHaveAttribute('data-step', before ?? '');
    await page.keyboard.press('Home');
    await expect(strip(page, 1)).toHaveAttribute('aria-valuenow', '0');
    await walk(page).getByRole('button', { name: 'Back to the entry that was read' }).click();
    await expect(entry(page).getByText('not in this look-up')).toBeHidden();
  });

  test('an empty one, by mouse', async ({ page }) => {
    await openScene(page, SMALL);
    const box = await strip(page, 4).boundingBox();
    await strip(page, 4).click({ position: { x: (box?.width ?? 0) / 2, y: (box?.height ?? 0) / 2 } });
    await expect(entry(page).locator('.walk-outcome')).toHaveText('empty');
    await expect(entry(page).locator('.entry-hex')).toContainText('0000000000000000');
  });
});

test.describe('two stages', () => {
  const matrix = (page: Page): Locator => page.getByRole('table', { name: 'Reads of both stages' });

  test('are 24 memory accesses, numbered as they are made', async ({ page }) => {
    await openScene(page, NESTED);
    // (4 + 1) × (4 + 1) − 1
    await expect(matrix(page).getByText(/^24 memory accesses: 4 .* 20 /)).toBeVisible();
    const numbers = await matrix(page)
      .getByRole('button')
      .evaluateAll((all) =>
        all.map((each) => Number(/^Access (\d+) of 24/.exec(each.getAttribute('aria-label') ?? '')?.[1])),
      );
    expect(numbers).toEqual(Array.from({ length: 24 }, (_, n) => n + 1));
  });

  test('arrows go up and down as well, and open the entry', async ({ page }) => {
    await openScene(page, NESTED);
    const cell = (n: number): Locator =>
      matrix(page).getByRole('button', { name: new RegExp(`^Access ${n} of`) });
    await cell(3).click();
    await expect(entry(page).getByRole('heading')).toHaveText('stage 2 level 2 entry');
    await page.keyboard.press('ArrowDown');
    await expect(cell(8)).toBeFocused();
    await page.keyboard.press('ArrowUp');
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('ArrowRight');
    await expect(cell(5)).toBeFocused();
    await expect(entry(page).getByRole('heading')).toHaveText('stage 1 level 4 entry');
  });

  test('what caches spared is left out, and counted', async ({ page }) => {
    await openScene(page, NESTED.replace(' walk-cache=off', ''));
    await expect(matrix(page).getByText(/^12 of 24 memory accesses: 4 .* 8 /)).toBeVisible();
  });
});

test('a stale entry is called out, beside what the tables say now', async ({ page }) => {
  await openScene(page, STALE);
  const call = walk(page).getByRole('region', { name: 'Stale entry' });
  await expect(call).toContainText(/Stale.*IOTLB entry/);
  await expect(call.getByText(/^PA 0x107ffff000, 4 KiB, read and write$/)).toBeVisible();
  await expect(call.getByText('nothing is mapped there')).toBeVisible();
  await expect(walk(page).getByText('IOTLB hit: 4 tables not read')).toBeVisible();
  const used = walk(page).getByRole('list', { name: 'Cache entries of this look-up' }).getByRole('listitem');
  await expect(used).toHaveCount(2);
});

test('caches that were filled are named once the walk is over', async ({ page }) => {
  await openScene(page, LARGE);
  const used = walk(page).getByRole('list', { name: 'Cache entries of this look-up' });
  await expect(used.getByText(/filled .*Address 0x200000/)).toBeVisible();
});

test('the level that takes a permission away says so', async ({ page }) => {
  const cold = SMALL.replace('iommu=vtd', 'iommu=vtd iotlb=off walk-cache=off');
  await openScene(page, cold);
  await walk(page)
    .getByRole('button', { name: /^Level 2, entry/ })
    .click();
  await walk(page).getByRole('button', { name: 'W is 1: turn it over' }).click();
  await expect(lines(page).last()).toContainText('poke 0x');
  await walk(page).getByRole('button', { name: 'Fire it again' }).click();
  await expect(walk(page).getByRole('region', { name: 'Fault' })).toBeVisible();
  await expect(walk(page).getByRole('list', { name: 'Permissions that were taken away' })).toHaveText(
    /W ends at level 2/,
  );
});

test('over the canvas it is the same walk, with time and panels beside it', async ({ page }) => {
  await openScene(page, SMALL);
  await page.getByRole('button', { name: 'Walk over the canvas' }).click();
  const wide = page.getByRole('region', { name: 'Walk over the canvas' });
  await expect(wide.getByRole('slider')).toHaveCount(4);
  await page.getByRole('tab', { name: 'Outline' }).click();
  await expect(wide).toBeVisible();
  await page.keyboard.press(',');
  await expect(wide.getByRole('button', { name: 'Go on to level 1' })).toBeVisible();
  await wide.getByRole('button', { name: 'Go on to level 1' }).click();
  await page.keyboard.press('Escape');
  await expect(wide).toBeHidden();
});

for (const colorScheme of ['light', 'dark'] as const)
  test.describe(`in ${colorScheme}`, () => {
    test.use({ colorScheme });
    const expectGood = colorScheme === 'light' ? expectAccessible : expectReadable;

    for (const [name, script] of [
      ['a walk', LARGE],
      ['two stages', NESTED],
      ['a stale hit', STALE],
    ] as const)
      test(`${name} is accessible, in the panel and over the canvas`, async ({ page }) => {
        await openScene(page, script);
        await expect(walk(page).getByRole('button', { name: /^PA 0x/ })).toBeVisible();
        await expectGood(page, '.side');
        await page.getByRole('button', { name: 'Walk over the canvas' }).click();
        await expect(page.getByRole('region', { name: 'Walk over the canvas' })).toBeVisible();
        await expectGood(page, '.wide-walk');
      });
  });
