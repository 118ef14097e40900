// The two pages that are compared, built and opened.
/* global window -- what is evaluated within the page */
import { chromium } from '@playwright/test';
import react from '@vitejs/plugin-react';
import { existsSync, readFileSync } from 'node:fs';
import { build, preview } from 'vite';

/** The playground as people get it, with one script more that lets the benchmark ask; and the bare page. */
export async function buildPages(root, outDir) {
  const hook = {
    name: 'bench-hook',
    transformIndexHtml: {
      order: 'pre',
      handler: (html, { path }) =>
        path === '/index.html'
          ? [{ tag: 'script', attrs: { type: 'module', src: '/src/bench/page/ours.ts' }, injectTo: 'body' }]
          : html,
    },
  };
  await build({
    configFile: false,
    root,
    base: './',
    logLevel: 'error',
    plugins: [hook, react()],
    worker: { format: 'es' },
    build: {
      target: 'es2022',
      outDir,
      emptyOutDir: true,
      chunkSizeWarningLimit: 10_000,
      rollupOptions: { input: { index: `${root}index.html`, bare: `${root}src/bench/page/bare.html` } },
    },
  });
}

export async function servePages(root, outDir) {
  const server = await preview({
    configFile: false,
    root,
    logLevel: 'error',
    build: { outDir },
    preview: { host: '127.0.0.1', port: Number(process.env.BENCH_PORT ?? 4327) },
  });
  return { url: server.resolvedUrls.local[0], close: () => server.close() };
}

function chromiumPath(root) {
  const file = `${root}.cache/chromium.json`;
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')).executablePath : process.env.CHROMIUM_PATH;
}

export const launch = (root) =>
  chromium.launch({
    executablePath: chromiumPath(root),
    args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update'],
  });

const VIEWPORT = { viewport: { width: 1280, height: 800 } };

async function open(browser, address, ready) {
  const context = await browser.newContext(VIEWPORT);
  const page = await context.newPage();
  await page.goto(address);
  await page.waitForFunction(ready);
  return page;
}
export const openOurs = (browser, url) => open(browser, url, () => window.ours !== undefined);
export const openBare = (browser, url) =>
  open(browser, `${url}src/bench/page/bare.html`, () => window.bare !== undefined);
