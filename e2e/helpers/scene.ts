import type { Locator, Page } from '@playwright/test';
import { encodeLink } from '../../src/share/link';
import { expect } from './test';

/** A graphics card whose two functions share a group, and a network card of its own that is ready for vfio. */
export const BENCH = `machine "Test bench" iommu=vtd
pci 00:01.0 root-port id=8086:1901 class=060400 bus=01-01 driver=pcieport "Port without ACS"
pci 00:02.0 root-port id=8086:a110 class=060400 bus=02-02 acs=SV+RR+CR+UF driver=pcieport "Port with ACS"
pci 01:00.0 endpoint id=10de:2786 class=030000 mf driver=nouveau "Graphics"
pci 01:00.1 endpoint id=10de:22bc class=040300 mf driver=snd_hda_intel "Audio"
pci 02:00.0 endpoint id=8086:15f3 class=020000 driver=igc "Network card"
boot
driver 02:00.0 vfio-pci
ctx = open /dev/iommu
ioas = IOAS_ALLOC ctx
other = IOAS_ALLOC ctx
buf = mmap qemu 2M
IOAS_MAP ioas buf iova=0x200000 rw`;

export const ATTACHED = `${BENCH}
dev = BIND ctx 02:00.0
hwpt = ATTACH dev ioas`;

export const GPU = 'dev:0000:01:00.0';
export const AUDIO = 'dev:0000:01:00.1';
export const NIC = 'dev:0000:02:00.0';
export const IOAS = 'ioas:1.1';
export const OTHER = 'ioas:1.2';

/** Opens a scenario by its link, as a person would, and waits until all its lines have run. */
export async function openScene(page: Page, script: string, cursor: number | null = null): Promise<void> {
  await page.goto(`./${encodeLink({ script, cursor, selection: null, camera: null })}`);
  const total = script.split('\n').length;
  await expect(time(page)).toHaveAttribute('aria-valuetext', `after line ${cursor ?? total} of ${total}`);
  await expect(page.getByText('Starting the engine…')).toBeHidden();
}

/** The page without a scene, with everything that it offers. */
export async function openStart(page: Page): Promise<void> {
  await page.goto('./');
  await expect(page.getByRole('main').getByRole('listitem')).toHaveCount(3);
  await expect(page.getByRole('button', { name: /^From scratch/ })).toBeEnabled();
  await expect(page.getByRole('tab', { name: 'Object', includeHidden: true })).toBeAttached();
}

/** The timeline's slider: where the scene stands. */
export const time = (page: Page): Locator => page.getByRole('slider', { name: 'Line of the script' });

/** The script as the page shows it: number, text and result of every line. */
export const lines = (page: Page): Locator =>
  page.getByRole('list', { name: 'Script' }).getByRole('listitem');

export const node = (page: Page, id: string): Locator => page.locator(`.react-flow__node[data-id="${id}"]`);

/** The part of a node that carries its name and its state. */
export const card = (page: Page, id: string): Locator => node(page, id).locator('[role=group]');

export const edges = (page: Page, kind: string): Locator =>
  page.locator(`.react-flow__edge[data-id^="${kind}:"]`);

export const consoleLine = (page: Page): Locator =>
  page.getByRole('combobox', { name: 'Type a line of the script' });

/** Types a line into the console and runs it. */
export async function run(page: Page, line: string): Promise<void> {
  await consoleLine(page).fill(line);
  await consoleLine(page).press('Enter');
}

/** Everything that two moments, or two pages, can be compared by: the objects, and the script with its results. */
export async function stateOf(page: Page): Promise<unknown> {
  await expect(lines(page).first()).toBeAttached(); // the script is in a chunk of its own
  const read = async (): Promise<string> => {
    const objects = await page
      .locator('.react-flow__node [role=group]')
      .evaluateAll((all) => all.map((each) => each.getAttribute('aria-label')).sort());
    return JSON.stringify({ objects, script: await lines(page).allInnerTexts() });
  };
  // On a busy machine what was asked for may still be on its way: it is the state when two looks see the same.
  let last = await read();
  await expect(async () => {
    const before = last;
    last = await read();
    expect(last).toBe(before);
  }).toPass({ intervals: [100] });
  return JSON.parse(last) as unknown;
}
