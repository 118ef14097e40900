import type { Page } from '@playwright/test';
import { ATTACHED, lines, openScene, openStart, run, stateOf, time } from './helpers/scene';
import { expect, reducedMotion, test } from './helpers/test';
import { activityDuring, activityOf, recordSteps, watchActivity } from './helpers/watch';

/**
 * A DMA on the stage. The buffer is one page of 2 MiB, so the first look-up has seven steps: context cache, root entry,
 * context entry, IOTLB, and the entries of levels 4, 3 and 2, where the leaf is (VT-d, "Second-Stage Translation").
 */
const DMA = 'dma 02:00.0 write 0x212340 64';
const STEPS = 7;

const overlay = (page: Page) => page.getByTestId('lookup-overlay');
const walk = (page: Page) => page.getByRole('tabpanel', { name: 'Walk' });
const pill = (page: Page) => walk(page).getByRole('button', { name: /^PA 0x/ });
const speed = (page: Page) => page.getByRole('combobox', { name: 'Speed' });

test.describe('in motion', () => {
  test('a DMA goes step by step, each once, and ends', async ({ page }) => {
    await openScene(page, ATTACHED);
    const steps = await recordSteps(page);
    await speed(page).selectOption('8');
    await run(page, DMA);
    await expect(pill(page)).toBeVisible();
    expect(await steps()).toEqual(['0', '1', '2', '3', '4', '5', '6', '7']);
  });

  test('the token travels between steps', async ({ page }) => {
    await watchActivity(page);
    await openScene(page, ATTACHED);
    await speed(page).selectOption('8');
    const { frames } = await activityOf(page);
    await run(page, DMA);
    await expect(pill(page)).toBeVisible();
    expect((await activityOf(page)).frames - frames).toBeGreaterThan(4 * STEPS);
  });

  test('the speed is steps a second', async ({ page }) => {
    await page.clock.install();
    await openScene(page, ATTACHED);
    await page.clock.pauseAt(Date.now() + 60_000);
    await speed(page).selectOption('1');
    await run(page, DMA);
    await expect(overlay(page)).toHaveAttribute('data-step', '0');
    await page.clock.runFor(1000);
    await expect(overlay(page)).toHaveAttribute('data-step', '1');
    await speed(page).selectOption('4');
    await page.clock.runFor(1000); // the step under way still takes the time that it began with
    await expect(overlay(page)).toHaveAttribute('data-step', '2');
    await page.clock.runFor(1000);
    await expect(overlay(page)).toHaveAttribute('data-step', '6');
  });

  test('when all is over, nothing moves and no timer runs', async ({ page }) => {
    await watchActivity(page);
    await openScene(page, ATTACHED);
    await speed(page).selectOption('8');
    await run(page, DMA);
    await expect(pill(page)).toBeVisible();
    await page.mouse.move(640, 300);
    // The last frame, the link in the address bar and the tooltip come a little later; then it has to be still.
    await expect
      .poll(() => activityDuring(page, 2000), { timeout: 15_000 })
      .toEqual({ frames: 0, timers: 0, intervals: 0 });
    expect(await page.evaluate(() => document.getAnimations().length)).toBe(0);
  });

  test('an open page that nobody has touched is still', async ({ page }) => {
    await watchActivity(page);
    await openStart(page);
    await expect
      .poll(() => activityDuring(page, 2000), { timeout: 15_000 })
      .toEqual({ frames: 0, timers: 0, intervals: 0 });
  });
});

test.describe('with reduced motion', () => {
  test.use(reducedMotion);

  test('places where the hardware looked are numbered, and nothing travels', async ({ page }) => {
    await watchActivity(page);
    await openScene(page, ATTACHED);
    await speed(page).selectOption('4');
    const { frames } = await activityOf(page);
    await run(page, DMA);
    await expect(pill(page)).toBeVisible();
    await expect.poll(async () => (await activityOf(page)).painted).toContain('7');
    const activity = await activityOf(page);
    expect(activity.painted.filter((text) => /^\d$/.test(text))).toEqual(
      // Step n shows the numbers 1 to n.
      Array.from({ length: STEPS }, (_, last) =>
        Array.from({ length: last + 1 }, (__, n) => `${n + 1}`),
      ).flat(),
    );
    expect(activity.frames - frames).toBeLessThan(3 * STEPS);
  });

  test('the keys step back and forward', async ({ page }) => {
    await openScene(page, `${ATTACHED}\n${DMA}`);
    await page.getByRole('application', { name: 'Canvas' }).focus();
    await expect(overlay(page)).toHaveAttribute('data-step', `${STEPS}`);
    await page.keyboard.press(',');
    await page.keyboard.press(',');
    await expect(overlay(page)).toHaveAttribute('data-step', `${STEPS - 2}`);
    await expect(pill(page)).toBeHidden();
    await page.keyboard.press('.');
    await page.keyboard.press('.');
    await expect(overlay(page)).toHaveAttribute('data-step', `${STEPS}`);
    await expect(pill(page)).toBeVisible();
  });

  test('Space pauses a look-up and goes on with it', async ({ page }) => {
    await openScene(page, ATTACHED);
    await speed(page).selectOption('4');
    await run(page, DMA);
    await page.getByRole('application', { name: 'Canvas' }).focus();
    await expect(overlay(page)).toHaveAttribute('data-step', '1');
    await page.keyboard.press('Space');
    await expect(page.getByRole('button', { name: 'Play' })).toBeVisible();
    await expect(pill(page)).toBeHidden();
    await page.keyboard.press('Space');
    await expect(pill(page)).toBeVisible();
  });

  test('the walk cuts the IOVA where the table does', async ({ page }) => {
    await openScene(page, `${ATTACHED}\n${DMA}`);
    // 0x212340 of a 48-bit table that ends at level 2: bits 47:39, 38:30, 29:21, and 21 bits of offset.
    await expect(
      page.getByRole('list', { name: 'The IOVA in index fields' }).getByRole('listitem'),
    ).toHaveText(['000level 4', '000level 3', '001level 2', '012340offset']);
  });

  test('the walk shows every entry that was read, with its fields', async ({ page }) => {
    await openScene(page, `${ATTACHED}\n${DMA}`);
    await expect(walk(page).locator('.step-mark')).toHaveText(['CC', 'RT', 'CT', 'TLB', 'L4', 'L3', 'L2']);
    await expect(walk(page).locator('.step-outcome')).toHaveText([
      'miss',
      'table',
      'table',
      'miss',
      'table',
      'table',
      'leaf',
    ]);
    // The last entry is open. VT-d, "Second-Stage Paging Entries": bit 7 of a level 2 entry says that it maps 2 MiB.
    const field = (name: string) =>
      walk(page)
        .getByRole('row')
        .filter({ has: page.getByRole('cell', { name, exact: true }) });
    await expect(field('PS').getByRole('cell')).toHaveText(['7', 'PS', '1', /.+/]);
    await expect(field('R').getByRole('cell')).toHaveText(['0', 'R', '1', /.+/]);
    await expect(field('W').getByRole('cell')).toHaveText(['1', 'W', '1', /.+/]);
  });

  test('the result keeps the offset in the page, and leads to the bytes', async ({ page }) => {
    await openScene(page, `${ATTACHED}\n${DMA}`);
    const pa = Number((await pill(page).innerText()).replace(/^PA |_/g, ''));
    expect(pa % 0x20_0000).toBe(0x1_2340);
    await pill(page).click();
    await expect(page.getByRole('tabpanel', { name: 'Memory' }).getByRole('row')).toHaveCount(16);
  });

  test('the second DMA to a page finds it in the IOTLB', async ({ page }) => {
    await openScene(page, `${ATTACHED}\n${DMA}\n${DMA}`);
    await expect(walk(page).locator('.step-mark')).toHaveText(['CC', 'TLB']);
    await expect(walk(page).getByText('from the IOTLB, without a walk')).toBeVisible();
  });

  test('a blocked DMA shows the fault and the line that the kernel prints', async ({ page }) => {
    await openScene(page, ATTACHED);
    await speed(page).selectOption('8');
    await run(page, 'dma 02:00.0 write 0xdead000 64');
    const fault = page.getByRole('region', { name: 'Fault' });
    // Linux: drivers/iommu/intel/dmar.c dmar_fault_do_one()
    await expect(fault).toContainText(
      'DMAR: [DMA Write NO_PASID] Request device [02:00.0] fault addr 0xdead000 [fault reason 0x05] PTE Write access is not set',
    );
    await expect(lines(page).last()).toContainText('dma 02:00.0 write 0xdead000 64 ! FAULT');
  });

  test('the events of a line are listed in their order, locks on request', async ({ page }) => {
    await openScene(page, ATTACHED);
    await run(page, 'IOAS_UNMAP ioas all');
    await page.getByRole('tab', { name: 'Trace' }).click();
    await page.getByRole('tab', { name: 'Events' }).click();
    const events = page.getByRole('tabpanel', { name: 'Events' });
    // Linux: intel/cache.c, qi_flush_iotlb(): the unmap is followed by an invalidation, and by a wait for it.
    await expect(events.getByRole('listitem')).toContainText([
      /^unmap/,
      /IOTLB Invalidation/,
      /Invalidation Wait/,
      /^ioctl/,
    ]);
    await expect(events.getByText('iopt->domains_rwsem')).toHaveCount(0);
    await events.getByRole('checkbox').check();
    await expect(events.getByText('takes iopt->domains_rwsem')).toBeVisible();
  });

  test('going back in time keeps the later lines', async ({ page }) => {
    const script = `${ATTACHED}\n${DMA}`;
    await openScene(page, script);
    const end = await stateOf(page);
    await time(page).press('Home');
    await expect(page.locator('.react-flow__node')).toHaveCount(0);
    await expect(lines(page)).toHaveCount(script.split('\n').length);
    await time(page).press('End');
    await expect.poll(() => stateOf(page)).toEqual(end);
  });

  test('a line of the script is a place to go to', async ({ page }) => {
    await openScene(page, ATTACHED);
    await lines(page).filter({ hasText: 'ctx = open' }).getByRole('button').click();
    await expect(page.locator('.react-flow__node[data-id^="ioas:"]')).toHaveCount(0);
    await expect(page.locator('.react-flow__node[data-id^="dev:"]')).toHaveCount(5);
    await expect(lines(page)).toHaveCount(ATTACHED.split('\n').length);
  });

  test('playing runs the script to its end', async ({ page }) => {
    await openScene(page, `${ATTACHED}\n${DMA}`, 0);
    await speed(page).selectOption('8');
    await page.getByRole('button', { name: 'Play' }).click();
    await expect(pill(page)).toBeVisible({ timeout: 20_000 });
    await expect(page.getByRole('button', { name: 'Play' })).toBeVisible();
  });
});
