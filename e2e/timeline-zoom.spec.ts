import { ATTACHED, openScene, time } from './helpers/scene';
import { expect, reducedMotion, test } from './helpers/test';

test.use(reducedMotion);

/** Too many lines to be told apart: one of them is refused. */
const LONG = [
  ATTACHED,
  ...Array.from({ length: 80 }, (_, n) =>
    n === 40 ? 'DESTROY ctx 99 ! ENOENT' : `more${n} = IOAS_ALLOC ctx`,
  ),
].join('\n');

test('the timeline is zoomed by buttons, keys and commands, and follows time', async ({ page }) => {
  await openScene(page, LONG);
  const tools = page.getByRole('group', { name: 'Zoom the timeline' });
  const [nearer, farther] = [
    tools.getByRole('button', { name: 'Zoom the timeline in' }),
    tools.getByRole('button', { name: 'Zoom the timeline out' }),
  ];
  /** Pixels on the slider between one line and the next: what zooming is for. */
  const apart = async (): Promise<number> => {
    const box = await time(page).boundingBox();
    return (box?.width ?? 0) / Number(await time(page).getAttribute('max'));
  };
  await expect(farther).toBeDisabled();
  const whole = await apart();

  await nearer.click();
  await expect(farther).toBeEnabled();
  await expect.poll(apart).toBeGreaterThan(1.8 * whole);
  await farther.click();
  await expect(farther).toBeDisabled();
  await expect.poll(apart).toBeLessThan(1.1 * whole);

  await time(page).focus();
  await page.keyboard.press('+');
  await page.keyboard.press('+');
  await expect.poll(apart).toBeGreaterThan(3.5 * whole);
  // Time that moves out of the window takes it along.
  await page.keyboard.press('Home');
  await expect(time(page)).toHaveAttribute('aria-valuetext', /^after line 0 of/);
  const track = await page.locator('.track').boundingBox();
  await expect
    .poll(async () => Math.abs(((await page.locator('.marks b').boundingBox())?.x ?? 0) - (track?.x ?? 0)))
    .toBeLessThan(8);
  await page.keyboard.press('0');
  await expect.poll(apart).toBeLessThan(1.1 * whole);

  await page.keyboard.press('Control+k');
  await page.keyboard.type('Zoom the timeline in');
  const found = page.getByRole('dialog').getByRole('option').first();
  await expect(found).toContainText('Zoom the timeline in');
  await page.keyboard.press('Enter');
  await expect(farther).toBeEnabled();
});

test('of a long script the marks are a few strokes, and stepping moves only their edge', async ({ page }) => {
  await openScene(page, LONG);
  await expect(page.locator('.marks-past .mark-bad')).toHaveAttribute('d', /^M\d+ 12h/);
  const changed = await page.evaluate(async () => {
    const seen: string[] = [];
    const watch = new MutationObserver((all) =>
      seen.push(...all.map(({ target }) => (target as Element).tagName.toLowerCase())),
    );
    watch.observe(document.querySelector('.marks-drawn')!, {
      attributes: true,
      childList: true,
      subtree: true,
    });
    const rest = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 500));
    /** Until nothing has changed for a while. */
    const settled = async (): Promise<void> => {
      for (let before = -1; before !== seen.length;) {
        before = seen.length;
        await rest();
      }
    };
    await settled();
    seen.length = 0;
    document.querySelector<HTMLElement>('button[aria-label="Step back"]')!.click();
    while (seen.length === 0) await rest();
    await settled();
    watch.disconnect();
    return seen;
  });
  expect(changed).toEqual(['div']);
});
