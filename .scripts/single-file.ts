// The playground as one HTML file that opens from a disk: `npm run build:single`. Pages of file:// may load no module, no worker and
// no data beside them, so all is within: code, styles, fonts, the engine as text, the PCI ID database.
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { defineConfig, type Plugin } from 'vite';
import { viteSingleFile } from 'vite-plugin-singlefile';
import { site, sources } from '../vite.config.ts';
import { versionOf, withVersion } from './offline.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const FILE = 'iommu-playground.html';

/** The engine is started from the text within. */
const engineInline: Plugin = {
  name: 'engine-inline',
  enforce: 'pre',
  resolveId: (source, importer) =>
    source.endsWith('/worker/spawn') && importer !== undefined ? `${root}src/worker/spawn-inline.ts` : null,
};

/** What only a server can give goes, the icon comes in, and the page gets its version and its name. */
const onePage = (outDir: string): Plugin => ({
  name: 'one-page',
  writeBundle() {
    const icon = Buffer.from(readFileSync(`${root}public/favicon.svg`, 'utf8')).toString('base64');
    const page = readFileSync(`${outDir}/index.html`, 'utf8')
      .replace(/ *<link rel="(?:manifest|apple-touch-icon)"[^>]*>\n/g, '')
      .replace(/(<link rel="icon" href=")[^"]*/, `$1data:image/svg+xml;base64,${icon}`);
    rmSync(`${outDir}/index.html`);
    writeFileSync(`${outDir}/${FILE}`, withVersion(page, versionOf(page)));
  },
});

const outDir = process.env.SINGLE_DIR ?? `${root}dist-single`;

// eslint-disable-next-line no-restricted-syntax -- as Vite reads it
export default defineConfig({
  ...site,
  root,
  mode: 'single', // src/offline/start.ts asks for it
  publicDir: false,
  plugins: [sources(), engineInline, viteSingleFile(), onePage(outDir)],
  build: { ...site.build, outDir, emptyOutDir: true },
});
