import type { Locator, Page } from '@playwright/test';
import { expectAccessible, expectReadable } from './helpers/axe';
import { ATTACHED, BENCH, consoleLine, lines, NIC, node, openScene, run, time } from './helpers/scene';
import { expect, reducedMotion, test } from './helpers/test';

/** Editor, script log, console, events, outline: as a person uses them. */
test.use(reducedMotion);

const DMA = 'dma 02:00.0 write 0x212340 64';
const dialog = (page: Page): Locator => page.getByRole('dialog', { name: 'Script' });
const editor = (page: Page): Locator => page.getByRole('textbox', { name: 'Script' });

async function openEditor(page: Page, script = BENCH): Promise<void> {
  await openScene(page, script);
  await page.getByRole('button', { name: 'Editor' }).click();
  await editor(page).click();
  await page.keyboard.press('Control+End');
}

test.describe('the script editor', () => {
  test('completes, also names of lines that have not run, and runs by Ctrl Enter', async ({ page }) => {
    await openEditor(page);
    await page.keyboard.type('\nlate = IOAS_AL');
    const offers = page.getByRole('listbox');
    await expect(offers.getByRole('option').first()).toContainText('IOAS_ALLOC');
    await page.keyboard.press('Tab');
    await page.keyboard.type('ctx\nIOAS_MAP la');
    await expect(offers.getByRole('option')).toHaveText([/^late/]);
    await page.keyboard.press('Tab');
    await page.keyboard.type('buf iova=0x400000 rw');
    await page.keyboard.press('Control+Enter');
    await expect(dialog(page)).toBeHidden();
    await expect(lines(page).last()).toContainText('IOAS_MAP late buf iova=0x400000 rw');
    await expect(node(page, 'ioas:1.3')).toBeVisible();
  });

  test('Escape closes the list and not the dialog; Tab then leaves the editor', async ({ page }) => {
    await openEditor(page);
    await page.keyboard.type('\nIOAS_');
    await expect(page.getByRole('listbox')).toBeVisible();
    await page.keyboard.press('Escape');
    await expect(page.getByRole('listbox')).toBeHidden();
    await expect(editor(page)).toBeFocused();
    await page.keyboard.press('Tab');
    await expect(editor(page)).not.toBeFocused();
    await expect(dialog(page)).toBeVisible();
  });

  test('says what is wrong in its place, and repairs it', async ({ page }) => {
    await openEditor(page, ATTACHED);
    await page.keyboard.type('\nDETATCH dev');
    await expect(dialog(page).getByRole('listitem')).toHaveText([/^16:1.*did you mean DETACH\?/]);
    await expect(dialog(page).getByRole('button', { name: /^Run/ })).toBeDisabled();
    await dialog(page).getByRole('button', { name: 'Write DETACH' }).click();
    await expect(editor(page)).toBeFocused();
    await expect(dialog(page).getByRole('listitem')).toHaveCount(0);
    await expect(dialog(page).getByRole('button', { name: /^Run/ })).toBeEnabled();
  });

  test('warns of a name that no line gives, and lets it run all the same', async ({ page }) => {
    await openEditor(page);
    await page.keyboard.type('\nIOAS_UNMAP iaos all');
    await expect(dialog(page).getByRole('listitem')).toHaveText([/^14:12.*iaos; did you mean ioas\?/]);
    await expect(dialog(page).getByRole('button', { name: /^Run/ })).toBeEnabled();
  });

  test('keeps what was typed when it is closed', async ({ page }) => {
    await openEditor(page);
    await page.keyboard.type('\n# not yet');
    await page.getByRole('button', { name: 'Close' }).click();
    await page.getByRole('button', { name: 'Editor' }).click();
    await expect(editor(page)).toContainText('# not yet');
    await expect(dialog(page)).toContainText('not run yet');
    await page.getByRole('button', { name: 'Undo all' }).click();
    await expect(editor(page)).not.toContainText('# not yet');
  });

  test('stops playing where F9 says so, as the log shows', async ({ page }) => {
    await openEditor(page);
    await page.keyboard.press('F9');
    await page.getByRole('button', { name: 'Close' }).click();
    await expect(lines(page).last()).toContainText('playing stops here');
  });
});

test.describe('the script log', () => {
  const MANY = ['machine q35', ...Array.from({ length: 9998 }, (_, n) => `# line ${n + 2}`), '# the end'];

  test('of 10,000 lines draws those in view, and goes anywhere', async ({ page }) => {
    await openScene(page, MANY.join('\n'));
    expect(await lines(page).count()).toBeLessThan(200);
    await expect(lines(page).last()).toHaveAttribute('aria-setsize', '10000');
    await expect(page.getByRole('button', { name: '10000 # the end', exact: true })).toBeInViewport();
    await page.getByRole('list', { name: 'Script' }).evaluate((log) => {
      log.scrollTop = log.scrollHeight / 2;
    });
    const middle = lines(page).filter({ hasText: '# line 5000' });
    await expect(middle).toBeVisible();
    await middle.getByRole('button').first().click();
    await expect(time(page)).toHaveAttribute('aria-valuetext', /^after line 5000 of 10000/);
  });

  test('by keyboard: Home and End, and the menu of a line', async ({ page }) => {
    await openScene(page, MANY.join('\n'));
    await page.getByRole('button', { name: '10000 # the end', exact: true }).focus();
    await page.keyboard.press('Home');
    await expect(page.locator('[data-row="0"] > .log-line')).toBeFocused();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('F9');
    await expect(lines(page).nth(1)).toContainText('playing stops here');
    await page.keyboard.press('End');
    await expect(page.locator('[data-row="9999"] > .log-line')).toBeFocused();
  });

  test('a line has a menu', async ({ page }) => {
    await openScene(page, BENCH);
    await lines(page).nth(5).getByRole('button').first().click({ button: 'right' });
    await page.getByRole('menuitem', { name: 'Go there' }).click();
    await expect(time(page)).toHaveAttribute('aria-valuetext', /^after line 6 of 13/);
  });
});

test.describe('the console', () => {
  test('takes the kernel’s names as the headers have them', async ({ page }) => {
    await openScene(page, BENCH);
    await run(page, 'third = iommu_ioas_alloc ctx');
    await expect(lines(page).last()).toContainText('third = IOAS_ALLOC ctx');
  });

  test('looks back by Ctrl R', async ({ page }) => {
    await openScene(page, BENCH);
    await consoleLine(page).focus();
    await page.keyboard.press('Control+r');
    await page.keyboard.type('mmap');
    await page.keyboard.press('Enter');
    await expect(consoleLine(page)).toHaveValue('buf = mmap qemu 2M');
  });

  test('runs pasted lines in order, up to one that makes no sense; the rest waits', async ({ page }) => {
    await openScene(page, BENCH);
    const text = 'p1 = IOAS_ALLOC ctx\np2 = IOAS_ALOC ctx\np3 = IOAS_ALLOC ctx\n';
    await consoleLine(page).evaluate((field, what) => {
      const clipboardData = new DataTransfer();
      clipboardData.setData('text/plain', what);
      field.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }));
    }, text);
    await expect(lines(page).last()).toContainText('p1 = IOAS_ALLOC ctx');
    await expect(consoleLine(page)).toHaveValue('p2 = IOAS_ALOC ctx');
    await expect(page.getByText('1 more line after this')).toBeVisible();
    await consoleLine(page).fill('p2 = IOAS_ALLOC ctx');
    await consoleLine(page).press('Enter');
    await expect(lines(page).last()).toContainText('p3 = IOAS_ALLOC ctx');
    await expect(consoleLine(page)).toHaveValue('');
  });
});

async function openEvents(page: Page): Promise<Locator> {
  await page.getByRole('tab', { name: 'Trace' }).click();
  await page.getByRole('tab', { name: 'Events' }).click();
  return page.getByRole('list', { name: 'Events' });
}

test.describe('the event log', () => {
  test('filters by kind and by words, and counts exactly', async ({ page }) => {
    await openScene(page, `${ATTACHED}\n${DMA}`);
    const events = await openEvents(page);
    const chip = page.getByRole('group', { name: 'Kinds' }).getByRole('button', { name: /^read / });
    const reads = Number((await chip.innerText()).split(' ')[1]);
    expect(reads).toBeGreaterThan(0);
    const rows = events.getByRole('listitem');
    await expect(rows.filter({ has: page.getByText('read', { exact: true }) })).toHaveCount(reads);
    await chip.click();
    await expect(chip).toHaveAttribute('aria-pressed', 'false');
    await expect(rows.filter({ has: page.getByText('read', { exact: true }) })).toHaveCount(0);
    await page.getByRole('searchbox', { name: 'Search events' }).fill('dma writes');
    await expect(rows).toHaveText([/02:00\.0 writes 64 bytes at 0x212340/]);
  });

  test('follows one object over all lines', async ({ page }) => {
    await openScene(page, `${ATTACHED}\n${DMA}`);
    await node(page, NIC).click();
    const events = await openEvents(page);
    await page.getByRole('button', { name: 'All lines so far' }).click();
    const before = await events.getByRole('listitem').count();
    await page.getByRole('button', { name: 'Only of 02:00.0' }).click();
    await expect.poll(() => events.getByRole('listitem').count()).toBeLessThan(before);
    await expect(events.getByRole('listitem').filter({ hasText: '01:00.0' })).toHaveCount(0);
    await expect(events.getByRole('listitem').last()).toContainText('02:00.0 writes 64 bytes');
    await page.getByRole('button', { name: 'Show events of everything' }).click();
    await expect(events.getByRole('listitem')).toHaveCount(before);
  });
});

test('sysfs says which function of the kernel shows a file, and leads to the object', async ({ page }) => {
  await openScene(page, BENCH);
  await page.getByRole('tab', { name: 'Sysfs' }).click();
  const tree = page.getByRole('tree', { name: '/sys' });
  const rows = tree.getByRole('treeitem');
  await rows.filter({ hasText: 'iommu_groups' }).focus();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowDown');
  await expect(tree.getByRole('treeitem', { selected: true })).toContainText('type');
  const panel = page.getByRole('tabpanel', { name: 'Sysfs' });
  await expect(panel.getByText('iommu_group_show_type()')).toBeVisible();
  await panel.getByRole('navigation', { name: 'Path' }).getByRole('button', { name: 'kernel' }).click();
  await expect(tree.getByRole('treeitem', { selected: true })).toContainText('kernel');
  await rows.filter({ hasText: 'type' }).click();
  await panel.getByRole('button', { name: /Group 0/ }).click();
  await expect(node(page, 'group:0')).toHaveClass(/selected/);
});

test('a reload keeps the futures that were left, where playing stops, and the outline’s table', async ({
  page,
}) => {
  await openScene(page, BENCH, 12);
  const opened = await page.evaluate(() => location.hash);
  await run(page, 'IOAS_MAP other buf iova=0x400000 rw');
  await expect(time(page)).toHaveAttribute('aria-valuetext', 'after line 13 of 13');
  await page.getByRole('button', { name: 'Breakpoints' }).click();
  await page.getByRole('menuitemcheckbox', { name: 'Stop at every note' }).click();
  await page.keyboard.press('Escape');
  await page.getByRole('tab', { name: 'Outline' }).click();
  const asTable = page.getByRole('tabpanel', { name: 'Outline' }).getByRole('button', { name: 'Table' });
  await asTable.click();
  // The link is written a moment later; a reload finds it.
  await expect.poll(() => page.evaluate(() => location.hash)).not.toBe(opened);
  await expect(page.getByRole('button', { name: 'Breakpoints: 1' })).toBeVisible();
  await page.waitForFunction(() =>
    (sessionStorage.getItem('iommu-playground-session') ?? '').includes('note'),
  );

  await page.reload();
  await expect(time(page)).toHaveAttribute('aria-valuetext', 'after line 13 of 13');
  await expect(lines(page).last()).toContainText('IOAS_MAP other buf');
  await expect(page.getByRole('button', { name: 'Breakpoints: 1' })).toBeVisible();
  await expect(asTable).toHaveAttribute('aria-pressed', 'true');
  await page.getByRole('button', { name: /^Other futures/ }).click();
  await page.getByRole('menuitem', { name: 'Open it' }).click();
  await expect(lines(page).last()).toContainText('IOAS_MAP ioas buf');
});

test.describe('the outline', () => {
  const outline = (page: Page): Locator => page.getByRole('tabpanel', { name: 'Outline' });

  test('as a tree by keyboard: typing goes to an object, arrows close and open, Enter selects', async ({
    page,
  }) => {
    await openScene(page, ATTACHED);
    await page.getByRole('tab', { name: 'Outline' }).click();
    const tree = outline(page).getByRole('tree');
    await tree.focus();
    await page.keyboard.type('hwpt');
    await expect(tree.locator('[data-active]')).toHaveAccessibleName(/^HWPT/);
    await page.keyboard.press('ArrowLeft');
    await page.keyboard.press('ArrowLeft');
    await expect(tree.locator('[data-active]')).toHaveAttribute('aria-expanded', 'false');
    await expect(tree.getByRole('treeitem', { name: /^HWPT/ })).toHaveCount(0);
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('End');
    await page.keyboard.press('Enter');
    await expect(
      page.getByRole('tabpanel', { name: 'Object' }).getByRole('heading', { name: /^qemu/ }),
    ).toBeVisible();
  });

  test('as a table by keyboard: sorts, and selects', async ({ page }) => {
    await openScene(page, ATTACHED);
    await page.getByRole('tab', { name: 'Outline' }).click();
    await outline(page).getByRole('button', { name: 'Table', exact: true }).click();
    const heading = outline(page).getByRole('columnheader', { name: 'Named by' });
    await heading.getByRole('button').focus();
    await page.keyboard.press('Enter');
    await expect(heading).toHaveAttribute('aria-sort', 'ascending');
    await page.keyboard.press('Enter');
    await expect(heading).toHaveAttribute('aria-sort', 'descending');
    const numbers = await outline(page).locator('tbody td.num').allInnerTexts();
    expect(numbers.map(Number)).toEqual(numbers.map(Number).toSorted((a, b) => b - a));
    await page.keyboard.press('Tab');
    await page.keyboard.press('ArrowDown');
    const name = await page.evaluate(() => document.activeElement?.textContent ?? '');
    expect(name).not.toBe('');
    await page.keyboard.press('Enter');
    await expect(
      page.getByRole('tabpanel', { name: 'Object' }).getByRole('heading', { level: 2 }),
    ).toContainText(name);
  });
});

test('a term tells its document, by keyboard', async ({ page }) => {
  await openScene(page, ATTACHED);
  await node(page, NIC).click();
  await page.getByRole('button', { name: 'domain now' }).focus();
  await page.keyboard.press('Enter');
  const meaning = page.getByRole('dialog', { name: 'What it means' });
  await expect(meaning.getByRole('link')).toHaveAttribute('href', /iommu\.h$/);
  await page.keyboard.press('Escape');
  await expect(page.getByRole('button', { name: 'domain now' })).toBeFocused();
});

test('the last panel is there again after a reload', async ({ page }) => {
  await openScene(page, BENCH);
  await openEvents(page);
  await page.reload();
  await expect(page.getByRole('tab', { name: 'Events' })).toHaveAttribute('aria-selected', 'true');
});

for (const { colorScheme, expectGood } of [
  { colorScheme: 'light', expectGood: expectAccessible },
  { colorScheme: 'dark', expectGood: expectReadable },
] as const) {
  test.describe(`in ${colorScheme}, axe finds nothing wrong with`, () => {
    test.use({ colorScheme });

    test('the editor with a problem and completions', async ({ page }) => {
      await openEditor(page, ATTACHED);
      await page.keyboard.type('\nATACH x\nIOAS_');
      await expect(page.getByRole('listbox')).toBeVisible();
      await expectGood(page);
    });

    test('events of a line and of all, the outline as a tree and as a table', async ({ page }) => {
      await openScene(page, `${ATTACHED}\n${DMA}`);
      await openEvents(page);
      await expectGood(page, '#side');
      await page.getByRole('button', { name: 'All lines so far' }).click();
      await expectGood(page, '#side');
      await page.getByRole('tab', { name: 'Outline' }).click();
      await expectGood(page, '#side');
      await page.getByRole('button', { name: 'Table', exact: true }).click();
      await expectGood(page, '#side');
    });
  });
}
