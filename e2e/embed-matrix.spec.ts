import type { FrameLocator, Page } from '@playwright/test';
import { encodeLink } from '../src/share/link';
import { documentedPolicy, expect, hostPage, inlineHash, test } from './helpers/embed-host';
import { ATTACHED, NIC } from './helpers/scene';

/**
 * {no sandbox, scripts alone, scripts and their own origin} × {storage, none} × {strict policies, none} × {element, frame}:
 * 24 cells, six on a page. Each shows the picture, and a DMA asked for over the protocol comes to what the script says.
 *
 * Storage is blocked by the browser: the page is of another site (localhost, the playground is 127.0.0.1), and browsers that
 * block third-party storage do. Where one does not, getters that throw stand in; they tell, too, whether anybody asked.
 */
const SANDBOXES = ['none', 'allow-scripts', 'allow-scripts allow-same-origin'] as const;

const MAPPED = `${ATTACHED}
dma 02:00.0 write 0x200040 64
dma 02:00.0 write 0x900000 64 ! FAULT`;
const LINES = MAPPED.split('\n').length;
const LINK = encodeLink({ script: MAPPED, cursor: null, selection: null, camera: null });

declare global {
  interface Window {
    touched: string[];
    states: Record<string, unknown>;
    ask: (id: string, line: number) => Promise<{ readonly result: { readonly status: string } }>;
  }
}

async function forbidStorage(page: Page): Promise<void> {
  await page.addInitScript(() => {
    if (window === window.top) return;
    window.touched = [];
    for (const name of ['localStorage', 'sessionStorage', 'indexedDB', 'caches', 'cookieStore'])
      Object.defineProperty(window, name, {
        get() {
          window.touched.push(name);
          throw new DOMException('Access is denied for this document.', 'SecurityError');
        },
      });
  });
}

const cells = (home: string): string =>
  SANDBOXES.map((sandbox, index) => {
    const attribute = sandbox === 'none' ? '' : `sandbox="${sandbox}"`;
    return `<iommu-playground id="e${index}" link="${LINK}" sandbox="${sandbox}" start="now" height="360" title="Element ${index}"></iommu-playground>
<iframe id="f${index}" ${attribute} src="${home}?embed${LINK}" title="Frame ${index}"></iframe>`;
  }).join('\n');

const script = (home: string): string => `
  import { connect } from '${home}embed/iommu-playground.js';
  const ends = new Map();
  for (const frame of document.querySelectorAll('iframe')) ends.set(frame.id, connect(frame));
  window.ask = (id, line) => {
    const element = document.getElementById(id);
    return element.localName === 'iframe' ? ends.get(id).request({ type: 'seek', line }) : element.seek(line);
  };`;

/** What a page has to allow for the element and for frames. */
const hostPolicy = (home: string): string =>
  `default-src 'none'; style-src 'nonce-host'; script-src 'nonce-host' ${new URL(home).origin}; frame-src ${new URL(home).origin}`;

const inside = (page: Page, id: string): FrameLocator =>
  id.startsWith('e') ? page.locator(`#${id}`).frameLocator('iframe') : page.frameLocator(`#${id}`);

/** The friendliest page and the strictest one, each with all six; `npm run test:full` has those between. */
const EVERY_DAY = new Set(['storage none', 'none strict']);

for (const storage of ['storage', 'none'] as const)
  for (const policy of ['strict', 'none'] as const)
    test(`six embeds with ${storage === 'none' ? 'no storage' : 'storage'} and ${policy === 'strict' ? 'strict policies' : 'no policy'} show the scene and answer${EVERY_DAY.has(`${storage} ${policy}`) ? '' : ' @full'}`, async ({
      page,
      sites,
    }) => {
      test.setTimeout(180_000);
      const home = sites.playground({
        'Access-Control-Allow-Origin': '*',
        ...(policy === 'strict' ? { 'Content-Security-Policy': documentedPolicy() } : {}),
      });
      if (storage === 'none') await forbidStorage(page);
      await page.goto(
        sites.page({
          site: storage === 'none' ? 'other' : 'same',
          body: hostPage(`${cells(home)}<script type="module" nonce="host">${script(home)}</script>`),
          ...(policy === 'strict' ? { policy: hostPolicy(home) } : {}),
        }),
      );
      for (const id of ['e0', 'f0', 'e1', 'f1', 'e2', 'f2']) {
        const frame = inside(page, id);
        await expect(frame.locator(`.react-flow__node[data-id="${NIC}"]`), id).toBeVisible({
          timeout: 60_000,
        });
        await expect(
          frame
            .getByText('Test bench')
            .or(frame.getByText(`${LINES} / ${LINES}`))
            .first(),
        ).toBeVisible();
        const ask = (line: number) => page.evaluate(([one, at]) => window.ask(one, at), [id, line] as const);
        expect((await ask(LINES - 1)).result.status, `${id}: within the mapping`).toBe('ok');
        expect((await ask(LINES)).result.status, `${id}: beyond it`).toBe('fault');
      }
      for (const frame of page.frames().slice(1)) {
        if (storage === 'none') expect(await frame.evaluate(() => window.touched)).toEqual([]);
        else if (!(await frame.evaluate(() => origin === 'null')))
          expect(await frame.evaluate(() => localStorage.length + sessionStorage.length)).toBe(0);
      }
    });

test('the policy in the README names the script that is in the page', async ({ request }) => {
  const html = await (await request.get('./')).text();
  expect(documentedPolicy()).toContain(`'${inlineHash(html)}'`);
});

test('a playground whose policy forbids blob workers says so in a sandbox without an origin', async ({
  page,
  sites,
  guard,
}) => {
  guard.allow(/Content Security Policy|worker|blob:/i);
  const home = sites.playground({
    'Access-Control-Allow-Origin': '*',
    'Content-Security-Policy': documentedPolicy()
      .replace(' blob:; ', '; ')
      .replace("worker-src 'self' blob:", "worker-src 'self'"),
  });
  await page.goto(
    sites.page({
      body: hostPage(`<iframe id="f" sandbox="allow-scripts" src="${home}?embed${LINK}"></iframe>`),
    }),
  );
  const alert = inside(page, 'f').getByRole('alert');
  await expect(alert).toContainText('needs worker-src blob: (or the frame allow-same-origin)');
});

test('a playground whose scripts may not be read by others says so in a sandbox without an origin @full', async ({
  page,
  sites,
  guard,
}) => {
  guard.allow(/CORS policy|Failed to load|net::ERR/);
  const home = sites.playground({});
  await page.goto(
    sites.page({
      body: hostPage(`<iframe id="f" sandbox="allow-scripts" src="${home}?embed${LINK}"></iframe>`),
    }),
  );
  await expect(inside(page, 'f').getByText('Access-Control-Allow-Origin: *')).toBeVisible();
});

test('a sandbox without scripts says what it needs @full', async ({ page, sites, guard }) => {
  guard.allow(/Blocked script execution/);
  const home = sites.playground();
  await page.goto(
    sites.page({
      body: hostPage(`<iframe id="f" sandbox="" src="${home}?embed${LINK}"></iframe>
<iommu-playground id="e" sandbox="allow-same-origin" start="now" link="${LINK}"></iommu-playground>
<script type="module" src="${home}embed/iommu-playground.js"></script>`),
    }),
  );
  await expect(inside(page, 'f').locator('noscript')).toBeVisible();
  expect((await inside(page, 'f').locator('noscript').textContent())?.replace(/\s+/g, ' ')).toContain(
    'in a sandboxed frame: allow-scripts',
  );
  await expect(page.locator('#e').getByRole('alert')).toHaveText(
    'The sandbox attribute of this embed forbids scripts: it needs allow-scripts.',
  );
});

test('a page whose policy forbids the frame is told so by the element', async ({ page, sites, guard }) => {
  guard.allow(/Content Security Policy/);
  const home = sites.playground();
  const { origin } = new URL(home);
  await page.goto(
    sites.page({
      policy: `default-src 'none'; script-src ${origin}; style-src 'nonce-host'; frame-src 'self'`,
      body: hostPage(`<iommu-playground id="e" start="now" link="${LINK}"></iommu-playground>
<script type="module" src="${home}embed/iommu-playground.js"></script>`),
    }),
  );
  await expect(page.locator('#e').getByRole('alert')).toHaveText(
    `This page’s Content-Security-Policy forbids the frame: it needs frame-src ${origin}`,
  );
  await expect(page.locator('#e').getByRole('link', { name: 'Open in playground' })).toHaveAttribute(
    'href',
    `${home}${LINK}`,
  );
});
