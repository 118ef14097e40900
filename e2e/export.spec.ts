import { readFile } from 'node:fs/promises';
import type { Page } from '@playwright/test';
import { expectReadable } from './helpers/axe';
import { dialog, pasteOn } from './helpers/import';
import { ATTACHED, openScene } from './helpers/scene';
import { expect, reducedMotion, test } from './helpers/test';

/** A scene as a program, a recording and a report; and a recording as a scene. */
test.use(reducedMotion);

const preview = (page: Page, of: string) => dialog(page).getByRole('region', { name: `Preview: ${of}` });

/** By its words in the palette, as the keyboard does it. */
async function openExport(page: Page, command: string): Promise<void> {
  await page.keyboard.press('Control+k');
  await page.keyboard.type(command);
  const option = page.getByRole('dialog').getByRole('option').first();
  await expect(option).toContainText(command);
  await expect(option).toHaveAttribute('data-highlighted', '');
  await page.keyboard.press('Enter');
  await expect(dialog(page).getByRole('tab', { name: 'Export' })).toHaveAttribute('aria-selected', 'true');
}

test('a scene becomes a C program, what strace prints, and a report; the file is all of it', async ({
  page,
}) => {
  await openScene(page, ATTACHED);
  await openExport(page, 'Export as a C program');
  await expect(preview(page, 'C program')).toContainText('VFIO_DEVICE_ATTACH_IOMMUFD_PT');
  await dialog(page).getByRole('button', { name: 'strace' }).click();
  await expect(preview(page, 'strace')).toContainText('openat(AT_FDCWD, "/dev/iommu", O_RDWR|O_CLOEXEC) = 3');
  const saved = page.waitForEvent('download');
  await dialog(page).getByRole('button', { name: 'Save file' }).click();
  const file = await saved;
  expect(file.suggestedFilename()).toMatch(/\.strace\.txt$/);
  expect(await readFile(await file.path(), 'utf8')).toContain(
    'ioctl(3, IOMMU_IOAS_ALLOC, {size=12, flags=0}',
  );
  await dialog(page).getByRole('button', { name: 'Markdown' }).click();
  await expect(preview(page, 'Markdown')).toContainText('## IOMMU groups at the end');
});

test('recorded calls become a scene that makes them again', async ({ page }) => {
  await openScene(page, ATTACHED);
  await pasteOn(
    page.locator('body'),
    [
      'openat(AT_FDCWD, "/dev/iommu", O_RDWR|O_CLOEXEC) = 9',
      'ioctl(9, IOMMU_IOAS_ALLOC, {size=12, flags=0} => {out_ioas_id=1}) = 0',
      'ioctl(9, IOMMU_DESTROY, {size=8, id=1}) = 0',
      'ioctl(9, IOMMU_IOAS_MAP, 0x7ffd34d1c2f0) = 0',
    ].join('\n'),
  );
  await expect(dialog(page).getByText('4 calls on iommufd and VFIO, 3 of them in the scene')).toBeVisible();
  await expect(dialog(page).getByText('line 4', { exact: true })).toBeVisible();
  await dialog(page).getByRole('button', { name: 'Open as a scene' }).click();
  await expect(dialog(page)).toHaveCount(0);
  const calls = page.getByRole('list', { name: 'ioctl log' });
  await expect(calls).toContainText('IOMMU_IOAS_ALLOC');
  await expect(calls).toContainText('IOMMU_DESTROY');
});

for (const colorScheme of ['light', 'dark'] as const)
  test(`in ${colorScheme} every letter of the export can be read`, async ({ page }) => {
    await page.emulateMedia({ colorScheme });
    await openScene(page, ATTACHED);
    await openExport(page, 'Export as a C program');
    await expect(preview(page, 'C program')).toBeVisible();
    await expectReadable(page, '[role=dialog]');
  });
