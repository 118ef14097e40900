import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import type { Page } from '@playwright/test';
import { expect, test } from './helpers/test';

/**
 * The first run of the playground, from the paste of a real machine's lspci to a second page opened by the link.
 *
 * The machine was recorded under Linux 7.0: groups.json holds the groups that its kernel made.
 */
const machine = (file: string): URL =>
  new URL(`../src/testing/fixtures/groups/pxb-018.${file}`, import.meta.url);
const lspci = gunzipSync(readFileSync(machine('lspci.txt.gz'))).toString();
const recorded = JSON.parse(readFileSync(machine('groups.json'), 'utf8')) as Record<string, string[]>;

/** What Ctrl+V does: tests may not touch the system's clipboard. */
async function paste(page: Page, text: string): Promise<void> {
  await page.getByRole('textbox', { name: 'Output of lspci' }).evaluate((area, pasted) => {
    const clipboardData = new DataTransfer();
    clipboardData.setData('text/plain', pasted);
    area.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }));
  }, text);
}

const node = (page: Page, id: string) => page.locator(`.react-flow__node[data-id="${id}"]`);

/** Who is with whom, as the canvas names its devices: `Device … in group 7 …`. */
async function groupsOnCanvas(page: Page): Promise<string[][]> {
  const members = await page.locator('.react-flow__node[data-id^="dev:"]').evaluateAll((nodes) =>
    nodes.map((each) => ({
      device: (each.getAttribute('data-id') ?? '').slice('dev:'.length),
      group:
        /group (\d+)/i.exec(each.querySelector('[aria-label]')?.getAttribute('aria-label') ?? '')?.[1] ??
        'none',
    })),
  );
  const groups = new Map<string, string[]>();
  for (const { device, group } of members) groups.set(group, [...(groups.get(group) ?? []), device]);
  return partition([...groups.values()]);
}

const partition = (groups: readonly (readonly string[])[]): string[][] =>
  groups.map((group) => [...group].sort()).sort(([a = ''], [b = '']) => a.localeCompare(b));

async function center(locator: ReturnType<typeof node>): Promise<{ x: number; y: number }> {
  const box = await locator.boundingBox();
  if (box === null) throw new Error('not on the canvas');
  return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
}

/** Everything that two pages must agree on: the objects, the script with its results, and where time stands. */
async function stateOf(page: Page): Promise<unknown> {
  const nodes = await page
    .locator('.react-flow__node [aria-label]')
    .evaluateAll((all) => all.map((each) => each.getAttribute('aria-label')).sort());
  const log = await page.getByRole('list', { name: 'Script' }).getByRole('listitem').allInnerTexts();
  return { nodes, log };
}

test('paste a real machine, attach a device, map, fire a DMA, see the walk, share the scene', async ({
  page,
  context,
}) => {
  await page.goto('/');
  await page.getByRole('button', { name: /^Your own machine/ }).click();
  await paste(page, lspci);
  await expect(page.getByText('33 PCI functions')).toBeVisible();
  await page.getByRole('button', { name: 'Open this machine' }).click();

  await expect(node(page, 'dev:0000:01:00.3')).toBeVisible();
  expect(await groupsOnCanvas(page)).toEqual(partition(Object.values(recorded)));

  await page.getByRole('button', { name: 'New address space' }).click();
  const ioas = page.locator('.react-flow__node[data-id^="ioas:"]');
  await expect(ioas).toBeAttached();
  // A machine opens so that its words can be read; now the device and the address space shall both be in view.
  await page.getByRole('button', { name: 'Fit to view' }).click();

  // By hand: take the device's grip and drop it on the address space.
  const device = node(page, 'dev:0000:01:00.3');
  // The camera is on its way.
  let [before, now] = ['', JSON.stringify(await ioas.boundingBox())];
  await expect(async () => {
    [before, now] = [now, JSON.stringify(await ioas.boundingBox())];
    expect(now).toBe(before);
  }).toPass({ intervals: [200] });
  await device.hover();
  const from = await center(device.locator('.grip'));
  const to = await center(ioas);
  await page.mouse.move(from.x, from.y);
  await page.mouse.down();
  await page.mouse.move(from.x + 20, from.y, { steps: 4 });
  await page.mouse.move(to.x, to.y, { steps: 12 });
  await expect(ioas.locator('.card')).toHaveAttribute('data-connect', 'legal');
  await page.mouse.up();
  await expect(page.locator('.react-flow__node[data-id^="hwpt:"]')).toBeVisible();
  await expect(page.locator('.react-flow__edge[data-id^="attach:dev:0000:01:00.3"]')).toHaveCount(1);

  await ioas.click();
  await page.getByLabel('size').fill('2M');
  await page.getByLabel('at IOVA').fill('0x200000');
  await page.getByRole('button', { name: 'Map', exact: true }).click();
  await expect(page.getByText('2 MiB at 0x200000')).toBeVisible();

  await device.click();
  await page.getByLabel('IOVA', { exact: true }).fill('0x212340');
  await page.getByRole('button', { name: 'Fire' }).click();

  // The walk: four index fields and the offset, root and context entry, a table a level, a 2 MiB leaf at level 2.
  const walk = page.getByRole('tabpanel', { name: 'Walk' });
  await expect(walk.getByText('0x0000_0000_0021_2340')).toBeVisible();
  await expect(walk.getByRole('button', { name: /^PA 0x/ })).toBeVisible();
  await expect(walk.locator('.step-outcome').last()).toHaveText('leaf');

  await page.getByRole('button', { name: 'Share', exact: true }).click();
  await page.getByRole('button', { name: 'Copy link', exact: true }).click();
  await expect.poll(() => new URL(page.url()).hash).toMatch(/^#s[0-9]+:/);

  const second = await context.newPage();
  await second.goto(page.url());
  await expect(node(second, 'dev:0000:01:00.3')).toBeVisible();
  // Cards near the middle of each window are elements, others are painted: what both pages have in full is the script.
  const scriptOf = async (each: Page): Promise<unknown> =>
    ((await stateOf(each)) as { script: unknown }).script;
  await expect.poll(() => scriptOf(second)).toEqual(await scriptOf(page));
});
