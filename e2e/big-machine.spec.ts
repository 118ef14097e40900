import type { Locator, Page } from '@playwright/test';
import { expectAccessible } from './helpers/axe';
import { bigMachine } from '../src/testing/big-machine';
import { node, openScene } from './helpers/scene';
import { expect, reducedMotion, test } from './helpers/test';

/** A server of a thousand functions: seen from afar it is painted, near by it is cards; a person notices no difference. */
test.use(reducedMotion);

const DRIVE = 'dev:0000:85:00.0';

const canvas = (page: Page): Locator => page.getByRole('application', { name: 'Canvas' });
const painted = (page: Page): Locator => page.getByTestId('painted-cards');
const cards = (page: Page): Locator => page.locator('.canvas .card:is(.device, .bridge)');

async function openBigMachine(page: Page): Promise<void> {
  await openScene(page, bigMachine());
  await expect(painted(page)).toBeVisible();
}

/** How many colours of more than a few pixels the picture has; what is transparent is none. */
const coloursIn = (page: Page): Promise<number> =>
  painted(page).evaluate((element: HTMLCanvasElement) => {
    const data = element.getContext('2d')?.getImageData(0, 0, element.width, element.height).data ?? [];
    const seen = new Map<number, number>();
    for (let at = 0; at < data.length; at += 4) {
      if (data[at + 3] !== 255) continue;
      const colour = (data[at]! << 16) | (data[at + 1]! << 8) | data[at + 2]!;
      seen.set(colour, (seen.get(colour) ?? 0) + 1);
    }
    return [...seen.values()].filter((pixels) => pixels > 50).length;
  });

/** Moves the pointer until it rests on a painted card, which then is an element. */
async function pointAtCard(page: Page): Promise<Locator> {
  const box = (await painted(page).boundingBox())!;
  for (let step = 0; step < 30 && (await cards(page).count()) === 0; step++)
    await page.mouse.move(box.x + box.width * 0.3 + step * 3, box.y + box.height * 0.4 + step * 2);
  await expect(cards(page)).toHaveCount(1);
  return cards(page);
}

async function zoomIn(page: Page, times: number): Promise<void> {
  await canvas(page).focus();
  for (let n = 0; n < times; n++) await page.keyboard.press('+');
}

test('all of it is painted in one picture, with classes of devices apart', async ({ page }) => {
  await openBigMachine(page);
  await expect.poll(() => coloursIn(page)).toBeGreaterThan(5);
  await expect(cards(page)).toHaveCount(0);
  await expect(node(page, 'iommu:dmar0')).toHaveCount(1);
});

test('a click on a painted card selects it, and the pointer leaves it chosen', async ({ page }) => {
  await openBigMachine(page);
  const card = await pointAtCard(page);
  const bdf = /[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]/.exec((await card.getAttribute('aria-label')) ?? '')?.[0];
  await page.mouse.down();
  await page.mouse.up();
  await expect(page.getByRole('tabpanel', { name: 'Object' })).toContainText(bdf ?? 'no address');
  const box = (await painted(page).boundingBox())!;
  await page.mouse.move(box.x + 2, box.y + 2);
  await expect(page.locator('.card[data-selected]')).toHaveCount(1);
});

test('near by it is cards again, and only those in view', async ({ page }) => {
  await openBigMachine(page);
  await zoomIn(page, 12);
  await expect.poll(() => cards(page).count()).toBeGreaterThan(3);
  expect(await cards(page).count()).toBeLessThan(260);
  await canvas(page).focus();
  await page.keyboard.press('0');
  await expect(cards(page)).toHaveCount(0);
});

test('the outline finds one among a thousand, and choosing it brings it into view', async ({ page }) => {
  await openBigMachine(page);
  await page.getByRole('tab', { name: 'Outline' }).click();
  const outline = page.getByRole('tabpanel', { name: 'Outline' });
  expect(await outline.getByRole('treeitem').count()).toBeLessThan(500);
  await outline.getByRole('searchbox', { name: 'Search objects' }).fill('nvme 85:');
  await expect(outline.getByRole('status')).toHaveText('1 object');
  await outline.getByRole('treeitem', { name: '85:00.0' }).click();
  await expect(node(page, DRIVE)).toBeInViewport();
  await expect(node(page, DRIVE).locator('[data-selected]')).toBeVisible();
  expect((await node(page, DRIVE).boundingBox())!.height).toBeGreaterThan(30);
});

test('so does the list of groups', async ({ page }) => {
  await openBigMachine(page);
  await page.getByRole('tab', { name: 'Groups' }).click();
  const list = page.getByRole('tabpanel', { name: 'List', exact: true });
  await list.getByRole('searchbox', { name: 'Search devices' }).fill('85:00.0');
  await list.getByRole('treeitem').filter({ hasText: '85:00.0' }).last().click();
  await expect(node(page, DRIVE)).toBeInViewport();
});

test('arrows go from card to card, painted or not', async ({ page }) => {
  await openBigMachine(page);
  await canvas(page).focus();
  const names = new Set<string | null>();
  for (let n = 0; n < 4; n++) {
    await page.keyboard.press('ArrowDown');
    const active = page.locator('.card[data-active]');
    await expect(active).toHaveCount(1);
    await expect(canvas(page)).toHaveAttribute('aria-activedescendant', (await active.getAttribute('id'))!);
    names.add(await active.getAttribute('aria-label'));
  }
  expect(names.size).toBe(4);
  await page.keyboard.press('Enter');
  await expect(page.locator('.card[data-active][data-selected]')).toHaveCount(1);
});

test('a drive is given to a user, and its wire can be taken hold of from afar', async ({ page }) => {
  const lines = ['driver 85:00.0 vfio-pci', 'ctx = open /dev/iommu', 'ioas = IOAS_ALLOC ctx'];
  lines.push('dev = BIND ctx 85:00.0', 'hwpt = ATTACH dev ioas');
  await openScene(page, [bigMachine(), ...lines].join('\n'));
  await expect(cards(page)).toHaveCount(1);
  await expect(page.locator(`.react-flow__edge[data-id^="attach:${DRIVE}"]`)).toHaveCount(1);
});

test('axe has nothing to say, from afar and near by', async ({ page }) => {
  await openBigMachine(page);
  await expectAccessible(page, 'main');
  await page.getByRole('tab', { name: 'Outline' }).click();
  await expectAccessible(page, '#side');
  await zoomIn(page, 12);
  await expect.poll(() => cards(page).count()).toBeGreaterThan(3);
  await expectAccessible(page, 'main');
});
