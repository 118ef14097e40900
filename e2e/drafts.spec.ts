import type { BrowserContext, Page } from '@playwright/test';
import { encodeLink } from '../src/share/link';
import { expectAccessible, expectReadable } from './helpers/axe';
import { ATTACHED, BENCH, card, lines, NIC, openScene, openStart, run, stateOf } from './helpers/scene';
import { expect, reducedMotion, test } from './helpers/test';

test.use(reducedMotion);

const dialog = (page: Page) => page.getByRole('dialog', { name: 'Drafts' });
const offer = (page: Page) => page.getByRole('region', { name: 'Where you left off' });
const rows = (page: Page) => dialog(page).getByRole('list', { name: 'Drafts' }).locator('> li');
const script = async (page: Page): Promise<unknown> => ((await stateOf(page)) as { script: unknown }).script;

async function openDrafts(page: Page): Promise<void> {
  await page.getByRole('navigation', { name: 'Open' }).getByRole('button', { name: 'Drafts' }).click();
  await expect(dialog(page)).toBeVisible();
}

/** What a browser keeps for the page, read without the page. */
const kept = (page: Page): Promise<readonly { readonly script: string }[]> =>
  page.evaluate(async () => {
    if (!(await indexedDB.databases()).some(({ name }) => name === 'iommu-playground')) return [];
    return new Promise((resolve, reject) => {
      const opening = indexedDB.open('iommu-playground');
      opening.onerror = () => reject(new Error('not opened'));
      opening.onsuccess = () => {
        const db = opening.result;
        const all = db.transaction('drafts').objectStore('drafts').getAll();
        all.onsuccess = () => {
          db.close();
          resolve(all.result as { script: string }[]);
        };
      };
    });
  });

/** Adds a note, and waits until it is kept. */
async function work(page: Page, words: string): Promise<void> {
  await run(page, `note "${words}"`);
  await expect(lines(page).filter({ hasText: words })).toBeVisible();
  await expect.poll(async () => (await kept(page)).some((each) => each.script.includes(words))).toBe(true);
}

async function workIn(context: BrowserContext, words: string): Promise<Page> {
  const page = await context.newPage();
  await openScene(page, BENCH);
  await work(page, words);
  return page;
}

test('what a tab was working on when it was lost is offered, and comes back', async ({ page, context }) => {
  const lost = await workIn(context, 'not lost');
  const was = await script(lost);
  await lost.close(); // without a word to the page, as a crash

  await openStart(page);
  await expect(offer(page)).toContainText('Test bench');
  await offer(page).getByRole('button', { name: 'Go on' }).click();
  await expect(lines(page).filter({ hasText: 'not lost' })).toBeVisible();
  expect(await script(page)).toEqual(was);
  // It goes on in the same draft.
  await work(page, 'and more');
  expect(await kept(page)).toHaveLength(1);
});

test('looking is not working: a scene that is opened and left makes no draft', async ({ page }) => {
  await openScene(page, ATTACHED);
  await page.goto('./#scene=gpu-and-its-audio');
  await expect(lines(page).first()).toBeAttached();
  await openDrafts(page);
  await expect(dialog(page)).toContainText('Nothing is kept yet');
});

test('two tabs, and a copy of one, keep their work apart; only what no tab has is offered', async ({
  page,
  context,
}) => {
  await openScene(page, BENCH);
  await work(page, 'of the first');
  const session = await page.evaluate(() => sessionStorage.getItem('iommu-playground-draft'));
  expect(session).not.toBeNull();
  // A tab that is duplicated has the same session.
  const copy = await context.newPage();
  await copy.addInitScript((id) => sessionStorage.setItem('iommu-playground-draft', id), session!);
  await copy.goto(page.url());
  await expect(lines(copy).filter({ hasText: 'of the first' })).toBeVisible();
  await work(page, 'more of it');
  await work(copy, 'of the copy');
  const scripts = (await kept(page)).map((each) => each.script);
  expect(scripts).toHaveLength(2);
  expect(scripts.filter((each) => each.includes('of the copy') && each.includes('more of it'))).toEqual([]);

  await openDrafts(page);
  await expect(rows(page).filter({ hasText: 'on this page' })).toHaveCount(1);
  await expect(rows(page).filter({ hasText: 'open in another tab' })).toHaveCount(1);

  // The copy's is newer, but it is not lost.
  await openStart(page);
  await offer(page).getByRole('button', { name: 'Go on' }).click();
  await expect(lines(page).filter({ hasText: 'more of it' })).toBeVisible();
});

test('another scene in the same tab is another draft, and undo comes back to the first @full', async ({
  page,
}) => {
  await openScene(page, BENCH);
  await work(page, 'my machine');
  await page.evaluate(() => (location.hash = '#scene=gpu-and-its-audio'));
  await expect(lines(page).filter({ hasText: 'my machine' })).toBeHidden();
  await work(page, 'on the gallery scene');
  expect((await kept(page)).filter((each) => each.script.includes('my machine'))).toHaveLength(1);
  await page.getByRole('button', { name: 'Undo' }).click();
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect(lines(page).filter({ hasText: 'my machine' })).toBeVisible();
  await work(page, 'back again');
  const scripts = (await kept(page)).map((each) => each.script);
  expect(scripts).toHaveLength(2);
  expect(scripts.filter((each) => each.includes('my machine') && each.includes('back again'))).toHaveLength(
    1,
  );
});

test('a reload goes on with the same draft', async ({ page }) => {
  await openScene(page, BENCH);
  await work(page, 'before');
  await expect.poll(() => page.url()).toMatch(/#s2:/);
  await page.reload();
  await expect(lines(page).filter({ hasText: 'before' })).toBeVisible();
  await work(page, 'after');
  expect(await kept(page)).toHaveLength(1);
});

test('a version is named, restored as one step, and taken back, all by keyboard', async ({ page }) => {
  await openScene(page, BENCH);
  await work(page, 'first');
  await page.keyboard.press('Control+k');
  await page.keyboard.type('keep a version');
  await expect(page.getByRole('option', { name: /Keep a version/ })).toBeVisible();
  await page.keyboard.press('Enter');
  const name = dialog(page).getByLabel('Name of the version');
  await expect(name).toBeFocused();
  await page.keyboard.type('before the replace');
  await page.keyboard.press('Enter');
  await expect(dialog(page).getByText('“before the replace” is kept.')).toBeVisible();
  await page.keyboard.press('Escape');
  const was = await script(page);

  await work(page, 'second');
  const later = await script(page);
  await openDrafts(page);
  await dialog(page)
    .getByRole('button', { name: /^History/ })
    .press('Enter');
  await expectAccessible(page, '[role=dialog]');
  await dialog(page).getByRole('button', { name: 'Restore before the replace' }).press('Enter');
  await expect(dialog(page)).toBeHidden();
  await expect(lines(page).filter({ hasText: 'second' })).toBeHidden();
  expect(await script(page)).toEqual(was);
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect(lines(page).filter({ hasText: 'second' })).toBeVisible();
  expect(await script(page)).toEqual(later);
});

test('drafts are renamed, saved as files, and deleted @full', async ({ page, context }) => {
  await (await workIn(context, 'of another tab')).close();
  await openStart(page);
  await openDrafts(page);
  await dialog(page).getByRole('button', { name: 'Rename Test bench' }).click();
  await dialog(page).getByRole('textbox', { name: 'Name of Test bench' }).fill('My work');
  await page.keyboard.press('Enter');
  await expect(rows(page)).toContainText('My work');
  const download = page.waitForEvent('download');
  await dialog(page).getByRole('button', { name: 'Save file My work' }).click();
  expect((await download).suggestedFilename()).toBe('my-work.iommu');
  await dialog(page).getByRole('button', { name: 'Delete My work' }).click();
  await dialog(page).getByRole('button', { name: 'Really delete?' }).click();
  await expect(dialog(page)).toContainText('Nothing is kept yet');
  expect(await kept(page)).toEqual([]);
});

test('where storage is blocked, the page works and says that nothing is kept', async ({ page }) => {
  await page.addInitScript(() => {
    const refuse = (): never => {
      throw new DOMException('blocked', 'SecurityError');
    };
    for (const name of ['indexedDB', 'localStorage', 'sessionStorage'])
      Object.defineProperty(window, name, { get: refuse });
  });
  await openScene(page, BENCH);
  await run(page, 'note "still works"');
  await expect(lines(page).filter({ hasText: 'still works' })).toBeVisible();
  await openDrafts(page);
  await expect(dialog(page).getByRole('alert')).toContainText('keeps nothing for this page');
});

test('where storage is full, it is said once, and nothing on the page is lost @full', async ({ page }) => {
  await page.addInitScript(() => {
    IDBObjectStore.prototype.put = () => {
      throw new DOMException('full', 'QuotaExceededError');
    };
  });
  await openScene(page, BENCH);
  await run(page, 'note "one"');
  await expect(page.locator('.notice')).toContainText('There is no room for more drafts');
  await page.locator('.notice').getByRole('button', { name: 'Open drafts' }).click();
  await expect(dialog(page).getByRole('alert')).toContainText('There is no room');
  await page.keyboard.press('Escape');
  await expect(lines(page).filter({ hasText: 'one' })).toBeVisible();
});

test('an embed keeps nothing', async ({ page }) => {
  await page.goto(`./?embed${encodeLink({ script: ATTACHED, cursor: null, selection: null, camera: null })}`);
  await expect(card(page, NIC)).toBeVisible();
  await page.waitForTimeout(2500); // longer than a page waits before it keeps drafts
  expect(await page.evaluate(async () => (await indexedDB.databases()).map(({ name }) => name))).toEqual([]);
});

test('the list can be read in dark', async ({ page }) => {
  await page.emulateMedia({ colorScheme: 'dark' });
  await openScene(page, BENCH);
  await work(page, 'something');
  await openDrafts(page);
  await dialog(page)
    .getByRole('button', { name: /^History/ })
    .click();
  await expectReadable(page, '[role=dialog]');
});
