import { readFileSync } from 'node:fs';
import type { Page } from '@playwright/test';
import { dropFiles } from './helpers/import';
import { ATTACHED, lines, NIC, node, openScene } from './helpers/scene';
import { expect, reducedMotion, test } from './helpers/test';

/** Pictures that stand alone: what they hold is asked of the file, as another program would read it. */
test.use(reducedMotion);

const SCENE = `${ATTACHED}\ndma 02:00.0 write 0x212340 64`;

async function openFigures(page: Page): Promise<void> {
  await openScene(page, SCENE);
  await page.getByRole('button', { name: 'Share', exact: true }).click();
  await page.getByRole('tab', { name: 'Figure' }).click();
  await expect(page.getByRole('img', { name: 'Preview of the figure' })).toBeVisible();
}

async function saved(page: Page, button: string): Promise<Buffer> {
  const download = page.waitForEvent('download');
  await page.getByRole('button', { name: button }).click();
  return readFileSync(await (await download).path());
}

/** As a strict reader takes it: null where it is no XML. */
const readXml = (page: Page, svg: string) =>
  page.evaluate((text) => {
    const root = new DOMParser().parseFromString(text, 'image/svg+xml').documentElement;
    if (root.querySelector('parsererror') !== null || root.tagName !== 'svg') return null;
    const all = [root, ...root.querySelectorAll('*')];
    return {
      tags: [...new Set(all.map(({ tagName }) => tagName))].sort(),
      handlers: all
        .flatMap((each) => each.getAttributeNames())
        .filter((name) => /^on|^class$|^style$/.test(name)),
      colours: [
        ...new Set(all.flatMap((each) => [each.getAttribute('fill'), each.getAttribute('stroke')])),
      ].filter((colour) => colour !== null && !/^(#[0-9a-f]{6}|none|url\(#f\d+\))$/.test(colour)),
      words: [...root.querySelectorAll('text')].map(({ textContent }) => textContent),
      wires: root.querySelectorAll('path[stroke][fill=none]').length,
      described: root.querySelector('desc')?.textContent ?? '',
    };
  }, svg);

test('a figure of the canvas is plain SVG, shows every card and wire, and opens again where it is dropped', async ({
  page,
}) => {
  await openFigures(page);
  const svg = (await saved(page, 'Save SVG')).toString();
  const read = await readXml(page, svg);
  expect(read?.tags.filter((tag) => /^(script|style|foreignObject|font.*|image|a|use)$/.test(tag))).toEqual(
    [],
  );
  expect(read?.handlers).toEqual([]);
  expect(read?.colours).toEqual([]);
  for (const word of ['Network card', 'Graphics', 'vfio-pci', '2 MiB mapped', 'qemu'])
    expect(read?.words.join('\n'), word).toContain(word);
  expect(read?.wires).toBeGreaterThan(2);
  expect(read?.described).toContain('Network card');

  await page.keyboard.press('Escape');
  await openScene(page, 'machine q35 iommu=vtd');
  await dropFiles(page, { 'figure.svg': svg });
  await expect(lines(page)).toHaveCount(SCENE.split('\n').length);
  await expect(node(page, NIC)).toBeVisible();
});

test('a walk, in the dark, and as PNG', async ({ page }) => {
  await openFigures(page);
  await page.getByRole('button', { name: 'The walk' }).click();
  await page.getByRole('button', { name: 'Dark' }).click();
  await expect(page.getByRole('img', { name: 'Preview of the figure' })).toBeVisible();
  const read = await readXml(page, (await saved(page, 'Save SVG')).toString());
  // Strips of a table's entries are bitmaps, in the file itself.
  expect(read?.tags.filter((tag) => /^(script|style|foreignObject|font.*|a|use)$/.test(tag))).toEqual([]);
  // 0x212340 of a 48-bit table: bits 29:21 are index 1 of level 2, and 21 bits of offset are left.
  expect(read?.words).toEqual(expect.arrayContaining(['level 2', '001', '012340']));
  const png = await saved(page, 'Save PNG');
  expect(png.subarray(1, 4).toString('latin1')).toBe('PNG');
  expect(png.readUInt32BE(16)).toBe(2 * 760); // the width, in the header

  await page.keyboard.press('Escape');
  await openScene(page, 'machine q35 iommu=vtd');
  await page.evaluate((base64) => {
    const bytes = Uint8Array.from(atob(base64), (each) => each.charCodeAt(0));
    const dataTransfer = new DataTransfer();
    dataTransfer.items.add(new File([bytes], 'walk.png'));
    document.body.dispatchEvent(new DragEvent('drop', { dataTransfer, bubbles: true, cancelable: true }));
  }, png.toString('base64'));
  await expect(lines(page)).toHaveCount(SCENE.split('\n').length);
});

test('a command saves the canvas without a dialog', async ({ page }) => {
  await openScene(page, ATTACHED);
  await page.keyboard.press('Control+k');
  await page.getByRole('combobox', { name: 'Find a command or an object' }).fill('save the canvas');
  const download = page.waitForEvent('download');
  await page.getByRole('option', { name: 'Save the canvas as a figure' }).click();
  const svg = readFileSync(await (await download).path(), 'utf8');
  expect((await readXml(page, svg))?.words.join('\n')).toContain('Network card');
});

test('without a look-up on stage the tab says what to do', async ({ page }) => {
  await openScene(page, ATTACHED);
  await page.getByRole('button', { name: 'Share', exact: true }).click();
  await page.getByRole('tab', { name: 'Figure' }).click();
  await page.getByRole('button', { name: 'The walk' }).click();
  await expect(page.getByRole('tabpanel', { name: 'Figure' }).getByText('fire a DMA')).toBeVisible();
  await expect(page.getByRole('button', { name: 'Save SVG' })).toBeDisabled();
});
