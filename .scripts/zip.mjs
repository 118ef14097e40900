// The site as a zip, to be served by anybody from any path: node .scripts/zip.mjs [FROM [TO]]. The same files give the same bytes.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative, resolve, sep } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { zipSync } from 'fflate';

const root = fileURLToPath(new URL('..', import.meta.url));
/** For check:size alone. */
const LEFT_OUT = /^\.vite\//;
/** A zip has times of its own, and no zone: the first moment that it can write, wherever it is made. */
const mtime = new Date(1980, 0, 1);

/** Writes the zip of a built site; its path. */
export function zipSite(from, to) {
  const { version } = JSON.parse(readFileSync(`${root}package.json`, 'utf8'));
  const name = `iommu-playground-${version}`;
  const names = readdirSync(from, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(from, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .filter((file) => !LEFT_OUT.test(file))
    .sort((a, b) => (a < b ? -1 : 1));
  const files = Object.fromEntries([
    [`${name}/README.txt`, new Uint8Array(Buffer.from(readme()))],
    ...names.map((file) => [`${name}/${file}`, new Uint8Array(readFileSync(join(from, file)))]),
  ]);
  mkdirSync(to, { recursive: true });
  const path = join(to, `${name}.zip`);
  writeFileSync(path, zipSync(files, { level: 9, mtime }));
  return path;
}

/** What whoever serves it has to know, with the policy as README.md has it. */
function readme() {
  const policy = /^Content-Security-Policy: default-src .*$/m.exec(readFileSync(`${root}README.md`, 'utf8'));
  if (policy === null) throw new Error('README.md gives no Content-Security-Policy for the playground');
  return readFileSync(new URL('zip-readme.txt', import.meta.url), 'utf8').replace('POLICY', policy[0]);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const [from = `${root}dist`, to = `${root}dist-zip`] = process.argv.slice(2);
  console.log(zipSite(resolve(from), resolve(to)));
}
