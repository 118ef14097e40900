import type { Locator, Page } from '@playwright/test';
import { expectAccessible, expectReadable } from './helpers/axe';
import { AUDIO, BENCH, card, GPU, lines, NIC, openScene } from './helpers/scene';
import { expect, reducedMotion, test } from './helpers/test';

/** Who shares a group with whom, why, whether a VM can have it, and what would change it. */
test.use(reducedMotion);

/** The bench with a free slot and a function that no IOMMU has in its scope. */
const MACHINE = BENCH.replace(
  'boot\n',
  `pci 00:03.0 root-port id=8086:a111 class=060400 bus=03-03 acs=SV+RR+CR+UF driver=pcieport "Empty port"
pci 00:1f.0 rciep id=8086:a305 class=060100 iommu=none "ISA bridge"
boot
`,
);
/** Only what makes groups: nobody holds anything. */
const IDLE = MACHINE.slice(0, MACHINE.indexOf('boot\n') + 'boot'.length);
const PORT = 'dev:0000:00:01.0';

type Part = 'List' | 'Why' | 'Passthrough' | 'What if';

async function show(page: Page, part: Part): Promise<Locator> {
  await page.getByRole('tab', { name: 'Groups' }).click();
  await page.getByRole('tab', { name: part, exact: true }).click();
  const panel = page.getByRole('tabpanel', { name: part, exact: true });
  // The panels come in a chunk of their own.
  await expect(panel).not.toBeEmpty();
  return panel;
}

const tree = (page: Page): Locator => page.getByRole('tree', { name: 'Groups and their devices' });
const rows = (page: Page): Locator => tree(page).getByRole('treeitem');

async function openPair(page: Page, a: string, b: string): Promise<Locator> {
  const panel = await show(page, 'Why');
  await panel.getByRole('combobox', { name: 'Device' }).selectOption(a);
  await panel.getByRole('combobox', { name: 'and' }).selectOption(b);
  return panel;
}

test.describe('the list', () => {
  test('has every group with its size, members and owner, and why a device has none', async ({ page }) => {
    await openScene(page, MACHINE);
    const list = await show(page, 'List');
    await expect(list.getByRole('status')).toHaveText('4 groups · 7 devices');
    const shared = rows(page).filter({ hasText: '3 devices' });
    await expect(shared).toContainText('kernel · nouveau, snd_hda_intel');
    await expect(rows(page).filter({ hasText: '01:00.1' })).toContainText('Audio');
    await rows(page).filter({ hasText: 'No group' }).click();
    await expect(rows(page).filter({ hasText: '00:1f.0' })).toContainText('scope');
  });

  test('is searched by name, address, id and driver, and narrowed down by class and vendor', async ({
    page,
  }) => {
    await openScene(page, MACHINE);
    const list = await show(page, 'List');
    const search = list.getByRole('searchbox', { name: 'Search devices' });
    for (const [text, bdf] of [
      ['graph', '01:00.0'],
      ['02:00', '02:00.0'],
      ['10de:22bc', '01:00.1'],
      ['nouveau', '01:00.0'],
    ] as const) {
      await search.fill(text);
      await expect(list.getByRole('status')).toHaveText('1 of 4 groups');
      await expect(tree(page)).toContainText(bdf);
    }
    await search.fill('nothing like it');
    await list.getByRole('button', { name: 'Show all' }).click();
    await expect(search).toHaveValue('');
    await list.getByRole('combobox', { name: 'Class' }).selectOption({ label: 'network (1)' });
    await expect(list.getByRole('status')).toHaveText('1 of 4 groups');
    await list.getByRole('combobox', { name: 'Vendor' }).selectOption('4318');
    await expect(list.getByText('No device is like that.')).toBeVisible();
    await list.getByRole('combobox', { name: 'Class' }).selectOption('');
    await list.getByRole('checkbox', { name: 'shared only' }).check();
    await expect(list.getByRole('status')).toHaveText('1 of 4 groups');
  });

  test('is one tab stop: arrows walk, open and close, Enter selects', async ({ page }) => {
    await openScene(page, MACHINE);
    const list = await show(page, 'List');
    await list.getByRole('button', { name: /^(Open|Close) all$/ }).focus();
    await page.keyboard.press('Tab');
    await expect(tree(page)).toBeFocused();
    const active = (): Locator => page.locator('.tree-row[data-active]');
    await expect(active()).toContainText('Group 0');
    await page.keyboard.press('ArrowDown');
    await expect(active()).toContainText('00:01.0');
    await page.keyboard.press('ArrowLeft');
    await page.keyboard.press('ArrowLeft');
    await expect(active()).toHaveAttribute('aria-expanded', 'false');
    await page.keyboard.press('ArrowRight');
    await expect(active()).toHaveAttribute('aria-expanded', 'true');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await expect(active()).toHaveAttribute('aria-selected', 'true');
    await expect(card(page, GPU)).toHaveAttribute('data-selected', 'true');
    await page.keyboard.press('End');
    await expect(active()).toContainText('No group');
    await page.keyboard.press('Tab');
    await expect(list.getByRole('button', { name: 'Details' })).toBeFocused();
    await page.keyboard.press('Tab');
    await expect(list.getByRole('button', { name: 'Why together?' })).toBeFocused();
    await page.keyboard.press('Enter');
    await expect(page.getByRole('tab', { name: 'Why', exact: true })).toHaveAttribute(
      'aria-selected',
      'true',
    );
  });

  test('of many devices holds only what is seen, and its last is there all the same', async ({ page }) => {
    const functions = Array.from({ length: 30 * 8 }, (_, at) => {
      const slot = (1 + (at >> 3)).toString(16).padStart(2, '0');
      return `pci 00:${slot}.${at & 7} endpoint id=1234:1${at.toString(16).padStart(3, '0')} class=020000 mf`;
    });
    await openScene(page, ['machine "Many" iommu=vtd', ...functions, 'boot'].join('\n'));
    const list = await show(page, 'List');
    await expect(list.getByRole('status')).toHaveText('30 groups · 240 devices');
    await list.getByRole('button', { name: 'Open all' }).click();
    await expect(rows(page).first()).toBeVisible();
    expect(await rows(page).count()).toBeLessThan(80);
    await tree(page).press('End');
    await expect(rows(page).filter({ hasText: '00:1e.7' })).toBeInViewport();
  });
});

test.describe('why', () => {
  test('leads from one device to the other over joins with their evidence, on the canvas too', async ({
    page,
  }) => {
    await openScene(page, MACHINE);
    const why = await openPair(page, GPU, AUDIO);
    await expect(why.getByRole('heading', { name: /^Both are in group 0/ })).toBeVisible();
    const chain = why.getByRole('list', { name: 'From one to the other' });
    await expect(chain.getByRole('button')).toHaveText([/^01:00.0/, /^00:01.0/, /^01:00.1/]);
    await expect(chain.getByRole('list', { name: 'Evidence' }).first()).toContainText('no ACS capability');
    await expect(chain).toContainText('pci_acs');
    for (const id of [GPU, AUDIO, PORT]) await expect(card(page, id)).toHaveAttribute('data-lit', 'chain');
    await expect(card(page, NIC)).toHaveAttribute('data-lit', 'off');
    await why.getByRole('combobox', { name: 'and' }).press('Escape');
    await expect(card(page, NIC)).not.toHaveAttribute('data-lit');
    await expect(chain).toBeVisible();
    await why.getByRole('button', { name: 'on the canvas' }).click();
    await expect(card(page, NIC)).toHaveAttribute('data-lit', 'off');
    await show(page, 'List');
    await expect(card(page, NIC)).not.toHaveAttribute('data-lit');
  });

  test('is asked from the inspector, and goes with what is pointed at on the canvas', async ({ page }) => {
    await openScene(page, MACHINE);
    await card(page, GPU).click();
    const object = page.getByRole('tabpanel', { name: 'Object' });
    await object.getByRole('button', { name: 'Why this group?' }).click();
    const why = page.getByRole('tabpanel', { name: 'Why' });
    await expect(why.getByRole('list', { name: 'How its devices came together' })).toContainText('The first');
    await card(page, NIC).click();
    await expect(why.getByRole('heading', { name: /^Alone in group/ })).toBeVisible();
  });

  test('of devices in different groups tells what lies between, by the registers', async ({ page }) => {
    await openScene(page, MACHINE);
    const why = await openPair(page, GPU, NIC);
    await expect(why.getByRole('heading', { name: /^Apart: group/ })).toBeVisible();
    // The port above the graphics card has no ACS: it would let requests to the other pass.
    await expect(why).toContainText('Kept apart in one direction only. What comes in by 00:02.0 is sent up');
    const way = why.getByRole('list', { name: 'The way between them' });
    await expect(way.getByRole('button')).toHaveText([/^01:00.0/, /^00:01.0/, /^00:02.0/, /^02:00.0/]);
    await expect(way).toContainText('has all that Linux asks for');
  });

  test('says which port stands in the way of peer-to-peer DMA, and what it would cost', async ({ page }) => {
    await openScene(page, IDLE);
    const why = await openPair(page, GPU, NIC);
    await expect(why).toContainText('00:02.0 would have to let requests across');
    await why.getByRole('button', { name: 'What if it does?' }).click();
    const whatIf = page.getByRole('tabpanel', { name: 'What if' });
    await expect(whatIf.getByRole('list', { name: 'Changes' })).toContainText(
      'Boot with pci=disable_acs_redir=0000:00:02.0',
    );
    await expect(whatIf.getByText(/^Groups \d and \d become one$/)).toBeVisible();
  });

  test('is one key away from the canvas', async ({ page }) => {
    await openScene(page, MACHINE);
    await card(page, GPU).click();
    await page.keyboard.press('w');
    const why = page.getByRole('tabpanel', { name: 'Why' });
    // Its own reason is open, those of the others are a press away.
    await expect(why.getByRole('list', { name: 'Evidence' })).toHaveCount(1);
    await expect(why.getByRole('list', { name: 'Evidence' })).toContainText('no ACS capability');
  });
});

test('the override splits groups, and a DMA still gets through past the IOMMU', async ({ page }) => {
  const bars = (script: string): string =>
    script.replace('class=040300 mf', 'class=040300 mf bars=fe080000-fe083fff');
  const override = IDLE.replace('iommu=vtd', 'iommu=vtd cmdline=pcie_acs_override=downstream,multifunction');
  await openScene(page, bars(override));
  const why = await openPair(page, GPU, AUDIO);
  await expect(why.getByRole('heading', { name: /^Apart: group/ })).toBeVisible();
  await why.getByRole('button', { name: 'Fire a DMA from 01:00.0 to 01:00.1' }).click();
  await expect(lines(page).last()).toContainText('reached 01:00.1, past the IOMMU');
});

test.describe('passthrough', () => {
  test('says what is in the way, and a press does it', async ({ page }) => {
    await openScene(page, IDLE);
    await card(page, GPU).click();
    await page.getByRole('button', { name: 'Can I pass it through?' }).click();
    const panel = page.getByRole('tabpanel', { name: 'Passthrough' });
    await expect(panel.getByRole('status')).toContainText('Possible, with some work');
    await expect(panel.getByRole('listitem').filter({ hasText: 'EPERM' })).toContainText('snd_hda_intel');
    await panel.getByRole('button', { name: 'Do all that' }).click();
    await expect(panel.getByRole('status')).toContainText('Ready');
    await expect(lines(page).last()).toContainText('vfio-pci');
    await page.keyboard.press('Control+z');
    await expect(panel.getByRole('status')).toContainText('Possible, with some work');
  });

  test('gives what to type on the real machine, for the whole group', async ({ page, context }) => {
    await context.grantPermissions(['clipboard-read', 'clipboard-write']);
    await openScene(page, IDLE);
    const panel = await show(page, 'Passthrough');
    await panel.getByRole('combobox', { name: 'Device for the VM' }).selectOption(GPU);
    await panel.getByRole('button', { name: 'Copy: Kernel command line' }).click();
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(
      'intel_iommu=on iommu=pt vfio-pci.ids=10de:2786,10de:22bc',
    );
    await expect(panel).toContainText('softdep nouveau pre: vfio-pci');
    await expect(panel).toContainText('driverctl set-override 0000:01:00.1 vfio-pci');
  });
});

test.describe('what if', () => {
  test('a bit of the port is off: groups before and after, applied, and undone', async ({ page }) => {
    await openScene(page, IDLE);
    const panel = await show(page, 'What if');
    await panel.getByRole('combobox', { name: 'Device or port to change' }).selectOption(NIC);
    const bits = panel.getByRole('group', { name: 'ACS bits of 00:02.0' });
    await expect(bits.getByRole('button', { name: 'TB' })).toBeDisabled();
    await bits.getByRole('button', { name: 'RR' }).click();
    await expect(bits.getByRole('button', { name: 'RR' })).toHaveAttribute('aria-pressed', 'false');
    await expect(panel.getByText(/^Groups \d and \d become one$/)).toBeVisible();
    // Nothing has happened yet.
    await expect(lines(page).filter({ hasText: '00:02.0 root-port' })).not.toContainText('/');
    await panel.getByRole('button', { name: 'Apply to the script' }).click();
    await expect(lines(page).filter({ hasText: '00:02.0 root-port' })).toContainText(
      'acs=SV+RR+CR+UF/SV+CR+UF',
    );
    await expect(panel.getByRole('list', { name: 'Changes' })).toBeHidden();
    await page.keyboard.press('Control+z');
    await expect(lines(page).filter({ hasText: '00:02.0 root-port' })).not.toContainText('/');
  });

  test('a card moves, another is pulled out, and each change can be taken back', async ({ page }) => {
    await openScene(page, IDLE);
    const panel = await show(page, 'What if');
    await panel.getByRole('combobox', { name: 'Device or port to change' }).selectOption(GPU);
    await panel.getByRole('button', { name: 'Move', exact: true }).click();
    await expect(panel.getByText('was 01:00.0')).toBeVisible();
    await panel.getByRole('combobox', { name: 'Device or port to change' }).selectOption(NIC);
    await panel.getByRole('button', { name: 'Pull out 02:00.0' }).click();
    const changes = panel.getByRole('list', { name: 'Changes' });
    await expect(changes.getByRole('listitem')).toHaveCount(2);
    await expect(panel.getByText(/^Group \d is gone$/)).toBeVisible();
    await panel.getByRole('button', { name: /^Take back: The card of 01:00.0/ }).click();
    await expect(panel.getByText('was 01:00.0')).toBeHidden();
    await expect(changes.getByRole('listitem')).toHaveCount(1);
    await panel.getByRole('button', { name: 'Discard' }).click();
    await expect(changes).toBeHidden();
  });

  test('a card is tried in every free slot', async ({ page }) => {
    await openScene(page, IDLE);
    const panel = await show(page, 'What if');
    await panel.getByRole('combobox', { name: 'Device or port to change' }).selectOption(GPU);
    await panel.getByRole('button', { name: 'Which slot is better?' }).click();
    await expect(panel.getByRole('list', { name: /^Slots/ }).getByRole('listitem')).toHaveText([
      '00:03.0: with 03:00.1',
      'Where it is: with 00:01.0, 01:00.1',
    ]);
  });

  test('a word on the command line says what it gives up', async ({ page }) => {
    await openScene(page, IDLE);
    const panel = await show(page, 'What if');
    await expect(panel.getByRole('listitem').filter({ hasText: 'pcie_acs_override' })).toContainText(
      'Gives up',
    );
    await panel.getByRole('button', { name: /pcie_acs_override=downstream,multifunction/ }).click();
    // The port has no ACS capability: the override takes it, and each function, for isolated.
    await expect(panel.getByText('Group 0 splits into 3')).toBeVisible();
    await panel.getByRole('button', { name: 'Apply to the script' }).click();
    await expect(lines(page).first()).toContainText('cmdline=pcie_acs_override=downstream,multifunction');
  });

  test('a register was changed at run time: a rescan decides the group anew', async ({ page }) => {
    // This chipset keeps ACS control in the double word at +8. Linux: drivers/pci/quirks.c INTEL_SPT_ACS_CTRL
    await openScene(page, `${IDLE}\nsetpci 00:02.0 "ECAP_ACS+8.l=0"`);
    const panel = await show(page, 'What if');
    await panel.getByRole('combobox', { name: 'Device or port to change' }).selectOption(NIC);
    await panel.getByRole('button', { name: 'Remove and rescan' }).click();
    await expect(panel.getByText(/^Groups \d and \d become one$/)).toBeVisible();
    await panel.getByRole('button', { name: 'Apply to the script' }).click();
    await expect(lines(page).last()).toContainText('echo 1 /sys/bus/pci/rescan');
  });

  test('a card is plugged in', async ({ page }) => {
    await openScene(page, IDLE);
    const panel = await show(page, 'What if');
    await panel.getByRole('combobox', { name: 'card' }).selectOption('gpu');
    await panel.getByRole('button', { name: 'Plug in' }).click();
    await expect(panel.getByText(/is new$/)).toBeVisible();
    await expect(panel.getByText('03:00.1')).toBeVisible();
  });
});

for (const { colorScheme, expectGood } of [
  { colorScheme: 'light', expectGood: expectAccessible },
  { colorScheme: 'dark', expectGood: expectReadable },
] as const) {
  test.describe(`in ${colorScheme}`, () => {
    test.use({ colorScheme });

    test('axe finds nothing wrong with any part', async ({ page }) => {
      await openScene(page, IDLE);
      await show(page, 'List');
      await rows(page).filter({ hasText: '01:00.0' }).click();
      await expectGood(page);
      const why = await openPair(page, GPU, AUDIO);
      await expect(why.getByRole('list', { name: 'From one to the other' })).toBeVisible();
      await expectGood(page, '#side');
      await openPair(page, GPU, NIC);
      await expectGood(page, '#side');
      const passthrough = await show(page, 'Passthrough');
      await expect(passthrough.getByRole('button', { name: 'Do all that' })).toBeVisible();
      await expectGood(page, '#side');
      const whatIf = await show(page, 'What if');
      await whatIf.getByRole('button', { name: 'Move', exact: true }).click();
      await expect(whatIf.getByText('was 01:00.0')).toBeVisible();
      await expectGood(page, '#side');
    });
  });
}

test('on a phone nothing is wider than the screen', async ({ page }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  await openScene(page, IDLE);
  await page.getByRole('button', { name: 'Details', exact: true }).click();
  await show(page, 'List');
  await rows(page).filter({ hasText: '01:00.0' }).click();
  await openPair(page, GPU, NIC);
  for (const part of ['List', 'Why', 'Passthrough', 'What if'] as const) {
    const panel = await show(page, part);
    if (part === 'Passthrough') await expect(panel.getByRole('status')).toContainText('Possible');
    const overflow = await panel.evaluate((element) => element.scrollWidth - element.clientWidth);
    expect(overflow, part).toBe(0);
    const wide = await panel
      .locator('button:visible, select:visible, input:visible')
      .evaluateAll((all) =>
        all.filter((each) => each.getBoundingClientRect().right > innerWidth).map((each) => each.textContent),
      );
    expect(wide, part).toEqual([]);
  }
});
