import type { Locator, Page } from '@playwright/test';
import { expectAccessible, expectReadable } from './helpers/axe';
import { ATTACHED, lines, node, openScene, run } from './helpers/scene';
import { expect, reducedMotion, test } from './helpers/test';

/** Hardware from the inside: entries and registers that a person changes, caches that go stale, queues, two stages. */
test.use(reducedMotion);

const DMA = 'dma 02:00.0 write 0x212340 64';
/** Pages of 4 KiB: the last table read is of level 1, and 0x212000 and 0x213000 have neighbouring entries. */
const SMALL = ATTACHED.replace('buf = mmap qemu 2M', 'buf = mmap qemu 2M pages=4K');
const FAULTED = `${SMALL}\ndma 02:00.0 write 0xdead000 64`;

/**
 * A guest with a first-stage table of its own, under VT-d's scalable mode: four levels at guest-physical 0x100000 map
 * 0x40000000 to the guest's page 0x200000. VT-d, "First-Stage Paging Entries": bits 0 to 2 are P, R/W and U/S.
 */
const NESTED = `machine "Nested" iommu=vtd mode=scalable walk-cache=off
pci 00:02.0 root-port id=8086:a110 class=060400 bus=02-02 acs=SV+RR+CR+UF driver=pcieport "Port with ACS"
pci 02:00.0 endpoint id=8086:15f3 class=020000 pasid=10 driver=igc "Network card"
boot
driver 02:00.0 vfio-pci
ctx = open /dev/iommu
ioas = IOAS_ALLOC ctx
dev = BIND ctx 02:00.0
ram = mmap qemu 4M pages=4K
IOAS_MAP ioas ram iova=0 rw
parent = HWPT_ALLOC dev ioas nest-parent
store ram 0x100000 "0x101007"
store ram 0x101008 "0x102007"
store ram 0x102000 "0x103007"
store ram 0x103000 "0x200007"
guest = HWPT_ALLOC dev parent type=IOMMU_HWPT_DATA_VTD_S1 data="0x0 0x100000 0x30"
ATTACH dev guest
dma 02:00.0 write 0x40000040 64`;

const walk = (page: Page): Locator => page.getByRole('tabpanel', { name: 'Walk' });
const steps = (page: Page): Locator => walk(page).getByRole('list', { name: 'Steps' }).getByRole('listitem');

async function show(page: Page, panel: 'Caches' | 'Registers' | 'Queues'): Promise<Locator> {
  await page.getByRole('tab', { name: 'Hardware' }).click();
  await page.getByRole('tab', { name: panel }).click();
  return page.getByRole('tabpanel', { name: panel });
}

test.describe('an entry that a person changes', () => {
  const flipWrite = async (page: Page): Promise<void> => {
    await openScene(page, `${SMALL}\n${DMA}`);
    await walk(page).getByRole('button', { name: 'W is 1: turn it over' }).click();
    await expect(lines(page).last()).toContainText('poke 0x');
  };
  const again = (page: Page): Promise<void> =>
    walk(page).getByRole('button', { name: 'Fire it again' }).click();

  test('is a line of the script; the walk stays, and says what memory holds by now', async ({ page }) => {
    await flipWrite(page);
    await expect(walk(page).getByText(/Memory holds 0x.*1 by now/)).toBeVisible();
    await expect(walk(page).getByText('1 line has run since.')).toBeVisible();
  });

  test('makes what is cached of it stale, and the next look-up still goes by that', async ({ page }) => {
    await flipWrite(page);
    await expect(node(page, 'iommu:dmar0').getByText('1 stale')).toBeVisible();
    const caches = await show(page, 'Caches');
    await expect(caches.getByText(/1 entry is/)).toBeVisible();
    await caches.getByRole('checkbox', { name: 'stale only' }).check();
    await expect(caches.getByRole('listitem')).toHaveCount(1);
    await expect(caches.getByRole('listitem')).toContainText('0x212000');
    await page.getByRole('tab', { name: 'Walk' }).click();
    await again(page);
    await expect(steps(page).last()).toContainText('stale hit');
    const call = walk(page).getByRole('region', { name: 'Stale entry' });
    // VT-d: R alone is left of R and W.
    await expect(call.getByText(/^PA 0x.*, 4 KiB, read and write$/)).toBeVisible();
    await expect(call.getByText(/^PA 0x.*, 4 KiB, read$/)).toBeVisible();
    await expect(walk(page).getByRole('button', { name: /^PA 0x/ })).toBeVisible();
  });

  test('once its cached translation is invalidated, blocks the DMA; undo takes everything back', async ({
    page,
  }) => {
    const manual = SMALL.replace('hwpt = ATTACH dev ioas', 'hwpt = HWPT_ALLOC dev ioas\nATTACH dev hwpt');
    await openScene(page, `${manual}\n${DMA}`);
    await walk(page).getByRole('button', { name: 'W is 1: turn it over' }).click();
    await expect(node(page, 'iommu:dmar0').getByText('1 stale')).toBeVisible();
    // A device that goes takes the translations of its domain out of the IOTLB; the table stays as it is.
    await run(page, 'DETACH dev');
    await expect(node(page, 'iommu:dmar0').getByText('stale')).toBeHidden();
    await run(page, 'ATTACH dev hwpt');
    await run(page, DMA);
    await expect(walk(page).getByRole('region', { name: 'Fault' })).toBeVisible();
    await page.getByRole('application', { name: 'Canvas' }).focus();
    for (let line = 0; line < 4; line++) await page.keyboard.press('Control+z');
    await expect(lines(page)).toHaveCount(`${manual}\n${DMA}`.split('\n').length);
    await expect(node(page, 'iommu:dmar0').getByText('stale')).toBeHidden();
    await expect(walk(page).getByRole('button', { name: /^PA 0x/ })).toBeVisible();
  });

  test('that no cache holds has its effect at once', async ({ page }) => {
    await openScene(page, `${SMALL.replace('iommu=vtd', 'iommu=vtd iotlb=off walk-cache=off')}\n${DMA}`);
    await walk(page).getByRole('button', { name: 'W is 1: turn it over' }).click();
    await again(page);
    const fault = walk(page).getByRole('region', { name: 'Fault' });
    await expect(fault.getByText('fault 0x05')).toBeVisible();
    // And the chain of permissions shows who took the W away.
    await expect(steps(page).last().locator('[data-cleared=true]')).toHaveText('W');
    await walk(page).getByRole('button', { name: 'W is 0: turn it over' }).click();
    await again(page);
    await expect(walk(page).getByRole('button', { name: /^PA 0x/ })).toBeVisible();
  });

  test('can be typed as a word; what is no number cannot be written, Escape leaves it', async ({ page }) => {
    await openScene(page, `${SMALL}\n${DMA}`);
    const edit = walk(page).getByRole('button', { name: /^Edit Level 1 entry/ });
    await edit.click();
    const field = walk(page).getByRole('textbox', { name: /^New value of Level 1 entry/ });
    await field.fill('0xcafe_');
    await field.fill('xyz');
    await expect(walk(page).getByRole('button', { name: 'Write', exact: true })).toBeDisabled();
    await field.press('Escape');
    await expect(field).toBeHidden();
    await edit.click();
    await field.fill('0x0');
    await field.press('Enter');
    await expect(lines(page).last()).toContainText(/poke 0x[0-9a-f]+ "0x0"/);
  });
});

test.describe('the registers', () => {
  test('are found by a field’s name, opened and written by keyboard; the machine shows the consequence', async ({
    page,
  }) => {
    await openScene(page, `${SMALL}\n${DMA}`);
    const panel = await show(page, 'Registers');
    await panel.getByRole('searchbox').fill('gcmd');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await expect(panel.getByRole('cell', { name: 'TE', exact: true })).toBeVisible();
    await panel.getByRole('button', { name: 'Edit GCMD' }).press('Enter');
    // VT-d, "Global Command Register": without bit 31 (TE) translation ends; QIE stays.
    await panel.getByRole('textbox', { name: /GCMD/ }).fill('0x0400_0000');
    await page.keyboard.press('Enter');
    await expect(lines(page).last()).toContainText('write_register dmar0 GCMD 0x4000000');
    await expect(node(page, 'iommu:dmar0').getByText('translation off')).toBeVisible();
    await run(page, DMA);
    await expect(walk(page).getByText('not translated')).toBeVisible();
  });

  test('are one tab stop: arrows go from one to another, End to the last', async ({ page }) => {
    await openScene(page, `${SMALL}\n${DMA}`);
    const panel = await show(page, 'Registers');
    const rows = panel.getByRole('list', { name: 'Registers' }).locator('.register');
    await rows.first().focus();
    await page.keyboard.press('ArrowDown');
    await expect(rows.nth(1)).toBeFocused();
    await page.keyboard.press('End');
    await expect(rows.last()).toBeFocused();
    await expect(panel.locator('.register[tabindex="0"]')).toHaveCount(1);
  });
});

test.describe('the queues', () => {
  test('show what the driver asked for, decoded on request, by keyboard', async ({ page }) => {
    await openScene(page, SMALL);
    const panel = await show(page, 'Queues');
    await expect(
      panel.getByRole('img', { name: /^Invalidation queue: 0 of 256 entries wait$/ }),
    ).toBeVisible();
    const entries = panel
      .getByRole('list', { name: 'Entries of the Invalidation queue' })
      .locator('.queue-entry');
    const before = await entries.count();
    await run(page, 'IOAS_UNMAP ioas iova=0x200000 len=0x200000');
    await expect(entries).toHaveCount(before + 2);
    await entries.last().focus();
    await page.keyboard.press('ArrowUp');
    await expect(entries.nth(before)).toBeFocused();
    await page.keyboard.press('Enter');
    // VT-d, "IOTLB Invalidate": type 2.
    await expect(entries.nth(before)).toContainText('IOTLB Invalidation');
    await expect(panel.getByRole('row').filter({ hasText: 'TYPE' }).getByRole('cell').nth(2)).toHaveText('2');
  });

  test('of an earlier line are those of that moment', async ({ page }) => {
    await openScene(page, `${SMALL}\nIOAS_UNMAP ioas iova=0x200000 len=0x200000`);
    const panel = await show(page, 'Queues');
    const entries = panel
      .getByRole('list', { name: 'Entries of the Invalidation queue' })
      .locator('.queue-entry');
    const after = await entries.count();
    await page.getByRole('slider', { name: 'Line of the script' }).press('ArrowLeft');
    await expect(entries).toHaveCount(after - 2);
  });
});

test('a fault has its record, decoded, and the kernel’s line; both are in the fault log too', async ({
  page,
  context,
}) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await openScene(page, FAULTED);
  const fault = walk(page).getByRole('region', { name: 'Fault' });
  await fault.getByRole('button', { name: /^record 0/ }).click();
  // VT-d, "Fault Recording Registers": FR is in bits 103:96, SID in 79:64. 02:00.0 is 0x200.
  const field = (name: string): Locator =>
    fault
      .getByRole('row')
      .filter({ has: page.getByRole('cell', { name, exact: true }) })
      .getByRole('cell')
      .nth(2);
  await expect(field('FR')).toHaveText('5');
  await expect(field('SID')).toHaveText('0x200');
  await fault.getByRole('button', { name: 'Copy the kernel’s line' }).click();
  const line =
    'DMAR: [DMA Write NO_PASID] Request device [02:00.0] fault addr 0xdead000 [fault reason 0x05] PTE Write access is not set';
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(line);
  await fault.getByRole('button', { name: /^In the fault log/ }).click();
  await expect(page.getByRole('tabpanel', { name: 'Queues' }).getByText(line)).toBeVisible();
});

test.describe('two stages', () => {
  const matrix = (page: Page): Locator => page.getByRole('table', { name: 'Reads of both stages' });

  test('are a matrix: without caches 4 reads for each of 5 addresses, and 4 of the guest’s', async ({
    page,
  }) => {
    await openScene(page, NESTED);
    await expect(matrix(page).getByRole('rowheader')).toHaveText([
      'L4 table',
      'L3 table',
      'L2 table',
      'L1 table',
      'the page',
    ]);
    await expect(matrix(page).getByRole('button')).toHaveCount(24);
    await expect(walk(page).getByText('24 table reads')).toBeVisible();
  });

  test('are stepped through in it, by mouse and by arrows', async ({ page }) => {
    await openScene(page, NESTED);
    const overlay = page.getByTestId('lookup-overlay');
    const cells = matrix(page).getByRole('button');
    await cells.first().click();
    const first = Number(await overlay.getAttribute('data-step'));
    await page.keyboard.press('ArrowRight');
    await expect(overlay).toHaveAttribute('data-step', `${first + 1}`);
    await expect(matrix(page).locator('[data-now=true]')).toHaveAccessibleName(/stage 2, level 3/);
    await page.keyboard.press('ArrowLeft');
    await expect(overlay).toHaveAttribute('data-step', `${first}`);
    await expect(matrix(page).locator('.nested-cell[tabindex="0"]')).toHaveCount(1);
  });

  test('a walk cache stands for the reads that it spared', async ({ page }) => {
    await openScene(page, NESTED.replace(' walk-cache=off', ''));
    await expect(matrix(page).getByRole('button', { name: /paging-structure cache hit/ })).toHaveCount(4);
  });
});

test('a DMA with a PASID says so, and shows the way through the PASID table', async ({ page }) => {
  await openScene(
    page,
    NESTED.replace(
      /parent = [^]*$/,
      'h = HWPT_ALLOC dev ioas pasid\nATTACH dev h pasid=9\ndma 02:00.0 write 0x3040 64 pasid=9',
    ),
  );
  await expect(walk(page).getByRole('heading', { name: /PASID 9$/ })).toBeVisible();
  await expect(walk(page).locator('.step-mark').nth(4)).toHaveText('PD');
  await steps(page)
    .getByRole('button', { name: /^PASID entry/ })
    .click();
  // VT-d, "Scalable-Mode PASID Table Entry": 512 bits, PGTT in bits 8:6.
  await expect(walk(page).getByRole('button', { name: /^Edit PASID entry.*word/ })).toHaveCount(8);
  await expect(walk(page).getByRole('cell', { name: 'PGTT', exact: true })).toBeVisible();
});

for (const { colorScheme, expectGood } of [
  { colorScheme: 'light', expectGood: expectAccessible },
  { colorScheme: 'dark', expectGood: expectReadable },
] as const) {
  test.describe(`in ${colorScheme}, axe finds nothing wrong with`, () => {
    test.use({ colorScheme });

    test('caches with a stale entry, registers and queues', async ({ page }) => {
      await openScene(page, `${FAULTED}\n${DMA}`);
      await walk(page).getByRole('button', { name: 'W is 1: turn it over' }).click();
      for (const name of ['Caches', 'Registers', 'Queues'] as const) {
        const panel = await show(page, name);
        await expect(panel).toBeVisible();
        if (name === 'Registers') await panel.locator('.register').first().click();
        if (name === 'Queues') await panel.locator('.queue-entry').first().click();
        await expectGood(page, '#side');
      }
    });

    test('the matrix of two stages, and a stale hit', async ({ page }) => {
      await openScene(page, NESTED);
      await expectGood(page, '#side');
      await openScene(page, `${SMALL}\n${DMA}`);
      await walk(page).getByRole('button', { name: 'W is 1: turn it over' }).click();
      await walk(page).getByRole('button', { name: 'Fire it again' }).click();
      await expect(walk(page).getByRole('region', { name: 'Stale entry' })).toBeVisible();
      await expectGood(page, '#side');
    });
  });
}
