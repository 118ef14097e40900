import type { Page } from '@playwright/test';
import { carry, centerOf, drag, edgeEnd, fingerOn, gripOf, wireOf } from './helpers/gestures';
import {
  ATTACHED,
  BENCH,
  card,
  edges,
  GPU,
  IOAS,
  lines,
  NIC,
  node,
  openScene,
  OTHER,
  run,
  stateOf,
} from './helpers/scene';
import { expect, reducedMotion, test } from './helpers/test';

/** What a hand can do on the canvas: with the mouse, the keyboard, a finger. Every gesture is a line of the script. */
test.use(reducedMotion);

const canvas = 'Canvas';
const before = BENCH.split('\n').length;
const attached = ATTACHED.split('\n').length;

/** The network card is bound to the first context. A bound device cannot be opened again: vfio_df_open() says EINVAL. */
const TWO_CONTEXTS = `${BENCH}
dev = BIND ctx 02:00.0
ctx2 = open /dev/iommu
far = IOAS_ALLOC ctx2`;
const FAR = 'ioas:2.1';

test('the grip of a device, dropped on an IOAS, attaches the device', async ({ page }) => {
  await openScene(page, BENCH);
  await drag(page, await gripOf(page, NIC), await centerOf(node(page, IOAS)));
  await expect(lines(page).last()).toContainText('ATTACH dev ioas');
  await expect(lines(page).nth(before)).toContainText('dev = BIND ctx 02:00.0');
  await expect(edges(page, `attach:${NIC}`)).toHaveCount(1);
});

test('the body of a device, dropped on an IOAS, attaches it and everything stands where it stood', async ({
  page,
}) => {
  await openScene(page, BENCH);
  const stood = await node(page, NIC).boundingBox();
  await drag(page, await centerOf(node(page, NIC)), await centerOf(node(page, IOAS)));
  await expect(lines(page).last()).toContainText('ATTACH dev ioas');
  await expect(lines(page)).toHaveCount(before + 2);
  await expect.poll(() => node(page, NIC).boundingBox()).toEqual(stood);
});

test('while a wire is in the hand, places that take it are told from those that refuse', async ({ page }) => {
  await openScene(page, TWO_CONTEXTS);
  await carry(page, await gripOf(page, NIC), await centerOf(node(page, IOAS)));
  await expect(card(page, IOAS)).toHaveAttribute('data-connect', 'legal');
  await expect(card(page, OTHER)).toHaveAttribute('data-connect', 'legal');
  await expect(card(page, FAR)).toHaveAttribute('data-connect', 'illegal');
  await expect(page.getByText('2 of 3 allowed')).toBeVisible();
});

test('over a place that refuses, errno, reason and culprit are said before the drop', async ({ page }) => {
  await openScene(page, BENCH);
  await carry(page, await gripOf(page, GPU), await centerOf(node(page, IOAS)));
  // Linux: iommu_device_claim_dma_owner(), owner_cnt is not 0 and the owner is the kernel's: -EPERM.
  const verdict = page.locator('.verdict');
  await expect(verdict).toContainText('EPERM');
  await expect(verdict).toContainText('0000:01:00.1 of the same group is driven by snd_hda_intel');
  await expect(verdict).toContainText('in the way: Audio 01:00.1');
  await expect(lines(page)).toHaveCount(before);
});

test('a wire let go over nothing changes nothing', async ({ page }) => {
  await openScene(page, BENCH);
  const grip = await gripOf(page, NIC);
  await carry(page, grip, { x: grip.x + 120, y: grip.y + 60 });
  await expect(page.getByText('2 of 2 allowed')).toBeVisible();
  await page.mouse.up();
  await expect(page.getByText('allowed')).toBeHidden();
  await expect(lines(page)).toHaveCount(before);
});

test('a refused drop shows errno, rule and culprit, and the script keeps the line', async ({ page }) => {
  await openScene(page, BENCH);
  await drag(page, await gripOf(page, GPU), await centerOf(node(page, IOAS)));
  const refusal = page.getByRole('region', { name: 'Refused' });
  await expect(refusal).toContainText('EPERM');
  await expect(refusal).toContainText('iommu_device_claim_dma_owner');
  await expect(refusal.getByRole('button', { name: '01:00.1 Audio' })).toBeVisible();
  await expect(lines(page).last()).toContainText('dev = BIND ctx 01:00.0 ! EPERM');
});

test('the culprit of a refusal is a way to the object', async ({ page }) => {
  await openScene(page, BENCH);
  await drag(page, await gripOf(page, GPU), await centerOf(node(page, IOAS)));
  await page.getByRole('region', { name: 'Refused' }).getByRole('button', { name: '01:00.1 Audio' }).click();
  await expect(page.getByRole('tabpanel').getByRole('heading', { name: '01:00.1' })).toBeVisible();
});

test('the end of an edge, moved to another IOAS, replaces', async ({ page }) => {
  await openScene(page, ATTACHED);
  await drag(page, await edgeEnd(page), await centerOf(node(page, OTHER)));
  await expect(lines(page).last()).toContainText('REPLACE dev other');
  // The automatic page table of the first IOAS goes when its last device leaves: one table remains.
  await expect(edges(page, 'attach')).toHaveCount(1);
  await expect(edges(page, 'ioas')).toHaveAttribute('data-id', new RegExp(`:${OTHER}$`));
});

test('the end of an edge, let go over nothing, detaches', async ({ page }) => {
  await openScene(page, ATTACHED);
  const end = await edgeEnd(page);
  await drag(page, end, { x: end.x - 20, y: end.y + 160 });
  await expect(lines(page).last()).toContainText('DETACH dev');
  await expect(edges(page, 'attach')).toHaveCount(0);
});

test('a picked edge goes with the Delete key', async ({ page }) => {
  await openScene(page, ATTACHED);
  const { x, y } = await wireOf(page);
  await page.mouse.click(x, y);
  await expect(page.getByRole('button', { name: 'Detach', exact: true })).toBeVisible();
  await page.keyboard.press('Delete');
  await expect(lines(page).last()).toContainText('DETACH dev');
  await expect(edges(page, 'attach')).toHaveCount(0);
});

test('a group that is moved writes a place line, and undo takes it back', async ({ page }) => {
  await openScene(page, BENCH);
  const group = node(page, 'group:0');
  const stood = await centerOf(group);
  const label = await centerOf(group.locator('.frame-label'));
  await drag(page, label, { x: label.x + 60, y: label.y + 180 });
  await expect(lines(page).last()).toContainText(/place group:0 -?\d+ -?\d+/);
  const moved = async (): Promise<number> => (await centerOf(group)).y - stood.y;
  await expect.poll(moved).toBeCloseTo(180, -1); // places are whole pixels of the canvas, which is zoomed
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect(lines(page)).toHaveCount(before);
  await expect.poll(moved).toBeCloseTo(0);
});

/** Ten key presses in one turn of the page, before anything can be answered. */
const tenTimes = (page: Page, keys: { key: string; shiftKey: boolean }): Promise<void> =>
  page.evaluate((init) => {
    for (let n = 0; n < 10; n++) {
      const press = new KeyboardEvent('keydown', { ...init, ctrlKey: true, bubbles: true, cancelable: true });
      document.activeElement?.dispatchEvent(press);
    }
  }, keys);

test('ten undos and ten redos, faster than the engine answers, end where they began', async ({ page }) => {
  await openScene(page, BENCH);
  for (let turn = 1; turn <= 10; turn++) {
    await run(page, `a${turn} = IOAS_ALLOC ctx`);
    await expect(lines(page)).toHaveCount(before + turn);
  }
  const end = await stateOf(page);
  await page.getByRole('application', { name: canvas }).focus();
  await tenTimes(page, { key: 'z', shiftKey: false });
  await expect(lines(page)).toHaveCount(before);
  await expect(page.getByRole('button', { name: 'Undo' })).toBeDisabled();
  await tenTimes(page, { key: 'Z', shiftKey: true });
  await expect.poll(() => stateOf(page)).toEqual(end);
});

test.describe('with the keyboard alone', () => {
  test('the canvas is one tab stop', async ({ page }) => {
    await openScene(page, BENCH);
    const whole = page.getByRole('application', { name: canvas });
    await whole.focus();
    await page.keyboard.press('Tab');
    await expect(page.locator('.canvas :focus')).toHaveCount(0);
    await expect(whole).not.toBeFocused();
    await page.keyboard.press('Shift+Tab');
    await expect(whole).toBeFocused();
  });

  test('arrows go from object to object, and each says what it is', async ({ page }) => {
    await openScene(page, BENCH);
    const whole = page.getByRole('application', { name: canvas });
    await whole.focus();
    await page.keyboard.press('Home');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowDown');
    await expect(whole).toHaveAttribute('aria-activedescendant', 'canvas-dev_0000_01_00_0');
    await expect(whole.getByRole('status')).toHaveText(
      'Device 0000:01:00.0 Graphics, in group 0, driver nouveau',
    );
    await page.keyboard.press('Enter');
    await expect(page.getByRole('tabpanel').getByRole('heading', { name: '01:00.0' })).toBeVisible();
  });

  test('right follows the edges of a device through the machine', async ({ page }) => {
    await openScene(page, ATTACHED);
    const whole = page.getByRole('application', { name: canvas });
    await node(page, NIC).click();
    await whole.focus();
    for (const id of ['iommu_dmar0', 'hwpt_1_4', 'ioas_1_1', 'mm_qemu']) {
      await page.keyboard.press('ArrowRight');
      await expect(whole).toHaveAttribute('aria-activedescendant', `canvas-${id}`);
    }
  });

  test('C connects, arrows choose, Enter attaches, Delete detaches', async ({ page }) => {
    await openScene(page, BENCH);
    const whole = page.getByRole('application', { name: canvas });
    await whole.focus();
    await page.keyboard.press('Home');
    for (let down = 0; down < 7; down++) await page.keyboard.press('ArrowDown');
    await expect(whole.getByRole('status')).toContainText('Device 0000:02:00.0 Network card');
    await page.keyboard.press('c');
    await expect(whole.getByRole('status')).toContainText('2 targets, 2 allowed');
    await page.keyboard.press('ArrowDown');
    await expect(whole.getByRole('status')).toContainText('IOAS 1: attach allowed');
    await page.keyboard.press('Enter');
    await expect(lines(page).last()).toContainText('ATTACH dev ioas');
    await page.keyboard.press('Delete');
    await expect(lines(page).last()).toContainText('DETACH dev');
    await expect(lines(page)).toHaveCount(attached + 1);
  });

  test('a place that would refuse is read out with errno and reason', async ({ page }) => {
    await openScene(page, BENCH);
    const whole = page.getByRole('application', { name: canvas });
    await node(page, GPU).click();
    await whole.focus();
    await page.keyboard.press('c');
    await expect(whole.getByRole('status')).toContainText('2 targets, 0 allowed');
    await page.keyboard.press('ArrowDown');
    await expect(whole.getByRole('status')).toContainText('IOAS 1: refused, EPERM');
    await page.keyboard.press('Escape');
    await expect(page.getByText('allowed')).toBeHidden();
  });
});

test.describe('with a finger', () => {
  test.use({ hasTouch: true });

  test('the grip of a device, slid onto an IOAS, attaches the device', async ({ page }) => {
    await openScene(page, BENCH);
    const finger = await fingerOn(page);
    await finger.down(await centerOf(node(page, NIC).locator('.grip')));
    await finger.slide(await centerOf(node(page, IOAS)));
    await expect(card(page, IOAS)).toHaveAttribute('data-connect', 'legal');
    await finger.up();
    await expect(lines(page).last()).toContainText('ATTACH dev ioas');
  });

  test('a tap on the grip and a tap on the IOAS do the same', async ({ page }) => {
    await openScene(page, BENCH);
    const grip = await centerOf(node(page, NIC).locator('.grip'));
    await page.touchscreen.tap(grip.x, grip.y);
    await expect(card(page, IOAS)).toHaveAttribute('data-connect', 'legal');
    const target = await centerOf(node(page, IOAS));
    await page.touchscreen.tap(target.x, target.y);
    await expect(lines(page).last()).toContainText('ATTACH dev ioas');
  });
});
