import type { BrowserContext, FrameLocator, Page } from '@playwright/test';
import { encodeLink } from '../src/share/link';
import { expectAccessible } from './helpers/axe';
import { ATTACHED, BENCH, lines, NIC, node, stateOf } from './helpers/scene';
import { expect, nextVersion, test, type Site } from './helpers/site';
import { reducedMotion } from './helpers/test';

/** Works without a network after the first visit, and no version takes the place of another unasked. */
test.use({ ...reducedMotion, serviceWorkers: 'allow' });
// All files of the page are fetched, once or twice, one by one.
test.describe.configure({ timeout: 240_000 });

const hashOf = (script: string): string =>
  encodeLink({ script, cursor: null, selection: null, camera: null });

const ALL_FILES_MS = 60_000;

const KEPT = 'It works without a network.';

async function open(page: Page, site: Site, script: string): Promise<void> {
  await page.goto(site.address + hashOf(script));
  await expect(lines(page)).toHaveCount(script.split('\n').length);
  await expect(page.getByText('Starting the engine…')).toBeHidden();
}

const help = (page: Page) => page.getByRole('dialog', { name: 'Help' });

/** What Help says: which version runs. It has to say, too, that everything is kept. */
async function versionOf(page: Page): Promise<string> {
  await page.getByRole('button', { name: 'Help' }).click();
  await expect(help(page).getByText(KEPT)).toBeVisible({ timeout: ALL_FILES_MS });
  const text = await help(page)
    .getByText(/^Version /)
    .innerText();
  await page.keyboard.press('Escape');
  await expect(help(page)).toBeHidden();
  return text.replace('Version ', '');
}

async function command(page: Page, words: string): Promise<void> {
  await page.keyboard.press('Control+k');
  const palette = page.getByRole('dialog', { name: 'Command palette' });
  await palette.getByRole('combobox').fill(words);
  await expect(palette.getByRole('option').first()).toContainText(words);
  await page.keyboard.press('Enter');
  await expect(palette).toBeHidden();
}

const notice = (page: Page) => page.locator('.notice');

const expectNewVersion = (page: Page): Promise<void> =>
  expect(notice(page)).toContainText('A new version is ready.', { timeout: ALL_FILES_MS });

async function goOffline(context: BrowserContext, site: Site): Promise<void> {
  site.cut(true);
  await context.setOffline(true);
}

test('after the first visit every part of it opens without a network', async ({
  page,
  context,
  site,
  guard,
}) => {
  await open(page, site, ATTACHED);
  await versionOf(page);
  await goOffline(context, site);
  await page.reload();
  await expect(lines(page)).toHaveCount(ATTACHED.split('\n').length);
  await expect(page.getByText('Starting the engine…')).toBeHidden();
  await expect(node(page, NIC)).toBeVisible();

  // Each panel and each dialog is a chunk of its own, and has something to say.
  const tabs = page.getByRole('complementary', { name: 'Details' }).getByRole('tab');
  for (const tab of await tabs.all()) {
    await tab.click();
    const panel = page.getByRole('tabpanel').filter({ visible: true }).first();
    await expect(panel).toContainText(/\w{3}/);
  }
  for (const name of ['Scenes', 'Import', 'Editor', 'Drafts', 'Share']) {
    await page.getByRole('button', { name, exact: true }).click();
    const dialog = page.getByRole('dialog');
    await expect(dialog.getByRole('heading').first()).toBeVisible();
    if (name === 'Share')
      for (const tab of await dialog.getByRole('tab').all()) {
        await tab.click();
        await expect(dialog.getByRole('tabpanel')).toContainText(/\w{3}/);
      }
    await page.keyboard.press('Escape');
    await expect(dialog).toBeHidden();
  }

  // Another scene by its link, a lesson, and a script that lies elsewhere: that one needs the network, and says so.
  await page.goto(`${site.address}${hashOf(BENCH)}`);
  await expect(lines(page)).toHaveCount(BENCH.split('\n').length);
  await page.goto(`${site.address}?again#scene=gpu-and-its-audio`);
  await expect(page.getByText('The audio was never given to iommufd').first()).toBeVisible();
  guard.allow(/scripts\.example|ERR_INTERNET_DISCONNECTED/);
  await page.evaluate(() => (location.hash = '#url=https://scripts.example/a.iommu'));
  await expect(notice(page)).toContainText('There is no network');
  await expect(page.getByText('is not there')).toHaveCount(0);
});

test('it can be installed, and no part of it asks another server', async ({ page, context, site }) => {
  const others: string[] = [];
  context.on('request', (request) => {
    const url = request.url();
    if (!url.startsWith(site.address) && !/^(?:data|blob):/.test(url)) others.push(url);
  });
  await open(page, site, ATTACHED);
  await versionOf(page);
  const session = await context.newCDPSession(page);
  const { installabilityErrors } = (await session.send('Page.getInstallabilityErrors')) as {
    installabilityErrors: { errorId: string }[];
  };
  // Tests run in a window of the kind that forgets, where nothing can be installed.
  expect(installabilityErrors.map(({ errorId }) => errorId)).toEqual(['in-incognito']);
  const { errors } = await session.send('Page.getAppManifest');
  expect(errors).toEqual([]);
  for (const name of ['Scenes', 'Share']) {
    await page.getByRole('button', { name, exact: true }).click();
    await expect(page.getByRole('dialog').getByRole('heading').first()).toBeVisible();
    if (name === 'Share') await page.getByRole('tab', { name: 'Embed' }).click();
    await page.keyboard.press('Escape');
  }
  expect(others).toEqual([]);
});

test('a new version asks first, brings the scene along, and leaves other tabs whole', async ({
  page,
  context,
  site,
  folder,
}) => {
  await open(page, site, ATTACHED);
  const old = await versionOf(page);
  const opened = page.url();
  await page.getByRole('button', { name: 'Zoom in' }).click();
  // The camera has come to rest, and the link says where.
  await expect(page).not.toHaveURL(opened);
  const link = page.url();
  const before = await stateOf(page);
  const other = await context.newPage();
  await open(other, site, BENCH);
  await page.bringToFront();

  const next = await nextVersion(folder('next'));
  expect(next).not.toBe(old);
  site.deploy(folder('next'));
  await command(page, 'Check for a new version');
  await expectNewVersion(page);
  await expectNewVersion(other);
  await expectAccessible(page, '.notice');

  // Nobody has answered: the old version is whole, though the server has nothing of it any more.
  expect(await versionOf(page)).toBe(old);
  await page.getByRole('button', { name: 'Scenes' }).click();
  await expect(page.getByRole('dialog').getByRole('heading').first()).toBeVisible();
  await page.keyboard.press('Escape');
  await notice(page).getByRole('button', { name: 'Later' }).click();
  await expect(notice(page)).toHaveCount(0);

  await command(page, 'Reload into the new version');
  await expect(notice(page)).toContainText('Your scene is back');
  expect(await versionOf(page)).toBe(next);
  expect(await stateOf(page)).toEqual(before);
  await expect(page).toHaveURL(link);

  // The other tab goes on with the old version, and with parts of it that it has not asked for yet.
  await expect(notice(other)).toContainText('Another tab has changed to a new version.');
  await other.getByRole('button', { name: 'Editor' }).click();
  await expect(other.getByRole('dialog').locator('.cm-content')).toContainText('Test bench');
  await other.keyboard.press('Escape');
  await notice(other).getByRole('button', { name: 'Reload' }).click();
  await expect(notice(other)).toContainText('Your scene is back');
  expect(await versionOf(other)).toBe(next);
});

test('an update that does not arrive whole leaves the version before as it was @full', async ({
  page,
  context,
  site,
  folder,
}) => {
  await open(page, site, BENCH);
  const old = await versionOf(page);
  const next = await nextVersion(folder('next'));
  site.deploy(folder('next'));
  site.lose(/assets\/EditorDialog-.*\.js$/);
  await command(page, 'Check for a new version');
  await expect.poll(() => site.asked.some((name) => name.includes('EditorDialog'))).toBe(true);
  await goOffline(context, site);
  await page.reload();
  await expect(lines(page)).toHaveCount(BENCH.split('\n').length);
  expect(await versionOf(page)).toBe(old);
  await page.getByRole('button', { name: 'Editor' }).click();
  await expect(page.getByRole('dialog').locator('.cm-content')).toContainText('Test bench');
  await page.keyboard.press('Escape');

  // The server has all of it again.
  site.lose(null);
  site.cut(false);
  await context.setOffline(false);
  await command(page, 'Check for a new version');
  await expectNewVersion(page);
  await notice(page).getByRole('button', { name: 'Reload' }).click();
  await expect(notice(page)).toContainText('Your scene is back');
  expect(await versionOf(page)).toBe(next);
});

test('what is kept can be forgotten, and stays forgotten until it is wanted @full', async ({
  page,
  site,
}) => {
  await open(page, site, BENCH);
  await versionOf(page);
  await command(page, 'Forget what is kept');
  await expect(notice(page)).toContainText('is gone');
  const left = () =>
    page.evaluate(async () => ({
      caches: await caches.keys(),
      workers: (await navigator.serviceWorker.getRegistrations()).length,
    }));
  expect(await left()).toEqual({ caches: [], workers: 0 });
  await page.reload();
  await page.getByRole('button', { name: 'Help' }).click();
  await expect(help(page).getByText('you have asked for nothing to be kept')).toBeVisible();
  await page.keyboard.press('Escape');
  expect(await left()).toEqual({ caches: [], workers: 0 });
  await command(page, 'Keep this playground');
  await versionOf(page);
});

test('an embed keeps nothing, works beside what the app keeps, and is of the newest version @full', async ({
  page,
  context,
  site,
  folder,
  guard,
}) => {
  const hash = hashOf(BENCH);
  const host = site.page(`<title>Manual</title>
<iframe id="plain" src="${site.address}?embed${hash}" width="700" height="400"></iframe>
<iframe id="boxed" sandbox="allow-scripts" src="${site.address}?embed${hash}" width="700" height="400"></iframe>`);
  const frames = (): readonly FrameLocator[] => ['#plain', '#boxed'].map((id) => page.frameLocator(id));
  const shows = async (frame: FrameLocator): Promise<void> =>
    expect(frame.locator(`.react-flow__node[data-id="${NIC}"]`)).toBeVisible();
  const traces = () =>
    page.evaluate(async () => ({
      workers: (await navigator.serviceWorker.getRegistrations()).length,
      caches: await caches.keys(),
      databases: (await indexedDB.databases()).length,
      stored: localStorage.length + sessionStorage.length,
    }));

  await page.goto(host);
  for (const frame of frames()) await shows(frame);
  // Longer than the app waits before it begins to keep itself.
  await page.waitForTimeout(2500);
  expect(await traces()).toEqual({ workers: 0, caches: [], databases: 0, stored: 0 });

  const app = await context.newPage();
  await open(app, site, BENCH);
  await versionOf(app);
  await page.reload();
  for (const frame of frames()) await shows(frame);

  const next = await nextVersion(folder('next'));
  site.deploy(folder('next'));
  await page.reload();
  for (const frame of frames()) await shows(frame);
  const version = frames()[0]!.locator('meta[name="version"]');
  await expect(version).toHaveAttribute('content', next);

  // Without the playground's server: the frame that shares the app's store has what the app keeps.
  guard.allow(/ERR_EMPTY_RESPONSE|ERR_CONNECTION|ERR_FAILED|chrome-error/);
  site.cut(true);
  await page.reload();
  await shows(frames()[0]!);
});
