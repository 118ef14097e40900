import type { Page } from '@playwright/test';
import { readFileSync } from 'node:fs';
import { expectReadable } from './helpers/axe';
import { ATTACHED, card, node, openScene, run, time } from './helpers/scene';
import { expect, reducedMotion, test } from './helpers/test';

/** What the camera shows by itself, and what cards show of traffic and of caches that are behind. */

const sceneOf = (path: string): string =>
  readFileSync(new URL(`../src/gallery/${path}.iommu`, import.meta.url), 'utf8').trimEnd();

const canvas = (page: Page) => page.getByRole('application', { name: 'Canvas' });
const follow = (page: Page) => page.getByRole('button', { name: 'Follow what happens' });

/** Words on cards with letters of less than 11 pixels on the screen. */
const tooSmall = (page: Page): Promise<string[]> =>
  page.evaluate(() => {
    const flow = document.querySelector('.react-flow__viewport');
    const zoom = flow === null ? 0 : new DOMMatrix(getComputedStyle(flow).transform).a;
    const found: string[] = [];
    for (const card of document.querySelectorAll('.canvas .card')) {
      const texts = document.createTreeWalker(card, NodeFilter.SHOW_TEXT);
      for (let text = texts.nextNode(); text !== null; text = texts.nextNode()) {
        const parent = text.parentElement;
        if (parent === null || text.textContent?.trim() === '' || parent.offsetParent === null) continue;
        const style = getComputedStyle(parent);
        const size = parseFloat(style.fontSize) * zoom;
        if (style.visibility !== 'hidden' && size < 10.95)
          found.push(`${text.textContent ?? ''}: ${size.toFixed(1)}`);
      }
    }
    return found;
  });

/** Whether the middle of a card is on the canvas. */
const inView = (page: Page, id: string): Promise<boolean> =>
  page.evaluate((nodeId) => {
    const box = document.querySelector(`.react-flow__node[data-id="${nodeId}"]`)?.getBoundingClientRect();
    const view = document.querySelector('.react-flow')?.getBoundingClientRect();
    if (box === undefined || view === undefined) return false;
    const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
    return x > view.left && x < view.right && y > view.top && y < view.bottom;
  }, id);

const viewport = (page: Page): Promise<string> =>
  page.locator('.react-flow__viewport').evaluate((element) => (element as HTMLElement).style.transform);

test.describe('a scene opens so that it can be read', () => {
  test.use(reducedMotion);

  for (const [width, height] of [
    [1280, 800],
    [960, 600],
    [390, 844],
  ] as const)
    test(`${width} × ${height}: words are 11 pixels high, and what is out of view is a tap away`, async ({
      page,
    }) => {
      await page.setViewportSize({ width, height });
      await openScene(page, sceneOf('iommus/smmu-2-nested'));
      await expect(node(page, 'iommu:smmu0')).toBeVisible();
      expect(await tooSmall(page)).toEqual([]);
      expect(await inView(page, 'mm:qemu')).toBe(false);
      await page.getByRole('button', { name: /^Show .*Memory$/ }).click();
      await expect.poll(() => inView(page, 'mm:qemu')).toBe(true);
      await page.getByRole('button', { name: /^Show PCIe devices/ }).click();
      await expect.poll(() => inView(page, 'iommu:smmu0')).toBe(true);
    });
});

test.describe('the camera goes along with what happens', () => {
  test.use({ ...reducedMotion, viewport: { width: 960, height: 600 } });
  const SCENE = sceneOf('iommus/smmu-2-nested');
  const [IOAS, QEMU] = ['ioas:1.2', 'mm:qemu'];
  /** The line after it maps memory into the IOAS; both are right of what is in view. */
  const BEFORE = SCENE.split('\n').findIndex((line) => line.startsWith('IOAS_MAP'));
  const total = SCENE.split('\n').length;
  const at = (page: Page, line: number) =>
    expect(time(page)).toHaveAttribute('aria-valuetext', `after line ${line} of ${total}`);

  async function open(page: Page): Promise<void> {
    await openScene(page, SCENE, BEFORE);
    await expect(node(page, IOAS)).toBeAttached();
    expect(await inView(page, IOAS)).toBe(false);
    await canvas(page).focus();
  }

  test('a step shows what it acts on, wherever that stands', async ({ page }) => {
    await open(page);
    await page.keyboard.press('.');
    await at(page, BEFORE + 1);
    await expect.poll(() => inView(page, IOAS)).toBe(true);
    expect(await inView(page, QEMU)).toBe(true);
  });

  test('never against a hand that has just moved it @full', async ({ page }) => {
    await open(page);
    await page.mouse.move(200, 300);
    await page.mouse.down();
    await page.mouse.move(230, 290, { steps: 4 });
    await page.mouse.up();
    const held = await viewport(page);
    await page.keyboard.press('.');
    await at(page, BEFORE + 1);
    expect(await viewport(page)).toBe(held);
    expect(await inView(page, IOAS)).toBe(false);
  });

  test('switched off it stays, and that is remembered', async ({ page }) => {
    await open(page);
    await follow(page).click();
    await expect(follow(page)).toHaveAttribute('aria-pressed', 'false');
    const held = await viewport(page);
    await canvas(page).focus();
    await page.keyboard.press('.');
    await at(page, BEFORE + 1);
    expect(await viewport(page)).toBe(held);
    await page.reload();
    await expect(follow(page)).toHaveAttribute('aria-pressed', 'false');
  });
});

test.describe('traffic on an IOAS', () => {
  test.use(reducedMotion);
  const bars = (page: Page) => node(page, 'ioas:1.1').locator('.strip-heat b');

  test('the strip shows where the accesses of a line went, and where they were blocked', async ({ page }) => {
    // The buffer is 2 MiB at 0x200000: half of the range has nothing behind it.
    await openScene(page, `${ATTACHED}\nburst 02:00.0 read 0x300000-0x4fffff 4096 count=512`);
    await expect(node(page, 'ioas:1.1').locator('.strip')).toHaveAttribute(
      'title',
      /: 512 accesses.*256 were blocked/,
    );
    await expect(bars(page)).toHaveCount(64);
    await expect(node(page, 'ioas:1.1').locator('.strip-heat b[data-blocked=all]')).toHaveCount(32);
    await run(page, 'IOAS_UNMAP ioas all');
    await expect(bars(page)).toHaveCount(0);
  });

  test('with reduced motion nothing travels: counts and places change, beat by beat', async ({ page }) => {
    await openScene(page, ATTACHED);
    await page.evaluate(() => {
      const draw = CanvasRenderingContext2D.prototype.drawImage;
      Reflect.set(window, 'sprites', 0);
      CanvasRenderingContext2D.prototype.drawImage = function (
        this: CanvasRenderingContext2D,
        ...args: unknown[]
      ) {
        // Tokens are pictures of 12 pixels.
        if (args[3] === 12) Reflect.set(window, 'sprites', Number(Reflect.get(window, 'sprites')) + 1);
        Reflect.apply(draw, this, args);
      } as typeof draw;
    });
    await page.getByRole('combobox', { name: 'Speed' }).selectOption('8');
    await run(page, 'burst 02:00.0 read 0x200000-0x2fffff 4096 count=40');
    await expect(page.getByRole('region', { name: 'Traffic' })).toContainText('All 40 accesses got through.');
    await expect(page.getByRole('region', { name: 'Traffic' })).toContainText('40 accesses · 98 % hits');
    await expect(bars(page)).toHaveCount(10);
    expect(await page.evaluate(() => Number(Reflect.get(window, 'sprites')))).toBe(0);
  });

  for (const colorScheme of ['light', 'dark'] as const)
    test(`what is on stage can be read in ${colorScheme}`, async ({ page }) => {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      await openScene(
        page,
        `${sceneOf('traffic/traffic-1-replace-vtd')}\nnet2 = traffic 00:02.0 read 0x0-0xfff 64`,
      );
      await expect(page.getByRole('region', { name: 'Traffic' })).toContainText('Nothing got through');
      await expect(card(page, 'dev:0000:00:02.0').locator('.chip-fault')).toContainText('⇄');
      await page.getByRole('button', { name: /^By hand/ }).click();
      await page.getByRole('button', { name: 'Step back' }).click();
      for (const part of ['.stage-strip', '.tempo', '.canvas']) await expectReadable(page, part);
    });
});

test('an HWPT says how many translations of it are stale in the IOTLB', async ({ page }) => {
  const scene = sceneOf('iommus/vtd-1-stale-iotlb');
  const poked = scene.split('\n').findIndex((line) => line.startsWith('poke leaf')) + 1;
  await openScene(page, scene, poked);
  await expect(card(page, 'hwpt:1.3')).toHaveAccessibleName(/1 stale in the IOTLB/);
  await expect(card(page, 'hwpt:1.3').locator('.chip-stale')).toHaveText('1 stale');
  await expect(card(page, 'hwpt:1.3').locator('.chip-stale')).toHaveAttribute('title', /DID 2/);
});

test('lines of script pasted beside the canvas are lines for this machine', async ({ page }) => {
  await openScene(page, ATTACHED);
  await page.getByRole('button', { name: /^Share/ }).focus();
  await page.evaluate(() => {
    const data = new DataTransfer();
    data.setData('text/plain', 'third = IOAS_ALLOC ctx\n');
    document.activeElement?.dispatchEvent(
      new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }),
    );
  });
  await expect(page.getByText('third = IOAS_ALLOC ctx')).toBeVisible();
  await expect(page.getByRole('dialog', { name: /Import/ })).toBeHidden();
});
