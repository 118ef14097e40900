import type { Page } from '@playwright/test';
import { expectAccessible, expectReadable } from './helpers/axe';
import { DUMP, functionsIn } from './helpers/dump';
import { DENIED, dialog, dropFiles, GROUP_LOG, GROUPS, pasteOn } from './helpers/import';
import { openStart } from './helpers/scene';
import { expect, reducedMotion, test } from './helpers/test';

/** What the import dialog says of a text before anything is opened: what it is, how certain, and what to do next. */
test.use(reducedMotion);

const FUNCTIONS = functionsIn(DUMP);
/** As Linux grouped it. */
const SIZES = Object.values(GROUPS)
  .map(({ length }) => length)
  .sort((a, b) => b - a);
const SHARED = SIZES.filter((size) => size > 1);

const UNKNOWN = 'zfs: module license taints kernel.';
const LETTER = `Hallo zusammen,

meine Grafikkarte hängt mit dem Netzwerk in einer Gruppe, was kann ich tun?
Ausgabe von „lspci“ folgt:

${DUMP}
Schöne Grüße
Jürgen
`;

async function paste(page: Page, text: string): Promise<void> {
  await pasteOn(page.locator('body'), text);
  await expect(dialog(page)).toBeVisible();
  await expect(dialog(page).getByText('Reading…')).toHaveCount(0);
}

const primary = (page: Page) => dialog(page).getByRole('button', { name: 'Open this machine' });

/** What the page put into the clipboard; the system's is not touched. */
async function watchClipboard(page: Page): Promise<() => Promise<string[]>> {
  await page.addInitScript(() => {
    const copied: string[] = [];
    Object.assign(window, { copied });
    navigator.clipboard.writeText = async (text) => void copied.push(text);
  });
  return () => page.evaluate(() => (window as unknown as { copied: string[] }).copied);
}

test.describe('lspci as root and the kernel’s log', () => {
  test.beforeEach(async ({ page }) => {
    await openStart(page);
    await paste(page, `${DUMP}\n$ sudo dmesg\n${GROUP_LOG}\n${UNKNOWN}\n`);
  });

  test('are recognised, counted, and certain', async ({ page }) => {
    await expect(
      dialog(page).getByText(`${FUNCTIONS} PCI functions, ${SIZES.length} groups, Intel VT-d`),
    ).toBeVisible();
    const sources = dialog(page).getByRole('list', { name: 'Recognised in the text' });
    await expect(sources.getByRole('listitem').filter({ hasText: /^lspci/ })).toContainText('lines');
    await expect(sources.getByRole('listitem').filter({ hasText: 'kernel log' })).toContainText(
      `${FUNCTIONS} lines`,
    );
    await expect(dialog(page).getByRole('heading', { name: 'Every group is certain' })).toBeVisible();
    await expect(dialog(page).getByText('Run next')).toHaveCount(0);
  });

  test('show what opens: the largest groups, and that the kernel made the same', async ({ page }) => {
    const opens = dialog(page).getByRole('region', { name: 'What opens' });
    await expect(opens.getByRole('listitem')).toHaveText(
      SHARED.slice(0, 3).map((size) => new RegExp(`^${size} in group \\d+`)),
    );
    await expect(opens).toContainText(`All ${SIZES.length} groups that the text records are the same.`);
  });

  test('say which line nobody understood', async ({ page }) => {
    await expect(dialog(page).getByRole('list', { name: 'Lines not understood' })).toContainText(UNKNOWN);
  });

  test('open with a notice that leads to the groups', async ({ page }) => {
    await primary(page).click();
    const notice = page.getByText(`Your machine is open: ${FUNCTIONS} functions in ${SIZES.length} groups.`);
    await expect(notice).toBeVisible();
    await page.getByRole('button', { name: 'Whose group is it?' }).click();
    await expect(notice).toHaveCount(0);
    await expect(page.getByRole('tree', { name: 'Groups and their devices' })).toBeVisible();
  });
});

test('faults in the log are announced above the machine, and one click away', async ({ page }) => {
  const fault =
    'DMAR: [DMA Read NO_PASID] Request device [01:00.0] fault addr 0x1026a4000 [fault reason 0x06] PTE Read access is not set';
  await page.setViewportSize({ width: 1280, height: 600 });
  await openStart(page);
  await paste(page, `${DUMP}\n${fault}\n`);
  const card = dialog(page).getByRole('article', { name: /PTE Read access is not set/ });
  await expect(card).not.toBeInViewport();
  await dialog(page).getByRole('button', { name: '1 fault or error in the log, below' }).click();
  await expect(card).toBeInViewport();
});

test.describe('lspci of an ordinary user', () => {
  test('is open: the command that settles it is copied by one click', async ({ page }) => {
    const copied = await watchClipboard(page);
    await openStart(page);
    await paste(page, DENIED);
    await expect(dialog(page).getByText(/PCI functions, \d+ to \d+ groups/)).toBeVisible();
    await expect(dialog(page).getByRole('heading', { name: /groups may be split further/ })).toBeVisible();
    await expect(dialog(page).getByRole('list', { name: 'Open groups' })).toContainText('decide');
    await dialog(page).getByRole('button', { name: 'Copy: sudo lspci -vvvnnxxxx' }).click();
    expect(await copied()).toEqual(['sudo lspci -vvvnnxxxx']);
    await expect(dialog(page).getByText('Copied')).toBeVisible();
  });

  test('and then what was asked for, pasted on top: both are one text, and settled', async ({ page }) => {
    await openStart(page);
    await paste(page, DENIED);
    const links = Object.entries(GROUPS).flatMap(([number, members]) =>
      members.map((bdf) => `/sys/kernel/iommu_groups/${number}/devices/${bdf}`),
    );
    await expect(dialog(page).getByText(/PCI functions, \d+ to/)).toBeVisible();
    await paste(page, links.join('\n'));
    await expect(dialog(page).getByText(`PCI functions, ${SIZES.length} groups`)).toBeVisible();
    await expect(
      dialog(page).getByRole('heading', { name: 'Every group is settled, some by the running kernel' }),
    ).toBeVisible();
    const lines = DENIED.split('\n').length - (DENIED.endsWith('\n') ? 1 : 0);
    await expect(dialog(page).getByText(`Pasted text (lines 1–${lines})`)).toBeVisible();
  });
});

test('recorded groups that cannot be: the contradiction names its lines, and nothing is called certain', async ({
  page,
}) => {
  const [first, second] = Object.entries(GROUPS)
    .filter(([, members]) => members.length === 1)
    .map(([number]) => number);
  await openStart(page);
  await paste(page, DUMP.replace(`IOMMU group: ${second}\n`, `IOMMU group: ${first}\n`));
  await expect(dialog(page).getByRole('list', { name: 'Contradictions' })).toContainText(
    new RegExp(`both in IOMMU group ${first} of the text.*lines \\d+, \\d+`),
  );
  await expect(dialog(page).getByRole('region', { name: 'What opens' })).toContainText('differs');
  await expect(dialog(page).getByRole('heading', { name: 'Every group is certain' })).toHaveCount(0);
});

test('in a German letter: the machine is found, and the letter is what is not understood', async ({
  page,
}) => {
  await openStart(page);
  await paste(page, LETTER);
  await expect(dialog(page).getByText(`${FUNCTIONS} PCI functions, ${SIZES.length} groups`)).toBeVisible();
  await expect(dialog(page).getByRole('list', { name: 'Lines not understood' })).toContainText(
    'Hallo zusammen',
  );
  await expect(dialog(page).getByRole('list', { name: 'Lines not understood' })).toContainText(
    'Schöne Grüße',
  );
});

test('German words alone: what a listing looks like, and nothing opens', async ({ page }) => {
  await openStart(page);
  await paste(page, 'Wie bekomme ich meine Grafikkarte in eine eigene Gruppe?\n');
  await expect(dialog(page).getByText(/No lspci output in these 1 lines/)).toBeVisible();
  await expect(primary(page)).toBeDisabled();
});

test('binary rubbish: no text, and how to bring one', async ({ page }) => {
  await openStart(page);
  const rubbish = Array.from({ length: 4000 }, (_, at) => String.fromCharCode(1 + ((at * 37) % 31))).join('');
  await paste(page, rubbish);
  await expect(dialog(page).getByText(/This is no plain text/)).toBeVisible();
  await expect(primary(page)).toBeDisabled();
  // What comes after it is not added to it.
  await paste(page, DUMP);
  await expect(dialog(page).getByText(`${FUNCTIONS} PCI functions`)).toBeVisible();
});

test('several files dropped at once are one machine', async ({ page }) => {
  await openStart(page);
  await dropFiles(page, { 'lspci.txt': DUMP, 'dmesg.txt': GROUP_LOG });
  await expect(dialog(page).getByText(`${FUNCTIONS} PCI functions, ${SIZES.length} groups`)).toBeVisible();
  await expect(
    dialog(page).getByText(/lspci\.txt \(lines 1–\d+\), dmesg\.txt \(lines \d+–\d+\)/),
  ).toBeVisible();
});

test('asks for what tells most, says that nothing leaves the browser, and copies by one click', async ({
  page,
}) => {
  const copied = await watchClipboard(page);
  await openStart(page);
  await page.getByRole('button', { name: /^Your own machine/ }).click();
  await expect(dialog(page)).toContainText('Nothing leaves your browser');
  for (const command of ['sudo lspci -vvnn; sudo dmesg', 'find /sys/kernel/iommu_groups -type l'])
    await dialog(page)
      .getByRole('button', { name: `Copy: ${command}`, exact: true })
      .click();
  expect(await copied()).toEqual(['sudo lspci -vvnn; sudo dmesg', 'find /sys/kernel/iommu_groups -type l']);
});

test('by keyboard alone: from the rail to the groups', async ({ page }) => {
  await openStart(page);
  await page.getByRole('button', { name: 'Import' }).focus();
  await page.keyboard.press('Enter');
  const area = page.getByRole('textbox', { name: 'Output of lspci' });
  await expect(area).toBeFocused();
  await pasteOn(area, DENIED);
  await expect(dialog(page).getByRole('list', { name: 'Open groups' })).toBeVisible();
  await tabTo(page, 'Tab', 'Open groups');
  await tabTo(page, 'Tab', 'Copy: sudo lspci -vvvnnxxxx');
  await tabTo(page, 'Tab', 'Open this machine');
  await page.keyboard.press('Enter');
  await expect(page.getByText(/^Your machine is open/)).toBeVisible();
  await tabTo(page, 'Shift+Tab', 'Whose group is it?');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('tree', { name: 'Groups and their devices' })).toBeVisible();
});

/** Presses a key until that element has the focus. */
async function tabTo(page: Page, key: 'Tab' | 'Shift+Tab', name: string): Promise<void> {
  const names: string[] = [];
  for (let press = 0; press < 60; press++) {
    const focused = await page.evaluate(
      () => document.activeElement?.getAttribute('aria-label') ?? document.activeElement?.textContent ?? '',
    );
    if (focused === name) return;
    names.push(focused.slice(0, 30));
    await page.keyboard.press(key);
  }
  throw new Error(`${name} is not reached: ${names.join(' | ')}`);
}

for (const theme of ['light', 'dark'] as const)
  test(`is accessible, in ${theme}`, async ({ page }) => {
    await openStart(page);
    await page.evaluate((name) => (document.documentElement.dataset['theme'] = name), theme);
    await page.getByRole('button', { name: 'Import' }).click();
    // It is loaded when it is first wanted.
    await expect(page.getByRole('textbox', { name: 'Output of lspci' })).toBeFocused();
    await expectAccessible(page, '.dialog');
    await page.keyboard.press('Escape');
    await paste(page, `${DENIED}\n${UNKNOWN}`);
    await expect(dialog(page).getByRole('region', { name: 'What opens' })).toContainText('groups');
    await expectAccessible(page, '.dialog');
    await primary(page).click();
    await expect(page.getByText(/^Your machine is open/)).toBeVisible();
    await expectReadable(page, '.notice-place');
  });

test.describe('on a phone', () => {
  test.use({ viewport: { width: 390, height: 844 } });

  test('nothing is cut off, the action is in sight, and the notice leads to the groups', async ({ page }) => {
    await page.goto('./');
    await expect(page.getByRole('button', { name: /^From scratch/ })).toBeEnabled();
    await paste(page, DENIED);
    await expect(dialog(page).getByRole('region', { name: 'What opens' })).toContainText('groups');
    await expect(primary(page)).toBeInViewport({ ratio: 1 });
    const tooWide = await dialog(page).evaluate((element) =>
      [element, ...element.querySelectorAll('.dialog-body, .dialog-body *:not(pre, .sr-only)')]
        .filter(
          (each) => each.scrollWidth > each.clientWidth + 1 && getComputedStyle(each).display !== 'inline',
        )
        .map((each) => `${each.tagName}.${each.className.toString()}`),
    );
    expect(tooWide).toEqual([]);
    await primary(page).click();
    await page.getByRole('button', { name: 'Whose group is it?' }).click();
    await expect(page.getByRole('tree', { name: 'Groups and their devices' })).toBeVisible();
  });
});
