import AxeBuilder from '@axe-core/playwright';
import type { FrameLocator, Page } from '@playwright/test';
import { decodeLink, encodeLink } from '../src/share/link';
import { expect, hostPage, test, type EmbedSites } from './helpers/embed-host';
import { ATTACHED, BENCH, NIC } from './helpers/scene';

/** What an author, a reader and the page around see of an embed. The 24 kinds of frame are in embed-matrix.spec.ts. */
const SCENE = `${ATTACHED}
note "A write of the card is translated."
dma 02:00.0 write 0x200040 64
dma 02:00.0 write 0x900000 64 ! FAULT`;
const LINES = SCENE.split('\n').length;
const linkOf = (script: string, cursor: number | null = null): string =>
  encodeLink({ script, cursor, selection: null, camera: null });
const LINK = linkOf(SCENE);

/** A frame, an engine and a script have to start: longer than anything that a click brings. */
const STARTED = { timeout: 45_000 };

declare global {
  interface Window {
    /** Types of the listeners that window and document have now. */
    listening: () => string;
    heard: unknown[];
    openedAs: string;
  }
}

const moment = (frame: FrameLocator | Page) => frame.getByRole('slider', { name: 'Line of the script' });
const embedIn = (page: Page, id: string): FrameLocator => page.locator(`#${id}`).frameLocator('iframe');
const nic = (frame: FrameLocator) => frame.locator(`.react-flow__node[data-id="${NIC}"]`);

const loader = (home: string): string =>
  `<script type="module" src="${home}embed/iommu-playground.js"></script>`;
const element = (id: string, attributes = '', inner = ''): string =>
  `<iommu-playground id="${id}" link="${LINK}" title="A DMA" height="400" ${attributes}>${inner}</iommu-playground>`;

async function openWith(page: Page, sites: EmbedSites, body: string): Promise<string> {
  const home = sites.playground();
  await page.goto(sites.page({ body: hostPage(`${body}${loader(home)}`) }));
  return home;
}

test('a link in a frame shows its scene: play, step and scrub, and nothing is written into its address', async ({
  page,
}) => {
  await page.goto(`./?embed${LINK}`);
  await expect(moment(page)).toHaveAttribute('aria-valuetext', `after line ${LINES} of ${LINES}`, STARTED);
  await expect(page.getByText('A write of the card is translated.')).toBeVisible();
  await page.getByRole('button', { name: 'Step back' }).click(); // within the walk of the last line
  await moment(page).press('Home');
  await expect(moment(page)).toHaveAttribute('aria-valuetext', `after line 0 of ${LINES}`);
  await page.getByRole('button', { name: 'Step', exact: true }).click();
  await expect(moment(page)).toHaveAttribute('aria-valuetext', `after line 1 of ${LINES}`);
  expect(page.url()).toContain(`?embed${LINK}`);
  expect(await page.evaluate(() => localStorage.length + sessionStorage.length)).toBe(0);

  // The address as it is asked for: the playground that opens writes its own, soon after.
  await page.evaluate(() => {
    window.open = (address) => {
      window.openedAs = String(address);
      return { opener: window } as unknown as Window;
    };
  });
  await page.getByRole('button', { name: 'Open in playground' }).click();
  const { hash, search } = new URL(await page.evaluate(() => window.openedAs));
  expect(decodeLink(hash)).toMatchObject({ ok: true, scene: { script: SCENE, cursor: 1 } });
  expect(search).toBe('');
});

test('an embed loads nothing of the app, and the app nothing of an embed', async ({ page }) => {
  const scripts: string[] = [];
  page.on('request', (request) => {
    const name = /\/assets\/([^/]+\.js)$/.exec(request.url())?.[1];
    if (name !== undefined) scripts.push(name);
  });
  await page.goto(`./?embed&editable${LINK}`);
  await expect(moment(page)).toHaveAttribute('aria-valuetext', `after line ${LINES} of ${LINES}`, STARTED);
  await expect(page.getByRole('combobox', { name: 'Type a line of the script' })).toBeVisible();
  expect(scripts.filter((name) => name.startsWith('embed-')).length).toBeGreaterThan(2);
  // What chooses between the two, and the engine.
  expect(scripts.filter((name) => !/^(?:embed|index|page|engine\.worker)-/.test(name))).toEqual([]);

  scripts.length = 0;
  await page.goto(`./${LINK}`);
  await expect(moment(page)).toHaveAttribute('aria-valuetext', `after line ${LINES} of ${LINES}`, STARTED);
  expect(scripts.filter((name) => name.startsWith('embed-'))).toEqual([]);
});

test('options: where it opens, how it looks, what is below it', async ({ page }) => {
  await page.goto(`./?embed&theme=dark&step=7&controls=play${LINK}`);
  await expect(moment(page)).toHaveAttribute('aria-valuetext', `after line 7 of ${LINES}`, STARTED);
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');
  await expect(page.getByRole('button', { name: 'Step', exact: true })).toHaveCount(0);
  await expect(page.getByRole('combobox')).toHaveCount(0);
  await page.locator(`.react-flow__node[data-id="${NIC}"]`).click();
  await page.getByRole('application', { name: 'Canvas' }).press('Delete');
  await page.getByRole('application', { name: 'Canvas' }).press('n');
  await expect(page.locator(`.react-flow__node[data-id="${NIC}"]`)).toBeVisible();
  await expect(moment(page)).toHaveAttribute('aria-valuetext', `after line 7 of ${LINES}`, STARTED);

  await page.goto(`./?embed&controls=none${LINK}`);
  await expect(page.locator(`.react-flow__node[data-id="${NIC}"]`)).toBeVisible();
  await expect(moment(page)).toHaveCount(0);
});

test('an editable embed has a line to type @full', async ({ page }) => {
  await page.goto(`./?embed&editable${linkOf(BENCH)}`);
  const line = page.getByRole('combobox', { name: 'Type a line of the script' });
  await line.fill('third = IOAS_ALLOC ctx');
  await line.press('Enter');
  await expect(page.locator('.react-flow__node-ioas')).toHaveCount(3);
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect(page.locator('.react-flow__node-ioas')).toHaveCount(2);
});

test('a broken link says so, in the picture', async ({ page }) => {
  await page.goto('./?embed#s1:AAAA');
  await expect(page.getByRole('alert')).toContainText('This link is damaged');
});

test('no rule of accessibility is broken, and Tab leaves', async ({ page, sites }) => {
  const home = sites.playground();
  await page.goto(
    sites.page({
      body: hostPage(
        `<button id="before">before</button><iframe id="f" src="${home}?embed${LINK}" title="A DMA"></iframe><button id="after">after</button>`,
      ),
    }),
  );
  const frame = page.frameLocator('#f');
  await expect(nic(frame)).toBeVisible(STARTED);
  await expect(moment(frame)).toHaveAttribute('aria-valuetext', `after line ${LINES} of ${LINES}`);
  const { violations } = await new AxeBuilder({ page }).include(['#f', '.embed']).analyze();
  expect(violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`)).toEqual([]);
  await page.locator('#before').focus();
  const after = page.locator('#after');
  for (
    let presses = 0;
    presses < 12 && !(await after.evaluate((each) => each === document.activeElement));
    presses++
  )
    await page.keyboard.press('Tab');
  await expect(after).toBeFocused();
});

test('the wheel scrolls the page around, and zooms with Ctrl', async ({ page, sites }) => {
  const home = sites.playground();
  await page.goto(
    sites.page({
      body: hostPage(
        `<iframe id="f" src="${home}?embed${LINK}" title="A DMA"></iframe><div style="height: 3000px"></div>`,
      ),
    }),
  );
  const frame = page.frameLocator('#f');
  await expect(nic(frame)).toBeVisible(STARTED);
  const camera = () => frame.locator('.react-flow__viewport').getAttribute('style');
  const before = await camera();
  const box = (await page.locator('#f').boundingBox())!;
  await page.mouse.move(box.x + 300, box.y + 200);
  await page.keyboard.down('Control');
  await page.mouse.wheel(0, -120);
  await page.keyboard.up('Control');
  await expect.poll(camera).not.toBe(before);
  expect(await page.evaluate(() => scrollY)).toBe(0);

  const zoomed = await camera();
  await page.mouse.wheel(0, 120);
  await expect.poll(() => page.evaluate(() => scrollY)).toBeGreaterThan(60);
  await expect(frame.getByText('+ wheel zooms')).toBeVisible();
  expect(await camera()).toBe(zoomed);
});

test('the element shows its poster, starts on a click, speaks with its page, and leaves nothing behind', async ({
  page,
  sites,
}) => {
  await page.addInitScript(() => {
    if (window !== window.top) return;
    const names: string[] = [];
    for (const target of [window, document] as EventTarget[]) {
      const { addEventListener, removeEventListener } = target;
      target.addEventListener = (...given: Parameters<EventTarget['addEventListener']>) => {
        names.push(given[0]);
        addEventListener.apply(target, given);
      };
      target.removeEventListener = (...given: Parameters<EventTarget['removeEventListener']>) => {
        names.splice(names.indexOf(given[0]), 1);
        removeEventListener.apply(target, given);
      };
    }
    // Playwright has listeners of its own there, for pointers.
    window.listening = () =>
      names
        .filter((name) => !/playwright|click|mouse|pointer|touch|contextmenu/.test(name))
        .sort()
        .join(' ');
    window.heard = [];
  });
  await openWith(page, sites, element('e', '', '<a href="#">A picture of it</a>'));
  const embed = page.locator('#e');
  await expect(page.getByRole('link', { name: 'A picture of it' })).toBeVisible();
  await expect(embed.locator('iframe')).toHaveCount(0);
  const before = await page.evaluate(() => window.listening());
  await embed.evaluate((each) => {
    for (const type of ['ready', 'step', 'fault', 'height'])
      each.addEventListener(type, (event) => window.heard.push((event as CustomEvent).detail));
  });
  await embed.getByRole('button', { name: 'Start A DMA' }).click();
  await expect(nic(embedIn(page, 'e'))).toBeVisible(STARTED);
  await expect(page.getByRole('link', { name: 'A picture of it' })).toBeHidden();
  const heard = (type: string) =>
    page.evaluate(
      (wanted) => window.heard.filter((each) => (each as { type: string }).type === wanted),
      type,
    );
  await expect
    .poll(() => heard('ready'))
    .toEqual([expect.objectContaining({ line: LINES, lines: LINES, title: 'Test bench', version: 1 })]);
  expect(await heard('height')).not.toEqual([]);

  const state = await page.evaluate(async (lines) => {
    const one = document.querySelector('iommu-playground')!;
    await one.seek(lines - 1);
    await one.select('dev:0000:02:00.0');
    await one.setTheme('dark');
    return one.getState();
  }, LINES);
  expect(state).toMatchObject({
    line: LINES - 1,
    selection: NIC,
    note: 'A write of the card is translated.',
  });
  await expect(embedIn(page, 'e').locator('html')).toHaveAttribute('data-theme', 'dark');
  await page.evaluate((lines) => document.querySelector('iommu-playground')!.seek(lines), LINES);
  await expect.poll(() => heard('fault')).toEqual([expect.objectContaining({ line: LINES, device: NIC })]);
  const refused = await page.evaluate(() =>
    document
      .querySelector('iommu-playground')!
      .select('ioas:99')
      .catch((thrown: Error) => thrown.message),
  );
  expect(refused).toBe('there is no object ioas:99 here');

  // Somewhere else on the page it stands where it stood.
  await page.evaluate(() => document.querySelector('iommu-playground')!.seek(9));
  await page.evaluate(() => document.body.append(document.querySelector('iommu-playground')!));
  await expect(moment(embedIn(page, 'e'))).toHaveAttribute(
    'aria-valuetext',
    `after line 9 of ${LINES}`,
    STARTED,
  );

  expect(await page.evaluate(() => window.listening())).not.toBe(before);
  await embed.evaluate((each) => each.remove());
  expect(await page.evaluate(() => window.listening())).toBe(before);
  expect(await page.evaluate(() => frames.length)).toBe(0);
});

test('a script in the page is its scene, and its poster', async ({ page, sites }) => {
  const home = sites.playground();
  await page.goto(
    sites.page({
      body: hostPage(
        `<iommu-playground id="e" title="A bench" step="8"><pre>\n${BENCH}\n</pre></iommu-playground>${loader(home)}`,
      ),
    }),
  );
  await expect(page.getByText('machine "Test bench" iommu=vtd')).toBeVisible();
  await page.locator('#e').getByRole('button', { name: 'Start A bench' }).click();
  await expect(moment(embedIn(page, 'e'))).toHaveAttribute(
    'aria-valuetext',
    `after line 8 of ${BENCH.split('\n').length}`,
    STARTED,
  );
});

test('a page that nobody sees yet waits @full', async ({ page, sites }) => {
  // Chromium renders nothing ahead for an automated browser: the page is told that it is.
  await page.addInitScript(() => {
    if (window === window.top)
      Object.defineProperty(document, 'prerendering', { value: true, configurable: true });
  });
  await openWith(page, sites, element('e', 'start="now"'));
  await page.waitForFunction(() => customElements.get('iommu-playground') !== undefined);
  await expect(page.locator('#e').getByRole('button')).toBeVisible();
  expect(await page.evaluate(() => frames.length)).toBe(0);
  await page.evaluate(() => {
    Object.defineProperty(document, 'prerendering', { value: false });
    document.dispatchEvent(new Event('prerenderingchange'));
  });
  await expect(nic(embedIn(page, 'e'))).toBeVisible(STARTED);
});

test('the module can be loaded where there is no page', async ({ request }) => {
  const source = await (await request.get('./embed/iommu-playground.js')).text();
  const module = (await import(
    `data:text/javascript,${encodeURIComponent(source.replaceAll('import.meta.url', '"http://x/y/z.js"'))}`
  )) as {
    connect: unknown;
    PROTOCOL_VERSION: unknown;
  };
  expect(module).toMatchObject({ PROTOCOL_VERSION: 1, connect: expect.any(Function) });
});

test('two on a page do not know of each other', async ({ page, sites }) => {
  await openWith(
    page,
    sites,
    `${element('a', 'start="now" step="3"')}${element('b', 'start="now" step="7"')}`,
  );
  for (const [id, line] of [
    ['a', 3],
    ['b', 7],
  ] as const)
    await expect(moment(embedIn(page, id))).toHaveAttribute(
      'aria-valuetext',
      `after line ${line} of ${LINES}`,
      STARTED,
    );
});

test('twenty on a page start a few at a time, and all come up @full', async ({ page, sites }) => {
  test.setTimeout(240_000);
  const ids = Array.from({ length: 20 }, (_, index) => `e${index}`);
  await openWith(page, sites, ids.map((id) => element(id, 'start="now"')).join(''));
  await expect(nic(embedIn(page, 'e0'))).toBeVisible(STARTED);
  expect(await page.evaluate(() => frames.length)).toBeLessThan(20);
  for (const id of ids) await expect(nic(embedIn(page, id)), id).toBeAttached({ timeout: 120_000 });
});

test('the share dialog makes a snippet, and shows what it will come to', async ({ page, context, sites }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await page.goto(`./${LINK}`);
  await expect(page.locator(`.react-flow__node[data-id="${NIC}"]`)).toBeVisible();
  await page.getByRole('button', { name: 'Share' }).click();
  const dialog = page.getByRole('dialog', { name: 'Share this scene' });
  await dialog.getByRole('tab', { name: 'Embed' }).click();
  await dialog.getByLabel('Theme').selectOption('dark');
  await dialog.getByLabel('Opens after line').fill('9');
  const preview = dialog.frameLocator('iframe');
  await expect(moment(preview)).toHaveAttribute('aria-valuetext', `after line 9 of ${LINES}`, STARTED);
  await expect(preview.locator('html')).toHaveAttribute('data-theme', 'dark');
  await dialog.getByRole('button', { name: 'Copy' }).click();
  await expect(page.getByText('Snippet copied.')).toBeVisible();
  const snippet = await page.evaluate(() => navigator.clipboard.readText());
  expect(snippet).toContain('theme="dark"');

  // As an author would: into a page of another site.
  const home = sites.playground();
  const there = snippet.replaceAll(new URL(page.url()).origin + '/', home);
  await page.goto(sites.page({ body: hostPage(there) }));
  await page.getByRole('button', { name: /^Start/ }).click();
  const embed = page.locator('iommu-playground').frameLocator('iframe');
  await expect(moment(embed)).toHaveAttribute('aria-valuetext', `after line 9 of ${LINES}`, STARTED);
  await expect(embed.locator('html')).toHaveAttribute('data-theme', 'dark');
});
