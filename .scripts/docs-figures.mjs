// Figures from the command line, as the share dialog saves them: `node .scripts/docs-figures.mjs FILE.iommu… --out FOLDER`
// writes NAME.svg, NAME-dark.svg and NAME.png (for PDF, which takes no SVG) of each scenario. `--step LINE`: as it stands there.
// Draws with the last build (`npm run build`; `--dist` names another) in a Chromium, for the canvas is what measures its own cards.
/* global customElements, document, Image -- of the page that is told what to draw */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { preview } from 'vite';
import { setupBrowser } from './setup.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
/** Pixels of the picture for print, for one of the figure's. */
const PRINT_SCALE = 2;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    out: { type: 'string', default: '.' },
    step: { type: 'string' },
    dist: { type: 'string', default: 'dist' },
  },
});

/** A page of the build's own origin with one embed in it, told the script in so many words. */
const hostPage = (script) => `<!doctype html><body>
<iommu-playground height="700"><pre></pre></iommu-playground>
<script type="application/json">${JSON.stringify(script).replaceAll('<', '\\u003c')}</script>
<script>document.querySelector('pre').textContent = JSON.parse(document.querySelector('[type="application/json"]').textContent)</script>
<script type="module" src="embed/iommu-playground.js"></script>`;

async function draw(page, base, file) {
  await page.route(`${base}figure`, (route) =>
    route.fulfill({ contentType: 'text/html', body: hostPage(readFileSync(file, 'utf8')) }),
  );
  await page.goto(`${base}figure`);
  const [light, dark] = await page.evaluate(
    async (step) => {
      await customElements.whenDefined('iommu-playground');
      const embed = document.querySelector('iommu-playground');
      await new Promise((resolve, reject) => {
        embed.addEventListener('ready', resolve, { once: true });
        embed.addEventListener('error', ({ detail }) => reject(new Error(detail.why)), { once: true });
        embed.start();
      });
      if (step !== null) await embed.seek(step);
      return [await embed.exportSvg('light'), await embed.exportSvg('dark')];
    },
    values.step === undefined ? null : Number(values.step),
  );
  await page.unroute(`${base}figure`);
  return { light, dark, print: await bitmap(page, light) };
}

/** The figure as it is, twice as fine: without a script, as an image. */
async function bitmap(page, svg) {
  const url = await page.evaluate(
    async ([text, scale]) => {
      const image = new Image();
      image.src = `data:image/svg+xml,${encodeURIComponent(text)}`;
      await image.decode();
      const canvas = document.createElement('canvas');
      canvas.width = image.width * scale;
      canvas.height = image.height * scale;
      canvas.getContext('2d').drawImage(image, 0, 0, canvas.width, canvas.height);
      return canvas.toDataURL('image/png');
    },
    [svg, PRINT_SCALE],
  );
  return Buffer.from(url.replace(/^.*,/, ''), 'base64');
}

async function main() {
  if (positionals.length === 0) {
    console.error('usage: node .scripts/docs-figures.mjs FILE.iommu… [--out FOLDER] [--step LINE]');
    return false;
  }
  const executablePath = await setupBrowser();
  if (executablePath === null) return false;
  const { chromium } = await import('@playwright/test');
  const server = await preview({
    root,
    logLevel: 'error',
    build: { outDir: values.dist },
    preview: { host: '127.0.0.1', port: 0 },
  });
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
  try {
    const page = await browser.newPage();
    const base = `http://127.0.0.1:${server.httpServer.address().port}/`;
    mkdirSync(values.out, { recursive: true });
    for (const file of positionals) {
      const to = join(values.out, basename(file).replace(/\.iommu$/, ''));
      const { light, dark, print } = await draw(page, base, file);
      writeFileSync(`${to}.svg`, light);
      writeFileSync(`${to}-dark.svg`, dark);
      writeFileSync(`${to}.png`, print);
      console.log(`${to}.svg, -dark.svg, .png`);
    }
  } finally {
    await browser.close();
    await server.close();
  }
  return true;
}

if (!(await main())) process.exitCode = 1;
