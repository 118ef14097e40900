import type { Locator, Page } from '@playwright/test';
import { expectAccessible, expectReadable } from './helpers/axe';
import { readFileSync } from 'node:fs';
import { ATTACHED, BENCH, lines, openScene, run, time } from './helpers/scene';
import { expect, reducedMotion, test } from './helpers/test';

/** What happened inside the kernel: the calls as strace prints them, the locks that they took, and what sysfs says. */
test.use(reducedMotion);

/** One call of every kind that matters here: an IOVA that the kernel chose, a refusal, ranges. */
const CALLS = `${ATTACHED}
IOAS_MAP other buf len=64K rw
IOAS_MAP ioas buf iova=0x200000 rw ! EEXIST`;
const total = CALLS.split('\n').length;

/** A task that stopped with locks in its hands, and a line that meets one of them. */
const TASKS = `${ATTACHED}
t1 = begin IOAS_UNMAP ioas all
step t1 until=iopt->iova_rwsem
IOAS_MAP ioas buf iova=0x800000 rw ! WAITS`;

/** A guest's table of a VT-d unit, and an invalidation of two of its pages. */
const GUEST = `machine t iommu=vtd mode=scalable
pci 00:02.0 rciep id=8086:15f3 class=020000 driver=vfio-pci
boot
ctx = open /dev/iommu
dev = BIND ctx 00:02.0
ioas = IOAS_ALLOC ctx
host = HWPT_ALLOC dev ioas nest-parent
guest = HWPT_ALLOC dev host type=VTD_S1 data="0x0 0x10000 0x30"
HWPT_INVALIDATE guest type=VTD_S1 entry=24 data="0x200000 0x1 0x0 0x400000 0x1 0x1"`;

async function openPanel(page: Page, name: 'Calls' | 'Events' | 'Locks' | 'Sysfs'): Promise<Locator> {
  if (name !== 'Sysfs') await page.getByRole('tab', { name: 'Trace' }).click();
  await page.getByRole('tab', { name, exact: true }).click();
  const panel = page.getByRole('tabpanel', { name, exact: true });
  await expect(panel).toBeVisible();
  return panel;
}

test.describe('calls', () => {
  const rows = (panel: Locator) =>
    panel.getByRole('list', { name: 'ioctl log' }).getByRole('button', { expanded: false });
  const open = (panel: Locator) =>
    panel.getByRole('list', { name: 'ioctl log' }).getByRole('button', { expanded: true });

  test('are printed as strace does, the last one open', async ({ page }) => {
    await openScene(page, CALLS);
    const panel = await openPanel(page, 'Calls');
    await expect(open(panel)).toContainText(
      /ioctl\(ctx, IOMMU_IOAS_MAP, \{size=40, flags=IOMMU_IOAS_MAP_FIXED_IOVA\|IOMMU_IOAS_MAP_WRITEABLE\|IOMMU_IOAS_MAP_READABLE, .*iova=0x200000\}\) = -1 EEXIST \(File exists\)/,
    );
    await expect(rows(panel).first()).toContainText(
      'ioctl(ctx, IOMMU_IOAS_ALLOC, {size=12, flags=0} => {out_ioas_id=1}) = 0',
    );
  });

  test('a refused one has its reason', async ({ page }) => {
    await openScene(page, CALLS);
    const panel = await openPanel(page, 'Calls');
    await expect(panel.getByText('IOAS 1 maps 0x200000-0x3fffff already.')).toBeVisible();
  });

  test('fields and bytes show each other, and what the kernel wrote is marked', async ({ page }) => {
    await openScene(page, CALLS);
    const panel = await openPanel(page, 'Calls');
    await rows(panel).filter({ hasText: 'iova=0}' }).click();
    const iova = panel
      .getByRole('list', { name: 'Fields' })
      .getByRole('listitem')
      .filter({ hasText: 'iova' });
    // include/uapi/linux/iommufd.h: iova is the last field of struct iommu_ioas_map, 8 bytes from 32 on.
    await expect(iova).toContainText('in and out');
    await expect(iova).toHaveAttribute('data-changed', 'true');
    const pointed = panel.locator('.byte[data-pointed=true]');
    await iova.hover();
    await expect(pointed).toHaveCount(8);
    await expect(panel.locator('.byte[data-changed=true]').first()).toHaveAttribute(
      'title',
      /^iova, was 00$/,
    );
    await panel.locator('.byte').first().hover();
    await expect(pointed).toHaveCount(4);
    await expect(panel.locator('.struct-field[data-pointed=true]')).toContainText('size');
  });

  test('what the structure points to is shown as bytes and fields of its own', async ({ page }) => {
    await openScene(page, GUEST);
    const panel = await openPanel(page, 'Calls');
    await expect(open(panel)).toContainText(
      'data_uptr=[{addr=0x200000, npages=0x1, flags=0}, {addr=0x400000, npages=0x1, flags=IOMMU_VTD_INV_FLAGS_LEAF}]',
    );
    // include/uapi/linux/iommufd.h struct iommu_hwpt_vtd_s1_invalidate: flags, 4 bytes from 16 on.
    const second = panel.getByRole('list', { name: 'Fields of data_uptr[1]' }).getByRole('listitem');
    await expect(second).toHaveCount(4);
    await second.filter({ hasText: 'flags' }).hover();
    await expect(panel.locator('.byte[data-pointed=true]')).toHaveText(['01', '00', '00', '00']);
    await rows(panel).filter({ hasText: 'IOMMU_HWPT_DATA_VTD_S1' }).click();
    const data = panel.getByRole('list', { name: 'Fields of data_uptr' }).getByRole('listitem');
    await expect(data.filter({ hasText: 'pgtbl_addr' })).toContainText('0x10000');
    await expectAccessible(page);
  });

  test('follow time, and lead to their line', async ({ page }) => {
    await openScene(page, CALLS);
    const panel = await openPanel(page, 'Calls');
    await rows(panel).first().click();
    await panel.getByRole('button', { name: /^Go to line/ }).click();
    await expect(time(page)).not.toHaveAttribute('aria-valuetext', `after line ${total} of ${total}`);
    await expect(panel.getByText('1 call', { exact: true })).toBeVisible();
    await run(page, 'third = IOAS_ALLOC ctx');
    await expect(panel.getByText('2 calls')).toBeVisible();
  });

  test('are a list for the keyboard: one stop, arrows, Enter opens', async ({ page }) => {
    await openScene(page, CALLS);
    const panel = await openPanel(page, 'Calls');
    await open(panel).focus();
    await page.keyboard.press('ArrowUp');
    await page.keyboard.press('ArrowUp');
    await page.keyboard.press('Enter');
    await expect(open(panel)).toBeFocused();
    await page.keyboard.press('Home');
    await expect(rows(panel).first()).toBeFocused();
    expect(await panel.locator('.call[tabindex="0"]').count()).toBe(1);
  });

  test('go into the clipboard as text', async ({ page, context }) => {
    await context.grantPermissions(['clipboard-read', 'clipboard-write']);
    await openScene(page, CALLS);
    const panel = await openPanel(page, 'Calls');
    await panel.getByRole('button', { name: 'Copy', exact: true }).click();
    await expect(page.getByText('Copied the call and its bytes.')).toBeVisible();
    const text = await page.evaluate(() => navigator.clipboard.readText());
    expect(text).toMatch(
      /^ioctl\(ctx, IOMMU_IOAS_MAP, .* = -1 EEXIST \(File exists\)\n {2}in {2}000: 28 00 00 00 /,
    );
  });

  test('before the first call there is a sentence', async ({ page }) => {
    await openScene(page, CALLS, 1);
    const panel = await openPanel(page, 'Calls');
    await expect(panel.getByText('No program has asked the kernel for anything yet.')).toBeVisible();
  });
});

test.describe('locks', () => {
  test('stand inside the locks under which they were taken, with what happened there', async ({ page }) => {
    await openScene(page, ATTACHED);
    const panel = await openPanel(page, 'Locks');
    // Linux: iommufd_device_attach() with an IOAS: ioas->mutex, igroup->lock, group->mutex around the driver's attach.
    const nested = (...names: readonly string[]): Locator =>
      names.reduce<Locator>(
        (at, name) => at.locator('li', { has: page.locator(`:scope > p code:text-is("${name}")`) }).first(),
        panel.getByRole('list', { name: /^Locks in the order/ }),
      );
    await expect(nested('ioas->mutex', 'igroup->lock', 'group->mutex')).toContainText(
      /02:00\.0: .* → domain/,
    );
    await expect(
      nested('ioas->mutex', 'iopt->domains_rwsem', 'iopt->iova_rwsem', 'pages->mutex'),
    ).toBeVisible();
  });

  test('of a task: what it holds; of who meets it: what it waits for and who is in its way', async ({
    page,
  }) => {
    await openScene(page, TASKS);
    const panel = await openPanel(page, 'Locks');
    const task = panel.locator('.sec').filter({ hasText: 'Task t1' });
    await expect(task.getByRole('definition').first()).toContainText('iopt->iova_rwsem of IOAS 1');
    const waiting = panel.locator('.task-card[data-state=blocked]');
    await expect(waiting).toContainText(/waits for\s*iopt->iova_rwsem of IOAS 1/);
    await expect(waiting).toContainText('t1 IOAS_UNMAP ioas all');
  });

  test('a task is moved on from here, and its line is in the script', async ({ page }) => {
    await openScene(page, TASKS);
    const panel = await openPanel(page, 'Locks');
    await panel
      .locator('.sec')
      .filter({ hasText: 'Task t1' })
      .getByRole('button', { name: 'Finish' })
      .click();
    await expect(lines(page).last()).toContainText('finish t1');
    await expect(panel.getByText('Task t1')).toHaveCount(0);
  });

  test('two tasks pass each other by hand: with the keyboard, and with the mouse', async ({ page }) => {
    const file = new URL('../src/gallery/rows/e4-replaces-across.iommu', import.meta.url);
    const row = readFileSync(file, 'utf8').trimEnd().split('\n');
    const begun = row.findIndex((line) => line.startsWith('t2 = begin')) + 1;
    await openScene(page, row.slice(0, begun).join('\n'));
    const panel = await openPanel(page, 'Locks');
    const card = (name: string) => panel.locator('.sec').filter({ hasText: `Task ${name}` });

    const step = card('t1').getByRole('button', { name: 'Step' });
    await step.focus();
    for (let n = 1; n <= 2; n++) {
      await page.keyboard.press('Enter');
      await expect(lines(page)).toHaveCount(begun + n);
      await expect(step).toBeFocused();
    }
    await expect(card('t1').getByRole('definition').first()).toContainText('igroup->lock of Group 2');
    await card('t2').getByRole('button', { name: 'Step' }).click({ clickCount: 1 });
    await expect(lines(page)).toHaveCount(begun + 3);
    await card('t2').getByRole('button', { name: 'Finish' }).click();
    await expect(lines(page).last()).toContainText('replaced to HWPT');
    await card('t1').getByRole('button', { name: 'Finish' }).focus();
    await page.keyboard.press('Enter');
    await expect(lines(page).last()).toContainText('finish t1');
    await expect(panel.locator('.task-card')).toHaveCount(0);
    await run(page, 'expect x hwptId b');
    await run(page, 'expect y hwptId a');
    await expect(lines(page).getByRole('img', { name: 'so it is' })).toHaveCount(2);
  });

  test('the orders seen so far lead to the lines where they were first seen', async ({ page }) => {
    await openScene(page, ATTACHED);
    const panel = await openPanel(page, 'Locks');
    await panel.getByText(/orders seen so far, none contradicts another/).click();
    const inner = panel.locator('.lock-order > ul > li').filter({ hasText: /^igroup->lock/ });
    await expect(inner).toContainText('group->mutex');
    await inner
      .getByRole('button', { name: /^line \d+$/ })
      .first()
      .click();
    await expect(time(page)).toHaveAttribute('aria-valuetext', /^after line \d+ of \d+$/);
  });
});

test.describe('sysfs', () => {
  const item = (panel: Locator, name: string | RegExp) => panel.getByRole('treeitem', { name });

  test('is browsed by hand: a group, its type, its devices and where they lead', async ({ page }) => {
    await openScene(page, ATTACHED);
    const panel = await openPanel(page, 'Sysfs');
    await item(panel, /^2 /).click();
    await item(panel, /^type/).click();
    await expect(panel.getByText('/sys/kernel/iommu_groups/2/type')).toBeVisible();
    await expect(panel.getByText('-rw-r--r--')).toBeVisible();
    await expect(panel.locator('pre')).toHaveText('DMA-FQ\n');
    await item(panel, /^reserved_regions/).click();
    // Linux: iommu_group_show_resv_regions(); the window of interrupt messages on x86.
    await expect(panel.locator('pre')).toHaveText('0x00000000fee00000 0x00000000feefffff msi\n');
    await item(panel, /^devices/)
      .last()
      .click();
    await item(panel, /^0000:02:00.0/)
      .last()
      .click();
    await panel.getByRole('button', { name: '/sys/bus/pci/devices/0000:02:00.0' }).click();
    await expect(item(panel, /^driver /)).toContainText('vfio-pci');
  });

  test('is a tree for the keyboard', async ({ page }) => {
    await openScene(page, ATTACHED);
    const panel = await openPanel(page, 'Sysfs');
    await panel.getByRole('treeitem', { selected: true }).focus();
    await page.keyboard.press('ArrowDown');
    await expect(item(panel, /^0 /)).toBeFocused();
    await page.keyboard.press('ArrowRight');
    await expect(item(panel, /^0 /)).toHaveAttribute('aria-expanded', 'true');
    await page.keyboard.press('ArrowRight');
    await expect(item(panel, /^devices/)).toBeFocused();
    await page.keyboard.press('ArrowLeft');
    await page.keyboard.press('ArrowLeft');
    await expect(item(panel, /^0 /)).toHaveAttribute('aria-expanded', 'false');
  });

  test('follows the machine, and finds what is selected', async ({ page }) => {
    await openScene(page, ATTACHED);
    await page.locator('.react-flow__node[data-id="dev:0000:02:00.0"]').click();
    const panel = await openPanel(page, 'Sysfs');
    await panel.getByRole('button', { name: 'Show 02:00.0' }).click();
    await expect(item(panel, /^driver /)).toContainText('vfio-pci');
    await run(page, 'UNBIND dev');
    await run(page, 'driver 02:00.0 igc');
    await expect(item(panel, /^driver /)).toContainText('igc');
  });

  test('writes the type of a group: with the mouse, with the keyboard, and what the kernel refuses', async ({
    page,
  }) => {
    await openScene(page, BENCH);
    const panel = await openPanel(page, 'Sysfs');
    await item(panel, /^2 /).click();
    await item(panel, /^type/).click();
    const word = panel.getByRole('combobox', { name: 'What to write' });
    await word.selectOption('identity');
    await panel.getByRole('button', { name: 'Write' }).click();
    await expect(lines(page).last()).toContainText('echo identity /sys/kernel/iommu_groups/2/type');
    await expect(panel.locator('pre')).toHaveText('identity\n');

    await word.focus();
    await page.keyboard.type('DMA-FQ');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await expect(panel.locator('pre')).toHaveText('DMA-FQ\n');

    // Linux: iommu_group_store_type(): a group whose devices have native drivers keeps its domain.
    await item(panel, /^2 /).click();
    await item(panel, /^0 /).click();
    await item(panel, /^type/).click();
    await panel.getByRole('combobox', { name: 'What to write' }).selectOption('identity');
    await panel.getByRole('button', { name: 'Write' }).click();
    await expect(page.getByRole('region', { name: 'Refused' })).toContainText('EPERM');
    await expect(lines(page).last()).toContainText('! EPERM');
  });

  test('before the kernel runs there is a sentence', async ({ page }) => {
    await openScene(page, ATTACHED, 1);
    const panel = await openPanel(page, 'Sysfs');
    await expect(panel.getByText('There is no kernel yet.')).toBeVisible();
  });
});

test('help tells where the kernel is wrong, and what is done here', async ({ page }) => {
  await openScene(page, ATTACHED);
  await page.getByRole('button', { name: 'Help' }).click();
  const notes = page.getByRole('dialog').getByRole('region', { name: 'Where the kernel is wrong' });
  await notes.getByText(/^Done as it was meant/).click();
  await expect(notes.getByText('iommufd_hwpt_replace_device()')).toBeVisible();
  await expect(notes.getByText('Here', { exact: true }).first()).toBeVisible();
});

for (const { colorScheme, expectGood } of [
  { colorScheme: 'light', expectGood: expectAccessible },
  { colorScheme: 'dark', expectGood: expectReadable },
] as const) {
  test.describe(`in ${colorScheme}`, () => {
    test.use({ colorScheme });

    test('axe finds nothing wrong with calls, locks, tasks and sysfs', async ({ page }) => {
      await openScene(page, TASKS);
      for (const name of ['Calls', 'Locks', 'Sysfs'] as const) {
        await openPanel(page, name);
        await expectGood(page, '#side');
      }
    });
  });
}

test.describe('360 pixels wide', () => {
  test.use({ viewport: { width: 360, height: 740 } });

  test('no panel scrolls the page sideways', async ({ page }) => {
    await openScene(page, TASKS);
    await page.getByRole('navigation', { name: 'View' }).getByRole('button', { name: 'Details' }).click();
    for (const name of ['Calls', 'Events', 'Locks', 'Sysfs'] as const) {
      const panel = await openPanel(page, name);
      const widths = await panel.evaluate((element) => [element.scrollWidth, element.clientWidth]);
      expect(widths[0]).toBe(widths[1]);
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(360);
    }
  });
});

test('lines typed without waiting for each other all run', async ({ page }) => {
  await openScene(page, 'ctx = open /dev/iommu');
  for (const name of ['a', 'b', 'c', 'd']) await run(page, `${name} = IOAS_ALLOC ctx`);
  await expect(lines(page)).toHaveCount(5);
  await expect(page.getByRole('combobox', { name: 'Type a line of the script' })).toHaveValue('');
});
