import type { Page, Worker } from '@playwright/test';
import { ATTACHED, lines, openScene, run, stateOf } from './helpers/scene';
import { expect, reducedMotion, test } from './helpers/test';

/** The engine runs in a worker, and a worker can die. The script is the truth: a new worker is brought to where it was. */
test.use(reducedMotion);

const total = ATTACHED.split('\n').length;
const banner = (page: Page) => page.getByRole('alert').filter({ hasText: 'The engine stopped' });

const engineOf = (page: Page): Worker => {
  const [worker] = page.workers();
  if (worker === undefined) throw new Error('no engine');
  return worker;
};

const kill = (page: Page): Promise<unknown> =>
  engineOf(page).evaluate(() => {
    setTimeout(() => {
      throw new Error('boom');
    });
  });

test('an engine that dies is reported, and started again at the same state', async ({ page, guard }) => {
  guard.allow(/boom/);
  await openScene(page, ATTACHED);
  const good = await stateOf(page);
  const next = page.waitForEvent('worker');
  await kill(page);
  await expect(banner(page)).toContainText('boom');
  await expect(banner(page)).toContainText('It is being started again from your script');
  // What is on the screen is the last good state.
  expect(await stateOf(page)).toEqual(good);
  await next;
  await expect(banner(page)).toBeHidden();
  expect(await stateOf(page)).toEqual(good);
  await run(page, 'late = IOAS_ALLOC ctx');
  await expect(lines(page).last()).toContainText('IOAS 5'); // the object id after those of the scene
});

test('an engine that dies again waits for a person', async ({ page, guard }) => {
  guard.allow(/boom/);
  await openScene(page, ATTACHED);
  const good = await stateOf(page);
  const second = page.waitForEvent('worker');
  await kill(page);
  await second;
  await expect(banner(page)).toBeHidden();
  await kill(page);
  await expect(banner(page)).toContainText('Your script is safe');
  await banner(page).getByRole('button', { name: 'Restart' }).click();
  await expect(banner(page)).toBeHidden();
  await expect.poll(() => stateOf(page)).toEqual(good);
  await run(page, 'late = IOAS_ALLOC ctx');
  await expect(lines(page)).toHaveCount(total + 1);
});

test('an engine that does not answer is given up, and the line is not kept', async ({ page }) => {
  await page.clock.install();
  await openScene(page, ATTACHED);
  const good = await stateOf(page);
  void engineOf(page)
    .evaluate(() => {
      for (;;);
    })
    .catch(() => undefined); // it ends with the worker
  await run(page, 'late = IOAS_ALLOC ctx');
  await page.clock.runFor(20_000);
  await expect(banner(page)).toContainText('did not answer append within 20 s');
  await page.clock.runFor(1000);
  await expect(banner(page)).toBeHidden();
  await expect.poll(() => stateOf(page)).toEqual(good);
});
