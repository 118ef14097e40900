import type { Page } from '@playwright/test';
import { expectAccessible } from './helpers/axe';
import { carry, centerOf, drag, edgeEnd, fingerOn, type Point } from './helpers/gestures';
import { pasteOn } from './helpers/import';
import { ATTACHED, BENCH, card, edges, GPU, IOAS, lines, NIC, node, openScene, OTHER } from './helpers/scene';
import { expect, reducedMotion, test } from './helpers/test';

/** What a hand makes, selects, moves and copies; each also by keyboard and by finger, each one step of undo. */
test.use(reducedMotion);

const before = BENCH.split('\n').length;
const attached = ATTACHED.split('\n').length;
const MEMORY = 'mm:qemu';

const whole = (page: Page) => page.getByRole('application', { name: 'Canvas' });
const said = (page: Page) => whole(page).getByRole('status');
const piece = (page: Page, name: string) => page.getByRole('button', { name: `New ${name}`, exact: true });
const selected = (page: Page) => page.locator('.card[data-selected]');
const undo = (page: Page) => page.getByRole('button', { name: 'Undo' }).click();

/** Nothing of the machine is there. */
async function emptyPlace(page: Page): Promise<Point> {
  const box = (await whole(page).boundingBox())!;
  return { x: box.x + box.width * 0.42, y: box.y + box.height * 0.8 };
}

test.describe('the palette', () => {
  test('an IOAS dragged onto the canvas is made there, in one step', async ({ page }) => {
    await openScene(page, BENCH);
    const at = await emptyPlace(page);
    await drag(page, await centerOf(piece(page, 'IOAS')), at);
    await expect(lines(page).nth(before)).toContainText('ioas2 = IOAS_ALLOC ctx');
    await expect(lines(page).nth(before + 1)).toContainText(/place ioas2 -?\d+ -?\d+/);
    const made = node(page, 'ioas:1.3');
    await expect.poll(async () => (await made.boundingBox())!.y - at.y).toBeCloseTo(-10, -2);
    await undo(page);
    await expect(made).toHaveCount(0);
    await expect(lines(page)).toHaveCount(before);
  });

  test('a page table takes an IOAS, and says elsewhere why not', async ({ page }) => {
    await openScene(page, ATTACHED);
    await carry(page, await centerOf(piece(page, 'HWPT')), await centerOf(node(page, IOAS)));
    await expect(card(page, IOAS)).toHaveAttribute('data-connect', 'legal');
    const over = await centerOf(node(page, 'hwpt:1.4'));
    await page.mouse.move(over.x, over.y);
    await expect(page.locator('.ghost')).toContainText('without nest-parent');
    const target = await centerOf(node(page, OTHER));
    await page.mouse.move(target.x, target.y, { steps: 4 });
    await page.mouse.up();
    await expect(lines(page).last()).toContainText('hwpt2 = HWPT_ALLOC dev other');
  });

  test('without a bound device a page table has no place, and it says so', async ({ page }) => {
    await openScene(page, BENCH);
    await carry(page, await centerOf(piece(page, 'HWPT')), await centerOf(node(page, IOAS)));
    await expect(page.locator('.ghost')).toContainText('No device is bound');
    await page.mouse.up();
    await expect(lines(page)).toHaveCount(before);
  });

  test('memory dropped on an IOAS is mapped in it', async ({ page }) => {
    await openScene(page, BENCH);
    await drag(page, await centerOf(piece(page, 'Memory')), await centerOf(node(page, OTHER)));
    await expect(lines(page).nth(before)).toContainText('buf2 = mmap qemu 2M');
    await expect(lines(page).last()).toContainText('IOAS_MAP other buf2 rw');
    await undo(page);
    await expect(lines(page)).toHaveCount(before);
  });

  test('a card is plugged in where there is room, and its group stands where it was dropped', async ({
    page,
  }) => {
    await openScene(page, BENCH);
    const at = await emptyPlace(page);
    await drag(page, await centerOf(piece(page, 'Two functions')), at);
    await expect(lines(page).nth(before)).toContainText('root-port');
    await expect(lines(page).last()).toContainText('place 03:00.0');
    const made = node(page, 'dev:0000:03:00.0');
    await expect.poll(async () => Math.abs((await centerOf(made)).x - at.x)).toBeLessThan(60);
  });

  test('escape puts away what is in the hand', async ({ page }) => {
    await openScene(page, BENCH);
    await carry(page, await centerOf(piece(page, 'IOAS')), await emptyPlace(page));
    await expect(page.locator('.ghost')).toBeVisible();
    await page.keyboard.press('Escape');
    await expect(page.locator('.ghost')).toHaveCount(0);
    await page.mouse.up();
    await expect(lines(page)).toHaveCount(before);
  });

  test('by keyboard: N, arrows, Enter; escape goes back, and no tab stop is added', async ({ page }) => {
    await openScene(page, BENCH);
    await whole(page).focus();
    await page.keyboard.press('n');
    await expect(piece(page, 'Card')).toBeFocused();
    await page.keyboard.press('Escape');
    await expect(whole(page)).toBeFocused();
    await page.keyboard.press('n');
    for (let step = 0; step < 4; step++) await page.keyboard.press('ArrowRight');
    await expect(piece(page, 'IOAS')).toBeFocused();
    await page.keyboard.press('Enter');
    await expect(lines(page).last()).toContainText('ioas2 = IOAS_ALLOC ctx');
    await expect(whole(page)).toBeFocused();
    await expect(said(page)).toContainText('Made ioas2');
  });

  test('by keyboard, a piece that needs a place lets one be chosen', async ({ page }) => {
    await openScene(page, BENCH);
    await whole(page).focus();
    await page.keyboard.press('n');
    await piece(page, 'Access').focus();
    await page.keyboard.press('Enter');
    await expect(said(page)).toContainText('2 places');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await expect(lines(page).last()).toContainText('mdev = ACCESS other');
  });
});

test.describe('wires', () => {
  test('a buffer pulled onto an IOAS is mapped in it', async ({ page }) => {
    await openScene(page, BENCH);
    await node(page, MEMORY).hover();
    await drag(page, await centerOf(page.locator('[data-part=buf]')), await centerOf(node(page, OTHER)));
    await expect(lines(page).last()).toContainText('IOAS_MAP other buf rw');
    await expect(edges(page, `memory:${OTHER}`)).toHaveCount(1);
  });

  test('an access pulled onto another IOAS reaches that one', async ({ page }) => {
    await openScene(page, `${BENCH}\nmdev = ACCESS ioas`);
    await node(page, 'access:1.3').hover();
    await carry(
      page,
      await centerOf(node(page, 'access:1.3').locator('.grip')),
      await centerOf(node(page, IOAS)),
    );
    await expect(page.locator('.verdict')).toContainText('reaches this IOAS already');
    const to = await centerOf(node(page, OTHER));
    await page.mouse.move(to.x, to.y, { steps: 4 });
    await page.mouse.up();
    await expect(lines(page).last()).toContainText('access_replace mdev other');
  });

  test('by keyboard: C on memory maps it', async ({ page }) => {
    await openScene(page, BENCH);
    await node(page, MEMORY).click();
    await page.keyboard.press('c');
    await expect(said(page)).toContainText('buf: 2 targets');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await expect(lines(page).last()).toContainText('IOAS_MAP other buf rw');
  });

  test('C on what is connected to nothing says why', async ({ page }) => {
    await openScene(page, BENCH);
    await node(page, IOAS).click();
    await page.keyboard.press('c');
    await expect(said(page)).toContainText('An IOAS is connected to');
  });
});

test.describe('several at once', () => {
  test('shift and click add and take out; a move of one moves all, in one step', async ({ page }) => {
    await openScene(page, BENCH);
    await node(page, IOAS).click();
    await node(page, OTHER).click({ modifiers: ['Shift'] });
    await expect(selected(page)).toHaveCount(2);
    await expect(page.getByText('2 selected').first()).toBeVisible();
    const stood = [await centerOf(node(page, IOAS)), await centerOf(node(page, OTHER))];
    await drag(page, stood[0]!, { x: stood[0]!.x - 40, y: stood[0]!.y + 30 });
    await expect(lines(page)).toHaveCount(before + 2);
    for (const [at, id] of [IOAS, OTHER].entries())
      await expect.poll(async () => (await centerOf(node(page, id))).x - stood[at]!.x).toBeCloseTo(-40, -1);
    await undo(page);
    await expect(lines(page)).toHaveCount(before);
    await node(page, OTHER).click({ modifiers: ['Shift'] });
    await expect(selected(page)).toHaveCount(1);
  });

  test('a box drawn with shift selects what it touches; escape clears', async ({ page }) => {
    await openScene(page, BENCH);
    const [a, b] = [await node(page, IOAS).boundingBox(), await node(page, OTHER).boundingBox()];
    await page.keyboard.down('Shift');
    await drag(page, { x: a!.x - 12, y: a!.y - 12 }, { x: b!.x + 30, y: b!.y + 30 });
    await page.keyboard.up('Shift');
    await expect(selected(page)).toHaveCount(2);
    await page.keyboard.press('Escape');
    await expect(selected(page)).toHaveCount(0);
  });

  test('by keyboard: shift and arrows extend, Ctrl A selects all, Alt and arrows move', async ({ page }) => {
    await openScene(page, BENCH);
    await node(page, IOAS).click();
    await page.keyboard.press('Shift+ArrowDown');
    await expect(selected(page)).toHaveCount(2);
    await page.keyboard.press('Alt+ArrowDown');
    await page.keyboard.press('Alt+ArrowDown');
    await expect(lines(page)).toHaveCount(before + 2);
    await undo(page);
    await expect(lines(page)).toHaveCount(before);
    await whole(page).focus();
    await page.keyboard.press('Control+a');
    // Five functions, the unit, two IOASes, and memory: frames are not selected.
    await expect(selected(page)).toHaveCount(9);
  });
});

test.describe('copy, paste, duplicate, delete', () => {
  test('an IOAS is copied with its maps, as lines of script', async ({ page }) => {
    await openScene(page, BENCH);
    await node(page, IOAS).click();
    await page.keyboard.press('Control+c');
    await expect(said(page)).toContainText('Copied as 2 lines');
    await page.keyboard.press('Control+v');
    await expect(lines(page).nth(before)).toContainText('ioas2 = IOAS_ALLOC ctx');
    await expect(lines(page).last()).toContainText('IOAS_MAP ioas2 buf iova=0x200000 rw');
    await undo(page);
    await expect(lines(page)).toHaveCount(before);
  });

  test('a device duplicated is another card in a slot of its own', async ({ page }) => {
    await openScene(page, BENCH);
    await node(page, NIC).click();
    await page.keyboard.press('Control+d');
    await expect(node(page, 'dev:0000:03:00.0')).toHaveCount(1);
    await expect(card(page, 'dev:0000:03:00.0')).toHaveAttribute('data-selected', 'true');
  });

  test('what cannot be copied says why', async ({ page }) => {
    await openScene(page, BENCH);
    await node(page, 'iommu:dmar0').click();
    await page.keyboard.press('Control+d');
    await expect(said(page)).toContainText('part of the machine');
    await expect(lines(page)).toHaveCount(before);
  });

  test('lines from elsewhere are looked at, then run', async ({ page }) => {
    await openScene(page, BENCH);
    await pasteOn(whole(page), 'ioas = IOAS_ALLOC ctx\nIOAS_MAP ioas buf iova=0x800000 r\n');
    const look = page.getByRole('dialog', { name: 'Pasted lines' });
    await expect(look).toContainText('Run 2 pasted lines?');
    await expect(lines(page)).toHaveCount(before);
    await look.getByRole('button', { name: 'Run' }).click();
    await expect(lines(page).last()).toContainText('IOAS_MAP ioas2 buf iova=0x800000 r');
  });

  test('delete lets a device go one step at a time', async ({ page }) => {
    await openScene(page, ATTACHED);
    await node(page, NIC).click();
    for (const line of ['DETACH dev', 'UNBIND dev', 'driver 02:00.0 none', 'remove 02:00.0']) {
      await page.keyboard.press('Delete');
      await expect(lines(page).last()).toContainText(line);
    }
    await expect(node(page, NIC)).toHaveCount(0);
    for (let step = 0; step < 4; step++) await undo(page);
    await expect(lines(page)).toHaveCount(attached);
  });

  test('a refused delete changes nothing, and is explained', async ({ page }) => {
    await openScene(page, ATTACHED);
    await node(page, IOAS).click();
    await node(page, OTHER).click({ modifiers: ['Shift'] });
    await page.keyboard.press('Delete');
    const refusal = page.getByRole('region', { name: 'Refused' });
    // Linux: iommufd_object_remove(), the object is used by others.
    await expect(refusal).toContainText('EBUSY');
    await expect(refusal).toContainText('Nothing was changed');
    await expect(lines(page)).toHaveCount(attached);
    await expect(node(page, OTHER)).toHaveCount(1);
  });
});

test('gestures of every kind are undone in their order', async ({ page }) => {
  await openScene(page, ATTACHED);
  const counts: number[] = [];
  const done = async (): Promise<void> => {
    await expect.poll(() => lines(page).count()).not.toBe(counts.at(-1) ?? attached);
    counts.push(await lines(page).count());
  };
  const at = await centerOf(node(page, OTHER));
  await drag(page, at, { x: at.x - 30, y: at.y + 20 });
  await done();
  await drag(page, await edgeEnd(page), await centerOf(node(page, OTHER)));
  await done();
  await drag(page, await centerOf(piece(page, 'Memory')), await centerOf(node(page, OTHER)));
  await done();
  await node(page, OTHER).click();
  await page.keyboard.press('Control+d');
  await done();
  for (const count of [...counts.slice(0, -1).toReversed(), attached]) {
    await page.keyboard.press('Control+z');
    await expect(lines(page)).toHaveCount(count);
  }
});

test.describe('with a finger', () => {
  test.use({ hasTouch: true, viewport: { width: 390, height: 800 } });

  test('on a card it pans; after a short rest it moves the card', async ({ page }) => {
    await openScene(page, BENCH);
    const at = await centerOf(node(page, GPU));
    const finger = await fingerOn(page);
    await finger.down(at);
    await finger.slide({ x: at.x, y: at.y - 60 });
    await finger.up();
    await expect.poll(async () => (await centerOf(node(page, GPU))).y - at.y).toBeCloseTo(-60, -1);
    const now = await centerOf(node(page, GPU));
    await finger.down(now);
    await page.waitForTimeout(300); // longer than a press, shorter than a long one
    await finger.slide({ x: now.x + 40, y: now.y + 50 });
    await finger.up();
    await page
      .getByRole('tab', { name: 'Script' })
      .or(page.getByRole('button', { name: 'Script' }))
      .first()
      .click();
    await expect(lines(page).last()).toContainText('place group:0');
  });

  test('a long rest opens the menu of the card', async ({ page }) => {
    await openScene(page, BENCH);
    const finger = await fingerOn(page);
    await finger.down(await centerOf(node(page, GPU)));
    await expect(page.getByRole('menu')).toBeVisible();
    await finger.up();
    await expect(page.getByRole('menu')).toBeVisible();
  });

  test('the palette is behind a button; a piece is dragged out of it', async ({ page }) => {
    await openScene(page, BENCH);
    await expect(piece(page, 'IOAS')).toBeHidden();
    await page.getByRole('button', { name: 'New', exact: true }).tap();
    const finger = await fingerOn(page);
    await finger.down(await centerOf(piece(page, 'IOAS')));
    await finger.slide({ x: 250, y: 250 });
    await expect(page.locator('.ghost')).toBeVisible();
    await finger.up();
    await expect(page.locator('.react-flow__node-ioas')).toHaveCount(3);
  });
});

test.describe('with a finger on a large screen', () => {
  test.use({ hasTouch: true });

  test('the end of a wire is moved to another IOAS', async ({ page }) => {
    await openScene(page, ATTACHED);
    const finger = await fingerOn(page);
    await finger.down(await edgeEnd(page));
    await finger.slide(await centerOf(node(page, OTHER)));
    await finger.up();
    await expect(lines(page).last()).toContainText('REPLACE dev other');
  });
});

for (const colorScheme of ['light', 'dark'] as const) {
  test(`axe finds nothing with a selection and the palette, ${colorScheme}`, async ({ page }) => {
    await page.emulateMedia({ colorScheme });
    await openScene(page, ATTACHED);
    await whole(page).focus();
    await page.keyboard.press('Control+a');
    await page.keyboard.press('n');
    await expectAccessible(page);
  });
}
