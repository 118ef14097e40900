import type { Page } from '@playwright/test';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { encodeLink } from '../src/share/link';
import { expectAccessible, expectReadable } from './helpers/axe';
import { ATTACHED, BENCH, card, lines, NIC, openScene, openStart, run, stateOf, time } from './helpers/scene';
import { expect, reducedMotion, test } from './helpers/test';

test.use({ ...reducedMotion, permissions: ['clipboard-read', 'clipboard-write'] });

const clipboard = (page: Page): Promise<string> => page.evaluate(() => navigator.clipboard.readText());
const dialog = (page: Page) => page.getByRole('dialog', { name: 'Share this scene' });
const notice = (page: Page) => page.locator('.notice');

/** What stands on the canvas; of lines to come only the page that has run them knows the results. */
const objectsOf = async (page: Page): Promise<unknown> =>
  ((await stateOf(page)) as { readonly objects: unknown }).objects;

async function openShare(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Share', exact: true }).click();
  await expect(dialog(page).getByRole('button', { name: 'Copy link' })).toBeFocused();
}

/** The address bar's link, once it holds what is on the page. */
async function settledLink(page: Page, differentFrom = ''): Promise<string> {
  await expect(page.locator('.link-meter')).toBeVisible();
  await expect.poll(() => page.url()).toMatch(/#s2:/);
  await expect.poll(() => page.url()).not.toBe(differentFrom);
  return page.url();
}

test('a copied link opens the same scene, at the same moment, with the same selection, and is the same link again', async ({
  page,
  context,
}) => {
  await openScene(page, ATTACHED);
  await card(page, NIC).click();
  await expect(card(page, NIC)).toHaveAttribute('data-selected', 'true');
  await page.keyboard.press(',');
  await expect(time(page)).toHaveAttribute('aria-valuetext', /after line 14 of 15/);
  await openShare(page);
  await expect(dialog(page).getByRole('checkbox', { name: /The moment: after line 14 of 15/ })).toBeChecked();
  await expect(dialog(page).getByRole('checkbox', { name: /What is selected/ })).toBeChecked();
  await page.keyboard.press('Enter');
  await expect(dialog(page).getByRole('status')).toHaveText('Link copied.');
  const link = await clipboard(page);
  expect(link).toMatch(/#s2:/);
  await page.keyboard.press('Escape'); // what is behind a dialog is not there for whoever reads the page
  await expect(dialog(page)).toBeHidden();

  const second = await context.newPage();
  await second.goto(link);
  await expect(time(second)).toHaveAttribute('aria-valuetext', /after line 14 of 15/);
  await expect(card(second, NIC)).toHaveAttribute('data-selected', 'true');
  expect(await objectsOf(second)).toEqual(await objectsOf(page));
  expect(await settledLink(second)).toBe(link);
});

/** The point of the canvas in the middle of the view, and its size. */
const middle = (page: Page) =>
  page.locator('.react-flow__viewport').evaluate((element) => {
    const { a: zoom, e: x, f: y } = new DOMMatrix(getComputedStyle(element).transform);
    const { width, height } = element.closest('.react-flow')!.getBoundingClientRect();
    return [(width / 2 - x) / zoom, (height / 2 - y) / zoom, zoom * 100].map(Math.round);
  });

test('the view goes along once a hand has moved it, to a window of any size; a fitted one does not', async ({
  page,
  browser,
}) => {
  await openScene(page, ATTACHED);
  const fitted = await settledLink(page);
  await openShare(page);
  await expect(dialog(page).getByRole('checkbox')).toHaveCount(0);
  await page.keyboard.press('Escape');

  await page.locator('.react-flow__pane').hover({ position: { x: 30, y: 400 } });
  await page.mouse.wheel(90, 50);
  const moved = await settledLink(page, fitted);
  const seen = await middle(page);

  const context = await browser.newContext({
    viewport: { width: 1000, height: 700 },
    reducedMotion: 'reduce',
  });
  const second = await context.newPage();
  await second.goto(moved);
  await expect(card(second, NIC)).toBeVisible();
  await expect.poll(() => middle(second)).toEqual(seen);
  await context.close();

  // Fit takes it back: the same scene has the same link.
  await page.getByRole('application', { name: 'Canvas' }).press('0');
  await expect.poll(() => page.url()).toBe(fitted);
});

test('other documents get the link as they spell it, whatever is in the title', async ({ page }) => {
  await openScene(page, BENCH.replace('"Test bench"', '"A [x] & `b` <i>"'));
  await openShare(page);
  const copy = async (name: string): Promise<string> => {
    await dialog(page).getByRole('button', { name, exact: true }).click();
    await expect(dialog(page).getByRole('status')).toHaveText(`${name} copied.`);
    return clipboard(page);
  };
  expect(await copy('Markdown')).toMatch(/^\[A \\\[x\\\] \\& \\`b\\` \\<i\\>\]\(http:[^\s()]+#s2:[\w-]+\)$/);
  expect(await copy('HTML')).toMatch(/^<a href="http:[^"<>]+">A \[x\] &amp; `b` &lt;i&gt;<\/a>$/);
  expect(await copy('reStructuredText')).toMatch(/^`A \[x\] & \\`b\\` \\<i\\> <http:[^\s<>]+>`__$/);
  expect(await copy('Script')).toContain('pci 01:00.0 endpoint id=10de:2786');
  const download = page.waitForEvent('download');
  await dialog(page).getByRole('button', { name: 'Save file' }).click();
  expect((await download).suggestedFilename()).toBe('a-x-b-i.iommu');
  await expectAccessible(page, '[role=dialog]');
});

test('where the clipboard is refused, the text is there to be copied by hand', async ({ page }) => {
  await page.addInitScript(() => {
    navigator.clipboard.writeText = () => Promise.reject(new DOMException('no', 'NotAllowedError'));
  });
  await openScene(page, ATTACHED);
  await openShare(page);
  await page.keyboard.press('Enter');
  const field = dialog(page).getByRole('textbox', { name: 'Link' }).last();
  await expect(field).toBeFocused();
  expect(await field.inputValue()).toMatch(/#s2:/);
  expect(await field.evaluate((each: HTMLTextAreaElement) => each.selectionEnd - each.selectionStart)).toBe(
    (await field.inputValue()).length,
  );
});

test('a link that some programs cut is told so, with what to do instead @full', async ({ page }) => {
  // Digits that nothing packs.
  const cards = Array.from(
    { length: 180 },
    (_, n) =>
      `# ${Math.sin(n + 1)
        .toString(36)
        .slice(2, 16)}`,
  );
  await openScene(page, [BENCH, ...cards].join('\n'));
  await expect(page.locator('.link-meter')).toHaveAttribute('data-level', 'long');
  await openShare(page);
  await expect(dialog(page).getByRole('meter')).toHaveAttribute(
    'aria-valuetext',
    /some chat and mail programs cut/,
  );
  await expect(
    dialog(page).getByRole('heading', { name: 'Other ways for a scene of this size' }),
  ).toBeVisible();
});

test('a scene of the gallery by its name: the address stays short until something is changed', async ({
  page,
}) => {
  await page.goto('./#scene=gpu-and-its-audio');
  await expect(lines(page).first()).toBeAttached();
  await openShare(page);
  await expect(dialog(page).getByRole('textbox', { name: 'A shorter link' })).toHaveValue(
    /#scene=gpu-and-its-audio$/,
  );
  await page.keyboard.press('Escape');
  await page.waitForTimeout(700); // longer than a write of the address takes to come
  expect(page.url()).toMatch(/#scene=gpu-and-its-audio$/);
  await run(page, 'note "changed"');
  await expect.poll(() => page.url()).toMatch(/#s2:/);

  await page.goto('./#scene=nothing-of-this-name');
  await expect(notice(page)).toContainText('no scene named nothing-of-this-name');
});

test('a script that lies elsewhere is shown with where it came from', async ({ page }) => {
  await page.route('**/there/bench.iommu', (route) =>
    route.fulfill({ contentType: 'text/plain', body: BENCH }),
  );
  await page.goto('./#url=there/bench.iommu');
  await expect(card(page, NIC)).toBeVisible();
  const host = new URL(page.url()).host;
  await expect(page.getByText(`from ${host}`)).toBeVisible();
  await openShare(page);
  await expect(dialog(page).getByRole('textbox', { name: 'A shorter link' })).toHaveValue(
    /#url=http:\/\/[^#]+\/there\/bench\.iommu$/,
  );
  await page.keyboard.press('Escape');
  expect(page.url()).toMatch(/#url=there\/bench\.iommu$/);
  await run(page, 'note "changed"');
  await expect.poll(() => page.url()).toMatch(/#s2:/);
  await expect(page.getByText(`from ${host}`)).toBeHidden();
});

test.describe('a script elsewhere that cannot be opened', () => {
  let server: Server;
  let asked: string[];
  test.beforeAll(async () => {
    server = createServer((request, response) => {
      asked.push(`${request.method ?? ''} ${request.url ?? ''} ${request.headers.referer ?? 'no referrer'}`);
      response.end(BENCH); // without a word on who may read it
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  });
  test.beforeEach(() => {
    asked = [];
  });
  test.afterAll(() => new Promise((done) => server.close(done)));

  test('because its server does not let other pages read it', async ({ page, guard }) => {
    guard.allow(/request to another server: http:\/\/127\.0\.0\.1/);
    guard.allow(/CORS policy|net::ERR_FAILED/);
    const { port } = server.address() as AddressInfo;
    await page.goto(`./#url=http://127.0.0.1:${port}/bench.iommu`);
    await expect(notice(page)).toContainText('does not let other pages read its files');
    await expect(page.getByRole('button', { name: /^From scratch/ })).toBeEnabled();
    expect(asked.every((each) => each.endsWith('no referrer'))).toBe(true);
  });

  test('because it is not there, or is a web page @full', async ({ page, guard }) => {
    guard.allow(/404 \(Not Found\)/);
    await page.route('**/there/*', (route) =>
      route.request().url().endsWith('gone')
        ? route.fulfill({ status: 404, body: 'gone' })
        : route.fulfill({ contentType: 'text/html', body: '<!doctype html><p>Sign in' }),
    );
    await openScene(page, ATTACHED);
    const before = await stateOf(page);
    for (const [address, why] of [
      ['there/gone', /moved or taken away/],
      ['there/page', /a web page, not a script/],
    ] as const) {
      await page.evaluate((hash) => (location.hash = hash), `#url=${address}`);
      await expect(notice(page)).toContainText(why);
      await expect(notice(page)).toContainText('Your present scene is as it was.');
    }
    expect(await stateOf(page)).toEqual(before);
    expect(page.url()).toMatch(/#s2:/);
  });

  test('because it is a page of GitHub: its file is a press away, and nobody is asked before', async ({
    page,
    guard,
  }) => {
    guard.allow(/request to another server: https:\/\/raw\.githubusercontent\.com/);
    await page.route('https://raw.githubusercontent.com/me/repo/main/bench.iommu', (route) =>
      route.fulfill({ headers: { 'Access-Control-Allow-Origin': '*' }, body: BENCH }),
    );
    await page.goto('./#url=https://github.com/me/repo/blob/main/bench.iommu');
    await notice(page).getByRole('button', { name: 'Open the file itself' }).click();
    await expect(card(page, NIC)).toBeVisible();
    await expect(page.getByText('from raw.githubusercontent.com')).toBeVisible();
  });
});

test('a link of a version that computes something else says where they part; one of this version says nothing', async ({
  page,
}) => {
  const other = encodeLink({
    script: ATTACHED,
    cursor: null,
    selection: null,
    camera: null,
    state: 'AAAAAAAAAAAA',
  });
  await page.goto(`./${other}`);
  await expect(notice(page)).toContainText(/made with another version.*between line 1 and line 2/);
  await notice(page).getByRole('button', { name: 'Dismiss' }).click();
  const ours = await settledLink(page, page.url().replace(/#.*/, other));
  const second = await page.context().newPage();
  await second.goto(ours);
  await expect(time(second)).toHaveAttribute('aria-valuetext', /after line 15 of 15/);
  await expect(second.getByText('Starting the engine…')).toBeHidden();
  await expect(card(second, NIC)).toBeVisible();
  await expect(notice(second)).toBeHidden();
});

/** Drops a file on the page, as the browser tells it. */
const drop = (page: Page, name: string, text: string): Promise<void> =>
  page.evaluate(
    ([file, content]) => {
      const dataTransfer = new DataTransfer();
      dataTransfer.items.add(new File([content], file));
      const where = document.querySelector('main')!;
      for (const type of ['dragover', 'drop'])
        where.dispatchEvent(new DragEvent(type, { dataTransfer, bubbles: true, cancelable: true }));
    },
    [name, text] as const,
  );

test('a dropped figure opens the scene that it carries; another one says that it has none', async ({
  page,
}) => {
  await openStart(page);
  const link = encodeLink({ script: ATTACHED, cursor: null, selection: null, camera: null });
  const figure = `<svg xmlns="http://www.w3.org/2000/svg"><metadata>https://example.org/${link}</metadata></svg>`;
  await drop(page, 'figure.svg', figure);
  await expect(card(page, NIC)).toBeVisible();
  await drop(page, 'logo.svg', '<svg xmlns="http://www.w3.org/2000/svg"/>');
  await expect(notice(page)).toContainText('logo.svg carries no scene');
});

test('the share dialog can be read in dark', async ({ page }) => {
  await page.emulateMedia({ colorScheme: 'dark' });
  await openScene(page, ATTACHED);
  await openShare(page);
  await expectReadable(page, '[role=dialog]');
});
