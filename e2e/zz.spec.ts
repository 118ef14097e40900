import { test, expect, reducedMotion } from './helpers/test';
import { openScene, ATTACHED, BENCH, lines, run } from './helpers/scene';
test.use(reducedMotion);
test('x', async ({ page }) => {
  await openScene(page, ATTACHED);
  await page.getByLabel('Speed').selectOption('8');
  await run(page, 'dma 02:00.0 write 0x212340 64');
  await expect(page.getByText(/^PA 0x/)).toBeVisible();
  console.log(await page.getByRole('tabpanel').innerText());
  console.log(await page.getByRole('tabpanel').ariaSnapshot());
  await page.screenshot({ path: '/tmp/e2e/x/a.png' });
  await run(page, 'dma 02:00.0 write 0xdead000 64');
  await expect(page.getByRole('region', { name: 'Fault' })).toBeVisible();
  console.log(await page.getByRole('tabpanel').innerText());
  await page.screenshot({ path: '/tmp/e2e/x/b.png' });
  console.log(await lines(page).last().innerText());
});
