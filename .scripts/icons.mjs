// Pictures of public/icons that some systems want as PNG, drawn from any.svg by Chromium; run by hand when it changes.
// Maskable ones are cut by the system: the ground goes to the edge, and the sign keeps within the safe middle.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { chromium } from '@playwright/test';
import { setupBrowser } from './setup.mjs';

const folder = fileURLToPath(new URL('../public/icons/', import.meta.url));
const svg = readFileSync(`${folder}any.svg`, 'utf8');
const full = svg
  .replace(/ rx="\d+"/, '')
  .replace(/<\/?svg[^>]*>/g, (tag) => (tag.startsWith('</') ? `</g>${tag}` : `${tag}<g>`))
  .replace(/(<rect[^>]*>)/, '</g>$1<g transform="translate(8 8) scale(.75)">');

const PICTURES = [
  ['any-192.png', svg, 192],
  ['any-512.png', svg, 512],
  ['maskable-512.png', full, 512],
  ['touch-180.png', full, 180],
];

const browser = await chromium.launch({ executablePath: await setupBrowser(), args: ['--no-sandbox'] });
for (const [name, picture, size] of PICTURES) {
  const page = await browser.newPage({ viewport: { width: size, height: size } });
  await page.setContent(`<style>body{margin:0}svg{display:block;width:${size}px}</style>${picture}`);
  writeFileSync(folder + name, await page.screenshot({ omitBackground: true }));
}
await browser.close();
