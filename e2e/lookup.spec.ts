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
    await speed(page).selectOption('2');
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
    await speed(page).selectOption('1');
    await run(page, DMA);
    await page.getByRole('application', { name: 'Canvas' }).focus();
    await expect(overlay(page)).toHaveAttribute('data-step', /^[1-5]$/); // on its way, on a slow machine too
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
    await events.getByRole('group', { name: 'Kinds' }).getByRole('button', { name: /^lock/ }).click();
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
    await lines(page)
      .filter({ hasText: 'ctx = open' })
      .getByRole('button', { name: /ctx = open/ })
      .click();
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

/** A NIC that reads and writes all the time, on an IOMMU whose driver blocks it for a moment when it is replaced. */
const TRAFFIC = `machine "Traffic" iommu=vtd
pci 00:02.0 rciep id=8086:15f3 class=020000 driver=vfio-pci "Network"
boot
ctx = open /dev/iommu
old = IOAS_ALLOC ctx
new = IOAS_ALLOC ctx
dev = BIND ctx 00:02.0
buf = mmap qemu 64K
IOAS_MAP old buf iova=0x100000 rw
IOAS_MAP new buf iova=0x100000 rw
ATTACH dev old
net = traffic 00:02.0 read 0x100000-0x10ffff 64`;
/** The same on one that moves a device in one step. */
const IDEAL = TRAFFIC.replace('iommu=vtd\n', 'iommu=none\niommu ideal generic\n').replace(
  'driver=vfio-pci',
  'driver=vfio-pci iommu=ideal',
);
const traffic = (page: Page) => page.getByRole('region', { name: 'Traffic' });
const spans = (page: Page) => traffic(page).getByRole('toolbar').getByRole('button');

test.describe('tempos', () => {
  test('instant: the result is there at once, and the choice is remembered', async ({ page }) => {
    await openScene(page, ATTACHED);
    const steps = await recordSteps(page);
    await page.getByRole('button', { name: /^Instant/ }).click();
    await run(page, DMA);
    await expect(pill(page)).toBeVisible();
    expect(await steps()).toEqual([`${STEPS}`]);
    await page.reload();
    await expect(page.getByRole('button', { name: /^Instant/ })).toHaveAttribute('aria-pressed', 'true');
  });

  test('by hand: each access waits for its key, and says which it was', async ({ page }) => {
    await openScene(page, ATTACHED);
    await page.getByRole('button', { name: /^By hand/ }).click();
    await run(page, DMA);
    const note = page.getByRole('status').filter({ hasText: /Press \. for the next/ });
    await expect(note).toContainText('5 accesses to memory to come');
    await page.getByRole('application', { name: 'Canvas' }).focus();
    for (let step = 1; step <= 5; step++) await page.keyboard.press('.');
    await expect(note).toContainText('Access 3 of 5: level 4 entry at 0x');
    await expect(overlay(page)).toHaveAttribute('data-step', '5');
    await page.getByRole('button', { name: 'Next', exact: true }).click();
    await page.getByRole('button', { name: 'Next', exact: true }).click();
    await expect(pill(page)).toBeVisible();
    await expect(note).toBeHidden();
  });

  test('T goes from tempo to tempo', async ({ page }) => {
    await openScene(page, ATTACHED);
    await page.getByRole('application', { name: 'Canvas' }).focus();
    await page.keyboard.press('t');
    await expect(page.getByRole('button', { name: /^By hand/ })).toHaveAttribute('aria-pressed', 'true');
  });
});

test.describe('traffic', () => {
  test.use(reducedMotion);

  test('replace on an IOMMU that moves a device in one step: no access saw a gap', async ({ page }) => {
    await openScene(page, `${IDEAL}\nREPLACE dev new`);
    await expect(traffic(page)).toContainText('No access saw a gap');
    await expect(traffic(page)).toContainText('REPLACE dev new');
    await expect(spans(page).filter({ hasText: '✕' })).toHaveCount(0);
  });

  test('replace on VT-d shows the gap that its driver makes', async ({ page }) => {
    await openScene(page, `${TRAFFIC}\nREPLACE dev new`);
    // Linux: intel/iommu.c, intel_iommu_attach_device() begins with device_block_translation().
    await expect(traffic(page)).toContainText(/A gap: \d+ blocked after Context-cache Invalidation done/);
    await expect(spans(page).filter({ hasText: '✕' })).toHaveCount(1);
    await expect(spans(page).last()).toContainText('✓');
  });

  test('detach shows the gap open to the end of the line, attach closes it', async ({ page }) => {
    await openScene(page, `${TRAFFIC}\nDETACH dev`);
    await expect(spans(page).last()).toContainText('✕');
    await run(page, 'ATTACH dev new');
    await expect(traffic(page)).toContainText('ATTACH dev new');
    await expect(spans(page).first()).toContainText('✕');
    await expect(spans(page).last()).not.toContainText('✕');
  });

  test('a span of the gap leads to the walk of one of its accesses, and back', async ({ page }) => {
    await openScene(page, `${TRAFFIC}\nREPLACE dev new`);
    const gap = spans(page).filter({ hasText: '✕' });
    await gap.click();
    await expect(page.getByRole('region', { name: 'Fault' })).toContainText(
      'Present bit in context entry is clear',
    );
    await expect(gap).toHaveAttribute('aria-pressed', 'true');
    await gap.click();
    await expect(gap).toHaveAttribute('aria-pressed', 'false');
  });

  test('the spans are one tab stop; arrows go along', async ({ page }) => {
    await openScene(page, `${TRAFFIC}\nREPLACE dev new`);
    await spans(page).first().focus();
    await page.keyboard.press('ArrowRight');
    await expect(spans(page).nth(1)).toBeFocused();
    await expect(traffic(page).locator('[tabindex="0"]')).toHaveCount(1);
  });

  test('a burst of thousands plays as heat: some sixty beats, whatever the count', async ({ page }) => {
    await openScene(page, TRAFFIC);
    await speed(page).selectOption('8');
    await run(page, 'burst 00:02.0 read 0x100000-0x10ffff 64 count=5000');
    await expect(overlay(page)).toHaveAttribute('data-step', '60', { timeout: 20_000 });
    await expect(traffic(page)).toContainText('All 5,000 accesses got through.');
  });

  test('a card with traffic shows how much, and stands still', async ({ page }) => {
    await watchActivity(page);
    await openScene(page, `${TRAFFIC}\nREPLACE dev new`);
    await expect(
      page.locator('[data-id="dev:0000:00:02.0"]').getByTitle(/^background traffic/),
    ).toContainText('⇄');
    await page.mouse.move(640, 300);
    await expect
      .poll(() => activityDuring(page, 2000), { timeout: 15_000 })
      .toEqual({ frames: 0, timers: 0, intervals: 0 });
  });
});
