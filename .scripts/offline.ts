// Works without a network: writes the service worker of a build (sw.js, with the list of all files) and puts the version into
// the page. The version is a hash of the files: the same input gives the same version on every machine.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type Plugin } from 'vite';

const root = fileURLToPath(new URL('..', import.meta.url));
const PAGE = 'index.html';
const WORKER = 'sw.js';
/** What nobody asks for: a list for check:size, types and pieces for authors, a picture of the README. */
const NOT_KEPT = /^\.vite\/|^docs-sites\/|\.map$|\.d\.ts$|^preview\.png$|^sw\.js$/;
/** Their names change with their text; all others are compared. */
const HASHED = /^assets\//;
const MARK = /<meta name="version" content="[^"]*" \/>\n {4}/;

export function offline(): Plugin {
  return {
    name: 'offline',
    apply: 'build',
    // When everything has been written: files of other plug-ins and of public/ count too.
    writeBundle: {
      order: 'post',
      sequential: true,
      async handler({ dir }) {
        await finish(dir ?? join(root, 'dist'));
      },
    },
  };
}

/** Completes a folder with a build. Tests make a second version of one by changing a file and calling this again. */
export async function finish(folder: string): Promise<string> {
  const names = filesIn(folder).filter((name) => !NOT_KEPT.test(name));
  const page = readFileSync(join(folder, PAGE), 'utf8').replace(MARK, '');
  const textOf = (name: string): Buffer =>
    name === PAGE ? Buffer.from(page) : readFileSync(join(folder, name));
  const version = versionOf(names.map((name) => `${name} ${sha('hex', textOf(name))}`).join('\n'));
  writeFileSync(join(folder, PAGE), withVersion(page, version));
  const files = names.map((url) => {
    if (HASHED.test(url)) return { url, revision: null };
    const hash = sha('base64', readFileSync(join(folder, url)));
    // A file that is not the one of this build (half of a deployment, a proxy that rewrites pages) must not be kept as if it were.
    return { url, revision: hash.slice(0, 12), integrity: `sha256-${hash}` };
  });
  writeFileSync(join(folder, WORKER), await workerWith(files, version));
  return version;
}

const sha = (as: 'hex' | 'base64', text: string | Buffer): string =>
  createHash('sha256').update(text).digest(as);

/** `0.1.0+3f2a91c0` */
export function versionOf(text: string): string {
  const { version } = JSON.parse(readFileSync(`${root}package.json`, 'utf8')) as { version: string };
  return `${version}+${sha('hex', text).slice(0, 8)}`;
}

export const withVersion = (page: string, version: string): string =>
  page.replace('<title>', `<meta name="version" content="${version}" />\n    <title>`);

/** Relative names with slashes, in one order everywhere. */
export function filesIn(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .sort((a, b) => (a < b ? -1 : 1));
}

async function workerWith(files: readonly object[], version: string): Promise<string> {
  const result = await build({
    root,
    configFile: false,
    publicDir: false,
    logLevel: 'error',
    define: {
      FILES: JSON.stringify(files),
      VERSION: JSON.stringify(version),
      'process.env.NODE_ENV': '"production"',
    },
    build: {
      target: 'es2022',
      write: false,
      minify: true,
      lib: { entry: `${root}src/offline/worker/sw.ts`, formats: ['iife'], name: 'sw' },
    },
  });
  const outputs = (Array.isArray(result) ? result : [result]).flatMap((each) =>
    'output' in each ? each.output : [],
  );
  const [only] = outputs.flatMap((each) => (each.type === 'chunk' ? [each.code] : []));
  if (only === undefined) throw new Error('the service worker was not built');
  return only;
}
