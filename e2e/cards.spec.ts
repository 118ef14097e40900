import type { Page } from '@playwright/test';
import { readFileSync } from 'node:fs';
import { expectReadable } from './helpers/axe';
import { openScene } from './helpers/scene';
import { expect, reducedMotion, test } from './helpers/test';

/** What cards look like: what a person can read of them, tell apart by them, and need not be disturbed by. */

const sceneOf = (path: string): string =>
  readFileSync(new URL(`../src/gallery/${path}.iommu`, import.meta.url), 'utf8').trimEnd();

const SCENES = [
  'scenes/a-guests-iommu',
  'scenes/a-whole-machine',
  'scenes/gpu-and-its-audio',
  'iommus/smmu-2-nested',
  'iommus/vtd-1-stale-iotlb',
  'iommus/vtd-6-page-requests',
  'iommus/amd-5-ats',
  'rows/c13-by-pasid',
  'rows/c17-where-page-numbers-are',
  'groups/groups-3-root-port',
];

/** Words on cards that are cut off without a sign of it, or without a way to read the rest. */
const cutOff = (page: Page): Promise<string[]> =>
  page.evaluate(() => {
    const found: string[] = [];
    for (const card of document.querySelectorAll('.canvas .card')) {
      const box = card.getBoundingClientRect();
      const texts = document.createTreeWalker(card, NodeFilter.SHOW_TEXT);
      for (let text = texts.nextNode(); text !== null; text = texts.nextNode()) {
        const parent = text.parentElement;
        const words = text.textContent?.trim() ?? '';
        if (parent === null || words === '' || getComputedStyle(parent).visibility === 'hidden') continue;
        const range = document.createRange();
        range.selectNodeContents(text);
        const rect = range.getBoundingClientRect();
        if (rect.width === 0) continue;
        const tell = (what: string): void => void found.push(`${card.id}: "${words}" ${what}`);
        let shown = false; // by an ellipsis somewhere above it
        for (let up: Element | null = parent; up !== null && up !== card; up = up.parentElement) {
          const style = getComputedStyle(up);
          if (style.overflowX === 'visible') continue;
          const edge = up.getBoundingClientRect();
          const isOut = rect.right > edge.right + 1 || rect.bottom > edge.bottom + 2;
          if (!isOut) continue;
          // Left out as a whole, in a second line that nobody sees
          if (rect.top >= edge.bottom - 2) shown = true;
          else if (style.textOverflow === 'ellipsis' || style.webkitLineClamp !== 'none') shown = true;
          else if (!shown) tell(`is cut off in .${up.className}`);
          if (shown && parent.closest('[title]') === null) tell('has no title');
        }
        const frame = card.classList.contains('frame');
        if (!shown && (rect.right > box.right + 1 || (!frame && rect.bottom > box.bottom)))
          tell('leaves its card');
      }
    }
    return found;
  });

const SIZES = [
  { width: 1440, height: 900 },
  { width: 390, height: 844 },
  // By `npm run test:full`: this one lies between the two.
  ...(process.env.FULL === '1' ? [{ width: 960, height: 600 }] : []),
];
for (const size of SIZES)
  test.describe(`${size.width} × ${size.height}`, () => {
    test.use({ ...reducedMotion, viewport: size });
    test('what does not fit on a card ends in an ellipsis, and its title has the rest', async ({ page }) => {
      for (const scene of SCENES) {
        await openScene(page, sceneOf(scene));
        await expect(page.locator('.canvas .card').first()).toBeVisible();
        expect(await cutOff(page), scene).toEqual([]);
      }
    });
  });

test('words on cards of a scene with all columns are at least 10 pixels high in a window of 1440 × 900', async ({
  page,
}) => {
  await page.setViewportSize({ width: 1440, height: 900 });
  for (const scene of ['scenes/gpu-and-its-audio', 'scenes/a-guests-iommu', 'iommus/smmu-2-nested']) {
    await openScene(page, sceneOf(scene));
    const smallest = await page.evaluate(() => {
      const view = document.querySelector('.react-flow__viewport');
      const zoom = view === null ? 0 : new DOMMatrix(getComputedStyle(view).transform).a;
      const words = [
        ...document.querySelectorAll('.canvas .card :is(.card-title, .card-line, .chip, .frame-domain)'),
      ];
      return Math.min(...words.map((each) => parseFloat(getComputedStyle(each).fontSize) * zoom));
    });
    expect(smallest, scene).toBeGreaterThanOrEqual(10);
  }
});

test('cards carry the mark of their kind, and the key of the scene says what the marks mean', async ({
  page,
}) => {
  await openScene(page, sceneOf('scenes/a-guests-iommu'));
  const letterOf = (card: string): Promise<string | null> =>
    page.locator(`.canvas ${card} .glyph`).first().getAttribute('data-letter');
  expect(await letterOf('.device')).toBe('D');
  expect(await letterOf('.frame')).toBe('G');
  expect(await letterOf('.iommu')).toBe('U');
  expect(await letterOf('.viommu')).toBe('V');
  expect(await letterOf('.part-device')).toBe('d');
  expect(await letterOf('.on-top')).toBe('N');
  expect(await letterOf('.hwpt:not(.on-top)')).toBe('H');
  expect(await letterOf('.ioas')).toBe('S');
  expect(await letterOf('.access')).toBe('A');
  expect(await letterOf('.queue')).toBe('F');
  expect(await letterOf('.memory')).toBe('M');

  const used = await page
    .locator('.canvas .card .glyph')
    .evaluateAll((all) => [...new Set(all.map((each) => each.getAttribute('data-letter')))].sort());
  await page.getByRole('button', { name: 'Key', exact: true }).click();
  await expect(page.getByRole('list', { name: 'Wires' })).toContainText('page faults go to');
  const told = await page
    .getByRole('list', { name: 'Objects' })
    .locator('.glyph')
    .evaluateAll((all) => all.map((each) => each.getAttribute('data-letter')).sort());
  expect(told).toEqual(used);
});

test('state at a glance: owner, driver, domain, what is blocked, what is stale', async ({ page }) => {
  await openScene(page, sceneOf('rows/c13-by-pasid'));
  const [first, second] = [page.locator('.canvas .device').nth(0), page.locator('.canvas .device').nth(1)];
  await expect(first).toContainText('vfio-pci');
  await expect(first).toContainText('→ HWPT 6');
  await expect(second.getByText('blocked')).toBeVisible();
  await expect(page.locator('.canvas .frame').first()).toContainText('iommufd 1');
  await openScene(page, sceneOf('iommus/smmu-2-nested'));
  await expect(page.locator('.canvas .iommu').getByText('4 stale')).toBeVisible();
});

test('nothing moves when nothing happens', async ({ page }) => {
  await page.addInitScript(() => {
    const ask = window.requestAnimationFrame.bind(window);
    const counter = window as unknown as { frames: number };
    counter.frames = 0;
    window.requestAnimationFrame = (callback) => {
      counter.frames += 1;
      return ask(callback);
    };
  });
  await openScene(page, sceneOf('scenes/gpu-and-its-audio'));
  const frames = (): Promise<number> => page.evaluate(() => (window as unknown as { frames: number }).frames);
  await expect
    .poll(
      async () => {
        const before = await frames();
        await page.waitForTimeout(1000);
        return (await frames()) - before;
      },
      { timeout: 20_000 },
    )
    .toBe(0);
  expect(await page.evaluate(() => document.getAnimations().length)).toBe(0);
});

for (const scheme of ['light', 'dark'] as const)
  test(`more contrast, ${scheme}: everything can be read`, async ({ page }) => {
    await page.emulateMedia({ contrast: 'more', colorScheme: scheme });
    await openScene(page, sceneOf('scenes/a-guests-iommu'));
    await expectReadable(page);
  });

test('the system’s own colours: cards, marks and strips are still drawn', async ({ page }) => {
  await page.emulateMedia({ forcedColors: 'active' });
  await openScene(page, sceneOf('scenes/gpu-and-its-audio'));
  const look = (selector: string, property: string): Promise<string> =>
    page
      .locator(`.canvas ${selector}`)
      .first()
      .evaluate((element, name) => getComputedStyle(element).getPropertyValue(name), property);
  const ink = await look('.card-title', 'color');
  expect(await look('.ioas', 'border-top-color')).toBe(ink);
  expect(await look('.ioas .glyph', 'stroke')).toBe(ink);
  expect(await look('.strip-area', 'background-color')).toBe(ink);
  expect(await look('.rung', 'box-shadow')).not.toBe('none');
});
