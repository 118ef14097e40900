import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FrameLocator, Locator, Page } from '@playwright/test';
import type { Tool } from '../.scripts/docs-sites';
import {
  exampleFor,
  exampleWithPackages,
  packagesAreMissing,
  run,
  serve,
  sphinxIsMissing,
  type Served,
} from './helpers/docs-tools';
import { expect, test as base, type EmbedSites } from './helpers/embed-host';
import { mdbookPage } from './helpers/mdbook';

/**
 * Sites of the examples in src/docs-sites, built by their tools where these can be installed, and read in a browser. They are of
 * another origin than the playground that they embed.
 */
interface Docs {
  /** Address of the playground that the sites embed. */
  readonly playground: string;
  readonly serve: (...given: Parameters<typeof serve>) => Promise<string>;
}

const test = base.extend<{ docs: Docs }>({
  docs: async ({ sites, guard }, use) => {
    const served: Served[] = [];
    await use({
      playground: (sites satisfies EmbedSites).playground(),
      serve: async (...given) => {
        const site = await serve(...given);
        served.push(site);
        guard.allow(new RegExp(`^request to another server: ${site.address}`));
        return site.address;
      },
    });
    for (const site of served) await site.close();
  },
});

// Several embeds of a test start one after the other.
test.describe.configure({ timeout: 240_000 });

const SCENE = readFileSync(
  new URL('../src/gallery/scenes/a-late-packet.iommu', import.meta.url),
  'utf8',
).trim();
const LINES = SCENE.split('\n').length;
const TITLE = 'A packet that comes too late';

/** A frame, an engine and a script have to start. */
const STARTED = { timeout: 60_000 };

const embedOf = (page: Page, title = TITLE): Locator => page.locator(`iommu-playground[title="${title}"]`);
const frameOf = (embed: Locator): FrameLocator => embed.frameLocator('iframe');
const moment = (embed: Locator): Locator =>
  frameOf(embed).getByRole('slider', { name: 'Line of the script' });
const theme = (embed: Locator): Locator => frameOf(embed).locator('html');

declare global {
  interface Window {
    shift: number;
    /** Heights of each embed before it is started. */
    heights: number[];
    /** Listeners that embeds have on the window and the document. */
    embedListeners: number;
  }
}

/** From the page's first moment on: how far things moved by themselves, and who listens to frames. */
async function watch(page: Page): Promise<void> {
  await page.addInitScript(() => {
    if (window !== window.top) return;
    window.shift = 0;
    window.heights = [];
    window.embedListeners = 0;
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) window.shift += (entry as unknown as { value: number }).value;
    }).observe({ type: 'layout-shift', buffered: true });
    const sizes = new ResizeObserver((entries) => {
      for (const { target, borderBoxSize } of entries)
        if (target.isConnected) window.heights.push(Math.round(borderBoxSize[0]?.blockSize ?? 0));
    });
    new MutationObserver(() => {
      for (const embed of document.querySelectorAll('iommu-playground[height="460"]')) sizes.observe(embed);
    }).observe(document, { childList: true, subtree: true });
    const { addEventListener, removeEventListener } = EventTarget.prototype;
    const ours = (type: string): number => Number(/^(message|securitypolicyviolation)$/.test(type));
    EventTarget.prototype.addEventListener = function (...given) {
      if (this === window || this === document) window.embedListeners += ours(given[0]);
      addEventListener.apply(this, given);
    };
    EventTarget.prototype.removeEventListener = function (...given) {
      if (this === window || this === document) window.embedListeners -= ours(given[0]);
      removeEventListener.apply(this, given);
    };
  });
}

/** Its poster, then a click, then the scene; and the page around it goes on as if nothing was. */
async function startsFromItsPoster(page: Page, embed: Locator): Promise<void> {
  await embed.scrollIntoViewIfNeeded();
  const start = embed.getByRole('button', { name: /^Start/ });
  await expect(start).toBeVisible();
  await expect(embed.locator('iframe')).toHaveCount(0);
  const poster = embed.getByRole('img').filter({ visible: true });
  await expect(poster).toHaveCount(1);
  await expect
    .poll(() => poster.evaluate((image: HTMLImageElement) => image.naturalWidth))
    .toBeGreaterThan(0);
  expect(await poster.evaluate((image) => image.getBoundingClientRect().width)).toBeLessThanOrEqual(
    await embed.evaluate((each) => each.getBoundingClientRect().width),
  );
  await start.click();
  await expect(moment(embed)).toHaveAttribute('aria-valuetext', `after line ${LINES} of ${LINES}`, STARTED);
  await expect(frameOf(embed).getByText('Ethernet controller I225-V').first()).toBeVisible();
  await expect(poster).toHaveCount(0);
  // What the Web Vitals call good, of which VitePress' own fonts take a part; the embed has its room from the first moment on.
  expect(await page.evaluate(() => window.shift), 'things that moved by themselves').toBeLessThan(0.1);
  expect(await page.evaluate(() => [...new Set(window.heights)])).toEqual([460]);
}

/** The wheel over the embed is the page's. */
async function letsThePageScroll(page: Page, embed: Locator): Promise<void> {
  await page.setViewportSize({ width: 1000, height: 420 });
  await page.evaluate(() => scrollTo(0, 0));
  await embed.scrollIntoViewIfNeeded();
  await embed.hover();
  const before = await page.evaluate(() => scrollY);
  await page.mouse.wheel(0, before > 40 ? -40 : 40);
  await expect.poll(() => page.evaluate(() => scrollY)).not.toBe(before);
}

/** What is read where no script runs: the picture of the first page, the script's text of another place. */
async function readsWithoutScripts(page: Page, address: string, listing: string): Promise<void> {
  const context = await page.context().browser()!.newContext({ javaScriptEnabled: false });
  const plain = await context.newPage();
  await plain.goto(address);
  await expect(plain.locator('iommu-playground img').filter({ visible: true })).toHaveCount(1);
  await plain.goto(new URL(listing, address).href);
  await expect(plain.getByText('IOAS_MAP ioas ram iova=0x200000 rw')).toBeVisible();
  await context.close();
}

test('plain HTML: poster, start, the site’s theme, a policy, and no scripts', async ({ page, docs }) => {
  await watch(page);
  const folder = exampleFor(test.info(), 'html', docs.playground);
  const { origin } = new URL(docs.playground);
  const address = await docs.serve(
    folder,
    {},
    {
      'Content-Security-Policy': `default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self' ${origin}; frame-src ${origin}`,
    },
  );
  await page.goto(address);
  const embed = embedOf(page);
  await startsFromItsPoster(page, embed);
  await expect(theme(embed)).toHaveAttribute('data-theme', 'light');
  await page.locator('html').evaluate((html) => html.setAttribute('data-theme', 'dark'));
  await expect(theme(embed)).toHaveAttribute('data-theme', 'dark');
  await letsThePageScroll(page, embed);

  const own = embedOf(page, 'One mapping');
  await own.getByRole('button', { name: 'Start One mapping' }).click();
  await expect(moment(own)).toHaveAttribute('aria-valuetext', 'after line 6 of 7', STARTED);
  await readsWithoutScripts(page, address, './');
});

test('README: a picture for either theme, whose link opens the scene', async ({ page, docs }) => {
  const folder = exampleFor(test.info(), 'readme', docs.playground);
  const text = readFileSync(join(folder, 'README.md'), 'utf8');
  // GFM 0.29, "Disallowed Raw HTML", and <picture> as GitHub's own documentation shows it; nothing that a sanitizer takes away.
  expect([...text.matchAll(/<([a-z]+)/g)].map(([, tag]) => tag)).toEqual(['a', 'picture', 'source', 'img']);
  const html = /^<a href[\s\S]*?^<\/a>$/m.exec(text)?.[0] ?? '';
  await page.emulateMedia({ colorScheme: 'dark' });
  await page.goto(await docs.serve(folder, { '/': `<!doctype html><article>${html}</article>` }));
  const picture = page.getByRole('img', { name: 'A network card behind VT-d' });
  const shown = () => picture.evaluate((image: HTMLImageElement) => image.currentSrc.replace(/^.*\//, ''));
  await expect.poll(shown).toBe('a-late-packet-dark.svg');
  await page.emulateMedia({ colorScheme: 'light' });
  await expect.poll(shown).toBe('a-late-packet.svg');
  await picture.click();
  await expect(page.getByText('Ethernet controller I225-V').first()).toBeVisible(STARTED);
  await expect(page).toHaveTitle(new RegExp(TITLE));
});

test('mdBook, as it writes its pages: a fence becomes the embed, and follows the book’s theme', async ({
  page,
  docs,
}) => {
  await watch(page);
  const folder = exampleFor(test.info(), 'mdbook', docs.playground);
  const address = await docs.serve(folder, {
    '/late.html': mdbookPage(folder, 'late.md'),
    '/more.html': mdbookPage(folder, 'more.md', 'navy'),
  });
  // Pictures are named as in Markdown: beside the chapter's source, which is where mdBook puts its page.
  const pictures = await serve(join(folder, 'src'));
  await page.route('**/figures/*', async (route) =>
    route.fulfill({
      response: await page.request.get(pictures.address + new URL(route.request().url()).pathname.slice(1)),
    }),
  );
  await page.goto(`${address}late.html`);
  const embed = embedOf(page);
  await startsFromItsPoster(page, embed);
  await expect(theme(embed)).toHaveAttribute('data-theme', 'light');
  await page.locator('html').evaluate((html) => html.classList.replace('light', 'navy'));
  await expect(theme(embed)).toHaveAttribute('data-theme', 'dark');
  await letsThePageScroll(page, embed);

  await page.goto(`${address}more.html`);
  const own = embedOf(page, 'One mapping');
  await expect(own).toHaveAttribute('theme', 'dark');
  await own.getByRole('button', { name: 'Start One mapping' }).click();
  await expect(moment(own)).toHaveAttribute('aria-valuetext', 'after line 6 of 8', STARTED);
  await expect(
    embedOf(page, 'A graphics card and its audio').getByRole('button', { name: /^Start/ }),
  ).toBeVisible();
  await pictures.close();

  const context = await page.context().browser()!.newContext({ javaScriptEnabled: false });
  const plain = await context.newPage();
  await plain.goto(`${address}late.html`);
  await expect(plain.getByText('dma 02:00.0 write 0x41000 1500 ! FAULT')).toBeVisible();
  await context.close();
});

test.describe('Sphinx', () => {
  test.describe.configure({ mode: 'serial' });
  let missing: string | null = null;
  test.beforeAll(async () => {
    test.setTimeout(240_000);
    missing = await sphinxIsMissing();
  });
  test.beforeEach(() => test.skip(missing !== null, missing ?? ''));

  const build = (folder: string, builder: string, ...more: string[]) =>
    run(
      'sphinx-build',
      ['-q', '-W', '--keep-going', '-b', builder, ...more, '.', `_build/${builder}`],
      folder,
    );
  const made = (folder: string, file: string): string => readFileSync(join(folder, '_build', file), 'utf8');

  test('HTML: poster, start, and the script where nothing runs', async ({ page, docs }) => {
    await watch(page);
    const folder = exampleFor(test.info(), 'sphinx', docs.playground);
    expect(await build(folder, 'html')).toEqual({ code: 0, output: '' });
    // The module once, and on no page without an embed.
    for (const [name, times] of [
      ['more', 1],
      ['genindex', 0],
    ] as const)
      expect(made(folder, `html/${name}.html`).split('embed/iommu-playground.js')).toHaveLength(times + 1);
    const address = await docs.serve(join(folder, '_build/html'));
    await page.goto(address);
    const embed = embedOf(page);
    await startsFromItsPoster(page, embed);
    await letsThePageScroll(page, embed);
    await readsWithoutScripts(page, address, 'more.html');
  });

  test('PDF and EPUB have the figure, text and man the script; nothing warns', async ({ docs }) => {
    const folder = exampleFor(test.info(), 'sphinx', docs.playground);
    for (const builder of ['latex', 'text', 'man', 'epub'])
      expect(await build(folder, builder, '-d', '_build/read'), builder).toEqual({ code: 0, output: '' });
    const tex = made(folder, 'latex/amanualmadebysphinx.tex');
    expect(tex).toContain('\\sphinxincludegraphics{{a-late-packet}.png}');
    expect(tex).toContain(`\\caption{${TITLE}}`);
    // The link is the one that the figure holds.
    const held =
      /#(s2:[\w-]+)/.exec(readFileSync(join(folder, 'figures/a-late-packet.svg'), 'utf8'))?.[1] ?? '?';
    expect(tex).toContain(`${docs.playground}\\#${held.replaceAll('_', '\\_')}}{Open in playground}`);
    expect(tex).not.toContain('a-late-packet-dark');
    const text = made(folder, 'text/index.txt');
    for (const line of SCENE.split('\n')) expect(text).toContain(`   ${line}\n`);
    expect(made(folder, 'text/more.txt')).toContain(`   ${docs.playground}#scene=gpu-and-its-audio\n`);
    expect(made(folder, 'man/amanualmadebysphinx.1')).toContain('IOAS_MAP ioas buffers iova=0x40000 rw');
    const epub = made(folder, 'epub/index.xhtml');
    expect(epub).toContain('a-late-packet.svg');
    expect(epub).not.toContain('iommu-playground.js');
  });

  test('what an author gets wrong is told with its file and line, and a script that changes is read again', async ({
    docs,
  }) => {
    const folder = exampleFor(test.info(), 'sphinx', docs.playground);
    const write = (bodies: readonly string[]): void =>
      writeFileSync(join(folder, 'more.rst'), `More\n====\n\n${bodies.join('\n\n')}\n`);
    const wrong: readonly (readonly [string, RegExp])[] = [
      [':scene: a\n   :height: tall', /invalid option value: \(option: "height"; value: 'tall'\)/],
      [':scene: a\n   :theme: red', /invalid option value: \(option: "theme"; value: 'red'\)/],
      [':scene: a\n   :colour: red', /unknown option: "colour"/],
      [':link: elsewhere', /a link of the playground is an address with a hash/],
      [':scene: a\n\n   boot', /one scene at a time, here are a script below and :scene:/],
      [':scene: a\n   :figure: nowhere.svg', /image file not readable: nowhere\.svg/],
      [':height: 400', /there is nothing to show/],
    ];
    write(
      wrong
        .map(([options]) => `.. iommu-playground::\n   ${options}`)
        .concat('.. iommu-playground:: no.iommu'),
    );
    const { code, output } = await build(folder, 'html');
    expect(code).not.toBe(0);
    const told = output.split(/^(?=.*more\.rst:\d+: )/m);
    let line = 4;
    for (const [options, expected] of [...wrong, ['', /no\.iommu cannot be read/] as const]) {
      const here = told.filter((each) => each.includes(`more.rst:${line}: `)).join('');
      expect(here, `line ${line}`).toMatch(expected);
      line += options.split('\n').length + 2;
    }
    write(['Nothing.']);
    expect((await build(folder, 'html')).code).toBe(0);
    writeFileSync(join(folder, 'scenes/a-late-packet.iommu'), '# title: Another\nmachine q35 iommu=vtd\n');
    expect((await build(folder, 'html')).code).toBe(0);
    expect(made(folder, 'html/index.html')).toContain('<iommu-playground title="Another"');
  });
});

interface Prerendered {
  readonly tool: Extract<Tool, 'vitepress' | 'docusaurus'>;
  readonly built: string;
  /** What changes the site's theme, and how often it is pressed until it is dark. */
  readonly toggle: (page: Page) => Locator;
  readonly presses: number;
}

const PRERENDERED: readonly Prerendered[] = [
  {
    tool: 'vitepress',
    built: '.vitepress/dist',
    toggle: (page) => page.locator('.VPNavBarAppearance').getByRole('switch'),
    presses: 1,
  },
  {
    tool: 'docusaurus',
    built: 'build',
    toggle: (page) => page.getByRole('button', { name: /Switch between dark and light mode/ }),
    presses: 2, // the system's, light, dark
  },
];

for (const { tool, built, toggle, presses } of PRERENDERED)
  test(`${tool}: rendered before, hydrated without a word, and left without a trace @full`, async ({
    page,
    docs,
  }) => {
    test.setTimeout(1_800_000); // Docusaurus alone installs for a minute and builds for two
    await watch(page);
    const folder = exampleWithPackages(tool, docs.playground, built);
    const missing = await packagesAreMissing(folder);
    test.skip(missing !== null, missing ?? '');
    const { code, output } = await run('npm', ['run', 'build'], folder);
    expect(code, output).toBe(0);
    expect(output).not.toMatch(/\[warning\]|critical dependency|is no option/i);
    const address = await docs.serve(join(folder, built));

    // A guard of all tests fails them for anything on the console: both tools say there what they did not find as rendered.
    await page.goto(address);
    const embed = embedOf(page);
    await expect(embed).toHaveAttribute('theme', 'light');
    await startsFromItsPoster(page, embed);
    await letsThePageScroll(page, embed);
    await page.setViewportSize({ width: 1280, height: 800 });
    for (let press = 0; press < presses; press++) await toggle(page).click();
    await expect(theme(embed)).toHaveAttribute('data-theme', 'dark');

    await page.evaluate(() => Object.assign(window, { stayed: true }));
    const listening = () => page.evaluate(() => window.embedListeners);
    const whileThere = await listening();
    await page.getByRole('link', { name: 'Other ways to name a scene' }).last().click();
    await expect(page.getByRole('heading', { level: 1 })).toContainText('Other ways');
    await expect(page.locator('iframe')).toHaveCount(0);
    expect(await listening()).toBe(whileThere - 2);
    const own = embedOf(page, 'One mapping');
    await expect(own).toHaveAttribute('theme', 'dark');
    await expect(embedOf(page, 'A graphics card and its audio')).toHaveAttribute('controls', 'play');
    await own.getByRole('button', { name: 'Start One mapping' }).click();
    await expect(moment(own)).toHaveAttribute('aria-valuetext', 'after line 6 of 8', STARTED);

    await page.getByRole('link', { name: TITLE }).last().click();
    await expect(embedOf(page).getByRole('button', { name: /^Start/ })).toBeVisible();
    await expect(page.locator('iframe')).toHaveCount(0);
    expect(await page.evaluate(() => 'stayed' in window)).toBe(true);

    // The page that was rendered before, by a reader whose system is dark; and one without scripts.
    await page.emulateMedia({ colorScheme: 'dark' });
    await page.goto(`${address}more`);
    await expect(own).toHaveAttribute('theme', 'dark');
    await expect(embedOf(page, 'A graphics card and its audio')).toHaveAttribute('controls', 'play');
    await readsWithoutScripts(page, address, 'more');
  });
